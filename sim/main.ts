import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import type { z } from 'zod';
import { announce, announcedPlaces, bmcSecret } from './announce.ts';
import { readFaults } from './faultfile.ts';
import { createFleet } from './fleet.ts';
import { listenFor } from './listen.ts';
import { openAccount } from './secret.ts';
import { simSettings } from './settings.ts';

const read = simSettings.safeParse(process.env);
if (!read.success) {
  for (const issue of read.error.issues) process.stderr.write(`${issue.path.join('.')}: ${issue.message}\n`);
  process.exit(2);
}
const env: z.infer<typeof simSettings> = read.data;
const log = pino({ name: 'sim', level: env.FARRIER_LOG });

const faults = env.FARRIER_SIM_FAULTS ? await orExit(readFaults(env.FARRIER_SIM_FAULTS)) : [];
const caFile = join(env.FARRIER_DATA, 'authority', 'ca.crt');
const ca = await keepTrying(log, `the site's CA in ${caFile}`, () => readFile(caFile, 'utf8'));
const fleet = createFleet({
  racks: env.FARRIER_SIM_RACKS,
  perRack: env.FARRIER_SIM_PER_RACK,
  folder: join(env.FARRIER_DATA, 'sim'),
  seed: env.FARRIER_SIM_SEED,
  speed: env.FARRIER_SIM_SPEED,
  maxBurninSeconds: env.FARRIER_SIM_BURNIN,
  personality: env.FARRIER_SIM_PERSONALITY,
  powerRate: env.FARRIER_SIM_POWER_RATE,
  waiting: env.FARRIER_SIM_CONNECTIONS,
  bootUrl: env.FARRIER_BOOT_URL,
  ca,
  faults,
  account: await openAccount(join(env.FARRIER_DATA, 'secrets'), bmcSecret),
  failed: (error) => log.error({ error: String(error) }, 'the states of machines cannot be written'),
  ...(env.FARRIER_AGENT_URL && { agentUrl: env.FARRIER_AGENT_URL }),
});
const listening = await orExit(
  listenFor(fleet, env.FARRIER_SIM_LISTEN, env.FARRIER_SIM_ADDRESSING, env.FARRIER_SIM_SCHEME),
);
await orExit(
  announce(env.FARRIER_API, announcedPlaces(fleet, listening.originOf), ({ message }) =>
    log.warn({ error: message }, 'waiting for the API'),
  ),
);
const starting = fleet.start(env.FARRIER_SIM_POWER);
log.info({ control: listening.control, machines: fleet.machines.length }, 'ready');

/** What a person can mend ends the process with one sentence. */
async function orExit<T>(work: Promise<T>): Promise<T> {
  return work.catch((error: Error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
}

async function keepTrying<T>(to: Logger, what: string, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries % 30 === 0)
        to.warn({ error: error instanceof Error ? error.message : String(error) }, `waiting for ${what}`);
      await sleep(1000);
    }
  }
}

let stopping = false;
async function stop(): Promise<void> {
  if (stopping) return;
  stopping = true;
  await listening.close();
  await fleet.stop();
  await starting;
  process.exit(0);
}
process.once('SIGTERM', () => void stop());
process.once('SIGINT', () => void stop());
