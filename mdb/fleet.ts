/** Reads of the people's API: each answers one question about the fleet, in the shapes of `contract/api.ts`. */
import { type SQL, sql } from 'drizzle-orm';
import type {
  BootStats,
  BurninView,
  HumanStepView,
  ImageView,
  MachineSummary,
  OrderView,
  PlanView,
  RackView,
  StepView,
  TimelineEntry,
} from '../contract/api.ts';
import type { Selector } from '../contract/selector.ts';
import type { MdbOrTransaction } from './connect.ts';
import { isOfferable, normaliseMac } from './machine.ts';
import { selectorSql } from './selecting.ts';

type Row = Record<string, unknown>;

/** Rows as PostgreSQL's own JSON: one form for times, arrays and nulls, whatever the driver's parsers are. */
async function rowsOf<T extends Row>(mdb: MdbOrTransaction, query: SQL): Promise<T[]> {
  const { rows } = await mdb.execute<{ row: T }>(sql`select to_jsonb(q) as row from (${query}) q`);
  return rows.map(({ row }) => row);
}

function iso(time: string): string;
function iso(time: string | null): string | null;
function iso(time: string | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}

// ── Which machines are there, and where do they stand? ──────────────────────────────────────────────────

export interface MachinesWanted {
  readonly stage?: string | undefined;
  readonly state?: string | undefined;
  readonly boot?: string | undefined;
  readonly rack?: string | undefined;
  readonly held?: boolean | undefined;
  readonly selector?: Selector | undefined;
  /** Id of the last machine of the page before. */
  readonly after?: string | undefined;
  readonly id?: string | undefined;
  readonly limit: number;
}

type SummaryRow = Omit<MachineSummary, 'offerable'> & Row;

/** A page of machines in the order of their ids, with the step that each is in. */
export async function listMachines(mdb: MdbOrTransaction, wanted: MachinesWanted): Promise<MachineSummary[]> {
  const rows = await rowsOf<SummaryRow>(mdb, summaryQuery(filterMachines(wanted), wanted.limit));
  return rows.map((row) => ({
    ...row,
    offerable: isOfferable(row),
    since: iso(row.since),
    lastSeenAt: iso(row.lastSeenAt),
    firstBootAt: iso(row.firstBootAt),
    inServiceAt: iso(row.inServiceAt),
  }));
}

function filterMachines({ id, stage, state, boot, rack, held, selector, after }: MachinesWanted): SQL {
  const parts = [sql`true`];
  if (id !== undefined) parts.push(sql`m.id = ${id}`);
  if (stage !== undefined) parts.push(sql`m.stage::text = ${stage}`);
  if (state !== undefined) parts.push(sql`m.op_state::text = ${state}`);
  if (boot !== undefined) parts.push(sql`m.boot_state::text = ${boot}`);
  if (rack !== undefined) parts.push(sql`m.rack_id = ${rack}`);
  if (held !== undefined) parts.push(held ? sql`m.held is not null` : sql`m.held is null`);
  if (selector !== undefined) parts.push(sql`(${selectorSql(selector)})`);
  if (after !== undefined) parts.push(sql`m.id > ${after}`);
  return sql.join(parts, sql` and `);
}

// The page is cut before the look-ups, so that they run once a machine shown and not once a machine there is.
const summaryQuery = (filter: SQL, limit: number) => sql`
  select m.id, m.mac, m.hostname, host(m.address) as address, m.stage, m.op_state as "opState",
    m.boot_state as "bootState", m.repair_state as "repairState", m.rack_id as rack, m.unit, m.pool, m.product,
    m.serial, m.held, m.last_seen_at as "lastSeenAt", m.first_boot_at as "firstBootAt",
    m.in_service_at as "inServiceAt", o.id as "orderId", o.passage, s.name as step, s.state as "stepState",
    coalesce((s.detail ->> 'percent')::real, case when s.name in ('burnin', 'profile') then b.progress end) as percent,
    (select h.at from state_history h where h.machine_id = m.id and h.guarded in ('stage', 'op_state', 'repair_state')
      order by h.id desc limit 1) as since
  from (select * from machines m where ${filter} order by m.id limit ${limit}) m
  left join lateral (
    select id, passage from orders where machine_id = m.id and state in ('running', 'waiting')
    order by state = 'running' desc, created_at limit 1) o on true
  left join lateral (
    select name, state, detail from steps where order_id = o.id and state in ('running', 'held')
    order by state = 'held' desc, source = 'agent' desc, started_at desc limit 1) s on true
  left join burnins b on b.order_id = o.id
  order by m.id`;

/** The id of the machine that a person names by id, hostname or MAC; null when there is none. */
export async function findMachine(mdb: MdbOrTransaction, name: string): Promise<string | null> {
  const mac = normaliseMac(name);
  const found = await rowsOf<{ id: string }>(
    mdb,
    sql`select id from machines where id = ${name} or hostname = ${name.toLowerCase()} or mac = ${mac}::macaddr
      union select machine_id from nics where mac = ${mac}::macaddr limit 1`,
  );
  return found[0]?.id ?? null;
}

/** Identity, parts and tags of one machine, as the API shows them. No secret and no reference to one. */
export async function readMachine(mdb: MdbOrTransaction, id: string) {
  const [row] = await rowsOf<MachineRow>(
    mdb,
    sql`select jsonb_build_object('vendor', vendor, 'sku', sku, 'boardSerial', board_serial, 'systemUuid', system_uuid,
        'firmware', firmware, 'biosVersion', bios_version, 'profile', profile_id, 'owner', owner,
        'temporaryAddress', host(temporary_address), 'requiredImage', required_image, 'observedImage', observed_image,
        'mark', mark, 'wipeReason', wipe_reason, 'keyStore', key_store, 'keyFingerprint', key_fingerprint,
        'bootId', boot_id, 'bootstraps', bootstraps) as identity,
      jsonb_build_object('seq', directive_seq, 'do', directive ->> 'do') as directive,
      memory_mib as "memoryMib",
      (select coalesce(jsonb_object_agg(key, value), '{}') from tags where machine_id = m.id) as tags,
      ${listed(sql`select socket, model, cores, threads from cpus where machine_id = m.id order by socket`)} as cpus,
      ${listed(sql`select slot, mib, serial, part_number as "partNumber", speed_mts as "speedMts" from dimms
        where machine_id = m.id order by slot`)} as dimms,
      ${listed(sql`select serial, name, model, bytes, rotational, content, present from disks
        where machine_id = m.id order by present desc, name`)} as disks,
      ${listed(sql`select mac, name, driver, speed_mbps as "speedMbps", carrier, neighbour_name as "neighbourName",
        neighbour_chassis as "neighbourChassis", neighbour_port as "neighbourPort" from nics
        where machine_id = m.id order by name`)} as nics,
      ${listed(sql`select pci, vendor, device from accelerators where machine_id = m.id order by pci`)} as accelerators,
      (select to_jsonb(b) from (select origin, mac, vendor, firmware_version as "firmwareVersion", quarantine
        from bmcs where machine_id = m.id) b) as bmc
    from machines m where id = ${id}`,
  );
  return row ?? null;
}

type MachineViewOf = import('../contract/api.ts').MachineView;
type MachineRow = Row & Pick<MachineViewOf, 'identity' | 'directive' | 'tags'> & MachineViewOf['parts'];

function listed(query: SQL): SQL {
  return sql`(select coalesce(jsonb_agg(to_jsonb(l)), '[]') from (${query}) l)`;
}

// ── What was ordered, what runs, what do people have to settle? ─────────────────────────────────────────

export interface OrdersWanted {
  readonly id?: string | undefined;
  readonly state?: string | undefined;
  readonly machineId?: string | undefined;
  readonly limit: number;
}

/** Orders, newest first. */
export async function listOrders(
  mdb: MdbOrTransaction,
  { id, state, machineId, limit }: OrdersWanted,
): Promise<OrderView[]> {
  const parts = [sql`true`];
  if (id !== undefined) parts.push(sql`o.id = ${id}`);
  if (state !== undefined) parts.push(sql`o.state::text = ${state}`);
  if (machineId !== undefined) parts.push(sql`o.machine_id = ${machineId}`);
  const rows = await rowsOf<OrderView & Row>(
    mdb,
    sql`select o.id, o.machine_id as "machineId", m.hostname, o.passage, o.requester, o.reason, o.state, o.outcome,
        o.class, o.dry_run as "dryRun", o.request, o.not_before as "notBefore", o.deadline,
        o.paused_by as "pausedBy", o.taken_over_by as "takenOverBy",
        o.created_at as "createdAt", o.started_at as "startedAt", o.ended_at as "endedAt"
      from orders o join machines m on m.id = o.machine_id where ${sql.join(parts, sql` and `)}
      order by o.created_at desc, o.id limit ${limit}`,
  );
  return rows.map((row) => ({
    ...row,
    notBefore: iso(row.notBefore),
    deadline: iso(row.deadline),
    createdAt: iso(row.createdAt),
    startedAt: iso(row.startedAt),
    endedAt: iso(row.endedAt),
  }));
}

/** What an order would do, as its rehearsal found; null where there was none. */
export async function readPlan(mdb: MdbOrTransaction, orderId: string): Promise<PlanView | null> {
  const [row] = await rowsOf<PlanView & Row>(mdb, sql`select hash, lines from plans where order_id = ${orderId}`);
  return row ?? null;
}

/** Steps of an order: the passage's own, then the agent's, each in their order. */
export async function listSteps(mdb: MdbOrTransaction, orderId: string): Promise<StepView[]> {
  const rows = await rowsOf<StepView & Row>(
    mdb,
    sql`select name, source, state, owner, attempt, started_at as "startedAt", limit_at as "limitAt",
        ended_at as "endedAt", state in ('running', 'held') and limit_at < now() as late, detail ->> 'message' as message,
        detail ->> 'device' as device, (detail ->> 'seconds')::real as seconds, (detail ->> 'percent')::real as percent
      from steps where order_id = ${orderId} order by source desc, ordinal`,
  );
  return rows.map((row) => ({
    ...row,
    startedAt: iso(row.startedAt),
    limitAt: iso(row.limitAt),
    endedAt: iso(row.endedAt),
  }));
}

export interface HumanStepsWanted {
  readonly id?: string | undefined;
  readonly machineId?: string | undefined;
  readonly orderId?: string | undefined;
  readonly ticketId?: string | undefined;
  readonly owner?: string | undefined;
  readonly open?: boolean | undefined;
  readonly limit: number;
}

/** Questions to people, oldest first. */
export async function listHumanSteps(mdb: MdbOrTransaction, wanted: HumanStepsWanted): Promise<HumanStepView[]> {
  const parts = [sql`true`];
  if (wanted.id !== undefined) parts.push(sql`h.id = ${wanted.id}`);
  if (wanted.machineId !== undefined) parts.push(sql`h.machine_id = ${wanted.machineId}`);
  if (wanted.orderId !== undefined) parts.push(sql`h.order_id = ${wanted.orderId}`);
  if (wanted.ticketId !== undefined) parts.push(sql`h.ticket_id = ${wanted.ticketId}`);
  if (wanted.owner !== undefined) parts.push(sql`h.owner = ${wanted.owner}`);
  if (wanted.open === true) parts.push(sql`h.answered_at is null`);
  const rows = await rowsOf<HumanStepView & Row>(
    mdb,
    sql`select h.id, h.machine_id as "machineId", m.hostname, h.order_id as "orderId", h.step, h.owner, h.question,
        h.choices, h.schema, h.roles, h.ticket_id as "ticketId", h.opened_at as "openedAt",
        h.deadline_at as "deadlineAt", h.escalated_to as "escalatedTo", h.answered_at as "answeredAt", h.answer, h.answered_by as "answeredBy"
      from human_steps h join machines m on m.id = h.machine_id where ${sql.join(parts, sql` and `)}
      order by h.opened_at, h.id limit ${wanted.limit}`,
  );
  return rows.map((row) => ({
    ...row,
    openedAt: iso(row.openedAt),
    deadlineAt: iso(row.deadlineAt),
    answeredAt: iso(row.answeredAt),
  }));
}

export interface LastMove {
  readonly at: string;
  readonly guarded: string;
  readonly to: string;
  readonly actor: string;
}

/** The last change of the machine's place or service state: since when it is as it is, and by whom. */
export async function readLastMove(mdb: MdbOrTransaction, machineId: string): Promise<LastMove | null> {
  const [row] = await rowsOf<LastMove & Row>(
    mdb,
    sql`select at, guarded, "to", actor from state_history
      where machine_id = ${machineId} and guarded in ('stage', 'op_state', 'repair_state') order by id desc limit 1`,
  );
  return row ? { ...row, at: iso(row.at) } : null;
}

/** Everything that happened to a machine, newest first: one line an event. */
export async function readTimeline(mdb: MdbOrTransaction, machineId: string, limit: number): Promise<TimelineEntry[]> {
  const rows = await rowsOf<TimelineEntry & Row>(mdb, timelineQuery(machineId, limit));
  return rows.map((row) => ({ ...row, at: iso(row.at) }));
}

const timelineQuery = (machineId: string, limit: number) => sql`
  select at, kind, text, by, "orderId" from (
    select at, 'state' as kind, concat(guarded, ' ', coalesce("from" || ' → ', ''), "to") as text, actor as by,
      order_id as "orderId", id from state_history where machine_id = ${machineId}
    union all
    select s.started_at, 'step', concat(s.name, ' begins', case when s.attempt > 1 then ', attempt ' || s.attempt end),
      s.owner, s.order_id, s.ordinal from steps s join orders o on o.id = s.order_id where o.machine_id = ${machineId}
    union all
    select s.ended_at, 'step', concat_ws(': ', s.name || ' ' || s.state, s.detail ->> 'device', s.detail ->> 'message'),
      s.owner, s.order_id, s.ordinal from steps s join orders o on o.id = s.order_id
      where o.machine_id = ${machineId} and s.ended_at is not null
    union all
    select at, 'audit', concat_ws(': ', action, detail ->> 'reason'), actor, order_id, id from audit where machine_id = ${machineId}
    union all
    select written_at, 'intent', concat(kind, ' ', state), 'farrier', order_id, 0 from intents where machine_id = ${machineId}
    union all
    select coalesce(ended_at, started_at), 'burnin', concat_ws(': ', 'burn-in ' || coalesce(verdict, 'at ' || round(progress) || ' %'), finding),
      'agent', order_id, 0 from burnins where machine_id = ${machineId}
    union all
    select opened_at, 'question', question, owner, order_id, 0 from human_steps where machine_id = ${machineId}
    union all
    select answered_at, 'question', concat('answered: ', answer), answered_by, order_id, 0 from human_steps
      where machine_id = ${machineId} and answered_at is not null
    union all
    select seen_at, 'hardware', concat_ws(' ', kind, place, change,
        coalesce("before" ->> 'serial', "before" ->> 'version', "before" ->> 'model') || ' →',
        coalesce("after" ->> 'serial', "after" ->> 'version', "after" ->> 'model')),
      'controller', null, id from hardware_changes where machine_id = ${machineId}
    union all
    select last_at, 'boot', concat(requests, ' boot request', case when requests > 1 then 's' end, ' in state ', state, ', answered ', answer),
      'birther', null, 0 from boot_counts
      where mac in (select mac::text from nics where machine_id = ${machineId} union select mac::text from machines where id = ${machineId})
  ) e order by at desc, id desc limit ${limit}`;

// ── The rest ────────────────────────────────────────────────────────────────────────────────────────────

/** A machine's burn-ins with all their parts, newest first. */
export async function listBurnins(mdb: MdbOrTransaction, machineId: string): Promise<BurninView[]> {
  const rows = await rowsOf<BurninView & Row>(
    mdb,
    sql`select id, order_id as "orderId", profile_id as profile, started_at as "startedAt", ended_at as "endedAt",
        progress, cut, verdict, finding,
        ${listed(sql`select kind, subject, device, ok, value, unit, seconds, message from burnin_parts
          where burnin_id = b.id order by subject, kind desc, device`)} as parts
      from burnins b where machine_id = ${machineId} order by b.started_at desc`,
  );
  return rows.map((row) => ({ ...row, startedAt: iso(row.startedAt), endedAt: iso(row.endedAt) }));
}

/** Boot requests and answers of the last minutes, and who asked most. */
export async function readBootStats(mdb: MdbOrTransaction, minutes: number): Promise<BootStats> {
  const recent = sql`minute >= date_trunc('minute', now() - ${minutes} * interval '1 minute')`;
  const byAnswer = await rowsOf<BootStats['byAnswer'][number] & Row>(
    mdb,
    sql`select state, answer, sum(requests)::int as requests, sum(answers)::int as answers from boot_counts
      where ${recent} group by state, answer order by requests desc`,
  );
  const busiest = await rowsOf<BootStats['busiest'][number] & Row>(
    mdb,
    sql`select c.mac, n.machine_id as "machineId", m.hostname, c.requests, c."lastAt" from (
        select mac, sum(requests)::int as requests, max(last_at) as "lastAt" from boot_counts where ${recent}
        group by mac order by requests desc, mac limit 20) c
      left join nics n on n.mac::text = c.mac left join machines m on m.id = n.machine_id
      order by c.requests desc, c.mac`,
  );
  const sum = (of: 'requests' | 'answers') => byAnswer.reduce((total, row) => total + row[of], 0);
  return {
    minutes,
    requests: sum('requests'),
    answers: sum('answers'),
    byAnswer,
    busiest: busiest.map((row) => ({ ...row, lastAt: iso(row.lastAt) })),
  };
}

export async function listRacks(mdb: MdbOrTransaction): Promise<RackView[]> {
  return rowsOf<RackView & Row>(
    mdb,
    sql`select r.id, r.row, r.feed, r.az, r.units,
        (select count(*)::int from switch_ports p where p.rack_id = r.id) as ports,
        coalesce(m.machines, 0) as machines, coalesce(m."inService", 0) as "inService", coalesce(m.held, 0) as held,
        coalesce(f.free, 0) as "addressesFree"
      from racks r
      left join (select rack_id, count(*)::int as machines, count(*) filter (where stage = 'in_service')::int as "inService",
          count(held)::int as held from machines where rack_id is not null group by rack_id) m on m.rack_id = r.id
      left join (select n.site_id, count(*)::int as free from addresses a join networks n on n.id = a.network_id
        where n.kind = 'main' and a.machine_id is null group by n.site_id) f on f.site_id = r.site_id
      order by r.id`,
  );
}

export async function listImages(mdb: MdbOrTransaction): Promise<ImageView[]> {
  const rows = await rowsOf<ImageView & Row>(
    mdb,
    sql`select i.id, i.kind, i.path, i.bytes, i.sha256, i.preferred, i.created_at as "createdAt",
        (select count(*)::int from machines where required_image = i.id) as machines
      from images i order by i.kind, i.created_at desc`,
  );
  return rows.map((row) => ({ ...row, createdAt: iso(row.createdAt) }));
}

export interface FleetCounts {
  readonly machines: readonly { readonly stage: string; readonly opState: string; readonly count: number }[];
  readonly held: number;
  readonly outboxDue: number;
  /** Age of the oldest message that is not delivered, in seconds. */
  readonly outboxLag: number;
  readonly openQuestions: number;
  readonly lateSteps: number;
  readonly liveOrders: number;
  /** Tickets that their mirrors do not show yet, because the system that holds those is in trouble. */
  readonly mirrorsBehind: number;
  /** Controllers whose parts or logs could not be read when it was last their turn. */
  readonly controllersUnread: number;
  /** What the machines drew at their latest readings, in watts. */
  readonly watts: number;
  readonly freeAddresses: readonly { readonly network: string; readonly kind: string; readonly free: number }[];
  readonly images: readonly string[];
}

/** Figures for monitoring and for `doctor`. */
export async function countFleet(mdb: MdbOrTransaction): Promise<FleetCounts> {
  const [row] = await rowsOf<FleetCounts & Row>(
    mdb,
    sql`select
      ${listed(sql`select stage, op_state as "opState", count(*)::int as count from machines group by 1, 2 order by 1, 2`)} as machines,
      (select count(held)::int from machines) as held,
      (select count(*)::int from outbox where delivered_at is null) as "outboxDue",
      (select coalesce(extract(epoch from now() - min(created_at)), 0)::real from outbox where delivered_at is null) as "outboxLag",
      (select count(*)::int from human_steps where answered_at is null) as "openQuestions",
      (select count(*)::int from steps where state in ('running', 'held') and limit_at < now()) as "lateSteps",
      (select count(*)::int from orders where state in ('waiting', 'running')) as "liveOrders",
      (select count(*)::int from ticket_mirrors where error is not null and done_at is null) as "mirrorsBehind",
      (select count(*)::int from controller_records where inventory_error is not null or logs_error is not null) as "controllersUnread",
      (select coalesce(sum(latest.watts), 0)::real from controller_records r cross join lateral (
        select watts from sensor_readings s where s.machine_id = r.machine_id order by s.id desc limit 1) latest) as watts,
      ${listed(sql`select n.id as network, n.kind, count(a.address) filter (where a.machine_id is null)::int as free
        from networks n left join addresses a on a.network_id = n.id where n.kind = 'birth' or (n.kind = 'main' and n.assignment = 'pool')
        group by n.id, n.kind order by n.id`)} as "freeAddresses",
      (select coalesce(jsonb_agg(distinct kind), '[]') from images) as images`,
  );
  if (!row) throw new Error('the MDB answered nothing to a count');
  return row;
}
