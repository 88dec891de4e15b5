import type { Held } from '../../contract/birth.ts';

/** A switch port that a NIC of the machine heard by LLDP, with the position it leads to where the MDB knows it. */
export interface HeardPort {
  readonly nic: string;
  readonly chassis: string;
  readonly port: string;
  readonly system: string | null;
  readonly position: Position | null;
}

export interface Position {
  readonly rack: string;
  readonly unit: number;
}

export type Placed = { readonly position: Position } | { readonly held: Held };

const fixable = ['retry', 'place:RACK/UNIT', 'abandon'];

/**
 * Where the machine stands. The LLDP neighbour decides; a position that a person gave counts where no neighbour is
 * known. Ports that lead to two positions, to none, or elsewhere than announced are held: a position is never guessed.
 */
export function placeOf(heard: readonly HeardPort[], given: Position | null): Placed {
  const positions = distinct(heard.flatMap((one) => (one.position ? [one.position] : [])));
  const [first, second] = positions;
  if (first && second) {
    return hold(
      'register/two-positions',
      `Its NICs are cabled to two positions: ${positions.map(name).join(' and ')}.`,
    );
  }
  if (first && given && name(first) !== name(given)) {
    return hold('register/moved', `It is recorded at ${name(given)}, but its switch port leads to ${name(first)}.`);
  }
  if (first) return { position: first };
  if (given) return { position: given };
  const stray = heard[0];
  return stray
    ? hold(
        'register/unknown-port',
        `${stray.nic} hears port ${stray.port} of switch ${stray.system ?? stray.chassis} (${stray.chassis}), which the MDB doesn't know.`,
      )
    : hold('register/no-neighbour', 'No NIC heard a switch by LLDP, so its position is not known.');
}

function distinct(positions: readonly Position[]): Position[] {
  return [...new Map(positions.map((position) => [name(position), position])).values()];
}

function name(position: Position): string {
  return `${position.rack} u${position.unit}`;
}

function hold(fault: string, reason: string): Placed {
  return { held: { fault, reason, choices: fixable } };
}

/** Reads the answer `place:A07/12`; null when it is not of that form. */
export function readPlace(answer: string): Position | null {
  const match = /^place:([A-Za-z0-9][A-Za-z0-9._-]{0,62})\/(\d{1,2})$/.exec(answer);
  return match ? { rack: match[1] as string, unit: Number(match[2]) } : null;
}

const hostLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * The hostname at a position, by the site's template, e.g. `{rack}-u{unit}` → `a07-u12`.
 * Returns null when the result is no RFC 1123 label.
 */
export function hostnameAt(template: string, position: Position): string | null {
  const hostname = template
    .replaceAll('{rack}', position.rack)
    .replaceAll('{unit}', String(position.unit).padStart(2, '0'))
    .toLowerCase();
  return hostLabel.test(hostname) ? hostname : null;
}
