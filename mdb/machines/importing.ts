/** Imports: all that an inventory says is held against what is known, and written as it was planned, or not at all. */
import { createHash } from 'node:crypto';
import { eq, inArray, sql } from 'drizzle-orm';
import type { KnownFleet, KnownMachine, KnownRack } from '../../domain/imports/facts.ts';
import { type ImportPlan, type PlannedChange, type PlannedMachine, planImport } from '../../domain/imports/plan.ts';
import type { ForeignInventory, ImportFormat } from '../../domain/imports/row.ts';
import type { Refused } from '../../domain/refused.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { bmcNetworksOf } from '../controllers/controller.ts';
import { freeId } from '../identity/unknown.ts';
import { lock } from '../locks.ts';
import { writeRacks } from '../places/racks.ts';
import { type Row, rowsOf } from '../rows.ts';
import { audit, expectedBmcs, machines, nics, tags } from '../schema.ts';
import { isDuplicate } from '../trouble.ts';

export interface ImportSpec {
  readonly siteId: string;
  readonly format: ImportFormat;
  readonly inventory: ForeignInventory;
  /** Of controllers for which the inventory names no secret. */
  readonly secretRef: string | null;
}

export interface HashedPlan {
  readonly plan: ImportPlan;
  /** Of all that would be written. */
  readonly hash: string;
}

/** What the import would change as things stand. */
export async function planOfImport(mdb: MdbOrTransaction, spec: ImportSpec): Promise<HashedPlan> {
  const plan = planImport(spec.inventory, await readFleet(mdb, spec.siteId), spec.secretRef);
  const { racks, machines, changes, controllers } = plan;
  const hash = createHash('sha256')
    .update(JSON.stringify([racks, machines, changes, controllers]))
    .digest('hex');
  return { plan, hash };
}

/** Does what was reviewed, if it would still be that; all of it or nothing. */
export async function applyImport(
  mdb: Mdb,
  operator: Actor,
  spec: ImportSpec,
  reviewed: Reviewed,
): Promise<HashedPlan | Refused> {
  try {
    return await apply(mdb, operator, spec, reviewed);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return {
      code: 'conflict',
      message: 'a machine of it turned up at this moment: look at its plan again',
      field: 'plan',
    };
  }
}

interface Reviewed {
  readonly hash: string;
  readonly reason: string | null;
}

function apply(mdb: Mdb, operator: Actor, spec: ImportSpec, reviewed: Reviewed): Promise<HashedPlan | Refused> {
  return acting(mdb, operator, null, async (tx): Promise<HashedPlan | Refused> => {
    // In the order in which others take both.
    await lock(tx, 'places');
    await lock(tx, 'registration');
    const found = await planOfImport(tx, spec);
    const { plan, hash } = found;
    if (plan.problems.length > 0)
      return { code: 'invalid', message: 'it holds what cannot be right: look at its plan', field: 'text' };
    if (hash !== reviewed.hash)
      return { code: 'conflict', message: `it would be another plan now, ${hash}: look at it first`, field: 'plan' };
    await writePlan(tx, operator, spec.siteId, plan);
    const counts = { machines: plan.machines.length, changes: plan.changes.length, racks: plan.racks.length };
    const detail = { format: spec.format, plan: hash, ...counts, reason: reviewed.reason };
    await record(tx, { actor: operator, action: 'import.apply', detail });
    return found;
  });
}

async function writePlan(tx: Transaction, operator: Actor, siteId: string, plan: ImportPlan): Promise<void> {
  await writeRacks(tx, { siteId, racks: plan.racks });
  const announced = await writeMachines(tx, siteId, plan.machines);
  await writeChanges(tx, plan.changes);
  await writeControllers(tx, siteId, plan);
  const entry = (action: string, machineId: string, detail: object) => ({
    ...{ actorClass: operator.class, actor: operator.name, action, machineId, detail: { ...detail } },
  });
  const entries = [
    ...announced.map(({ id, macs, place, controller, tags: given }) =>
      entry('machine.announce', id, {
        mac: macs[0],
        macs,
        ...place,
        bmc: controller?.origin,
        tags: given,
        import: true,
      }),
    ),
    ...plan.changes.map(({ id, macs, place, controller, tags: set, before }) =>
      entry('machine.import', id, { macs, ...place, bmc: controller?.origin, set, before }),
    ),
  ];
  await inParts(entries, (part) => tx.insert(audit).values(part));
}

/** PostgreSQL takes 65,535 parameters a statement. */
async function inParts<T>(rows: readonly T[], write: (part: T[]) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < rows.length; at += 2000) await write(rows.slice(at, at + 2000));
}

async function writeMachines(
  tx: Transaction,
  siteId: string,
  planned: readonly PlannedMachine[],
): Promise<PlannedMachine[]> {
  const ids = planned.map(({ id }) => id);
  const taken = new Set<string>();
  await inParts(ids, async (part) => {
    for (const { id } of await tx.select({ id: machines.id }).from(machines).where(inArray(machines.id, part)))
      taken.add(id);
  });
  const written: PlannedMachine[] = [];
  for (const one of planned)
    written.push(taken.has(one.id) ? { ...one, id: await freeId(tx, one.macs[0] ?? '') } : one);
  const rows = written.map(({ id, macs, place }) => ({ id, siteId, mac: macs[0] ?? '', ...columnsOf(place) }));
  await inParts(rows, (part) => tx.insert(machines).values(part));
  await writeCards(tx, written);
  await writeTags(tx, written);
  return written;
}

const columnsOf = (place: PlannedMachine['place']) =>
  place === null ? {} : { rackId: place.rack, unit: place.unit, slot: place.slot };

type Named = Pick<PlannedChange, 'id' | 'macs' | 'tags'>;

async function writeCards(tx: Transaction, given: readonly Named[]): Promise<void> {
  const rows = given.flatMap(({ id, macs }) => macs.map((mac) => ({ mac, machineId: id })));
  await inParts(rows, (part) => tx.insert(nics).values(part));
}

async function writeTags(tx: Transaction, given: readonly Named[]): Promise<void> {
  const rows = given.flatMap(({ id, tags: all }) =>
    Object.entries(all).map(([key, value]) => ({ machineId: id, key, value })),
  );
  const value = { value: sql`excluded.value` };
  await inParts(rows, (part) =>
    tx
      .insert(tags)
      .values(part)
      .onConflictDoUpdate({ target: [tags.machineId, tags.key], set: value }),
  );
}

async function writeChanges(tx: Transaction, changes: readonly PlannedChange[]): Promise<void> {
  for (const { id, place } of changes)
    if (place !== null) await tx.update(machines).set(columnsOf(place)).where(eq(machines.id, id));
  await writeCards(tx, changes);
  await writeTags(tx, changes);
}

async function writeControllers(tx: Transaction, siteId: string, plan: ImportPlan): Promise<void> {
  const ofMachines = [
    ...plan.machines.map(({ macs, controller }) => ({ mac: macs[0] ?? null, controller })),
    ...plan.changes.map(({ mac, controller }) => ({ mac, controller })),
    ...plan.controllers.map((controller) => ({ mac: null, controller })),
  ];
  const rows = ofMachines.flatMap(({ mac, controller }) =>
    controller === null ? [] : [{ siteId, mac, ...pick(controller) }],
  );
  await inParts(rows, (part) => tx.insert(expectedBmcs).values(part));
}

const pick = ({
  origin,
  secretRef,
  serial,
}: Readonly<Record<'origin' | 'secretRef', string>> & { readonly serial: string | null }) => ({
  ...{ origin, secretRef, serial },
});

/** All machines and racks as far as an import may be about them. */
async function readFleet(mdb: MdbOrTransaction, siteId: string): Promise<KnownFleet> {
  const [rows, racks, expected, bmcNetworks] = await Promise.all([
    rowsOf<KnownMachine & Row>(mdb, machinesQuery),
    rowsOf<KnownRack & Row>(mdb, sql`select id, site_id as "siteId", row, feed, az, units, tags from racks`),
    rowsOf<{ origin: string; serial: string | null }>(mdb, sql`select origin, serial from expected_bmcs`),
    bmcNetworksOf(mdb, siteId),
  ]);
  return { siteId, machines: rows, racks, expected, bmcNetworks };
}

/** The card that a machine boots from comes first. */
const machinesQuery = sql`
  select m.id, m.rack_id as rack, m.unit, m.slot, m.stage = 'retired' as retired,
    m.last_seen_at is not null or m.bootstraps > 0 as seen,
    coalesce(m.serial, e.serial) as serial, coalesce(b.origin, e.origin) as controller,
    coalesce(t.tags, '{}') as tags,
    (case when m.mac_moved_to is null then jsonb_build_array(m.mac) else '[]' end) || coalesce(n.macs, '[]') as macs
  from machines m
  left join bmcs b on b.machine_id = m.id
  left join expected_bmcs e on e.mac = m.mac
  left join (select machine_id, jsonb_object_agg(key, value) as tags from tags group by machine_id) t on t.machine_id = m.id
  left join (select c.machine_id, jsonb_agg(c.mac order by c.mac) as macs from nics c join machines o on o.id = c.machine_id
    where c.mac <> o.mac or o.mac_moved_to is not null group by c.machine_id) n on n.machine_id = m.id
  order by m.id`;
