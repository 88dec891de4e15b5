/** Births of simulated racks on a whole Farrier of the bench's own; ends with one line of JSON. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { sql } from 'drizzle-orm';
import { z } from 'zod';
import type { Up } from '../../cli/up/bring.ts';
import { machineWorkflowId, passageWorkflowId } from '../../contract/machine.ts';
import type { Usage } from '../../host/usage.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type BirthResult, birthBounds } from './budget.ts';
import { countHistories } from './histories.ts';
import { reportBounds } from './verdict.ts';
import { type BenchFarrier, say, withFarrier } from './whole.ts';

/** The programs that `up` starts, by the groups of the result. */
const groups: Readonly<Record<string, string>> = { lifecycle: 'workers', hardware: 'workers', dispatch: 'workers' };

const optionsSchema = z.object({
  racks: z.coerce.number().int().min(1).max(1000),
  'per-rack': z.coerce.number().int().min(1).max(48),
  speed: z.coerce.number().positive(),
  timeout: z.coerce.number().positive(),
  sample: z.coerce.number().int().positive(),
  faults: z.string().optional(),
  data: z.string().optional(),
});

const { values } = parseArgs({
  options: {
    racks: { type: 'string', default: '1' },
    'per-rack': { type: 'string', default: '40' },
    speed: { type: 'string', default: '20' },
    timeout: { type: 'string', default: '1800' },
    sample: { type: 'string', default: '40' },
    faults: { type: 'string' },
    data: { type: 'string' },
  },
});
const options = optionsSchema.parse(values);
const machines = options.racks * options['per-rack'];

const { faults, data, speed, timeout } = options;
const spec = { racks: options.racks, perRack: options['per-rack'], speed, faults, data, timeout };
process.exitCode = await withFarrier(spec, bench);

async function bench({ up, supervisor, stopped }: BenchFarrier): Promise<number> {
  const began = performance.now();
  const before = await supervisor.usage();
  const end = await follow(up.mdb, began, stopped);
  const seconds = Math.round((performance.now() - began) / 100) / 10;
  const after = await supervisor.usage();
  const result: BirthResult = {
    bench: 'birth',
    machines,
    in_service: end.inService,
    failed: machines - end.inService,
    human_signals: await countHumanSignals(up.mdb),
    seconds,
    per_birth: await countBirths(up),
    cpu_seconds: fold(after, ({ cpuSeconds }, name) => cpuSeconds - (before[name]?.cpuSeconds ?? 0)),
    rss_mib: fold(after, ({ rssMib }) => rssMib),
  };
  await printStuck(up.mdb);
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return reportBounds(birthBounds(result));
}

interface Status extends Record<string, unknown> {
  readonly inService: number;
  readonly known: number;
  /** Waiting for a person, or given up. */
  readonly stuck: number;
}

/** Waits until every machine is in service, or cannot get there without a person, or the time is up. */
async function follow(mdb: Mdb, began: number, stopped: AbortSignal): Promise<Status> {
  const deadline = began + options.timeout * 1000;
  for (let round = 1; ; round += 1) {
    const status = await look(mdb);
    const { inService, known, stuck } = status;
    if (round % 20 === 0)
      say(
        `${Math.round((performance.now() - began) / 1000)} s: ${known} known, ${inService} in service, ${stuck} stuck`,
      );
    if (inService + stuck >= machines || performance.now() > deadline || stopped.aborted) return status;
    await sleep(500);
  }
}

async function look(mdb: Mdb): Promise<Status> {
  const rows = await mdb.execute<Status>(sql`
    select count(*)::int as known, (count(*) filter (where stage = 'in_service'))::int as "inService",
      (count(*) filter (where stage <> 'in_service' and (
        exists (select 1 from human_steps h where h.machine_id = m.id and h.answered_at is null)
        or not exists (select 1 from orders o where o.machine_id = m.id and o.state in ('waiting', 'running')))))::int as stuck
    from machines m`);
  return rows[0] ?? { inService: 0, known: 0, stuck: 0 };
}

/** Says of the first machines that did not arrive where they stand and why. */
async function printStuck(mdb: Mdb): Promise<void> {
  const rows = await mdb.execute<{
    id: string;
    rack: string | null;
    unit: number | null;
    stage: string;
    why: string | null;
  }>(sql`
    select m.id, m.rack_id as rack, m.unit, m.stage, coalesce(
      (select h.question from human_steps h where h.machine_id = m.id and h.answered_at is null limit 1), m.held) as why
    from machines m where m.stage <> 'in_service' order by m.id limit 20`);
  for (const { id, rack, unit, stage, why } of rows)
    say(`${id} (${rack ?? 'no rack'} ${unit ?? ''}) ${stage}: ${why ?? 'nothing is held'}`);
}

async function countHumanSignals(mdb: Mdb): Promise<number> {
  const rows = await mdb.execute<{ count: number }>(sql`
    select ((select count(*) from human_steps where answered_at is not null)
      + (select count(*) from outbox where kind = 'cancel'))::int as count`);
  return rows[0]?.count ?? 0;
}

/** Counts of a sample of births, spread evenly over the machines in service. */
async function countBirths({ mdb, temporal }: Up): Promise<BirthResult['per_birth']> {
  const rows = await mdb.execute<{ machine: string; order: string }>(sql`
    select o.machine_id as machine, o.id as order from orders o join machines m on m.id = o.machine_id
    where o.passage = 'birth' and m.stage = 'in_service' order by o.machine_id`);
  const every = Math.max(1, Math.floor(rows.length / options.sample));
  const sample = rows.filter((_, index) => index % every === 0).slice(0, options.sample);
  const connection = await Connection.connect({ address: temporal.address });
  const client = new Client({ connection });
  const births = sample.map(({ machine, order }) => [
    machineWorkflowId(machine),
    passageWorkflowId(machine, 'birth', order),
  ]);
  const counts = await countHistories(client, births);
  await connection.close();
  return counts;
}

function fold(
  usage: Readonly<Record<string, Usage>>,
  figure: (usage: Usage, name: string) => number,
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [name, used] of Object.entries(usage)) {
    const group = groups[name] ?? name;
    sums[group] = (sums[group] ?? 0) + figure(used, name);
  }
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, Math.round(sum * 10) / 10]));
}
