/** What an installed system tells, against what was wanted of it. */

import type { InstalledFact, ReadyFact } from '../agent.ts';
import type { Directive } from '../directive.ts';

/** Why what was installed is not what was to be; null where it is. */
export function doubtInstalled(directive: Directive, fact: InstalledFact): string | null {
  if (directive.do !== 'install') return 'nothing is to be installed now';
  if (fact.image !== directive.image) return `image ${fact.image} was installed, ${directive.image} was asked for`;
  if (fact.sha256 !== directive.sha256) return 'the SHA-256 is not that of the image';
  if (fact.mark !== directive.mark) return "the mark is not the machine's";
  if (fact.disk !== directive.disk) return `disk ${fact.disk} was written, ${directive.disk} was meant`;
  return null;
}

interface Intended {
  readonly hostname: string | null;
  readonly address: string | null;
  readonly requiredImage: string | null;
  readonly mark: string;
}

/** What a system shows of itself otherwise than the MDB has it, a sentence each. */
export function differencesOf(machine: Intended, fact: ReadyFact): string[] {
  const pairs = [
    ['hostname', fact.hostname, machine.hostname],
    ['address', fact.address.replace(/\/\d+$/, ''), machine.address],
    ['image', fact.image, machine.requiredImage],
    ['mark', fact.mark, machine.mark],
  ] as const;
  return pairs
    .filter(([, observed, intended]) => observed !== intended)
    .map(([what, observed, intended]) => `${what} is ${observed}, the MDB says ${intended ?? 'nothing'}`);
}
