import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  boolean,
  check,
  index,
  inet,
  integer,
  jsonb,
  macaddr,
  pgEnum,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import {
  actorClasses,
  bootStates,
  imageKinds,
  intentStates,
  opStates,
  orderStates,
  passages,
  repairStates,
  stages,
  stepStates,
} from './machine.ts';
import type { BurninLimits, Directive, ImageLayout, ProfileMatch, SitePolicy, StepDetail } from './values.ts';

export const bootState = pgEnum('boot_state', bootStates);
export const opState = pgEnum('op_state', opStates);
export const stage = pgEnum('stage', stages);
export const repairState = pgEnum('repair_state', repairStates);
export const passage = pgEnum('passage', passages);
export const imageKind = pgEnum('image_kind', imageKinds);
export const orderState = pgEnum('order_state', orderStates);
export const stepState = pgEnum('step_state', stepStates);
export const intentState = pgEnum('intent_state', intentStates);
export const actorClass = pgEnum('actor_class', actorClasses);

const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' });
const now = sql`now()`;

// ── Places ──────────────────────────────────────────────────────────────────────────────────────────────

export const sites = pgTable('sites', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  /** DNS domain that hostnames of this site end in. */
  domain: text('domain').notNull(),
  policy: jsonb('policy').$type<SitePolicy>().notNull(),
});

export const networks = pgTable(
  'networks',
  {
    id: text('id').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    /** `birth` lends temporary addresses, `main` holds permanent ones, `bmc` is where controllers may be. */
    kind: text('kind', { enum: ['birth', 'main', 'bmc'] }).notNull(),
    cidr: text('cidr').notNull(),
    gateway: inet('gateway'),
    dns: text('dns').array().notNull().default(sql`'{}'`),
    vlan: integer('vlan'),
    /** `position`: the address follows from rack and unit. `pool`: the next free one of the network. */
    assignment: text('assignment', { enum: ['position', 'pool'] })
      .notNull()
      .default('pool'),
  },
  (t) => [check('networks_vlan', sql`${t.vlan} between 1 and 4094`)],
);

/** One row an address that Farrier may hand out; a burst of allocations takes rows with SKIP LOCKED. */
export const addresses = pgTable(
  'addresses',
  {
    address: inet('address').primaryKey(),
    networkId: text('network_id')
      .notNull()
      .references(() => networks.id),
    machineId: text('machine_id').references(() => machines.id),
    takenAt: at('taken_at'),
  },
  (t) => [
    uniqueIndex('addresses_machine').on(t.networkId, t.machineId).where(sql`machine_id is not null`),
    index('addresses_free').on(t.networkId, t.address).where(sql`machine_id is null`),
  ],
);

export const racks = pgTable(
  'racks',
  {
    id: text('id').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    row: text('row'),
    feed: text('feed'),
    az: text('az'),
    /** Height in rack units. */
    units: integer('units').notNull().default(48),
    /** Dense number within the site, from which addresses by position are computed. */
    ordinal: integer('ordinal').notNull(),
  },
  (t) => [unique('racks_ordinal').on(t.siteId, t.ordinal), check('racks_units', sql`${t.units} between 1 and 64`)],
);

export const switches = pgTable('switches', {
  id: text('id').primaryKey(),
  siteId: text('site_id')
    .notNull()
    .references(() => sites.id),
  /** LLDP chassis id, normalised when it is a MAC. */
  chassis: text('chassis').notNull().unique(),
  name: text('name').notNull(),
});

export const switchPorts = pgTable(
  'switch_ports',
  {
    switchId: text('switch_id')
      .notNull()
      .references(() => switches.id),
    port: text('port').notNull(),
    rackId: text('rack_id')
      .notNull()
      .references(() => racks.id),
    unit: integer('unit').notNull(),
  },
  (t) => [primaryKey({ columns: [t.switchId, t.port] }), index('switch_ports_slot').on(t.rackId, t.unit)],
);

// ── Policy as data ──────────────────────────────────────────────────────────────────────────────────────

export const profiles = pgTable('profiles', {
  id: text('id').primaryKey(),
  match: jsonb('match').$type<ProfileMatch>().notNull(),
  /** Higher wins when several match. */
  priority: integer('priority').notNull().default(0),
  burnin: jsonb('burnin').$type<BurninLimits>().notNull(),
  /** BIOS attributes that the controller must show, by Redfish attribute name. */
  bios: jsonb('bios').$type<Record<string, string | number | boolean>>().notNull().default({}),
  pool: text('pool').notNull().default('general'),
});

export const images = pgTable('images', {
  id: text('id').primaryKey(),
  kind: imageKind('kind').notNull(),
  /** Path below the image root, served at `/images/<path>`. */
  path: text('path').notNull().unique(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  sha256: text('sha256').notNull(),
  /** ECDSA P-256 over the SHA-256, base64 DER, by the site's image key. */
  signature: text('signature').notNull(),
  layout: jsonb('layout').$type<ImageLayout>().notNull(),
  /** The one that a new machine of this kind gets. */
  preferred: boolean('preferred').notNull().default(false),
  createdAt: at('created_at').notNull().default(now),
});

/** Kernel and initrd as laid for machines to fetch: agents believe these sums, not the wire. */
export const bootFiles = pgTable('boot_files', {
  /** Path below the image root, `boot/vmlinuz`. */
  path: text('path').primaryKey(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  sha256: text('sha256').notNull(),
  laidAt: at('laid_at').notNull().default(now),
});

// ── Machines and what they are made of ──────────────────────────────────────────────────────────────────

export const machines = pgTable(
  'machines',
  {
    id: text('id').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    /** The MAC it first booted with; further ones are in `nics`. */
    mac: macaddr('mac').notNull().unique(),
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
    vendor: text('vendor'),
    product: text('product'),
    sku: text('sku'),
    serial: text('serial'),
    boardSerial: text('board_serial'),
    systemUuid: uuid('system_uuid'),
    firmware: text('firmware', { enum: ['bios', 'uefi'] }),
    biosVersion: text('bios_version'),
    memoryMib: integer('memory_mib'),
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
    /** Kernel boot id of the agent or system last heard from. */
    bootId: text('boot_id'),
    lastSeenAt: at('last_seen_at'),
    firstBootAt: at('first_boot_at').notNull().default(now),
    inServiceAt: at('in_service_at'),
    /** Rises with every change; a writer that holds an older one is refused. */
    version: integer('version').notNull().default(0),
  },
  (t) => [
    uniqueIndex('machines_slot').on(t.rackId, t.unit).where(sql`rack_id is not null`),
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
});

/** Every disk ever seen in a machine: erasing it later needs evidence for each serial. */
export const disks = pgTable(
  'disks',
  {
    ...part(),
    serial: text('serial').notNull(),
    name: text('name').notNull(),
    model: text('model'),
    bytes: bigint('bytes', { mode: 'number' }).notNull(),
    rotational: boolean('rotational').notNull(),
    /** What the agent found on it: `blank`, `farrier` (with the mark), or the name of the first foreign signature. */
    content: text('content').notNull(),
    mark: uuid('mark'),
    present: boolean('present').notNull().default(true),
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
  /** Set when a login failed or the identity did not match; nothing talks to it until a person clears it. */
  quarantine: text('quarantine'),
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

// ── Orders, steps, people ───────────────────────────────────────────────────────────────────────────────

export const orders = pgTable(
  'orders',
  {
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    passage: passage('passage').notNull(),
    requester: text('requester').notNull(),
    reason: text('reason').notNull(),
    dryRun: boolean('dry_run').notNull().default(false),
    notBefore: at('not_before'),
    deadline: at('deadline'),
    state: orderState('state').notNull().default('waiting'),
    outcome: text('outcome'),
    createdAt: at('created_at').notNull().default(now),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (t) => [
    uniqueIndex('orders_one_running').on(t.machineId).where(sql`state = 'running'`),
    uniqueIndex('orders_one_birth').on(t.machineId).where(sql`passage = 'birth' and state in ('waiting', 'running')`),
    index('orders_state').on(t.state, t.createdAt),
    index('orders_machine').on(t.machineId, t.createdAt),
  ],
);

export const steps = pgTable(
  'steps',
  {
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    name: text('name').notNull(),
    /** `passage` steps are Farrier's own, `agent` steps are reported from the bootstrap image. */
    source: text('source', { enum: ['passage', 'agent'] }).notNull(),
    ordinal: integer('ordinal').notNull(),
    state: stepState('state').notNull().default('running'),
    owner: text('owner').notNull(),
    attempt: integer('attempt').notNull().default(1),
    startedAt: at('started_at').notNull().default(now),
    /** When this step is late; every running step has one, so that *stuck* is a query. */
    limitAt: at('limit_at').notNull(),
    endedAt: at('ended_at'),
    detail: jsonb('detail').$type<StepDetail>().notNull().default({}),
  },
  (t) => [
    primaryKey({ columns: [t.orderId, t.name] }),
    index('steps_open').on(t.limitAt).where(sql`state in ('running', 'held')`),
  ],
);

export const tickets = pgTable(
  'tickets',
  {
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    /** Names the fault, so that one fault has one open ticket, e.g. `register/unknown-port`. */
    fault: text('fault').notNull(),
    title: text('title').notNull(),
    body: text('body').notNull(),
    openedAt: at('opened_at').notNull().default(now),
    closedAt: at('closed_at'),
  },
  (t) => [uniqueIndex('tickets_one_open').on(t.machineId, t.fault).where(sql`closed_at is null`)],
);

export const humanSteps = pgTable(
  'human_steps',
  {
    /** `<orderId>:<step>:<attempt>`: an answer to an older attempt cannot match a newer question. */
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    step: text('step').notNull(),
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.id),
    owner: text('owner').notNull(),
    question: text('question').notNull(),
    /** What may be answered, e.g. `{retry, abandon}`. */
    choices: text('choices').array().notNull(),
    openedAt: at('opened_at').notNull().default(now),
    remindAt: at('remind_at').notNull(),
    answeredAt: at('answered_at'),
    answer: text('answer'),
    answeredBy: text('answered_by'),
    note: text('note'),
  },
  (t) => [
    index('human_steps_open').on(t.owner).where(sql`answered_at is null`),
    index('human_steps_machine').on(t.machineId, t.openedAt),
  ],
);

/** Answers that matched no open question: late, double, misaddressed or malformed. Kept, never acted on. */
export const ignoredAnswers = pgTable('ignored_answers', {
  id: bigserial('id', { mode: 'number' }).primaryKey(),
  machineId: text('machine_id').notNull(),
  at: at('at').notNull().default(now),
  why: text('why').notNull(),
  answer: jsonb('answer').notNull(),
});

// ── Acting on hardware ──────────────────────────────────────────────────────────────────────────────────

export const intents = pgTable(
  'intents',
  {
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id').references(() => orders.id),
    kind: text('kind').notNull(),
    command: jsonb('command').notNull(),
    /** Fencing number of the permit under which it acts; strictly rising a machine. */
    fence: bigint('fence', { mode: 'number' }).notNull(),
    state: intentState('state').notNull().default('written'),
    /** What the device showed before the command, to compare with what it shows after. */
    before: jsonb('before'),
    observed: jsonb('observed'),
    writtenAt: at('written_at').notNull().default(now),
    sentAt: at('sent_at'),
    settledAt: at('settled_at'),
  },
  (t) => [index('intents_machine').on(t.machineId, t.writtenAt)],
);

/** The highest fence granted a machine: an intent with a lower one is refused in the statement that writes it. */
export const fences = pgTable('fences', {
  machineId: text('machine_id')
    .primaryKey()
    .references(() => machines.id),
  fence: bigint('fence', { mode: 'number' }).notNull(),
});

// ── Booting ─────────────────────────────────────────────────────────────────────────────────────────────

/** One token a served bootstrap script; redeemed once for a session of the agent. Only hashes are kept. */
export const bootTokens = pgTable(
  'boot_tokens',
  {
    hash: text('hash').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    /** `bootstrap` opens an agent session, `ready` is for the installed system's one report. */
    use: text('use', { enum: ['bootstrap', 'ready'] }).notNull(),
    nonce: text('nonce').notNull().unique(),
    orderId: text('order_id'),
    issuedAt: at('issued_at').notNull().default(now),
    expiresAt: at('expires_at').notNull(),
    redeemedAt: at('redeemed_at'),
    sessionHash: text('session_hash').unique(),
    sessionExpiresAt: at('session_expires_at'),
  },
  (t) => [index('boot_tokens_machine').on(t.machineId, t.issuedAt)],
);

/** Requests and answers of the birther, counted by minute. */
export const bootCounts = pgTable(
  'boot_counts',
  {
    mac: text('mac').notNull(),
    minute: at('minute').notNull(),
    /** Boot state at the request, or `unknown`. */
    state: text('state').notNull(),
    /** What was answered: `bootstrap`, `fast`, `local`, `wait`, `refuse`. */
    answer: text('answer').notNull(),
    requests: integer('requests').notNull(),
    answers: integer('answers').notNull(),
    lastAt: at('last_at').notNull(),
  },
  (t) => [primaryKey({ columns: [t.mac, t.minute, t.state, t.answer] }), index('boot_counts_minute').on(t.minute)],
);

// ── Burn-in ─────────────────────────────────────────────────────────────────────────────────────────────

export const burnins = pgTable(
  'burnins',
  {
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id')
      .notNull()
      .references(() => orders.id),
    profileId: text('profile_id'),
    startedAt: at('started_at').notNull().default(now),
    endedAt: at('ended_at'),
    /** 0 to 100, as last reported. */
    progress: real('progress').notNull().default(0),
    /** Whether the agent broke it off at the time cap. */
    cut: boolean('cut').notNull().default(false),
    /** `pass`, `fail` (a part failed), `below` (slower than its peers allow) or `cut` (time cap). */
    verdict: text('verdict', { enum: ['pass', 'fail', 'below', 'cut'] }),
    /** One sentence naming the device and the figure. */
    finding: text('finding'),
  },
  (t) => [unique('burnins_order').on(t.orderId)],
);

export const burninParts = pgTable(
  'burnin_parts',
  {
    burninId: text('burnin_id')
      .notNull()
      .references(() => burnins.id),
    /** `stress` looks for faults, `benchmark` yields a figure. */
    kind: text('kind', { enum: ['stress', 'benchmark'] }).notNull(),
    /** `cpu`, `memory`, `disk` or `network`. */
    subject: text('subject').notNull(),
    device: text('device').notNull(),
    ok: boolean('ok').notNull(),
    value: real('value'),
    unit: text('unit'),
    message: text('message'),
    seconds: real('seconds').notNull(),
    product: text('product'),
  },
  (t) => [
    primaryKey({ columns: [t.burninId, t.kind, t.subject, t.device] }),
    index('burnin_parts_peers').on(t.product, t.subject, t.unit),
  ],
);

// ── Messages and records ────────────────────────────────────────────────────────────────────────────────

/** What is to be told to a workflow; written in the transaction that made it true, delivered at least once. */
export const outbox = pgTable(
  'outbox',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    /** De-duplication id, minted by the writer; receivers drop repeats. */
    key: text('key').notNull().unique(),
    machineId: text('machine_id').notNull(),
    orderId: text('order_id'),
    kind: text('kind', { enum: ['order', 'report', 'answer', 'cancel'] }).notNull(),
    payload: jsonb('payload').$type<Record<string, unknown>>().notNull(),
    createdAt: at('created_at').notNull().default(now),
    nextAt: at('next_at').notNull().default(now),
    attempts: integer('attempts').notNull().default(0),
    deliveredAt: at('delivered_at'),
    /** Why it will never be delivered (its order ended); such a row counts as delivered. */
    dropped: text('dropped'),
    error: text('error'),
  },
  (t) => [index('outbox_due').on(t.nextAt, t.id).where(sql`delivered_at is null`)],
);

/** Every change of a guarded column, written by a trigger; append-only. */
export const stateHistory = pgTable(
  'state_history',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: at('at').notNull().default(sql`clock_timestamp()`),
    machineId: text('machine_id').notNull(),
    guarded: text('guarded').notNull(),
    from: text('from'),
    to: text('to').notNull(),
    actor: text('actor').notNull(),
    orderId: text('order_id'),
  },
  (t) => [index('state_history_machine').on(t.machineId, t.id)],
);

/** Who did what and why; append-only and hash-chained by a trigger. Insert it last in a transaction. */
export const audit = pgTable(
  'audit',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    at: at('at').notNull().default(sql`clock_timestamp()`),
    actorClass: actorClass('actor_class').notNull(),
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    machineId: text('machine_id'),
    orderId: text('order_id'),
    detail: jsonb('detail').notNull().default({}),
    previous: text('previous').notNull().default(''),
    hash: text('hash').notNull().default(''),
  },
  (t) => [index('audit_machine').on(t.machineId, t.id)],
);

export const legalEdgesTable = pgTable(
  'legal_edges',
  {
    guarded: text('guarded').notNull(),
    from: text('from').notNull(),
    to: text('to').notNull(),
  },
  (t) => [primaryKey({ columns: [t.guarded, t.from, t.to] })],
);
