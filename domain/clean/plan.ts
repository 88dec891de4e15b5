import type { ErasedFact } from '../agent.ts';
import type { Directive } from '../directive.ts';
import type { DiskKind, EraseMethod } from '../machine.ts';
import type { EraseByKind, EraseEvidence, EraseTarget } from './erase.ts';

/** What an order knows of a disk's erasing. */
export interface Erasure {
  /** As it was asked to be erased; `none` for one that a person vouched for. */
  readonly method: EraseMethod | 'none';
  /** See the column of `erasures`. */
  readonly state: 'begun' | 'done' | 'refused' | 'failed' | 'vouched';
  readonly evidence: EraseEvidence;
}

export interface DiskToErase {
  readonly serial: string;
  readonly name: string;
  readonly mark: string | null;
  readonly present: boolean;
  /** The machine in which it was seen after this one; null where none is known. */
  readonly movedTo: string | null;
  /** What this order knows of its erasing. */
  readonly erasure: Erasure | null;
  /** Whether a person answered for it after it was last seen, under whatever order. */
  readonly vouched: boolean;
}

export interface EraseSpec {
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
export function planErase(disks: readonly DiskToErase[], machine: Encrypter, spec: EraseSpec): EraseTarget[] {
  return disks.map(({ serial, name, mark, erasure }) => {
    const encrypted = mark === machine.mark && (machine.keyStore === 'nvram' || machine.keyStore === 'tpm');
    const others = encrypted ? undefined : spec.pool.eraseOthers[kindOf(name)];
    const begun = erasure !== null && hasBegun(erasure) ? methodOf(erasure) : undefined;
    const method = spec.method ?? begun ?? others ?? spec.pool.erase;
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

/** Why what an agent tells of its erasing was not asked of it; null where it was. */
export function doubtErased(directive: Directive, fact: ErasedFact): string | null {
  if (directive.do !== 'erase') return 'nothing is to be erased now';
  const methods = new Map(directive.disks.map(({ serial, method }) => [serial, method]));
  const stray = fact.disks.find(({ serial, method }) => methods.get(serial) !== method);
  return stray ? `disk ${stray.serial} was not to be erased by ${stray.method}` : null;
}
