/** What one run of a semaphore hands to the next. Pure. Five thousand waiting requests have to fit into 2 MB. */
import type { PackedWaiting, PermitWaiting, SemaphoreCarried } from '../../contract/semaphore.ts';
import { orderClasses } from '../../domain/machine.ts';
import { Semaphore } from './core.ts';

export function pack(semaphore: Semaphore): SemaphoreCarried {
  const { line, fresh, holders, closing, ended, terms, granted } = semaphore;
  return {
    waiting: [...line].map(packOne),
    fresh: [...fresh.keys()],
    holders: [...holders.values()],
    closing,
    ended: ended.ids(),
    terms,
    granted,
  };
}

export function unpack(id: string, carried: SemaphoreCarried | undefined): Semaphore {
  const semaphore = new Semaphore(id, carried?.ended);
  if (carried === undefined) return semaphore;
  const fresh = new Set(carried.fresh);
  for (const packed of carried.waiting) {
    const waiting = unpackOne(packed);
    semaphore.line.add(waiting);
    if (fresh.has(waiting.id)) semaphore.fresh.set(waiting.id, waiting);
  }
  for (const holder of carried.holders) semaphore.holders.set(holder.id, holder);
  semaphore.closing = [...carried.closing];
  semaphore.terms = carried.terms;
  semaphore.granted = carried.granted;
  semaphore.dirty = true;
  return semaphore;
}

function packOne(waiting: PermitWaiting): PackedWaiting {
  const { id, machineId, siteId, class: urgency, workflowId = '', orderId = '', at, until } = waiting;
  return [id, machineId, siteId, orderClasses.indexOf(urgency), workflowId, orderId, at, until];
}

function unpackOne([id, machineId, siteId, urgency, workflowId, orderId, at, until]: PackedWaiting): PermitWaiting {
  return {
    id,
    machineId,
    siteId,
    class: orderClasses[urgency] ?? 'maintenance',
    ...(workflowId !== '' && { workflowId }),
    ...(orderId !== '' && { orderId }),
    at,
    until,
  };
}
