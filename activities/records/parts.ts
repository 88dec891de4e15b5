import type { Inventory } from '../../redfish/read/inventory.ts';

/** One part of a machine, as far as it takes to tell it from another in its place. */
export interface Part {
  /** Slot, socket, bay or name; unlike all others of its kind. */
  readonly place: string;
  readonly serial: string | null;
  readonly model: string | null;
  /** Of its firmware. */
  readonly version: string | null;
}

export const kinds = [
  'system',
  'identity',
  'cpus',
  'dimms',
  'accelerators',
  'drives',
  'adapters',
  'nics',
  'supplies',
  'fans',
  'chassis',
  'controllers',
  'firmware',
] as const;
export type Kind = (typeof kinds)[number];

/** What is kept of each kind: the inventory without what moves from minute to minute. */
export function documentsOf(inventory: Inventory): Record<Kind, unknown> {
  const { power: _, ...system } = inventory.system;
  const { cpus, dimms, accelerators, drives, adapters, nics, supplies, chassis, controllers, firmware } = inventory;
  const fans = inventory.fans.map(({ rpm: _rpm, percent: _percent, ...fan }) => fan);
  const lists = { cpus, dimms, accelerators, drives, adapters, nics, supplies, fans, chassis, controllers, firmware };
  return { system, identity: inventory.identity, ...mapped(lists, sorted) };
}

function mapped<K extends string>(
  lists: Readonly<Record<K, readonly object[]>>,
  by: (list: readonly object[]) => object[],
) {
  return Object.fromEntries(Object.entries<readonly object[]>(lists).map(([kind, list]) => [kind, by(list)])) as Record<
    K,
    object[]
  >;
}

/** In an order of its own: controllers list parts in another one after a restart. */
export function sorted(list: readonly object[]): object[] {
  return [...list].sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other), 'en'));
}

/** Parts in a kept or fresh document of a kind. */
export function partsOf(kind: Kind, document: unknown): Part[] {
  if (kind === 'identity') return identityParts(document as Inventory['identity']);
  if (kind === 'system') return [part({ place: 'BIOS', version: (document as Inventory['system']).biosVersion })];
  const list = Array.isArray(document) ? (document as Readonly<Record<string, unknown>>[]) : [];
  return numbered(list.flatMap((entry) => partOf(kind, entry)));
}

/** The whole entry of a list that a part was made of, by its place. */
export function entryAt(kind: Kind, document: unknown, place: string): unknown {
  const list = Array.isArray(document) ? document : [];
  return list[partsOf(kind, list).findIndex((one) => one.place === place)];
}

function part(facts: Partial<Part> & Pick<Part, 'place'>): Part {
  return { serial: null, model: null, version: null, ...facts };
}

function identityParts({ serial, boardSerial, chassisSerial, product }: Inventory['identity']): Part[] {
  return [
    part({ place: 'system', serial, model: product }),
    part({ place: 'board', serial: boardSerial }),
    part({ place: 'chassis', serial: chassisSerial }),
  ];
}

function partOf(kind: Exclude<Kind, 'identity' | 'system'>, entry: Readonly<Record<string, unknown>>): Part[] {
  const text = (name: string) => (typeof entry[name] === 'string' ? entry[name] : null);
  const facts = { serial: text('serial'), model: text('model'), version: text('firmware') };
  switch (kind) {
    case 'cpus':
      return [part({ place: text('socket') ?? '', model: facts.model })];
    case 'dimms':
      return [part({ ...facts, place: text('slot') ?? '', model: text('partNumber') })];
    case 'drives':
      return [part({ ...facts, place: text('slot') ?? facts.serial ?? '', version: text('revision') })];
    // Ids of network cards change with a restart (quirk 70): the card is its own place.
    case 'adapters':
      return [part({ ...facts, place: facts.serial ?? text('id') ?? '' })];
    case 'nics':
      return text('mac') === null || entry.universal === false ? [] : [part({ place: text('mac') ?? '' })];
    case 'accelerators':
      return [part({ ...facts, place: text('slot') ?? text('id') ?? '' })];
    case 'firmware':
      return entry.inForce === false ? [] : [part({ place: firmwarePlace(entry), version: text('version') })];
    case 'supplies':
    case 'fans':
      return [part({ ...facts, place: text('name') ?? '' })];
    case 'chassis':
    case 'controllers':
      return [part({ ...facts, place: text('id') ?? '', serial: facts.serial ?? text('uuid') })];
  }
}

/** Dell's ids carry the version: without it they name the part. */
function firmwarePlace({ id, version }: Readonly<Record<string, unknown>>): string {
  const name = String(id ?? '');
  return typeof version === 'string' && version !== '' ? name.replace(version, '').replace(/--|-__/, '__') : name;
}

function numbered(parts: readonly Part[]): Part[] {
  const seen = new Map<string, number>();
  return parts.map((one) => {
    const count = (seen.get(one.place) ?? 0) + 1;
    seen.set(one.place, count);
    return count === 1 ? one : { ...one, place: `${one.place} (${count})` };
  });
}
