/**
 * The people's HTTP API: what goes in and what comes out. The server validates with these schemas and makes the
 * OpenAPI document of them; the client takes its types from them. Times are ISO 8601 in UTC.
 */
import { z } from 'zod';
import {
  bootStates,
  imageKinds,
  imageSystemNames,
  normaliseMac,
  opStates,
  orderClasses,
  orderStates,
  passages,
  repairStates,
  stages,
} from '../domain/machine.ts';
import { timeField } from './requestschemas.ts';

const time = z.string();
const nullable = <T extends z.ZodType>(schema: T) => schema.nullable();
const text = nullable(z.string());

// Ids go into workflow ids, file names and terminals: nothing but these.
export const id = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is 1 to 63 letters, digits, dots, dashes or underscores');
export const sentence = z
  .string()
  .min(1, 'is empty')
  .max(500, 'is longer than 500 characters')
  .refine((value) => !/\p{Cc}/u.test(value), 'holds control characters');
export const macText = z
  .string()
  .refine((value) => normaliseMac(value) !== null, 'is not the MAC of a machine')
  .transform((value) => normaliseMac(value) ?? value);

/** A machine's id, hostname or MAC, as a person would type it. */
export const machineName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9.:_-]{0,252}$/, 'is not a machine id, hostname or MAC');

/** What every refusal and failure is told as: RFC 9457, `application/problem+json`. */
export const problem = z.object({
  /** `urn:farrier:problem:` and the code. */
  type: z.string(),
  /** What the status means, whatever the request was. */
  title: z.string(),
  status: z.number().int(),
  /** One sentence for a person. */
  detail: z.string(),
  /** The path that was asked. */
  instance: z.string(),
  /** Stable word for programs, e.g. `not-found`. */
  code: z.string(),
  field: z.string().optional(),
  /** Everything that is wrong with a request that its schema refuses; the first is also above. */
  errors: z.array(z.object({ field: z.string(), detail: z.string() })).optional(),
  /** The form of before, for a release. */
  error: z
    .object({ code: z.string(), message: z.string(), field: z.string().optional() })
    .meta({ deprecated: true, description: 'the form of before problem bodies; goes with the next release' }),
});
export type Problem = z.infer<typeof problem>;

// ── Machines ────────────────────────────────────────────────────────────────────────────────────────────

/** Of lists that come a page at a time. */
export const paging = {
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  after: z.string().max(400).optional().meta({ description: '`next` of the page before' }),
};
export const selected = z.string().max(1000).optional().meta({ description: 'of machines that this selector means' });
/** Names of fields between commas. */
export const fields = z
  .string()
  .regex(/^[A-Za-z]{1,40}(,[A-Za-z]{1,40}){0,39}$/, 'is not a list like id,stage')
  .optional()
  .meta({ description: 'only these fields of each of them' });
/** What to give as `after` for the next page, null on the last; and how many there are on all pages. */
export const paged = { next: text, total: z.number().int() };

export const machineFilter = z.strictObject({
  stage: z.enum(stages).optional(),
  state: z.enum(opStates).optional(),
  boot: z.enum(bootStates).optional(),
  rack: id.optional(),
  held: z.enum(['true', 'false']).optional(),
  /** `az=A,rack in (r3,r4),!legacy`: over columns and tags. */
  selector: z.string().max(1000).optional(),
  fields,
  ...paging,
});

export const machineSummary = z.object({
  id: z.string(),
  mac: z.string(),
  hostname: text,
  address: text,
  stage: z.enum(stages),
  opState: z.enum(opStates),
  bootState: z.enum(bootStates),
  repairState: z.enum(repairStates),
  offerable: z.boolean(),
  rack: text,
  unit: nullable(z.number()),
  slot: text.describe('which of several machines in one case'),
  pool: z.string(),
  product: text,
  serial: text,
  held: text,
  orderId: text,
  passage: nullable(z.enum(passages)),
  /** `paused by …` or `taken over by …`: nothing goes on by itself. */
  steered: text,
  /** The step that runs or is held; the agent's where it reports one. */
  step: text,
  stepState: text,
  percent: nullable(z.number()),
  /** When it came to its stage. */
  since: nullable(time),
  lastSeenAt: nullable(time),
  firstBootAt: time,
  inServiceAt: nullable(time),
});

export const machineList = z.object({ machines: z.array(machineSummary), ...paged });

export const stepView = z.object({
  name: z.string(),
  source: z.enum(['passage', 'agent']),
  state: z.string(),
  owner: z.string(),
  attempt: z.number(),
  startedAt: time,
  limitAt: time,
  endedAt: nullable(time),
  late: z.boolean(),
  message: text,
  device: text,
  seconds: nullable(z.number()),
  percent: nullable(z.number()),
});

export const humanStepView = z.object({
  id: z.string(),
  machineId: z.string(),
  hostname: text,
  orderId: z.string(),
  step: z.string(),
  owner: z.string(),
  question: z.string(),
  choices: z.array(z.string()),
  /** What an answer has to tell besides, in words of JSON Schema; null for nothing. */
  schema: z.unknown(),
  roles: z.array(z.string()),
  ticketId: z.string(),
  openedAt: time,
  /** From when on whoever is on call is notified, and who was last. */
  deadlineAt: nullable(time),
  escalatedTo: text,
  answeredAt: nullable(time),
  answer: text,
  answeredBy: text,
});

export const orderView = z.object({
  id: z.string(),
  machineId: z.string(),
  hostname: text,
  passage: z.enum(passages),
  requester: z.string(),
  reason: z.string(),
  state: z.enum(orderStates),
  outcome: text,
  class: z.enum(orderClasses),
  dryRun: z.boolean(),
  /** What was asked, as docs/orders.md has it for this passage. */
  request: z.record(z.string(), z.unknown()),
  notBefore: nullable(time),
  deadline: nullable(time),
  pausedBy: text,
  takenOverBy: text,
  createdAt: time,
  startedAt: nullable(time),
  endedAt: nullable(time),
});

/** Where a machine is, why, since when, by whom, what comes next and what it waits for: one sentence each. */
export const statusView = z.object({
  where: z.string(),
  why: z.string(),
  since: nullable(time),
  by: z.string(),
  next: z.string(),
  blockedOn: z.string(),
});

export const machineView = z.object({
  machine: machineSummary,
  status: statusView,
  identity: z.object({
    vendor: text,
    sku: text,
    boardSerial: text,
    systemUuid: text,
    firmware: text,
    biosVersion: text,
    profile: text,
    owner: text,
    remarks: z
      .array(z.string())
      .describe("what of its last inventory was left out, was moved, or is another machine's too"),
    unseen: z.array(z.string()).describe('storage of its last inventory that could not be seen'),
    resembles: text,
    temporaryAddress: text,
    requiredImage: text,
    observedImage: text,
    mark: z.string(),
    wipeReason: text,
    keyStore: text,
    keyFingerprint: text,
    bootId: text,
    bootstraps: z.number(),
  }),
  parts: z.object({
    memoryMib: nullable(z.number()),
    cpus: z.array(z.object({ socket: z.number(), model: z.string(), cores: z.number(), threads: z.number() })),
    dimms: z.array(
      z.object({ slot: z.string(), mib: z.number(), serial: text, partNumber: text, speedMts: nullable(z.number()) }),
    ),
    disks: z.array(
      z.object({
        serial: z.string(),
        name: z.string(),
        model: text,
        bytes: z.number(),
        rotational: z.boolean(),
        content: z.string(),
        present: z.boolean(),
      }),
    ),
    nics: z.array(
      z.object({
        mac: z.string(),
        name: text,
        driver: text,
        speedMbps: nullable(z.number()),
        carrier: nullable(z.boolean()),
        neighbourName: text,
        neighbourChassis: text,
        neighbourPort: text,
      }),
    ),
    accelerators: z.array(z.object({ pci: z.string(), vendor: z.string(), device: z.string() })),
    bmc: nullable(z.object({ origin: z.string(), mac: text, vendor: text, firmwareVersion: text, quarantine: text })),
  }),
  tags: z.record(z.string(), z.string()),
  /** How often it booted within the time of a boot loop. */
  boots: z.object({ times: z.number(), minutes: z.number() }),
  order: nullable(orderView),
  steps: z.array(stepView),
  humanSteps: z.array(humanStepView),
  directive: z.object({ seq: z.number(), do: z.string() }),
});

export const timelineEntry = z.object({
  at: time,
  /** `state`, `step`, `audit`, `intent`, `burnin`, `hardware`, `boot` or `question`. */
  kind: z.string(),
  /** One line. */
  text: z.string(),
  by: z.string(),
  orderId: text,
});
export const timeline = z.object({ entries: z.array(timelineEntry), ...paged });
export const timelineQuery = z.strictObject({
  ...paging,
  limit: z.coerce.number().int().min(1).max(2000).default(200),
});

/** Which of several machines in one case. */
export const slotText = z.string().regex(/^[A-Za-z0-9]{1,4}$/, 'is not one to four letters or digits');

/** Announces a machine before it was ever seen. Its place is a rack position, or the switch port it hangs on. */
export const machineAnnouncement = z
  .strictObject({
    mac: macText,
    rack: id.optional(),
    unit: z.number().int().min(1).max(64).optional(),
    slot: slotText.optional(),
    switch: id.optional(),
    port: z.string().min(1).max(64).optional(),
    /** Free tags; `domain/tags.ts` says what they may be called. */
    tags: z.record(z.string(), z.string()).optional(),
    bmc: z
      .strictObject({ origin: z.string().max(200), secretRef: id, serial: z.string().min(1).max(128).optional() })
      .optional(),
  })
  .refine(({ rack, unit }) => (rack === undefined) === (unit === undefined), {
    message: 'rack and unit belong together',
    path: ['unit'],
  })
  .refine((value) => (value.switch === undefined) === (value.port === undefined), {
    message: 'switch and port belong together',
    path: ['port'],
  })
  .refine(({ rack, ...value }) => rack === undefined || value.switch === undefined, {
    message: 'give a rack position or a switch port, not both',
    path: ['switch'],
  });

/** What is to be seen to before it boots, a sentence each. */
export const machineAnnounced = z.object({ id: z.string(), notes: z.array(z.string()) });

// ── Orders and human steps ──────────────────────────────────────────────────────────────────────────────

const request = {
  passage: z.enum(passages, `is not one of those that can be ordered: ${passages.join(', ')}`),
  reason: sentence,
  /** What the passage is asked to do; docs/orders.md has it by passage, and what is absent gets its default. */
  request: z.record(z.string(), z.unknown()).default({}),
  /** A birth's `request.wipe`, for those who know it from before requests. */
  wipe: z.boolean().optional(),
  class: z.enum(orderClasses).optional(),
  /** Plans every act and does none. */
  dryRun: z.boolean().default(false),
  /** Hash of the reviewed plan: it is done only if its plan would still be that one. */
  plan: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'is not the hash of a plan')
    .optional(),
  notBefore: timeField.optional(),
  deadline: timeField.optional(),
};

export const orderRequest = z.strictObject({
  /** Minted by the caller so that a repeated request is the same order; minted by the server when absent. */
  id: id.optional(),
  machine: machineName,
  ...request,
});

/** One order for each machine that a selector means. */
export const ordersRequest = z.strictObject({
  /** The orders are called `<id>-<machine>`, so that a repeated request is the same orders. */
  id: id.max(40).optional(),
  selector: z.string().max(1000),
  /** How many machines it means; needed for `all`, and checked wherever it is given. */
  count: z.int().min(0).optional(),
  ...request,
});
export const ordersAccepted = z.object({
  /** One a machine: its order, or why it got none. */
  outcomes: z.array(z.object({ machineId: z.string(), orderId: text, created: z.boolean(), refused: text })),
});

/** What BrainSlug would be told, for one machine or those of a selector. */
export const brainslugRequest = z.strictObject({
  machine: machineName.optional(),
  selector: z.string().max(1000).optional(),
  count: z.int().min(0).optional(),
  id: id.max(40).optional(),
  reason: sentence.optional(),
  /** `{"state": …, "payload": {…}}`, as docs/orders.md has it. */
  message: z.unknown(),
});

export const orderFilter = z.strictObject({
  state: z.enum(orderStates).optional(),
  machine: machineName.optional(),
  selector: selected,
  fields,
  ...paging,
});
export const orderList = z.object({ orders: z.array(orderView), ...paged });
export const planLine = z.object({
  step: z.string(),
  does: z.string(),
  command: z.record(z.string(), z.unknown()).optional(),
});
export const planView = z.object({ hash: z.string(), lines: z.array(planLine) });
export const orderDetail = z.object({
  order: orderView,
  steps: z.array(stepView),
  humanSteps: z.array(humanStepView),
  /** What it would do, or would have done, where it was rehearsed. */
  plan: nullable(planView),
});
export const orderAccepted = z.object({ order: orderView, created: z.boolean() });
export const cancelRequest = z.strictObject({ reason: sentence });
export const accepted = z.object({ accepted: z.literal(true) });

export const humanStepFilter = z.strictObject({
  open: z.enum(['true', 'false']).default('true'),
  owner: id.optional(),
  machine: machineName.optional(),
  selector: selected,
  fields,
  ...paging,
});
export const humanStepList = z.object({ steps: z.array(humanStepView), ...paged });
export const answerRequest = z.strictObject({
  answer: z.string().min(1).max(64),
  note: sentence.optional(),
  /** What the question wants to know besides, as its schema says. */
  data: z.record(z.string(), z.unknown()).optional(),
});

// ── The rest ────────────────────────────────────────────────────────────────────────────────────────────

export const burninView = z.object({
  id: z.string(),
  orderId: z.string(),
  profile: text,
  startedAt: time,
  endedAt: nullable(time),
  progress: z.number(),
  cut: z.boolean(),
  verdict: text,
  finding: text,
  parts: z.array(
    z.object({
      kind: z.string(),
      subject: z.string(),
      device: z.string(),
      ok: z.boolean(),
      value: nullable(z.number()),
      unit: text,
      seconds: z.number(),
      message: text,
      /** Figures that others of its product reached in burn-ins that passed; null where nothing is measured. */
      peers: nullable(z.object({ count: z.number(), median: nullable(z.number()) })),
    }),
  ),
});
export const burninList = z.object({ machineId: z.string(), burnins: z.array(burninView) });

export const bootQuery = z.strictObject({ minutes: z.coerce.number().int().min(1).max(10_080).default(60) });
export const bootStatsView = z.object({
  minutes: z.number(),
  requests: z.number(),
  answers: z.number(),
  byAnswer: z.array(z.object({ state: z.string(), answer: z.string(), requests: z.number(), answers: z.number() })),
  /** MACs that asked most, at most twenty. */
  busiest: z.array(z.object({ mac: z.string(), machineId: text, hostname: text, requests: z.number(), lastAt: time })),
});

export const rackView = z.object({
  id: z.string(),
  row: text,
  feed: text,
  az: text,
  units: z.number(),
  ports: z.number(),
  machines: z.number(),
  inService: z.number(),
  held: z.number(),
  addressesFree: z.number(),
});
export const rackList = z.object({ racks: z.array(rackView) });
/** One rack as it is cabled: each of its switch ports, with the machine that stands where it leads. */
export const rackCabling = z.object({
  rack: rackView,
  ports: z.array(
    z.object({
      switch: z.string(),
      switchName: z.string(),
      port: z.string(),
      unit: z.number(),
      slot: text,
      machineId: text,
      hostname: text,
    }),
  ),
});

export const imageView = z.object({
  id: z.string(),
  kind: z.enum(imageKinds),
  path: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  preferred: z.boolean(),
  createdAt: time,
  machines: z.number(),
});
export const imageKept = z.object({ id: z.string(), sha256: z.string(), bytes: z.number() });
export const imageQuery = z.strictObject(paging);
export const imageList = z.object({ images: z.array(imageView), ...paged });
/** An image may be called as its image system calls it, e.g. `compute/2026-11-20:12:00:00`. */
export const imageId = z
  .string()
  .max(190, 'is longer than 190 characters')
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:+-]*(\/[A-Za-z0-9][A-Za-z0-9._:+-]*)*$/,
    'is letters, digits and ._:+- in parts that begin with a letter or digit, with slashes between',
  );
export const imageUpload = z.strictObject({
  kind: z.enum(imageKinds),
  /** `none`: the image is in an image system that fetches it by itself, and the body is empty. */
  archive: z.enum(['file', 'none']).default('file'),
  /** Refuses the upload when the bytes that arrived have another one. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'is not a SHA-256')
    .optional(),
  preferred: z.enum(['true', 'false']).default('false'),
  bootMib: z.coerce.number().int().min(64).max(8192).default(256),
  kernel: z.enum(['bootstrap', 'own']).default('bootstrap'),
});

export const imageSystemView = z.object({ system: z.enum(imageSystemNames), updatesOff: z.array(z.string()) });
export const imageSystemRequest = z.strictObject({
  system: z.enum(imageSystemNames),
  /** Pools whose machines in service get no updates; what was there stays when it is absent. */
  updatesOff: z.array(id).max(1000).optional(),
  reason: sentence,
});

export const readinessView = z.object({ ok: z.boolean(), waitsFor: z.array(z.string()) });
export const healthView = z.object({ ok: z.boolean() });
export const finding = z.object({ name: z.string(), ok: z.boolean(), message: z.string() });
export const doctor = z.object({
  ok: z.boolean(),
  findings: z.array(finding),
  /** Task queues that Farrier's workers have to poll: Temporal says whether somebody does. */
  queues: z.array(z.string()),
});

export type MachineSummary = z.infer<typeof machineSummary>;
export type MachineView = z.infer<typeof machineView>;
export type MachineFilter = z.input<typeof machineFilter>;
export type MachineAnnouncement = z.input<typeof machineAnnouncement>;
export type StatusView = z.infer<typeof statusView>;
export type StepView = z.infer<typeof stepView>;
export type HumanStepView = z.infer<typeof humanStepView>;
export type OrderView = z.infer<typeof orderView>;
export type OrderRequest = z.input<typeof orderRequest>;
export type OrdersRequest = z.input<typeof ordersRequest>;
/** As they are read, with what is absent filled in. */
export type OrderBody = z.output<typeof orderRequest>;
export type OrdersBody = z.output<typeof ordersRequest>;
export type OrdersAccepted = z.infer<typeof ordersAccepted>;
export type BrainslugRequest = z.input<typeof brainslugRequest>;
export type PlanView = z.infer<typeof planView>;
export type OrderDetail = z.infer<typeof orderDetail>;
export type TimelineEntry = z.infer<typeof timelineEntry>;
export type BurninView = z.infer<typeof burninView>;
export type BootStats = z.infer<typeof bootStatsView>;
export type RackView = z.infer<typeof rackView>;
export type RackCabling = z.infer<typeof rackCabling>;
export type ImageView = z.infer<typeof imageView>;
export type ImageUpload = z.input<typeof imageUpload>;
export type Finding = z.infer<typeof finding>;
