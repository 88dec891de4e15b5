import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  check,
  index,
  inet,
  integer,
  jsonb,
  macaddr,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Directive } from '../../domain/directive.ts';
import type { IdentityAnswer } from '../../domain/identity/word.ts';
import { at, now } from './columns.ts';
import { bootState, opState, repairState, stage } from './enums.ts';
import { racks, sites } from './places.ts';
import { images, profiles } from './policy.ts';

export const machines = pgTable(
  'machines',
  {
    id: text('id').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    /** The MAC it first booted with; further ones are in `nics`. */
    mac: macaddr('mac').notNull(),
    /**
     * The machine that has the card with `mac` now: the card was moved there, or this row was the same machine, seen
     * under another of its MACs first. Null while the card is its own.
     */
    macMovedTo: text('mac_moved_to').references((): AnyPgColumn => machines.id),
    /** The machine that it looks like; nothing of it is booted until a person has said whether it is another one. */
    resembles: text('resembles').references((): AnyPgColumn => machines.id),
    hostname: text('hostname').unique(),
    /** Permanent address. */
    address: inet('address').unique(),
    temporaryAddress: inet('temporary_address'),
    bootState: bootState('boot_state').notNull().default('birth'),
    opState: opState('op_state').notNull().default('disabled'),
    stage: stage('stage').notNull().default('racked'),
    repairState: repairState('repair_state').notNull().default('none'),
    requiredImage: text('required_image').references(() => images.id),
    observedImage: text('observed_image'),
    owner: text('owner'),
    pool: text('pool').notNull().default('general'),
    profileId: text('profile_id').references(() => profiles.id),
    rackId: text('rack_id').references(() => racks.id),
    unit: integer('unit'),
    /** Which of several machines in one case; null for one that has its unit alone. */
    slot: text('slot'),
    /** The switch port, unknown to the MDB, that it was cabled to when a person gave its position. */
    placedPort: text('placed_port'),
    vendor: text('vendor'),
    product: text('product'),
    sku: text('sku'),
    serial: text('serial'),
    boardSerial: text('board_serial'),
    systemUuid: uuid('system_uuid'),
    firmware: text('firmware', { enum: ['bios', 'uefi'] }),
    biosVersion: text('bios_version'),
    memoryMib: integer('memory_mib'),
    /** What of its last inventory was left out or is another machine's too, a sentence each. */
    remarks: text('remarks').array().notNull().default(sql`'{}'`),
    /** Storage of its last inventory that could not be seen or understood: while there is any, nothing is proven clean. */
    unseen: text('unseen').array().notNull().default(sql`'{}'`),
    /** Random id that the agent writes to the disks it prepares: a disk that carries it is ours to wipe. */
    mark: uuid('mark').notNull().default(sql`gen_random_uuid()`),
    /** Why the disks may be wiped although they were not blank; null while nobody has said so. */
    wipeReason: text('wipe_reason'),
    /** Where the disk keys are (`nvram`, `tpm`, `none`) and the fingerprint; the keys themselves never leave the machine. */
    keyStore: text('key_store'),
    keyFingerprint: text('key_fingerprint'),
    /** What the agent is to do next, and a number that rises with every change of it. */
    directive: jsonb('directive').$type<Directive>().notNull().default({ do: 'wait' }),
    directiveSeq: integer('directive_seq').notNull().default(0),
    /** Bootstrap images served since the intent that asked for one; bounded by the site's policy. */
    bootstraps: integer('bootstraps').notNull().default(0),
    /** Why nothing moves, in words for a person; null when nothing is held. */
    held: text('held'),
    /** The hold that the agent's failure at its inventory is: over when one is taken, unless something else holds by then. */
    heldByInventory: text('held_by_inventory'),
    /** Its workflow begins no order until it is resumed. */
    paused: boolean('paused').notNull().default(false),
    /** Kernel boot id of the agent or system last heard from. */
    bootId: text('boot_id'),
    lastSeenAt: at('last_seen_at'),
    firstBootAt: at('first_boot_at').notNull().default(now),
    inServiceAt: at('in_service_at'),
    /** Rises with every change; a writer that holds an older one is refused. */
    version: integer('version').notNull().default(0),
  },
  (t) => [
    uniqueIndex('machines_mac_unique').on(t.mac).where(sql`mac_moved_to is null`),
    uniqueIndex('machines_slot').on(t.rackId, t.unit, sql`coalesce(slot, '')`).where(sql`rack_id is not null`),
    check('machines_slot_whole', sql`(${t.rackId} is null) = (${t.unit} is null)`),
    index('machines_stage').on(t.stage),
    index('machines_uuid').on(t.systemUuid),
  ],
);

export const tags = pgTable(
  'tags',
  {
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id, { onDelete: 'cascade' }),
    key: text('key').notNull(),
    value: text('value').notNull(),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.key] }), index('tags_key_value').on(t.key, t.value)],
);

const part = () => ({
  machineId: text('machine_id')
    .notNull()
    .references(() => machines.id, { onDelete: 'cascade' }),
  seenAt: at('seen_at').notNull().default(now),
});

export const nics = pgTable('nics', {
  mac: macaddr('mac').primaryKey(),
  ...part(),
  name: text('name'),
  driver: text('driver'),
  pci: text('pci'),
  speedMbps: integer('speed_mbps'),
  carrier: boolean('carrier'),
  /** LLDP neighbour as heard, whether or not it is a known switch. */
  neighbourChassis: text('neighbour_chassis'),
  neighbourPort: text('neighbour_port'),
  neighbourName: text('neighbour_name'),
  /** What the port calls itself besides, and of which kind its id is (`ifname`, `mac`, `local` …), as it was told. */
  neighbourPortDescription: text('neighbour_port_description'),
  neighbourPortSubtype: text('neighbour_port_subtype'),
  /** The machine that showed this card before; null for one that never moved. */
  movedFrom: text('moved_from'),
});

/** MACs that several machines show at once, such as that of a controller's card over USB: they tell none apart. */
export const sharedMacs = pgTable('shared_macs', {
  mac: macaddr('mac').primaryKey(),
  since: at('since').notNull().default(now),
});

/** Every disk ever seen in a machine: erasing it later needs evidence for each serial. */
export const disks = pgTable(
  'disks',
  {
    ...part(),
    /** Its name here and in directives: its serial number where that is single, else its WWID. */
    serial: text('serial').notNull(),
    wwid: text('wwid'),
    name: text('name').notNull(),
    model: text('model'),
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
    rotational: boolean('rotational').notNull(),
    /** What the agent found on it: `blank`, `farrier` (with the mark), or the name of the first foreign signature. */
    content: text('content').notNull(),
    mark: uuid('mark'),
    present: boolean('present').notNull().default(true),
    /** When it came into the machine. */
    presentSince: at('present_since').notNull().default(now),
    /** When a person last confirmed that it came, or that it is gone. */
    confirmedAt: at('confirmed_at'),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.serial] })],
);

export const cpus = pgTable(
  'cpus',
  {
    ...part(),
    socket: integer('socket').notNull(),
    model: text('model').notNull(),
    cores: integer('cores').notNull(),
    threads: integer('threads').notNull(),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.socket] })],
);

export const dimms = pgTable(
  'dimms',
  {
    ...part(),
    slot: text('slot').notNull(),
    mib: integer('mib').notNull(),
    serial: text('serial'),
    partNumber: text('part_number'),
    speedMts: integer('speed_mts'),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.slot] })],
);

export const accelerators = pgTable(
  'accelerators',
  {
    ...part(),
    pci: text('pci').notNull(),
    vendor: text('vendor').notNull(),
    device: text('device').notNull(),
  },
  (t) => [primaryKey({ columns: [t.machineId, t.pci] })],
);

export const bmcs = pgTable('bmcs', {
  machineId: text('machine_id')
    .primaryKey()
    .references(() => machines.id, { onDelete: 'cascade' }),
  /** Origin of the Redfish service, e.g. `https://10.0.9.12` — scheme, host and port, nothing else. */
  origin: text('origin').notNull().unique(),
  mac: macaddr('mac').unique(),
  /** Name of the secret; the secret itself is in the secret store, never here. */
  secretRef: text('secret_ref').notNull(),
  /** SHA-256 of the certificate's public key, pinned on first supervised contact. */
  pin: text('pin'),
  vendor: text('vendor'),
  firmwareVersion: text('firmware_version'),
  /** Set when a login failed or the identity did not match; nothing talks to it until that is put right. */
  quarantine: text('quarantine'),
  /** A person's word that it is the machine's, where too few factors say so; what it showed at its first use. */
  identityAnswer: jsonb('identity_answer').$type<IdentityAnswer>(),
  /** Other credentials lift the quarantine of credentials, and only that. */
  quarantineFor: text('quarantine_for', { enum: ['credentials', 'certificate', 'identity'] }),
  /** What it offers (`redfish/probe.ts`), for the firmware version named in it. */
  probe: jsonb('probe').$type<Readonly<Record<string, unknown>>>(),
});

/**
 * Controllers that operators announced before their machine was ever seen, by a factor the machine will show
 * (its boot MAC or its serial number). Claimed by the machine that turns up with it.
 */
export const expectedBmcs = pgTable(
  'expected_bmcs',
  {
    origin: text('origin').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    mac: macaddr('mac').unique(),
    serial: text('serial').unique(),
    secretRef: text('secret_ref').notNull(),
  },
  (t) => [check('expected_bmcs_factor', sql`${t.mac} is not null or ${t.serial} is not null`)],
);
