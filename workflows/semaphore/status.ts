/** What a semaphore shows of itself. Pure. */
import { readSemaphoreId, type SemaphoreStatus } from '../../contract/semaphore.ts';
import type { Semaphore } from './core.ts';

const iso = (time: number) => new Date(time).toISOString();

export function semaphoreStatus(semaphore: Semaphore, max: number, ignored: readonly string[]): SemaphoreStatus {
  const { id, terms, holders, line, gate, granted } = semaphore;
  return {
    semaphore: id,
    capacity: terms.capacity,
    holders: [...holders.values()].map((holder) => ({
      id: holder.id,
      machineId: holder.machineId,
      class: holder.class,
      workflowId: holder.workflowId ?? null,
      fence: holder.fence,
      since: iso(holder.since),
      leaseUntil: iso(holder.until),
      overdue: holder.overdue,
    })),
    queue: [...line].slice(0, max).map((waiting, index) => ({
      position: index + 1,
      id: waiting.id,
      machineId: waiting.machineId,
      class: waiting.class,
      workflowId: waiting.workflowId ?? null,
      since: iso(waiting.at),
      reason: semaphore.reasonOf(waiting.id),
    })),
    waiting: line.size,
    gate,
    granted,
    ignored,
  };
}

/** What it waits for, as the search attribute `WaitingOn` has it. */
export function waitsOn({ line, gate }: Semaphore): string {
  if (line.size === 0) return 'nothing';
  return gate === null || gate.kind === 'capacity' ? 'permit' : gate.kind;
}

/** Current details for the Web UI. */
export function describeDetails(semaphore: Semaphore): string {
  const { id, holders, terms, line, gate } = semaphore;
  const { operation = '', tag = '', value = '' } = readSemaphoreId(id) ?? {};
  const lines = [
    `**${operation}** of \`${tag}=${value}\`: ${holders.size} of ${terms.capacity} permits held, ${line.size} wait`,
  ];
  if (gate) lines.push('', gate.reason);
  const late = [...holders.values()].filter(({ overdue }) => overdue !== null);
  for (const { machineId, overdue } of late.slice(0, 10)) lines.push('', `Overdue: \`${machineId}\`: ${overdue}`);
  return lines.join('\n');
}
