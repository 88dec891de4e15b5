import type { OperatorQuestion } from '../question.ts';

/** A switch port that a NIC of the machine heard by LLDP, with the position it leads to where the MDB knows it. */
export interface LldpNeighbour {
  readonly nic: string;
  readonly chassis: string;
  readonly port: string;
  readonly system: string | null;
  readonly position: Position | null;
}

export interface Position {
  readonly rack: string;
  readonly unit: number;
  /** Which of several machines in one case; absent for one that has its unit alone. */
  readonly slot?: string;
}

export type PlaceVerdict = { readonly position: Position } | { readonly question: OperatorQuestion };

const fixable = ['retry', 'place:RACK/UNIT', 'place:RACK/UNIT.SLOT', 'abandon'];

/**
 * Where the machine stands. The LLDP neighbour decides; a position that a person gave counts where no neighbour is
 * known, and so does one that is only recorded (`said` false) where no switch is heard. Ports that lead to two positions,
 * to none, or elsewhere than announced are held: a position is never guessed.
 */
export function placeOf(neighbours: readonly LldpNeighbour[], given: Position | null, said = true): PlaceVerdict {
  const positions = distinct(neighbours.flatMap((one) => (one.position ? [one.position] : [])));
  const [first, second] = positions;
  if (first && second) {
    return hold(
      'register/two-positions',
      `Its NICs are cabled to two positions: ${positions.map(name).join(' and ')}.`,
    );
  }
  // A port of a case may be announced without saying which of its machines it leads to.
  if (first && given && first.slot === undefined && name({ ...given, slot: undefined }) === name(first))
    return { position: given };
  if (first && given && name(first) !== name(given)) {
    return hold('register/moved', `It is recorded at ${name(given)}, but its switch port leads to ${name(first)}.`);
  }
  if (first) return { position: first };
  const stray = neighbours[0];
  if (given && (said || !stray)) return { position: given };
  const recorded = given ? `It is recorded at ${name(given)}, but ` : '';
  return stray
    ? hold(
        'register/unknown-port',
        `${recorded}${stray.nic} hears port ${stray.port} of switch ${stray.system ?? stray.chassis} (${stray.chassis}), which the MDB doesn't know.`,
      )
    : hold('register/no-neighbour', 'No NIC heard a switch by LLDP, so its position is not known.');
}

function distinct(positions: readonly Position[]): Position[] {
  return [...new Map(positions.map((position) => [name(position), position])).values()];
}

function name({ rack, unit, slot }: Omit<Position, 'slot'> & { readonly slot?: string | undefined }): string {
  return `${rack} u${unit}${slot === undefined ? '' : ` slot ${slot}`}`;
}

function hold(fault: string, reason: string): PlaceVerdict {
  return { question: { fault, reason, choices: fixable } };
}

export { readPlace } from '../answers.ts';

const hostLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The hostname at a position, by the site's template, e.g. `{rack}-u{unit}` → `a07-u12`. A slot follows at the end where
 * the template does not say where it goes.
 * Returns null when the result is no RFC 1123 label.
 */
export function hostnameAt(template: string, position: Position): string | null {
  const { slot = '' } = position;
  const whole = slot === '' || template.includes('{slot}') ? template : `${template}-{slot}`;
  const hostname = whole
    .replaceAll('{rack}', position.rack)
    .replaceAll('{slot}', slot)
    .replaceAll('{unit}', String(position.unit).padStart(2, '0'))
    .toLowerCase();
  return hostLabel.test(hostname) ? hostname : null;
}
