import type { DiskToErase } from './plan.ts';

type Erasure = NonNullable<DiskToErase['erasure']>;

export interface ErasureVerdict {
  /** Serials whose erasure is proven, or answered for. */
  readonly proven: readonly string[];
  /** Those of them whose method leaves data that can be dug up. */
  readonly weak: readonly string[];
  /** Disks in the machine without proof, and why. */
  readonly missing: readonly { readonly serial: string; readonly name: string; readonly why: string }[];
  /** Disks that were once in the machine, are not any more, and have no proof. */
  readonly absent: readonly DiskToErase[];
}

/** Holds what is known of every disk ever seen in the machine against what proves that it was erased. */
export function judgeErasing(disks: readonly DiskToErase[]): ErasureVerdict {
  const judged = disks.map((disk) => ({ disk, why: findMissing(disk) }));
  const proven = judged.filter(({ why }) => why === null).map(({ disk }) => disk);
  const open = judged.filter(({ why }) => why !== null);
  return {
    proven: proven.map(({ serial }) => serial),
    weak: proven.filter(({ erasure }) => erasure?.method === 'filesystems').map(({ serial }) => serial),
    missing: open
      .filter(({ disk }) => disk.present)
      .map(({ disk, why }) => ({ serial: disk.serial, name: disk.name, why: why ?? '' })),
    absent: open.filter(({ disk }) => !disk.present).map(({ disk }) => disk),
  };
}

/** Why a disk's erasure is not proven; null when it is. A disk that is back in the machine is not answered for. */
function findMissing({ erasure, present, vouched }: DiskToErase): string | null {
  if (!present && (vouched || erasure?.state === 'vouched')) return null;
  if (erasure === null || erasure.state === 'vouched') return 'nothing shows that it was erased';
  const { method, state, evidence } = erasure;
  if (state === 'begun') return `its ${method} was begun, and its end was never reported`;
  if (state !== 'done') return `${method} was ${state}: ${evidence.words ?? 'no reason was given'}`;
  return findDoubt(erasure);
}

// The agent looks at sixteen blocks; fewer than that were not looked at by this agent.
const samples = 16;

/** What the agent calls done is proven when the blocks that it marked before are gone, and what its method says holds. */
function findDoubt({ method, evidence }: Erasure): string | null {
  const { sampled = 0, survived = sampled, blank = 0, opened, keyGone } = evidence;
  if (sampled < samples) return `after its ${method}, ${sampled} marked blocks were looked for instead of ${samples}`;
  if (method === 'filesystems') return null;
  if (survived > 0) return `after its ${method}, ${survived} of ${sampled} marked blocks were still there`;
  if (method === 'overwrite' && blank < sampled) return `${sampled - blank} of ${sampled} blocks hold more than zeros`;
  if (method === 'crypto' && opened !== true) return 'nothing shows that the key which was discarded had opened it';
  if (method === 'crypto' && keyGone !== true) return 'nothing shows that its key is gone';
  return null;
}
