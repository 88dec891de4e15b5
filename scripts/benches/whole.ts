/** A whole Farrier of a bench's own, in a folder that is removed afterwards. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bringUp, type Up } from '../../cli/up/bring.ts';
import { SetupSteps } from '../../cli/up/steps.ts';
import type { Seconds } from '../../domain/duration.ts';
import { Supervisor } from '../../host/supervise.ts';

export interface WholeSpec {
  readonly racks: number;
  readonly perRack: number;
  /** Divides the time that hardware takes. */
  readonly speed: number;
  /** Seconds of a machine's life that its burn-in takes at most; the simulator's own 5 by default. */
  readonly burnin?: Seconds;
  /** What new machines are; on by default. */
  readonly power?: 'on' | 'off';
  /** A file of faults. */
  readonly faults?: string | undefined;
  /** Data folder that is kept; one that is removed at the end by default. */
  readonly data?: string | undefined;
  /** Seconds that it may take to come up. */
  readonly timeout: Seconds;
}

export interface BenchFarrier {
  readonly up: Up;
  readonly supervisor: Supervisor;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly stopped: AbortSignal;
}

/** Brings one up, works with it, and leaves nothing behind. Gives what the work gives. */
export async function withFarrier<T>(spec: WholeSpec, work: (farrier: BenchFarrier) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const folder = spec.data ?? (await mkdtemp(join(tmpdir(), 'farrier-bench-')));
  const supervisor = new Supervisor();
  let up: Up | null = null;
  try {
    up = await start(spec, folder, supervisor, stop.signal);
    return await work({ up, supervisor, stopped: stop.signal });
  } finally {
    await supervisor.stop();
    await up?.close();
    if (spec.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

function start(spec: WholeSpec, data: string, supervisor: Supervisor, stop: AbortSignal): Promise<Up> {
  // A server that the shell names is somebody's own.
  const { TEMPORAL_ADDRESS: _, ...environment } = process.env;
  return bringUp({
    options: {
      data,
      sim: { racks: spec.racks, perRack: spec.perRack },
      vm: 0,
      firmware: 'mixed',
      interface: null,
      listen: null,
      ports: { temporal: 0, ui: 0, api: 0, agent: 0, events: 0, boot: 0, sim: 0 },
      once: true,
      timeoutSeconds: spec.timeout,
      view: false,
    },
    shell: {
      ...(environment as Record<string, string>),
      FARRIER_LOG: 'info',
      FARRIER_SIM_SPEED: String(spec.speed),
      FARRIER_SIM_POWER: spec.power ?? 'on',
      ...(spec.burnin !== undefined && { FARRIER_SIM_BURNIN: String(spec.burnin) }),
      // All machines are one source here.
      FARRIER_BOOT_RATE: '100000',
      ...(spec.faults !== undefined && { FARRIER_SIM_FAULTS: spec.faults }),
    },
    steps: printingSteps(),
    supervisor,
    stop,
  });
}

function printingSteps(): SetupSteps {
  const steps = new SetupSteps();
  const printed = new Set<string>();
  steps.on('change', () => {
    for (const { title, state } of steps.list()) {
      if (printed.has(title) || (state !== 'done' && state !== 'failed')) continue;
      say(`${title}: ${state}`);
      printed.add(title);
    }
  });
  return steps;
}
