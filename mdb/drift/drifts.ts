/** Drift as it is kept: opened when it is first seen, closed when it is over, and never "fine" for want of a reading. */

import { and, desc, eq, inArray, isNull, sql } from 'drizzle-orm';
import type { Findings } from '../../domain/drift/drift.ts';
import { conformityOf, coolDownMs, type SettledFinding, settleFindings } from '../../domain/drift/keeping.ts';
import type { PartSheet } from '../../domain/drift/sheet.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { drifts, hardwareSheets, machines } from '../schema.ts';

export interface Judged {
  readonly machineId: string;
  readonly kinds: readonly Findings[];
  readonly sheet: { readonly host: PartSheet; readonly controller: PartSheet | null } | null;
}

export interface DriftCounts {
  readonly conformant: number;
  readonly drifting: number;
  readonly unknown: number;
  readonly found: number;
  readonly resolved: number;
}

type DriftRow = typeof drifts.$inferSelect;

/** Keeps what was found of these machines; all of it or nothing. */
export async function keepFindings(tx: Transaction, judged: readonly Judged[]): Promise<DriftCounts> {
  const ids = judged.map(({ machineId }) => machineId);
  if (ids.length === 0) return { conformant: 0, drifting: 0, unknown: 0, found: 0, resolved: 0 };
  const open = await tx
    .select()
    .from(drifts)
    .where(and(inArray(drifts.machineId, ids), isNull(drifts.resolvedAt)))
    .for('update');
  const byMachine = Map.groupBy(open, ({ machineId }) => machineId);
  const counts = { conformant: 0, drifting: 0, unknown: 0, found: 0, resolved: 0 };
  for (const one of judged) {
    const mine = byMachine.get(one.machineId) ?? [];
    const known = one.kinds.flatMap((findings) => settleFindings(findings, mine));
    const over = mine.filter((row) => !known.some(({ kind, name }) => kind === row.kind && name === row.name));
    for (const finding of known) counts.found += await write(tx, one.machineId, finding, mine);
    await resolve(tx, over);
    counts.resolved += over.length;
    counts[conformityOf(known)] += 1;
  }
  await keepSheets(tx, judged);
  return counts;
}

/** Gives 1 for a drift that was not there before. */
async function write(
  tx: Transaction,
  machineId: string,
  finding: SettledFinding,
  mine: readonly DriftRow[],
): Promise<number> {
  const { kind, name, want, source, note } = finding;
  const row = mine.find((one) => one.kind === kind && one.name === name);
  const since = finding.unknownSince === null ? null : (row?.unknownSince ?? new Date(finding.unknownSince));
  const have = finding.have ?? row?.have ?? null;
  const facts = { want, have, source, note, unknownSince: since, lastSeenAt: sql`now()` };
  if (row === undefined) {
    const before = have === null ? null : await earlier(tx, machineId, finding);
    await tx.insert(drifts).values({ machineId, kind, name, ...facts, ...before });
    return have === null ? 0 : 1;
  }
  // Another drift than the one that a campaign was for: what became of that campaign says nothing of this one.
  const other = row.want !== want || row.have !== have;
  await tx
    .update(drifts)
    .set({ ...facts, ...(other && { campaignId: null, proposedAt: null }) })
    .where(eq(drifts.id, row.id));
  return 0;
}

/** The campaign that the same drift was in not long ago, so that one which comes and goes starts no chain of them. */
async function earlier(tx: Transaction, machineId: string, { kind, name, want, have }: SettledFinding) {
  const [row] = await tx
    .select({ campaignId: drifts.campaignId, proposedAt: drifts.proposedAt })
    .from(drifts)
    .where(
      and(
        ...[eq(drifts.machineId, machineId), eq(drifts.kind, kind), eq(drifts.name, name), eq(drifts.want, want)],
        eq(drifts.have, have ?? ''),
        sql`${drifts.proposedAt} > now() - ${coolDownMs} * interval '1 millisecond'`,
      ),
    )
    .orderBy(desc(drifts.id))
    .limit(1);
  return row ?? null;
}

async function resolve(tx: Transaction, rows: readonly DriftRow[]): Promise<void> {
  if (rows.length === 0) return;
  const ids = rows.map(({ id }) => id);
  await tx
    .update(drifts)
    .set({
      resolvedAt: sql`now()`,
      unknownSince: sql`case when ${drifts.have} is null then ${drifts.unknownSince} end`,
    })
    .where(inArray(drifts.id, ids));
}

async function keepSheets(tx: Transaction, judged: readonly Judged[]): Promise<void> {
  const rows = judged.flatMap(({ machineId, sheet }) =>
    sheet === null ? [] : [{ machineId, ...sheet, takenBy: 'reconcile' }],
  );
  if (rows.length === 0) return;
  await tx
    .insert(hardwareSheets)
    .values(rows)
    .onConflictDoUpdate({ target: hardwareSheets.machineId, set: { controller: sql`excluded.controller` } });
}

/** What is other about a machine that has left the fleet is nobody's concern any more. */
export async function closeRetired(tx: Transaction, siteId: string): Promise<void> {
  await tx.execute(sql`
    update drifts d set resolved_at = now() from machines m
    where d.machine_id = m.id and d.resolved_at is null and m.site_id = ${siteId} and m.stage = 'retired'`);
}

/** A person's word that a machine is right as it is made now: the next round takes it as the beginning. */
export function acceptParts(mdb: Mdb, operator: Actor, machineId: string, reason: string): Promise<void> {
  return acting(mdb, operator, null, async (tx) => {
    await tx.select().from(machines).where(eq(machines.id, machineId)).for('update');
    const [before] = await tx.delete(hardwareSheets).where(eq(hardwareSheets.machineId, machineId)).returning();
    const detail = { reason, before: before?.host ?? null };
    await record(tx, { actor: operator, action: 'drift.accept', machineId, detail });
  });
}
