/**
 * How soon an order on an idle machine is at its first step: from the request to the HTTP API until the step's row can
 * be read. A whole Farrier, each of its programs a process; its machines have no controller, so that nothing but the
 * way of the order is measured. Ends with a line of JSON.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Mdb } from '../../mdb/connect.ts';
import { machines } from '../../mdb/schema.ts';
import { releaseBreaker } from '../../mdb/service/circuitbreaker.ts';
import { quantile } from './load.ts';
import { reportBounds } from './verdict.ts';
import { type BenchFarrier, say, withFarrier } from './whole.ts';

const { values } = parseArgs({ options: { orders: { type: 'string', default: '200' } } });
const count = z.coerce.number().int().min(20).max(10_000).parse(values.orders);
/** Budget of the issue, in milliseconds. */
const maxMs = 500;
/** Each takes a first order, which begins its workflow, and nine that find it idle. */
const fleet = Math.ceil(count / 10);
/** What is looked for is looked for this often, in milliseconds; it is in the figures. */
const pollMs = 3;
/** Seconds until a step or an end that does not come ends the bench. */
const timeoutSeconds = 60;

const nobody = { racks: 1, perRack: 1, speed: 10, power: 'off', timeout: 600 } as const;
process.exitCode = await withFarrier(nobody, bench);

async function bench({ up, stopped }: BenchFarrier): Promise<number> {
  await writeFleet(up.mdb);
  const api = `http://127.0.0.1:${up.ports.api}`;
  const times: { first: number[]; later: number[] } = { first: [], later: [] };
  for (let index = 0; index < count && !stopped.aborted; index += 1) {
    const round = Math.floor(index / fleet);
    const passage = round % 2 ? 'undrain' : 'drain';
    const took = await order(up.mdb, api, nameOf(index % fleet), `bench-${index}`, passage);
    (round === 0 ? times.first : times.later).push(took);
  }
  const all = [...times.first, ...times.later];
  const result = {
    bench: 'order',
    orders: all.length,
    until_first_step_ms: figures(all),
    first_of_a_machine_ms: figures(times.first),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  const { median, p99 } = result.until_first_step_ms;
  return reportBounds([
    { what: 'orders', measured: all.length, budget: ['at least', count] },
    { what: 'ms until the first step, median', measured: median, budget: ['at most', maxMs] },
    { what: 'ms until the first step, 99 of 100', measured: p99, budget: ['at most', maxMs] },
  ]);
}

function nameOf(index: number): string {
  return `m-525400bb${index.toString(16).padStart(4, '0')}`;
}

async function writeFleet(mdb: Mdb): Promise<void> {
  const rows = Array.from({ length: fleet }, (_, index) => ({
    id: nameOf(index),
    siteId: 'home',
    mac: nameOf(index)
      .slice(2)
      .replace(/(..)(?=.)/g, '$1:'),
    stage: 'in_service' as const,
    opState: 'production' as const,
    bootState: 'healthy' as const,
    inServiceAt: new Date(),
  }));
  await mdb.insert(machines).values(rows);
  // One drain after the other is a storm to the brake: it is overridden as an operator would.
  await releaseBreaker(mdb, { class: 'user', name: 'ann' }, 'bench', 600);
  say(`${fleet} machines in service`);
}

/** Orders, and waits until it is through, so that the next order finds the machine idle. Gives milliseconds. */
async function order(mdb: Mdb, api: string, machine: string, id: string, passage: string): Promise<number> {
  const began = performance.now();
  const response = await fetch(`${api}/api/v1/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ id, machine, passage, request: {}, reason: 'bench' }),
  });
  if (response.status !== 201) throw new Error(`order ${id}: ${response.status} ${await response.text()}`);
  await until(id, async () => {
    const rows = await mdb.execute(sql`select 1 from steps where order_id = ${id} limit 1`);
    return rows.length > 0;
  });
  const took = performance.now() - began;
  await until(id, async () => {
    const rows = await mdb.execute<{ state: string; outcome: string | null }>(
      sql`select state, outcome from orders where id = ${id} and state not in ('waiting', 'running')`,
    );
    const [ended] = rows;
    if (ended && ended.state !== 'done') throw new Error(`order ${id} is ${ended.state}: ${ended.outcome}`);
    return ended !== undefined;
  });
  return took;
}

async function until(id: string, met: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutSeconds * 1000;
  while (!(await met())) {
    if (performance.now() > deadline) throw new Error(`order ${id}: nothing comes`);
    await sleep(pollMs);
  }
}

function figures(times: readonly number[]) {
  const whole = (share: number) => Math.round(quantile(times, share));
  return { median: whole(0.5), p99: whole(0.99), worst: whole(1) };
}
