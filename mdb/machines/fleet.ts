/** Reads of the people's API: each answers one question about the fleet, in the shapes of `contract/api.ts`. */
import { type SQL, sql } from 'drizzle-orm';
import type { BootStats, ImageView, MachineSummary, RackView } from '../../contract/api.ts';
import { isOfferable, normaliseMac } from '../../domain/machine.ts';
import type { Selector } from '../../domain/selector.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { iso, listed, type Row, rowsOf } from '../rows.ts';
import { tagsSql } from './attributes.ts';
import { selectorSql } from './selecting.ts';

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
    m.boot_state as "bootState", m.repair_state as "repairState", m.rack_id as rack, m.unit, m.slot, m.pool, m.product,
    m.serial, m.held, m.last_seen_at as "lastSeenAt", m.first_boot_at as "firstBootAt",
    m.in_service_at as "inServiceAt", o.id as "orderId", o.passage,
    case when o.taken_over_by is not null then 'taken over by ' || o.taken_over_by
      when o.paused_by is not null then 'paused by ' || o.paused_by end as steered, s.name as step, s.state as "stepState",
    coalesce((s.detail ->> 'percent')::real, case when s.name in ('burnin', 'profile') then b.progress end) as percent,
    (select h.at from state_history h where h.machine_id = m.id and h.guarded in ('stage', 'op_state', 'repair_state')
      order by h.id desc limit 1) as since
  from (select * from machines m where ${filter} order by m.id limit ${limit}) m
  left join lateral (
    select id, passage, paused_by, taken_over_by from orders where machine_id = m.id and state in ('running', 'waiting')
    order by state = 'running' desc, created_at limit 1) o on true
  left join lateral (
    select name, state, detail from steps where order_id = o.id and state in ('running', 'held')
    order by state = 'held' desc, source = 'agent' desc, started_at desc limit 1) s on true
  left join burnins b on b.order_id = o.id
  order by m.id`;

/**
 * The id of the machine that a person names by id, hostname or MAC; null when there is none. A card is that of the machine
 * that shows it now, not of one that once booted from it.
 */
export async function findMachine(mdb: MdbOrTransaction, name: string): Promise<string | null> {
  const mac = normaliseMac(name);
  const found = await rowsOf<{ id: string }>(
    mdb,
    sql`select id from (
        select id, 1 as rank from machines where id = ${name}
        union all select id, 2 from machines where hostname = ${name.toLowerCase()}
        union all select machine_id, 3 from nics where mac = ${mac}::macaddr
        union all select id, 4 from machines where mac = ${mac}::macaddr and mac_moved_to is null
      ) found order by rank limit 1`,
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
        'bootId', boot_id, 'bootstraps', bootstraps, 'remarks', remarks, 'unseen', unseen,
        'resembles', resembles) as identity,
      jsonb_build_object('seq', directive_seq, 'do', directive ->> 'do') as directive,
      memory_mib as "memoryMib",
      ${tagsSql} as tags,
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

type MachineViewOf = import('../../contract/api.ts').MachineView;
type MachineRow = Row & Pick<MachineViewOf, 'identity' | 'directive' | 'tags'> & MachineViewOf['parts'];

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
  /** Machines of whose last inventory something was left out, had moved, or is another's too. */
  readonly remarked: number;
  readonly outboxDue: number;
  /** Age of the oldest message that is not delivered, in seconds. */
  readonly outboxLag: number;
  /** Age of the oldest that is due and that no dispatcher has tried, in seconds. */
  readonly outboxUntaken: number;
  /** Machines out of production for which nothing is ordered and that nothing holds, and the first ten of them. */
  readonly asideCount: number;
  readonly aside: readonly string[];
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

const aside = sql`from machines m where m.held is null
  and ((m.stage = 'in_service' and m.op_state <> 'production') or m.stage in ('maintenance', 'repair'))
  and not exists (select from orders o where o.machine_id = m.id and o.state in ('waiting', 'running'))`;

/** Figures for monitoring and for `doctor`. */
export async function countFleet(mdb: MdbOrTransaction): Promise<FleetCounts> {
  const [row] = await rowsOf<FleetCounts & Row>(
    mdb,
    sql`select
      ${listed(sql`select stage, op_state as "opState", count(*)::int as count from machines group by 1, 2 order by 1, 2`)} as machines,
      (select count(held)::int from machines) as held,
      (select count(*)::int from machines where (remarks <> '{}' or unseen <> '{}') and stage <> 'retired') as remarked,
      (select count(*)::int from outbox where delivered_at is null) as "outboxDue",
      (select coalesce(extract(epoch from now() - min(created_at)), 0)::real from outbox where delivered_at is null) as "outboxLag",
      (select coalesce(extract(epoch from now() - min(created_at)), 0)::real from outbox
        where delivered_at is null and attempts = 0 and next_at <= now()) as "outboxUntaken",
      (select count(*)::int ${aside}) as "asideCount",
      (select coalesce(jsonb_agg(a.id order by a.id), '[]') from (select m.id ${aside} order by m.id limit 10) a) as aside,
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
