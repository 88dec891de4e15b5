/**
 * Simulated machines, one after the other: each is switched on and born, and then cleaned for its next owner, who gets
 * it installed. A clean is to take less time than a birth, which tests the machine: for 24 s by the profile of `scripts/up`,
 * for hours by one of an operator. Ends with a line of JSON.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import { isRefused } from '../../domain/refused.ts';
import { standardRequests } from '../../domain/requests.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { placeOrder } from '../../mdb/orders/orders.ts';
import { releaseBreaker } from '../../mdb/service/circuitbreaker.ts';
import { quantile } from './load.ts';
import { reportBounds } from './verdict.ts';
import { type BenchFarrier, say, withFarrier } from './whole.ts';

const { values } = parseArgs({
  options: { machines: { type: 'string', default: '6' }, speed: { type: 'string', default: '4' } },
});
const { machines: count, speed } = z
  .object({ machines: z.coerce.number().int().min(1).max(48), speed: z.coerce.number().positive() })
  .parse(values);
const observed = z.object({ machines: z.array(z.object({ id: z.string(), machineId: z.string() })) });
const ann = { class: 'user', name: 'ann' } as const;
/** Seconds until a passage that does not end ends the bench. */
const timeoutSeconds = 300;

// A burn-in takes as long as it tells.
const spec = { racks: 1, perRack: count, speed, burnin: 86_400, power: 'off', timeout: 600 } as const;
process.exitCode = await withFarrier(spec, bench);

async function bench({ up: { mdb, ports }, stopped }: BenchFarrier): Promise<number> {
  const sim = `http://127.0.0.1:${ports.sim}`;
  const { machines } = observed.parse(await (await fetch(`${sim}/machines`)).json());
  // One after the other leaves production, which is a storm to the brake: it is overridden as an operator would.
  await releaseBreaker(mdb, ann, 'bench', 600);
  const times: { birth: number[]; clean: number[] } = { birth: [], clean: [] };
  for (const { id, machineId } of machines) {
    const birth = await timed(mdb, machineId, null, stopped, () => switchOn(`${sim}/machines/${id}/power`));
    const clean = await timed(mdb, machineId, 'next', stopped, () => order(mdb, machineId));
    say(`${id}: born in ${birth.toFixed(1)} s, cleaned in ${clean.toFixed(1)} s`);
    times.birth.push(birth);
    times.clean.push(clean);
  }
  const [birth, clean] = [median(times.birth), median(times.clean)];
  const steps = { birth: await stepsOf(mdb, 'birth'), clean: await stepsOf(mdb, 'clean') };
  const result = { bench: 'clean', machines: count, speed, birth_s: birth, clean_s: clean };
  process.stdout.write(`${JSON.stringify({ ...result, steps_s: steps })}\n`);
  return reportBounds([
    { what: 'machines born and cleaned', measured: times.clean.length, budget: ['at least', count] },
    { what: 's for a clean, median; its budget is what a birth took', measured: clean, budget: ['at most', birth] },
  ]);
}

/** Seconds from the beginning until the machine is in service and the owner's. */
async function timed(
  mdb: Mdb,
  machineId: string,
  owner: string | null,
  stopped: AbortSignal,
  begin: () => Promise<void>,
): Promise<number> {
  const began = performance.now();
  await begin();
  for (;;) {
    const rows = await mdb.execute<{ there: boolean; held: string | null }>(sql`
      select stage = 'in_service' and owner is not distinct from ${owner} and not exists (select 1 from orders o
        where o.machine_id = m.id and o.state in ('waiting', 'running')) as there, held from machines m where id = ${machineId}`);
    const seconds = (performance.now() - began) / 1000;
    if (rows[0]?.there) return seconds;
    if (rows[0]?.held || stopped.aborted || seconds > timeoutSeconds)
      throw new Error(`${machineId} is not there after ${seconds.toFixed(0)} s: ${rows[0]?.held ?? 'nothing is held'}`);
    await sleep(50);
  }
}

async function switchOn(url: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ do: 'On' }) });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

async function order(mdb: Mdb, machineId: string): Promise<void> {
  const placed = await placeOrder(mdb, ann, {
    machineId,
    passageRequest: { passage: 'clean', request: { ...standardRequests.clean, owner: 'next', power: 'cycle' } },
    ...({ reason: 'bench', class: null, dryRun: false, reviewed: null, notBefore: null, deadline: null } as const),
  });
  if (isRefused(placed)) throw new Error(placed.message);
}

/** Mean seconds of each of Farrier's own steps. */
async function stepsOf(mdb: Mdb, passage: 'birth' | 'clean'): Promise<Record<string, number>> {
  const rows = await mdb.execute<{ name: string; seconds: number }>(sql`
    select s.name, round(avg(extract(epoch from s.ended_at - s.started_at)), 1)::float8 as seconds
    from steps s join orders o on o.id = s.order_id
    where o.passage = ${passage} and s.source = 'passage' group by s.name order by min(s.started_at)`);
  return Object.fromEntries(rows.map(({ name, seconds }) => [name, seconds]));
}

function median(times: readonly number[]): number {
  return Math.round(quantile(times, 0.5) * 10) / 10;
}
