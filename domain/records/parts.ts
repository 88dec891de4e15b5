/** Parts of a machine, as the documents that are kept of it hold them. */

/** One part of a machine, as far as it takes to tell it from another in its place. */
export interface Part {
  /** Slot, socket, bay or name; unlike all others of its kind. */
  readonly place: string;
  readonly serial: string | null;
  readonly model: string | null;
  /** Of its firmware. */
  readonly version: string | null;
}

export const recordedKinds = [
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
export type RecordedKind = (typeof recordedKinds)[number];

/** As they are kept of the recordedKinds that are no lists. */
interface SystemDocument {
  readonly biosVersion: string | null;
}

interface IdentityDocument {
  readonly serial: string | null;
  readonly boardSerial: string | null;
  readonly chassisSerial: string | null;
  readonly product: string | null;
}

/** In an order of its own: controllers list parts in another one after a restart. */
export function inPartOrder(list: readonly object[]): object[] {
  return [...list].sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other), 'en'));
}

/** Parts in a kept or fresh document of a kind. */
export function partsInDocument(kind: RecordedKind, document: unknown): Part[] {
  if (kind === 'identity') return identityParts(document as IdentityDocument);
  if (kind === 'system') return [part({ place: 'BIOS', version: (document as SystemDocument).biosVersion })];
  const list = Array.isArray(document) ? (document as Readonly<Record<string, unknown>>[]) : [];
  return numbered(list.flatMap((entry) => partOf(kind, entry)));
}

/** The whole entry of a list that a part was made of, by its place. */
export function entryAt(kind: RecordedKind, document: unknown, place: string): unknown {
  const list = Array.isArray(document) ? document : [];
  return list[partsInDocument(kind, list).findIndex((one) => one.place === place)];
}

function part(facts: Partial<Part> & Pick<Part, 'place'>): Part {
  return { serial: null, model: null, version: null, ...facts };
}

function identityParts({ serial, boardSerial, chassisSerial, product }: IdentityDocument): Part[] {
  return [
    part({ place: 'system', serial, model: product }),
    part({ place: 'board', serial: boardSerial }),
    part({ place: 'chassis', serial: chassisSerial }),
  ];
}

function partOf(kind: Exclude<RecordedKind, 'identity' | 'system'>, entry: Readonly<Record<string, unknown>>): Part[] {
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
