/** What an earlier run of a passage left in the MDB. Inside the transaction in which it is begun again. */

import { and, asc, eq, inArray, ne } from 'drizzle-orm';
import type { Answer, Report, Steering } from '../../contract/machine.ts';
import type { OperatorAnswer } from '../../contract/passage.ts';
import type { Past, PastAct, PastPermit, PastQuestion } from '../../contract/past.ts';
import type { ActKind } from '../../domain/acts.ts';
import type { Transaction } from '../acting.ts';
import { humanSteps, intents, type orders, outbox, permits, plans, stateHistory, steps, tickets } from '../schema.ts';
import type { OrderedMachineRow } from './passage.ts';

type OrderRow = typeof orders.$inferSelect;
type StepRow = typeof steps.$inferSelect;
type QuestionRow = typeof humanSteps.$inferSelect;

/** Everything that a passage takes up again; bounded by what one order leaves. */
export async function readPast(tx: Transaction, machine: OrderedMachineRow, order: OrderRow): Promise<Past> {
  const own = await tx
    .select()
    .from(steps)
    .where(and(eq(steps.orderId, order.id), eq(steps.source, 'passage')))
    .orderBy(asc(steps.startedAt), asc(steps.ordinal));
  const open = own.filter(({ state }) => state === 'running' || state === 'held').at(-1) ?? null;
  const questions = await questionsOf(tx, order.id);
  const messages = await messagesOf(tx, order.id);
  const inventory = messages.reports.findLast(({ report }) => report.kind === 'inventory');
  const [moved] = await tx
    .select({ from: stateHistory.from })
    .from(stateHistory)
    .where(and(eq(stateHistory.orderId, order.id), eq(stateHistory.guarded, 'op_state')))
    .orderBy(asc(stateHistory.id))
    .limit(1);
  const [plan] = await tx.select({ hash: plans.hash }).from(plans).where(eq(plans.orderId, order.id));
  const { stage, opState, bootState, pool, sku } = machine;
  return {
    at: open?.name ?? null,
    ended: own.filter(({ state }) => state === 'done').map(({ name }) => name),
    acts: await actsOf(tx, order.id),
    permits: await permitsOf(tx, order.id),
    questions: questions.map(({ row, fault }) => asQuestion(row, fault)),
    questionCount: questions.length,
    answers: messages.answers.filter(({ step }) =>
      questions.some(({ row }) => row.id === step && row.answeredAt === null),
    ),
    reports: unhandledReports(messages.reports, inventory?.report.nonce ?? null, open, questions),
    nonce: inventory?.report.nonce ?? null,
    cancel: messages.cancel,
    paused: order.pausedBy !== null || machine.paused,
    takenOver:
      order.takenOverBy === null
        ? null
        : { orderId: order.id, by: order.takenOverBy, reason: 'as before the workflow was lost' },
    state: { stage, opState, bootState, rack: machine.rackId, pool, sku },
    from: (moved?.from as Past['from'] | null | undefined) ?? machine.opState,
    planned: order.reviewed !== null && plan?.hash === order.reviewed,
    directive: machine.directive.do,
  };
}

async function actsOf(tx: Transaction, orderId: string): Promise<PastAct[]> {
  const rows = await tx
    .select()
    .from(intents)
    .where(eq(intents.orderId, orderId))
    .orderBy(asc(intents.writtenAt), asc(intents.id));
  // The half of another act is found out with it.
  return rows
    .filter(({ id }) => !id.slice(orderId.length).includes('/'))
    .map(({ id, kind, step, parameters, sentAt }) => ({
      id,
      kind: kind as ActKind,
      step,
      parameters,
      sentAt: sentAt?.toISOString() ?? null,
    }));
}

async function permitsOf(tx: Transaction, orderId: string): Promise<PastPermit[]> {
  const rows = await tx
    .select({ id: permits.id, semaphore: permits.semaphore, state: permits.state })
    .from(permits)
    .where(and(eq(permits.orderId, orderId), ne(permits.state, 'closed')))
    .orderBy(asc(permits.requestedAt));
  return rows.map(({ id, semaphore, state }) => ({ id, semaphore, granted: state === 'granted' }));
}

interface OpenQuestion {
  readonly row: QuestionRow;
  readonly fault: string;
}

async function questionsOf(tx: Transaction, orderId: string): Promise<OpenQuestion[]> {
  return tx
    .select({ row: humanSteps, fault: tickets.fault })
    .from(humanSteps)
    .innerJoin(tickets, eq(tickets.id, humanSteps.ticketId))
    .where(eq(humanSteps.orderId, orderId))
    .orderBy(asc(humanSteps.openedAt), asc(humanSteps.id));
}

function asQuestion(row: QuestionRow, fault: string): PastQuestion {
  const { id, step, question, choices, owner, schema, roles, onClose } = row;
  const held = { fault, reason: question, choices, owner, roles, onClose, ...(schema && { schema }) };
  return { id, step, question: held, answer: answerOf(row) };
}

function answerOf({ answeredAt, answer, answeredBy, note, data }: QuestionRow): OperatorAnswer | null {
  if (answeredAt === null || answer === null || answeredBy === null) return null;
  return { answer, by: answeredBy, ...(note !== null && { note }), ...(data && { data }) };
}

interface OutboxReport {
  readonly report: Report;
  readonly at: Date;
}

interface Messages {
  readonly reports: readonly OutboxReport[];
  readonly answers: readonly Answer[];
  readonly cancel: Steering | null;
}

/** What the passage was told, delivered or not: what comes twice is dropped by its id. */
async function messagesOf(tx: Transaction, orderId: string): Promise<Messages> {
  const rows = await tx
    .select()
    .from(outbox)
    .where(and(eq(outbox.orderId, orderId), inArray(outbox.kind, ['report', 'answer', 'cancel'])))
    .orderBy(asc(outbox.id));
  const of = (kind: string) => rows.filter((row) => row.kind === kind);
  return {
    reports: of('report').map(({ payload, createdAt: at }) => ({ report: payload as unknown as Report, at })),
    answers: of('answer').map(({ payload }) => payload as unknown as Answer),
    cancel: (of('cancel')[0]?.payload as Steering | undefined) ?? null,
  };
}

/**
 * Reports of the machine's latest boot. What failed or ended before the step began, or before a person's last answer at
 * it, was heard: a person has ruled on it since.
 */
function unhandledReports(
  reports: readonly OutboxReport[],
  nonce: string | null,
  open: StepRow | null,
  questions: readonly OpenQuestion[],
): Report[] {
  const answers = questions
    .filter(({ row }) => row.step === open?.name)
    .map(({ row }) => row.answeredAt?.getTime() ?? 0);
  const settledAt = Math.max(open?.startedAt.getTime() ?? 0, ...answers);
  return reports
    .filter(({ report, at }) => {
      // The installed system has a nonce of its own.
      if (report.kind === 'ready') return true;
      if (report.nonce !== nonce) return false;
      return !answerable.has(report.kind) || at.getTime() >= settledAt;
    })
    .map(({ report }) => report);
}

const answerable: ReadonlySet<Report['kind']> = new Set(['failed', 'erased', 'installed']);
