import { machineWorkflowId, type OrderMessage, passageWorkflowId, signals } from '../../contract/machine.ts';
import { idleOrders, type OrderToFind, runningOrders, standOf } from '../../mdb/orders/comparing.ts';
import { type ComparisonContext, each, mend } from './context.ts';
import { lookUp } from './existing.ts';

const minute = 60_000;
const repeatMs = 10 * minute;
/** A passage writes down the end of its order before it ends itself; nobody is in a hurry to doubt that. */
const grace = minute;

/** Every order that is under way has a passage, or a machine that knows it. */
export async function compareOrders(context: ComparisonContext): Promise<void> {
  const running = await runningOrders(context.mdb, context.selector);
  await each(
    running.filter((order) => !context.existing.passages.has(idOf(order)) && !context.started.has(order.machineId)),
    (order) => lookAt(context, order),
  );
  const idle = await idleOrders(context.mdb, context.selector);
  await each(
    idle.filter(({ machineId }) => !context.started.has(machineId)),
    (order) =>
      signalAgain(context, order, 'order', 'it waits, and nothing is before it; its machine was told of it again'),
  );
  if (context.selector === null) await compareStrays(context);
}

function idOf({ machineId, passage, id }: Pick<OrderToFind, 'machineId' | 'passage' | 'id'>): string {
  return passageWorkflowId(machineId, passage, id);
}

async function lookAt(context: ComparisonContext, order: OrderToFind): Promise<void> {
  const found = await lookUp(context.client, idOf(order));
  if (found.state === 'running') return;
  const ended = found.state === 'closed' && found.at !== null ? found.at.getTime() : 0;
  if (ended > Date.now() - grace) return;
  const now = (await standOf(context.mdb, [order.id])).get(order.id);
  if (now?.state !== 'running') return;
  if (found.state === 'missing')
    await signalAgain(context, order, 'order', 'it runs, and its passage was missing; its machine begins it again');
  else
    await signalAgain(
      context,
      order,
      'passage',
      'it runs, and its passage has ended; its machine ends it, with a person',
    );
}

async function signalAgain(
  context: ComparisonContext,
  order: OrderToFind,
  kind: 'order' | 'passage',
  what: string,
): Promise<void> {
  const now = Date.now();
  if ((context.sentAt.get(order.id) ?? 0) > now - repeatMs) return;
  await mend(context, { kind, id: order.id, what }, async () => {
    await context.client.workflow.getHandle(machineWorkflowId(order.machineId)).signal(signals.order, messageOf(order));
    context.sentAt.set(order.id, now);
  });
  for (const [id, at] of context.sentAt) if (at < now - repeatMs) context.sentAt.delete(id);
}

function messageOf({ id, passage, state, class: urgency, notBefore, deadline }: OrderToFind): OrderMessage {
  return {
    ...{ id, passage, again: true, class: urgency },
    ...(state === 'waiting' && notBefore !== null && { notBefore }),
    ...(state === 'waiting' && deadline !== null && { deadline }),
  };
}

/**
 * Passages whose order has ended: of a Temporal that came from a backup, or left after somebody changed the MDB. Nothing
 * that they write is taken any more; they are asked to stop.
 */
async function compareStrays(context: ComparisonContext): Promise<void> {
  const passages = [...context.existing.passages].flatMap((workflowId) => {
    const [, machineId, passage, orderId] = workflowId.split('/');
    return machineId && passage && orderId ? [{ workflowId, orderId }] : [];
  });
  for (let from = 0; from < passages.length; from += 1000) {
    const some = passages.slice(from, from + 1000);
    const stands = await standOf(
      context.mdb,
      some.map(({ orderId }) => orderId),
    );
    const strays = some.filter(({ orderId }) => {
      const { state, endedAt = null } = stands.get(orderId) ?? {};
      return state === undefined || (endedAt !== null && endedAt.getTime() < Date.now() - 5 * minute);
    });
    await each(strays, (stray) => stop(context, stray, stands.get(stray.orderId)?.state));
  }
}

async function stop(
  context: ComparisonContext,
  { workflowId, orderId }: { readonly workflowId: string; readonly orderId: string },
  state: string | undefined,
): Promise<void> {
  if ((await lookUp(context.client, workflowId)).state !== 'running') return;
  const why = state === undefined ? 'the MDB has no such order' : `its order has ended in the MDB: ${state}`;
  await mend(context, { kind: 'stray', id: orderId, what: `its passage runs, and ${why}; it was asked to stop` }, () =>
    context.client.workflow.getHandle(workflowId).signal(signals.cancel, { orderId, by: 'farrier', reason: why }),
  );
}
