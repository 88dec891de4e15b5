/**
 * The birther as machines see it, on loopback: boot decisions, their times at 200 a second, first boots, and fetches
 * of a 10 MiB image. PostgreSQL, the birther and the load are a process each. Ends with one line of JSON;
 * `per_core_second` divides by the CPU seconds that the birther itself used.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { startPostgres } from '../../host/postgres.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { machines } from '../../mdb/schema.ts';
import { type BootResult, bootBounds } from './bootbudget.ts';
import { flood, quantile, steady, type Target } from './load.ts';
import { reportBounds } from './verdict.ts';

const imageBytes = 10 * 2 ** 20;

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '10' }, machines: { type: 'string', default: '4000' } },
});
const options = z
  .object({ seconds: z.coerce.number().positive(), machines: z.coerce.number().int().min(2).max(200_000) })
  .parse(values);
const round = (number: number) => Math.round(number * 100) / 100;

const data = await mkdtemp(join(tmpdir(), 'farrier-bench-boot-'));
const postgres = await startPostgres({ folder: join(data, 'postgres'), durable: false });
try {
  await fill(postgres.url);
  await mkdir(join(data, 'images', 'boot'), { recursive: true });
  await writeFile(join(data, 'images', 'boot', 'initrd'), randomBytes(imageBytes));
  const birther = await startBirther(postgres.url);
  const result: BootResult = { bench: 'boot', ...options, ...(await measure(birther)) };
  console.log(JSON.stringify(result));
  process.exitCode = reportBounds(bootBounds(result));
  birther.child.kill('SIGTERM');
  await once(birther.child, 'exit');
} finally {
  await postgres.stop();
  await rm(data, { recursive: true, force: true });
}

interface Birther {
  readonly child: ChildProcess;
  readonly origin: string;
}

async function measure(birther: Birther) {
  const half = options.machines >> 1;
  const healthy = await decisions(birther, (n) => bootPath(((n % half) << 1) | 1));
  const bootstrap = await decisions(birther, (n) => bootPath((n % half) << 1));
  const { origin } = birther;
  const at200 = await steady({ origin, path: (n) => bootPath(n % options.machines), bytes: 1 }, 200, options.seconds);
  const first = await flood({ origin, path: (n) => bootPath(0x01000000 + n), bytes: 1 }, 32, options.seconds);
  const fetches = await loaded(birther, { origin, path: () => '/files/boot/initrd', bytes: imageBytes }, 8);
  return {
    healthy,
    bootstrap,
    at_200_per_second: {
      p50_ms: round(quantile(at200.times, 0.5)),
      p99_ms: round(quantile(at200.times, 0.99)),
      errors: at200.errors,
    },
    first_boots: { per_second: Math.round(first.times.length / first.seconds), errors: first.errors },
    fetches_10_mib: {
      per_second: round(fetches.times.length / fetches.seconds),
      cpu_ms_each: round((fetches.cpu * 1000) / fetches.times.length),
      errors: fetches.errors,
    },
  };
}

/** One kind of boot request at full load. */
async function decisions(birther: Birther, path: (n: number) => string) {
  const { times, errors, seconds, cpu } = await loaded(birther, { origin: birther.origin, path, bytes: 1 }, 32);
  return {
    per_second: Math.round(times.length / seconds),
    per_core_second: Math.round(times.length / cpu),
    p99_ms: round(quantile(times, 0.99)),
    errors,
  };
}

async function loaded(birther: Birther, target: Target, width: number) {
  await flood(target, width, 1);
  const before = await cpuSeconds(birther.child);
  const load = await flood(target, width, options.seconds);
  return { ...load, cpu: (await cpuSeconds(birther.child)) - before };
}

/** CPU seconds of a process so far, its children not counted; Linux counts in hundredths. */
async function cpuSeconds(child: ChildProcess): Promise<number> {
  const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function macOf(n: number): string {
  const bytes = [24, 16, 8, 0].map((bits) => ((n >>> bits) & 255).toString(16).padStart(2, '0'));
  return ['52', '54', ...bytes].join(':');
}

function bootPath(n: number): string {
  return `/boot.ipxe?mac=${macOf(n)}&uuid=&serial=S${n}&platform=pcbios&arch=i386`;
}

async function startBirther(mdbUrl: string): Promise<Birther> {
  const main = fileURLToPath(new URL('../../boot/main.ts', import.meta.url));
  const env = {
    ...process.env,
    FARRIER_MDB_URL: mdbUrl,
    FARRIER_DATA: data,
    FARRIER_BOOT_LISTEN: '127.0.0.1:0',
    FARRIER_BOOT_URL: 'http://127.0.0.1:8080',
    FARRIER_AGENT_URL: 'https://127.0.0.1:8443',
    FARRIER_BOOT_RATE: '1000000',
  };
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) {
    const said = z.object({ msg: z.string(), listen: z.string().optional() }).parse(JSON.parse(line));
    if (said.msg === 'ready') return { child, origin: `http://${said.listen}` };
  }
  throw new Error('the birther did not start');
}

/** A site whose every second machine is healthy; the others are in rebirth and get a bootstrap image. */
async function fill(url: string): Promise<void> {
  const { mdb, close } = connectMdb({ url, name: 'bench' });
  await migrateMdb(mdb);
  const policy = {
    ...({ autoBirth: true, wipe: 'any', bmcNetworks: [], bootstrapLimit: 1_000_000 } as const),
    ...({ unknownMachinesPerMinute: 1_000_000, hostname: '{rack}-{unit}', imageSystem: 'archive' } as const),
  };
  await definePlaces(
    mdb,
    { class: 'system', name: 'test' },
    {
      siteId: 'home',
      site: { name: 'bench', domain: 'bench.example', policy },
      networks: [{ id: 'birth', kind: 'birth', cidr: '10.64.0.0/16' }],
    },
  );
  for (let from = 0; from < options.machines; from += 1000) {
    const numbers = Array.from({ length: Math.min(1000, options.machines - from) }, (_, at) => from + at);
    await mdb.insert(machines).values(
      numbers.map((n) => ({
        ...{ id: `m-${n}`, siteId: 'home', mac: macOf(n), serial: `S${n}` },
        bootState: n % 2 ? ('healthy' as const) : ('rebirth' as const),
      })),
    );
  }
  await close();
}
