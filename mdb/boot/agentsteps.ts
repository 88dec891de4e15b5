/** What the agent reports of its steps and of its burn-in. */

import { and, eq, getTableColumns, isNull, sql } from 'drizzle-orm';
import { agentSteps, type BurninFact, type StepFact } from '../../domain/agent.ts';
import type { StepDetail } from '../../domain/steps.ts';
import { acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { burninParts, burnins, machines, steps } from '../schema.ts';
import { type AgentSession, agentActor, lockReporter, type NotAccepted, postReport, wasReported } from './agent.ts';

// Generous: they only make a silent agent visible; the passage's own limits are what acts.
const stepLimits: Readonly<Record<StepFact['name'], number>> = {
  watchdog: 60,
  clock: 120,
  network: 300,
  inventory: 300,
  lldp: 300,
  burnin: 7 * 86_400,
  // A large disk that overwrites itself takes days.
  erase: 7 * 86_400,
  keys: 300,
  partition: 900,
  filesystem: 3600,
  bootloader: 900,
  image: 4 * 3600,
  root: 900,
  installed: 300,
  handover: 1800,
};

/** Takes a step as the agent reports it. A failed one is sent to the workflow, but for burn-in, which has a verdict. */
export async function takeStep(mdb: Mdb, session: AgentSession, fact: StepFact): Promise<void> {
  await acting(mdb, agentActor, session.orderId, async (tx) => {
    const directiveSeq = await noteSeen(tx, session.machineId);
    await writeStep(tx, session, fact);
    if (fact.state !== 'failed' || fact.name === 'burnin') return;
    const message = [fact.device, fact.message].filter((text) => text !== null).join(': ') || 'no reason was given';
    await postReport(tx, session, {
      kind: 'failed',
      of: `${fact.name}/${directiveSeq}`,
      step: fact.name,
      message,
    });
  });
}

/** Locks the machine, which was heard of now, and gives the number of what it is to do. */
async function noteSeen(tx: Transaction, machineId: string): Promise<number> {
  const [seen] = await tx
    .update(machines)
    .set({ lastSeenAt: sql`now()` })
    .where(eq(machines.id, machineId))
    .returning({ directiveSeq: machines.directiveSeq });
  if (!seen) throw new Error(`the MDB has no machine ${machineId}`);
  return seen.directiveSeq;
}

/**
 * A step begins its next attempt when it runs after it had ended, or in a later boot than before; the same report
 * twice changes nothing.
 */
async function writeStep(tx: Transaction, session: AgentSession, fact: StepFact): Promise<void> {
  const detail: StepDetail = {
    ...(fact.message === null ? {} : { message: fact.message }),
    ...(fact.device === null ? {} : { device: fact.device }),
    ...(fact.seconds === null ? {} : { seconds: fact.seconds }),
  };
  const ended = fact.state === 'running' ? null : sql`clock_timestamp()`;
  const limitAt = sql`now() + ${stepLimits[fact.name]} * interval '1 second'`;
  const isAnew = sql`(${fact.state} = 'running' and ${steps.state} <> 'running') or ${steps.startedAt} < ${session.openedAt}`;
  await tx
    .insert(steps)
    .values({
      orderId: session.orderId as string,
      name: fact.name,
      source: 'agent',
      ordinal: agentSteps.indexOf(fact.name),
      state: fact.state,
      owner: 'agent',
      endedAt: ended,
      limitAt,
      detail,
    })
    .onConflictDoUpdate({
      target: [steps.orderId, steps.name],
      set: {
        state: fact.state,
        attempt: sql`case when ${isAnew} then ${steps.attempt} + 1 else ${steps.attempt} end`,
        startedAt: sql`case when ${isAnew} then clock_timestamp() else ${steps.startedAt} end`,
        limitAt: sql`case when ${isAnew} then ${limitAt} else ${steps.limitAt} end`,
        endedAt: sql`case when ${steps.state} = ${fact.state} and not (${isAnew}) then ${steps.endedAt} else ${ended}::timestamptz end`,
        detail,
      },
      setWhere: eq(steps.source, 'agent'),
    });
}

/** Keeps how far the burn-in is, or, outside a burn-in, the agent's running step. */
export async function takeProgress(mdb: Mdb, session: AgentSession, percent: number): Promise<void> {
  if (session.orderId === null) return;
  await acting(mdb, agentActor, session.orderId, async (tx) => {
    await tx.update(machines).set({ lastSeenAt: sql`now()` }).where(eq(machines.id, session.machineId));
    const ofOrder = eq(burnins.orderId, session.orderId as string);
    const running = await tx
      .update(burnins)
      .set({ progress: percent })
      .where(and(ofOrder, isNull(burnins.endedAt)))
      .returning({ id: burnins.id });
    if (running.length > 0) return;
    await tx
      .update(steps)
      .set({ detail: sql`${steps.detail} || jsonb_build_object('percent', ${percent}::real)` })
      .where(and(eq(steps.orderId, session.orderId as string), eq(steps.source, 'agent'), eq(steps.state, 'running')));
  });
}

/** Keeps the figures of a burn-in; the verdict is the passage's. The end is sent to the workflow. */
export async function takeBurnin(mdb: Mdb, session: AgentSession, fact: BurninFact): Promise<NotAccepted> {
  return acting(mdb, agentActor, session.orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    const [burnin] = await tx
      .select()
      .from(burnins)
      .where(eq(burnins.orderId, session.orderId ?? ''));
    if (!burnin) return 'no burn-in was ordered';
    if (await wasReported(tx, session, 'burnin', machine.directiveSeq)) return null;
    if (burnin.verdict !== null) return `the burn-in has its verdict already: ${burnin.verdict}`;
    await keepParts(tx, burnin.id, machine.product, fact.parts);
    if (fact.finish === null) return null;
    await tx
      .update(burnins)
      .set({ endedAt: sql`now()`, cut: fact.finish.cut, ...(fact.finish.cut ? {} : { progress: 100 }) })
      .where(eq(burnins.id, burnin.id));
    await postReport(tx, session, { kind: 'burnin', of: String(machine.directiveSeq) });
    return null;
  });
}

/** One statement for all; a report that names a part twice was refused before. */
async function keepParts(
  tx: Transaction,
  burninId: string,
  product: string | null,
  parts: BurninFact['parts'],
): Promise<void> {
  if (parts.length === 0) return;
  const { burninId: id, kind, subject, device, ...figures } = getTableColumns(burninParts);
  await tx
    .insert(burninParts)
    .values(parts.map((part) => ({ ...part, burninId, product })))
    .onConflictDoUpdate({
      target: [id, kind, subject, device],
      set: Object.fromEntries(
        Object.entries(figures).map(([key, { name }]) => [key, sql`excluded.${sql.identifier(name)}`]),
      ),
    });
}

/** Says why nothing moves, in the machine's row and to its workflow, which asks a person. */
export async function reportFailure(mdb: Mdb, session: AgentSession, step: string, reason: string): Promise<void> {
  await acting(mdb, agentActor, session.orderId, async (tx) => {
    const machine = await lockReporter(tx, session.machineId);
    const held = `${step}: ${reason}`;
    await tx
      .update(machines)
      .set({ held, heldByInventory: step === 'inventory' ? held : null, lastSeenAt: sql`now()` })
      .where(eq(machines.id, machine.id));
    if (session.orderId !== null) {
      const fact = {
        name: step as StepFact['name'],
        state: 'failed',
        seconds: null,
        device: null,
        message: reason,
      } as const;
      await writeStep(tx, session, fact);
    }
    const isNew = await postReport(tx, session, {
      kind: 'failed',
      of: `${step}/${machine.directiveSeq}`,
      step,
      message: reason,
    });
    const { machineId, orderId } = session;
    if (isNew) {
      await record(tx, { actor: agentActor, action: `agent.${step}-refused`, machineId, orderId, detail: { reason } });
    }
  });
}
