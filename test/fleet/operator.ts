/** What an operator of a whole Farrier does and looks up, in tests. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { and, asc, eq, isNull } from 'drizzle-orm';
import { expect } from 'vitest';
import type { CampaignDetail } from '../../contract/campaignschemas.ts';
import { humanSteps, intents, machines, orders, stateHistory, steps } from '../../mdb/schema.ts';
import type { Entry, SimEffect } from '../../sim/journal.ts';
import type { FleetMachine, Whole } from './farrier.ts';

const run = promisify(execFile);
const command = join(import.meta.dirname, '..', '..', 'farrier');

export class FleetOperator {
  readonly whole: Whole;

  constructor(whole: Whole) {
    this.whole = whole;
  }

  private get mdb() {
    return this.whole.up.mdb;
  }

  /** What `farrier` prints; rejects with its words when it fails. */
  async farrier(...args: string[]): Promise<string> {
    return (await run(command, args, { env: { ...process.env, FARRIER_API: this.whole.api } })).stdout;
  }

  /** The sentence that `farrier` refuses with. */
  async refusal(...args: string[]): Promise<string> {
    const reported = await this.farrier(...args).then(
      (out) => `it was done: ${out}`,
      (error: { stderr?: string }) => error.stderr ?? String(error),
    );
    return reported.trim();
  }

  async campaign(id: string): Promise<CampaignDetail> {
    return (await (await fetch(`${this.whole.api}/api/v1/campaigns/${id}`)).json()) as CampaignDetail;
  }

  async machine(id: string): Promise<FleetMachine> {
    return (await this.mdb.select().from(machines).where(eq(machines.id, id)))[0] as FleetMachine;
  }

  async order(id: string) {
    return (await this.mdb.select().from(orders).where(eq(orders.id, id)))[0];
  }

  async ended(id: string, state: 'done' | 'failed' | 'cancelled', seconds: number): Promise<void> {
    const now = async () => (await this.order(id))?.state;
    await expect.poll(now, { timeout: seconds * 1000, interval: 200 }).toBe(state);
  }

  /** Id of the one question of an order that is open. */
  async question(order: string, seconds: number): Promise<string> {
    const open = () =>
      this.mdb
        .select()
        .from(humanSteps)
        .where(and(eq(humanSteps.orderId, order), isNull(humanSteps.answeredAt)));
    await expect.poll(async () => (await open()).length, { timeout: seconds * 1000, interval: 200 }).toBe(1);
    return (await open())[0]?.id ?? '';
  }

  /** What became of one guarded column during an order, in turn. */
  async moves(order: string, guarded: 'op_state' | 'stage' | 'boot_state'): Promise<string[]> {
    const rows = await this.mdb
      .select()
      .from(stateHistory)
      .where(and(eq(stateHistory.orderId, order), eq(stateHistory.guarded, guarded)))
      .orderBy(asc(stateHistory.id));
    return rows.map(({ to }) => to);
  }

  async steps(order: string): Promise<[string, string][]> {
    const rows = await this.mdb
      .select()
      .from(steps)
      .where(and(eq(steps.orderId, order), eq(steps.source, 'passage')))
      .orderBy(asc(steps.ordinal));
    return rows.map(({ name, state }) => [name, state]);
  }

  /** Acts on hardware of an order, in turn, each with how it ended. */
  async acts(order: string): Promise<[string, string][]> {
    const rows = await this.mdb
      .select()
      .from(intents)
      .where(eq(intents.orderId, order))
      .orderBy(asc(intents.writtenAt));
    return rows.map(({ kind, state }) => [kind, state]);
  }

  async lastSeq(): Promise<number> {
    return (await this.whole.journal()).at(-1)?.seq ?? 0;
  }

  /** What really happened to a machine since then, without what is only talk. */
  async effects(machine: FleetMachine, since: number): Promise<Entry[]> {
    const place = placeName(machine);
    return (await this.whole.journal()).filter(
      ({ machine: at, seq, effect }) => at === place && seq > since && !talk.has(effect),
    );
  }

  control(machine: FleetMachine, part: string, method: 'PUT' | 'POST' | 'DELETE', body?: object): Promise<Response> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(`${this.whole.sim}/machines/${placeName(machine)}/${part}`, { method, ...sent });
  }
}

const talk: ReadonlySet<SimEffect> = new Set([
  'session-opened',
  'subscribed',
  'unsubscribed',
  'event-told',
  'event-untold',
  'test-event',
  'fault-set',
  'fault-cleared',
]);

/** Its name in the simulator, while it has a place. */
export const placeName = ({ rackId, unit }: FleetMachine) => `${rackId}-u${String(unit).padStart(2, '0')}`;

/** The most machines that were down at one moment, by the journal's own order; of each rack, where asked. */
export function maxDown(journal: readonly Entry[], rack?: string): number {
  const out = new Set<string>();
  let max = 0;
  for (const { machine, effect } of journal) {
    if (rack !== undefined && !machine.startsWith(`${rack}-`)) continue;
    if (effect === 'reset' || effect === 'power-off') out.add(machine);
    if (effect === 'disk-booted') out.delete(machine);
    max = Math.max(max, out.size);
  }
  return max;
}
