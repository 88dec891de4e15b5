import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bringUp, type Up } from '../../cli/up/bring.ts';
import { SetupSteps } from '../../cli/up/steps.ts';
import { Supervisor } from '../../host/supervise.ts';
import { machines } from '../../mdb/schema.ts';
import type { Entry, SimEffect } from '../../sim/journal.ts';

export interface Whole {
  readonly up: Up;
  readonly supervisor: Supervisor;
  /** Origin of the people's HTTP API. */
  readonly api: string;
  /** Origin of the simulator's control API. */
  readonly sim: string;
  /** The data folder. */
  readonly data: string;
  journal(): Promise<Entry[]>;
  /** Waits until the rows of all machines meet the condition; tells what they are when they don't in time. */
  until(met: (rows: readonly FleetMachine[]) => boolean, seconds: number): Promise<readonly FleetMachine[]>;
  close(): Promise<void>;
}

export type FleetMachine = typeof machines.$inferSelect;

export interface Spec {
  readonly racks: number;
  readonly perRack: number;
  /** Divides the time that hardware takes. */
  readonly speed: number;
  readonly faults?: readonly object[];
  /** What new machines are; on by default. */
  readonly power?: 'on' | 'off';
}

/** A whole Farrier with simulated racks in a folder of its own, as `scripts/up` brings it up. */
export async function wholeFarrier(spec: Spec): Promise<Whole> {
  const folder = await mkdtemp(join(tmpdir(), 'farrier-fleet-'));
  const supervisor = new Supervisor();
  const { TEMPORAL_ADDRESS: _, ...environment } = process.env;
  const shell = {
    ...(environment as Record<string, string>),
    FARRIER_SIM_SPEED: String(spec.speed),
    FARRIER_BOOT_RATE: '100000',
    FARRIER_SIM_POWER: spec.power ?? 'on',
  };
  if (spec.faults) {
    Object.assign(shell, { FARRIER_SIM_FAULTS: join(folder, 'faults.json') });
    await writeFile(join(folder, 'faults.json'), JSON.stringify(spec.faults));
  }
  const up = await bringUp({
    options: {
      data: join(folder, 'data'),
      sim: { racks: spec.racks, perRack: spec.perRack },
      vm: 0,
      firmware: 'mixed',
      interface: null,
      listen: null,
      ports: { temporal: 0, ui: 0, api: 0, agent: 0, events: 0, boot: 0, sim: 0 },
      once: true,
      timeoutSeconds: 600,
      view: false,
    },
    shell,
    steps: new SetupSteps(),
    supervisor,
    stop: new AbortController().signal,
  });
  return {
    up,
    supervisor,
    api: `http://127.0.0.1:${up.ports.api}`,
    sim: `http://127.0.0.1:${up.ports.sim}`,
    data: join(folder, 'data'),
    async journal() {
      const text = await readFile(join(folder, 'data', 'sim', 'journal.jsonl'), 'utf8');
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Entry);
    },
    until: (met, seconds) => untilMachines(up, supervisor, met, seconds),
    async close() {
      await supervisor.stop();
      await up.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function untilMachines(
  up: Up,
  supervisor: Supervisor,
  met: (rows: readonly FleetMachine[]) => boolean,
  seconds: number,
): Promise<readonly FleetMachine[]> {
  const end = Date.now() + seconds * 1000;
  let trouble: unknown = null;
  for (;;) {
    const rows = await up.mdb
      .select()
      .from(machines)
      .orderBy(machines.id)
      .catch((error: unknown) => {
        trouble = error;
        return [];
      });
    if (met(rows)) return rows;
    if (Date.now() > end) {
      const stand = rows.map((row) => `${row.id} ${row.stage}${row.held ? ` (${row.held})` : ''}`).join('; ');
      const last = trouble === null ? '' : `; the MDB last said ${trouble}`;
      throw new Error(`not met within ${seconds} s: ${stand || 'no machine'}${last}\n${await services(supervisor)}`);
    }
    await sleep(200);
  }
}

/** How each service is, with what it complained of last. */
async function services(supervisor: Supervisor): Promise<string> {
  const each = supervisor.list().map(async ({ name, state, restarts, lastEnd, log }) => {
    const lines = (await readFile(log, 'utf8').catch(() => '')).trim().split('\n');
    const complaints = lines.filter((line) => !/"level":(10|20|30),/.test(line)).slice(-3);
    const ends = lastEnd === null ? '' : `, last ended with ${lastEnd}`;
    return [`${name} is ${state}, restarted ${restarts} times${ends}`, ...complaints].join('\n  ').slice(0, 2000);
  });
  return (await Promise.all(each)).join('\n');
}

/** How often each machine had an effect, by machine. */
export function countEffect(journal: readonly Entry[], effect: SimEffect): Map<string, number> {
  const counts = new Map<string, number>();
  for (const entry of journal)
    if (entry.effect === effect) counts.set(entry.machine, (counts.get(entry.machine) ?? 0) + 1);
  return counts;
}
