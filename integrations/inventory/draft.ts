/** A machine while its row is read: what does not fit is a problem where it was meant for us, and a remark elsewhere. */

import { normaliseSerial } from '../../domain/identity/identity.ts';
import { originOfController } from '../../domain/imports/controller.ts';
import type { ForeignInventory, ImportedMachine, ImportedRack, ImportNote } from '../../domain/imports/row.ts';
import { normaliseMac } from '../../domain/machine.ts';
import { checkTags } from '../../domain/tags.ts';
import type { Fields } from './fields.ts';

/** What all rows of an inventory are written into. */
export interface Book {
  readonly machines: ImportedMachine[];
  readonly racks: ImportedRack[];
  readonly problems: ImportNote[];
  readonly remarks: ImportNote[];
  readonly left: Map<string, number>;
}

export const openBook = (): Book => ({ machines: [], racks: [], problems: [], remarks: [], left: new Map() });

export function closeBook({ left, ...book }: Book): ForeignInventory {
  return { ...book, leftOut: [...left].map(([field, rows]) => ({ field, rows })) };
}

/** Notes which fields of a row nobody asked for. */
export function noteLeft({ left }: Book, fields: Fields): void {
  for (const field of new Set(fields.left())) left.set(field, (left.get(field) ?? 0) + 1);
}

export interface Draft {
  readonly row: number;
  mac(field: string, text: string | null): void;
  serial(text: string | null): void;
  place(field: string, rack: string | null, unit: string | null, slot: string | null): void;
  controller(field: string, address: string | null, secretRef: string | null): void;
  tag(field: string, name: string, value: string | null): void;
  remark(field: string | null, detail: string): void;
  /** Whether it has no MAC so far. */
  isUnnamed(): boolean;
  /** Writes it into the book. */
  keep(): void;
}

/** `own`: the inventory was written for Farrier, and what is wrong in it is a mistake and no other system's way. */
export function openDraft(book: Book, row: number, own: boolean): Draft {
  const macs: string[] = [];
  const tags: Record<string, string> = {};
  const known: { -readonly [Key in keyof ImportedMachine]?: ImportedMachine[Key] } = {};
  const remark = (field: string | null, detail: string) => void book.remarks.push({ row, field, detail });
  const wrong = (field: string, detail: string) =>
    void (own ? book.problems : book.remarks).push({ row, field, detail });
  return {
    row,
    remark,
    mac: (field, text) => {
      if (text === null) return;
      const mac = normaliseMac(text);
      if (mac === null) wrong(field, 'is not the MAC of a machine');
      else if (!macs.includes(mac)) macs.push(mac);
    },
    serial: (text) => {
      if (text === null) return;
      const serial = normaliseSerial(text);
      if (serial === null) wrong('serial', 'is no serial number');
      else known.serial = serial;
    },
    place: (field, rack, unit, slot) => {
      if (rack === null && unit === null) return;
      const read = readPlace(rack, unit, slot);
      if (typeof read === 'string') wrong(field, read);
      else Object.assign(known, read);
    },
    controller: (field, address, secretRef) => {
      if (address === null) return;
      const read = originOfController(address);
      if ('why' in read) wrong(field, read.why);
      else if (secretRef !== null && !idForm.test(secretRef)) wrong(field, 'its secret is not the name of one');
      else known.controller = { origin: read.origin, secretRef };
    },
    tag: (field, name, value) => {
      if (value === null) return;
      const [problem] = checkTags({ [name]: value });
      if (problem === undefined) tags[name] = value;
      else wrong(field, `cannot be a tag: ${problem}`);
    },
    isUnnamed: () => macs.length === 0,
    keep: () => {
      const { serial = null, rack = null, unit = null, slot = null, controller = null } = known;
      book.machines.push({ row, macs, serial, rack, unit, slot, controller, tags });
    },
  };
}

const idForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What others call a rack, as an id: blanks and signs that an id has not become dashes. */
export function rackIdFrom(name: string | null): string | null {
  const id = (name ?? '')
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-._]+|-+$/g, '')
    .slice(0, 63);
  return id === '' ? null : id;
}

function readPlace(rack: string | null, unit: string | null, slot: string | null) {
  if (rack === null) return 'needs its rack';
  if (!idForm.test(rack)) return 'is in a rack whose name is not 1 to 63 letters, digits, dots, dashes or underscores';
  if (unit === null) return 'is missing beside the rack';
  const lowest = /^\d{1,2}(\.0+)?$/.test(unit) ? Number(unit) : 0;
  if (lowest < 1 || lowest > 64) return 'is not a whole number from 1 to 64';
  if (slot !== null && !/^[A-Za-z0-9]{1,4}$/.test(slot)) return 'has a slot that is not one to four letters or digits';
  return { rack, unit: lowest, slot: slot?.toUpperCase() ?? null };
}
