/** The Redfish client against simulated controllers without delay; ends with one line of JSON. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import type { Login } from '../../redfish/login.ts';
import { openSessionPool } from '../../redfish/pool.ts';
import { gatherHardware } from '../../redfish/read/inventory.ts';
import type { Session } from '../../redfish/session.ts';
import { personalityChoices } from '../../sim/bmc/personalities.ts';
import { type RedfishResult, redfishBounds } from './redfishbudget.ts';
import { reportBounds } from './verdict.ts';

const { values } = parseArgs({
  options: {
    controllers: { type: 'string', default: '1000' },
    hung: { type: 'string', default: '100' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '2' },
  },
});
const whole = z.coerce.number().int().min(1);
const controllers = whole.parse(values.controllers);
const hung = z.coerce.number().int().min(0).max(controllers).parse(values.hung);
const say = (text: string) => void process.stderr.write(`${text}\n`);
const contact = {
  pin: null,
  credentials: { username: 'admin', password: 'simulated' },
  site: { id: 'bench', max: 256 },
  gate: (attempt: () => Promise<Login>) => attempt(),
};
/** Activities that a hardware worker runs at once. */
const atOnce = 256;
/** Dead controllers are given up sooner than in service, so that the bench ends sooner. */
const limits = { connect: 5000, answer: 5000, whole: 10_000 };

// V8 takes what memory there is; this is what a container of 400 MiB would leave to its heap.
const heap = '--max-old-space-size=256';
process.exitCode = process.execArgv.includes(heap) ? await bench() : await again();

/** The same with the heap bounded. */
async function again(): Promise<number> {
  const child = spawn(process.execPath, [heap, ...process.argv.slice(1)], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

async function bench(): Promise<number> {
  const families = await readFamilies();
  const result: RedfishResult = await withControllers(['standard', controllers, hung], async (origins) => ({
    bench: 'redfish',
    requests_per_second: await flood(origins.slice(-32)),
    inventory_requests: families,
    ...(await pollAll(origins.slice(hung), origins.slice(0, hung))),
  }));
  process.stdout.write(`${JSON.stringify(result)}\n`);
  return reportBounds(redfishBounds(result));
}

/** The simulator in a process of its own: its memory and its work are not the client's. */
async function withControllers<T>(
  [family, count, dead]: readonly [family: string, count: number, dead: number],
  work: (origins: readonly string[]) => Promise<T>,
): Promise<T> {
  const serve = join(import.meta.dirname, 'controllers.bench.ts');
  const options = ['--family', family, '--count', String(count), '--hung', String(dead)];
  const child = spawn(process.execPath, [serve, ...options], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    for await (const line of createInterface({ input: child.stdout }))
      return await work(z.array(z.string()).parse(JSON.parse(line)));
    throw new Error('the simulator ended before it listened');
  } finally {
    child.stdin.end();
  }
}

/** Requests that the inventory of one server of two sockets takes, for each family. */
async function readFamilies(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const family of personalityChoices.filter((one) => one !== 'mixed')) {
    counts[family] = await withControllers([family, 1, 0], async ([origin = '']) => {
      const pool = openSessionPool();
      const { requests } = await pool.use({ ...contact, origin }, (session) => gatherHardware(session));
      await pool.close();
      return requests;
    });
    say(`${family}: ${counts[family]} requests an inventory`);
  }
  return counts;
}

/** Reads of one small resource, as many at once as the client lets. */
async function flood(origins: readonly string[]): Promise<number> {
  const pool = openSessionPool();
  const until = performance.now() + whole.parse(values.seconds) * 1000;
  const began = performance.now();
  const read = async (session: Session) => {
    let count = 0;
    for (; performance.now() < until; count += 1) await session.get('/redfish/v1/Systems');
    return count;
  };
  const counts = await Promise.all(origins.map((origin) => pool.use({ ...contact, origin }, read)));
  const rate = counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - began) / 1000);
  await pool.close();
  say(`${Math.round(rate)} requests a second through one process`);
  return Math.round(rate);
}

/** Inventories of all healthy controllers, alone and beside hung ones. */
async function pollAll(healthy: readonly string[], dead: readonly string[]) {
  const memory = { max: 0 };
  const watching = setInterval(() => {
    memory.max = Math.max(memory.max, process.memoryUsage().rss / 2 ** 20);
  }, 50);
  await poll(healthy.slice(0, 50), []);
  const times: { alone: number[]; beside: number[] } = { alone: [], beside: [] };
  for (let round = 0; round < whole.parse(values.rounds); round += 1) {
    for (const [kind, others] of [
      ['alone', []],
      ['beside', dead],
    ] as const) {
      const seconds = await poll(healthy, others);
      times[kind].push(seconds);
      say(
        `${healthy.length} controllers ${kind}${kind === 'beside' ? ` ${others.length} that hang` : ''}: ${seconds} s`,
      );
    }
  }
  clearInterval(watching);
  return {
    controllers: healthy.length,
    hung: dead.length,
    alone_seconds: Math.min(...times.alone),
    beside_seconds: Math.min(...times.beside),
    rss_mib: Math.round(memory.max),
  };
}

/** As a sweep does: each once, in no order, so many at once. Gives the seconds until the healthy ones were through. */
async function poll(healthy: readonly string[], dead: readonly string[]): Promise<number> {
  const pool = openSessionPool({ limits });
  const queue = spread(healthy, dead);
  const began = performance.now();
  let left = healthy.length;
  let ended = began;
  const work = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const { origin, hangs } = next;
      const reading = pool.use({ ...contact, origin }, async (session) => void (await gatherHardware(session)));
      if (hangs) await reading.catch(() => undefined);
      else {
        await reading;
        left -= 1;
        if (left === 0) ended = performance.now();
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await pool.close();
  return Math.round((ended - began) / 10) / 100;
}

/** The hung ones evenly among the others. */
function spread(healthy: readonly string[], dead: readonly string[]): { origin: string; hangs: boolean }[] {
  const every = healthy.length / Math.max(1, dead.length);
  const placed = [
    ...healthy.map((origin, place) => ({ origin, hangs: false, place })),
    ...dead.map((origin, index) => ({ origin, hangs: true, place: (index + 0.5) * every })),
  ];
  return placed.sort((one, other) => one.place - other.place);
}
