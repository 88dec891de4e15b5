/** Groups of machines that permits are about, and in which order those of several are taken. */

/** A group of machines and what its permits are for: `reboot` of the machines with `rack=A12`. */
export interface Resource {
  readonly operation: string;
  readonly tag: string;
  readonly value: string;
}

/** The whole fleet: its permit is part of every set, so that a machine without a group is capped too (S3.10). */
export const fleet = { tag: 'fleet', value: 'all' } as const;

/** What permits are taken for: to let a machine's work end, and to have it down. */
export const permitOperations = ['drain', 'reboot'] as const;

export type PermitOperation = (typeof permitOperations)[number];

/** By which names an operation takes permits beside the fleet's, where nobody has said otherwise. */
export const standardGroups: Readonly<Record<PermitOperation, readonly string[]>> = {
  drain: ['rack'],
  reboot: ['rack'],
};

/** What an operation on one machine takes: the fleet's permit, and those of its groups. */
export function resourcesFor(operation: string, ...groups: readonly Pick<Resource, 'tag' | 'value'>[]): Resource[] {
  const others = groups.filter(({ tag }) => tag !== fleet.tag).map(({ tag, value }) => ({ operation, tag, value }));
  return [{ operation, ...fleet }, ...others];
}

const widest = ['fleet', 'az', 'row', 'feed'];
const narrowest = ['rack', 'machine'];

/** The one order in which several permits are taken, so that no two requesters wait for each other: widest first. */
export function inOrder(resources: readonly Resource[]): Resource[] {
  const unique = new Map(resources.map((resource) => [nameOf(resource), resource]));
  return [...unique.entries()]
    .sort(([a, left], [b, right]) => width(left.tag) - width(right.tag) || (a < b ? -1 : 1))
    .map(([, resource]) => resource);
}

function nameOf({ operation, tag, value }: Resource): string {
  return `${operation}/${tag}=${value}`;
}

function width(tag: string): number {
  const wide = widest.indexOf(tag);
  const narrow = narrowest.indexOf(tag);
  if (wide >= 0) return wide;
  return widest.length + (narrow >= 0 ? narrow + 1 : 0);
}
