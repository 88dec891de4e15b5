/** A ledger in memory, with the rules of the one in the MDB, for tests of the core. It knows and checks the truth. */

import type { LedgerBatch, LedgerRest, LedgerResult, PermitHolder, PermitWaiting } from '../../contract/semaphore.ts';
import type { PermitGate } from '../../domain/permits/terms.ts';

interface Row {
  readonly waiting: PermitWaiting;
  state: 'waiting' | 'granted' | 'closed';
  fence: number;
  how: string;
}

export const hour = 3_600_000;

export class ModelLedger {
  capacity = 1;
  bound = 5000;
  /** Milliseconds. */
  lease = hour;
  gate: PermitGate | null = null;
  readonly rows = new Map<string, Row>();
  readonly grants: { id: string; machineId: string; fence: number; held: number; capacity: number }[] = [];
  readonly #fences = new Map<string, number>();

  get held(): Row[] {
    return [...this.rows.values()].filter(({ state }) => state === 'granted');
  }

  settle(ledgerBatch: LedgerBatch): LedgerResult {
    for (const waiting of ledgerBatch.queued)
      if (!this.rows.has(waiting.id)) this.rows.set(waiting.id, { waiting, state: 'waiting', fence: 0, how: '' });
    for (const { id, how } of ledgerBatch.closed) {
      const row = this.rows.get(id);
      if (row && row.state !== 'closed') Object.assign(row, { state: 'closed', how });
    }
    const known = new Set([...ledgerBatch.holders, ...ledgerBatch.candidates]);
    const found = this.held.filter(({ waiting }) => !known.has(waiting.id)).map(asHolder);
    const granted = ledgerBatch.candidates.flatMap((id) => this.#grant(id));
    const gone = [...new Set([...ledgerBatch.candidates, ...ledgerBatch.queued.map(({ id }) => id)])]
      .filter((id) => this.rows.get(id)?.state !== 'waiting' && this.rows.get(id)?.state !== 'granted')
      .map((id) => ({ id, why: 'it has ended' }));
    const waits = ledgerBatch.candidates.some((id) => this.rows.get(id)?.state === 'waiting');
    const full: PermitGate = { kind: 'capacity', reason: 'all permits are held', until: null };
    return {
      terms: { capacity: this.capacity, bound: this.bound, lease: this.lease, limit: 24 * hour },
      gate: waits ? (this.gate ?? full) : null,
      granted,
      found,
      gone,
      held: [],
    };
  }

  #grant(id: string): { id: string; fence: number }[] {
    const row = this.rows.get(id);
    if (row?.state === 'granted') return [{ id, fence: row.fence }];
    if (row?.state !== 'waiting' || this.gate !== null || this.held.length >= this.capacity) return [];
    const { machineId } = row.waiting;
    const fence = (this.#fences.get(machineId) ?? 0) + 1;
    this.#fences.set(machineId, fence);
    Object.assign(row, { state: 'granted', fence });
    this.grants.push({ id, machineId, fence, held: this.held.length, capacity: this.capacity });
    return [{ id, fence }];
  }

  rest(): LedgerRest {
    const open = [...this.rows.values()];
    return {
      holders: this.held.map(asHolder),
      waiting: open.filter(({ state }) => state === 'waiting').map(({ waiting }) => waiting),
    };
  }
}

function asHolder({ waiting, fence }: Row): PermitHolder {
  return { ...waiting, fence, since: waiting.at, renewed: waiting.at, overdue: null, notified: true };
}
