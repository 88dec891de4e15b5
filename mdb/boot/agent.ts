/** Queries of the agent API: sessions, and what every report of an agent's goes through. */

import { and, eq, gt, inArray, isNull, lt, ne, sql } from 'drizzle-orm';
import type { Report, ReportKind } from '../../contract/machine.ts';
import type { Directive } from '../../domain/directive.ts';
import { acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { liveOrder } from '../orders/live.ts';
import { post } from '../outbox.ts';
import { bootTokens, machines, outbox } from '../schema.ts';

export type MachineRow = typeof machines.$inferSelect;

export const agentActor = { class: 'node', name: 'agent' } as const;

/** An agent's session, opened by a boot token and ended by the machine's next boot. */
export interface AgentSession {
  readonly machineId: string;
  /** The order that the boot token was issued for, else the machine's live one. */
  readonly orderId: string | null;
  readonly nonce: string;
  readonly openedAt: Date;
}

export interface CurrentDirective {
  readonly seq: number;
  readonly directive: Directive;
}

export interface Hello {
  readonly tokenHash: string;
  readonly sessionHash: string;
  readonly sessionSeconds: number;
  readonly bootId: string;
  readonly firmware: 'bios' | 'uefi';
}

/**
 * Turns a boot token into a session, in one conditional update: of any number of requests at once, one succeeds.
 * Ends the machine's earlier sessions and older tokens, since the agent that held them is gone.
 * `spent` was redeemed before; `unknown` never existed or has expired. Both are in the audit where a machine is known.
 */
export async function redeemBootToken(mdb: Mdb, hello: Hello): Promise<AgentSession | 'spent' | 'unknown'> {
  return acting(mdb, agentActor, null, async (tx) => {
    const [token] = await tx
      .update(bootTokens)
      .set({
        redeemedAt: sql`now()`,
        sessionHash: hello.sessionHash,
        sessionExpiresAt: sql`now() + ${hello.sessionSeconds} * interval '1 second'`,
      })
      .where(and(eq(bootTokens.hash, hello.tokenHash), eq(bootTokens.use, 'bootstrap'), isRedeemable))
      .returning();
    if (!token) return refuseToken(tx, hello.tokenHash);
    await endOlder(tx, token);
    await greet(tx, token.machineId, hello);
    const orderId = token.orderId ?? (await liveOrder(tx, token.machineId));
    return { machineId: token.machineId, orderId, nonce: token.nonce, openedAt: token.redeemedAt ?? new Date() };
  });
}

export const isRedeemable = and(isNull(bootTokens.redeemedAt), gt(bootTokens.expiresAt, sql`now()`));

async function refuseToken(tx: Transaction, hash: string): Promise<'spent' | 'unknown'> {
  const [token] = await tx.select().from(bootTokens).where(eq(bootTokens.hash, hash));
  if (!token) return 'unknown';
  const why = token.redeemedAt ? 'spent' : token.use === 'bootstrap' ? 'expired' : 'for another use';
  const { machineId, orderId } = token;
  await record(tx, { actor: agentActor, action: 'agent.token-refused', machineId, orderId, detail: { why } });
  return token.redeemedAt ? 'spent' : 'unknown';
}

async function endOlder(tx: Transaction, token: typeof bootTokens.$inferSelect): Promise<void> {
  const others = and(eq(bootTokens.machineId, token.machineId), ne(bootTokens.hash, token.hash));
  await tx
    .update(bootTokens)
    .set({ sessionExpiresAt: sql`now()` })
    .where(and(others, gt(bootTokens.sessionExpiresAt, sql`now()`)));
  await tx
    .update(bootTokens)
    .set({ expiresAt: sql`now()` })
    .where(and(others, eq(bootTokens.use, 'bootstrap'), isRedeemable, lt(bootTokens.issuedAt, token.issuedAt)));
}

// A directive belongs to the boot in which it was given: the passage gives the next one when it has this boot's inventory.
async function greet(tx: Transaction, machineId: string, { bootId, firmware }: Hello): Promise<void> {
  await tx
    .update(machines)
    .set({
      bootId,
      firmware,
      lastSeenAt: sql`now()`,
      directive: { do: 'wait' },
    })
    .where(eq(machines.id, machineId));
}

/** The sessions that are open under these hashes, by hash. */
export async function openSessions(mdb: Mdb, hashes: readonly string[]): Promise<Map<string, AgentSession>> {
  const rows = await mdb
    .select({
      hash: bootTokens.sessionHash,
      machineId: bootTokens.machineId,
      nonce: bootTokens.nonce,
      openedAt: bootTokens.redeemedAt,
      orderId: sql<string | null>`coalesce(${bootTokens.orderId}, (
        select id from orders o where o.machine_id = ${bootTokens.machineId} and o.state in ('running', 'waiting')
        order by o.state = 'running' desc, o.created_at limit 1))`,
    })
    .from(bootTokens)
    .where(and(inArray(bootTokens.sessionHash, [...hashes]), gt(bootTokens.sessionExpiresAt, sql`now()`)));
  return new Map(rows.map(({ hash, openedAt, ...row }) => [hash ?? '', { ...row, openedAt: openedAt ?? new Date(0) }]));
}

/** What these machines are to do, by machine id. */
export async function readDirectives(mdb: Mdb, ids: readonly string[]): Promise<Map<string, CurrentDirective>> {
  const rows = await mdb
    .select({ id: machines.id, seq: machines.directiveSeq, directive: machines.directive })
    .from(machines)
    .where(inArray(machines.id, [...ids]));
  return new Map(rows.map(({ id, ...current }) => [id, current]));
}

export interface AgentReport {
  readonly kind: ReportKind;
  /** What distinguishes this report from others of its kind in the session, e.g. `disk/4`. */
  readonly of?: string;
  readonly step?: string;
  readonly message?: string;
}

/** Puts a report into the outbox, once. False when it was reported before, or when no order waits for it. */
export async function postReport(tx: Transaction, session: AgentSession, report: AgentReport): Promise<boolean> {
  if (session.orderId === null) return false;
  const key = reportKey(session, report.kind, report.of);
  const { kind, step, message } = report;
  const payload: Report = {
    id: key,
    kind,
    nonce: session.nonce,
    ...(step === undefined ? {} : { step }),
    ...(message === undefined ? {} : { message }),
  };
  const { machineId, orderId } = session;
  return post(tx, { key, machineId, orderId, kind: 'report', payload: { ...payload } });
}

function reportKey({ nonce }: AgentSession, kind: ReportKind, of?: string): string {
  return `report/${nonce}/${kind}${of === undefined ? '' : `/${of}`}`;
}

// A lost answer is asked for again within a few directives; older ones than that are not this request repeated.
export async function wasReported(
  tx: Transaction,
  session: AgentSession,
  kind: ReportKind,
  seq: number,
): Promise<boolean> {
  const keys = Array.from({ length: 8 }, (_, back) => reportKey(session, kind, String(seq - back)));
  const rows = await tx.select({ id: outbox.id }).from(outbox).where(inArray(outbox.key, keys)).limit(1);
  return rows.length > 0;
}

/** Locks the machine of a session and reads what its reports are checked against. */
export async function lockReporter(tx: Transaction, machineId: string): Promise<typeof machines.$inferSelect> {
  const [machine] = await tx.select().from(machines).where(eq(machines.id, machineId)).for('no key update');
  if (!machine) throw new Error(`the MDB has no machine ${machineId}`);
  return machine;
}

/** Why a report was not taken; null when it was, or had been before. */
export type NotAccepted = string | null;
