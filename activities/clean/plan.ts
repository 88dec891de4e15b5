import type { DiskToErase } from '../../mdb/erasing.ts';
import type { DiskKind, EraseMethod } from '../../mdb/machine.ts';
import type { EraseByKind, EraseTarget } from '../../mdb/values.ts';

type Erasure = NonNullable<DiskToErase['erasure']>;

export interface EraseWish {
  /** For every disk, as the order or a person says; null leaves it to the pool. */
  readonly method: EraseMethod | null;
  readonly pool: { readonly erase: EraseMethod; readonly eraseOthers: EraseByKind };
}

/** What tells the disk that Farrier encrypted: it carries the machine's mark, and the machine keeps keys. */
export interface Encrypter {
  readonly mark: string;
  readonly keyStore: string | null;
}

/** By the kernel's name: `sda` is SATA, or SAS that takes SATA's commands or refuses them. */
function kindOf(name: string): DiskKind {
  if (/^nvme/.test(name)) return 'nvme';
  return /^[sh]d/.test(name) ? 'ata' : 'other';
}

/** How each of these disks is to be erased. Whether it can be is for the agent to find out, and never decided here. */
export function planErase(disks: readonly DiskToErase[], machine: Encrypter, wish: EraseWish): EraseTarget[] {
  return disks.map(({ serial, name, mark, erasure }) => {
    const encrypted = mark === machine.mark && (machine.keyStore === 'nvram' || machine.keyStore === 'tpm');
    const others = encrypted ? undefined : wish.pool.eraseOthers[kindOf(name)];
    const begun = erasure !== null && hasBegun(erasure) ? methodOf(erasure) : undefined;
    const method = wish.method ?? begun ?? others ?? wish.pool.erase;
    return { serial, method, begun: method === begun };
  });
}

function methodOf({ method }: Erasure): EraseMethod | undefined {
  return method === 'none' ? undefined : method;
}

// A refusal comes before anything was touched, a failure may come after; keys may be gone already.
function hasBegun({ state, evidence }: Erasure): boolean {
  return state === 'begun' || state === 'failed' || evidence.opened === true;
}
