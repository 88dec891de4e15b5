/** A rig of virtual servers as a process: `farrier up --vm N` starts it, and anyone may start it alone. */
import { join, resolve } from 'node:path';
import pino from 'pino';
import { z } from 'zod';
import { cacheFolder } from '../../host/cache.ts';
import { Trouble } from '../../host/trouble.ts';
import { announceRig } from './announce.ts';
import { inject, readVmFaults } from './faults.ts';
import { awaitListeners, type Listener } from './listeners.ts';
import { openRig, type Rig } from './rig.ts';

const listeners = z
  .string()
  .regex(/^((tcp|udp):\d{1,5}(,|$))*$/, 'is not like udp:67,tcp:8080')
  .transform((text) =>
    text
      .split(',')
      .filter(Boolean)
      .map((each): Listener => {
        const [protocol, port] = each.split(':');
        return { protocol: protocol === 'udp' ? 'udp' : 'tcp', port: Number(port) };
      }),
  );

const addresses = z
  .string()
  .transform((text) => text.split(',').filter(Boolean))
  .pipe(z.array(z.union([z.cidrv4(), z.cidrv6()])).min(1))
  .refine(([first = '']) => !first.includes(':'), 'begins with an IPv6 address; the first must be an IPv4 one');

const environment = z.object({
  FARRIER_DATA: z.string().min(1),
  /** Origin of Farrier's API; without it, the rig is announced to nobody. */
  FARRIER_API: z.url('is not an origin').optional(),
  FARRIER_LOG: z.enum(['info', 'debug', 'silent']).default('info'),
  FARRIER_VM_COUNT: z.coerce.number().int().min(1).max(48),
  FARRIER_VM_FIRMWARE: z.enum(['bios', 'uefi', 'mixed']).default('mixed'),
  FARRIER_VM_MEMORY_MIB: z.coerce.number().int().min(256).max(65_536).default(1024),
  FARRIER_VM_TPM: z.enum(['0', '1']).default('0'),
  /** `last`: as before the rig was stopped, and on at the first start. */
  FARRIER_VM_POWER: z.enum(['on', 'off', 'last']).default('last'),
  /** Addresses of the bridge with prefix length, e.g. `10.77.0.1/16,10.1.0.1/16`. */
  FARRIER_VM_ADDRESSES: addresses.optional(),
  /** Power is put on once these are open in the namespace; empty: at once. */
  FARRIER_VM_AWAIT: listeners.prefault('udp:67,tcp:8080'),
});
type Environment = z.infer<typeof environment>;

function openFrom(env: Environment): Promise<Rig> {
  const data = resolve(env.FARRIER_DATA);
  return openRig({
    folder: join(data, 'vm'),
    secrets: join(data, 'secrets'),
    cache: cacheFolder(process.env),
    count: env.FARRIER_VM_COUNT,
    firmware: env.FARRIER_VM_FIRMWARE,
    memoryMib: env.FARRIER_VM_MEMORY_MIB,
    tpm: env.FARRIER_VM_TPM === '1',
    ...(env.FARRIER_VM_ADDRESSES === undefined ? {} : { addresses: env.FARRIER_VM_ADDRESSES }),
  });
}

async function powerOn(env: Environment, rig: Rig, log: pino.Logger, stop: AbortSignal): Promise<void> {
  const policy = env.FARRIER_VM_POWER;
  const wanted = rig.machines.filter(({ before }) => policy === 'on' || (policy === 'last' && before !== 'Off'));
  if (wanted.length === 0) return;
  log.info({ machines: wanted.length, until: env.FARRIER_VM_AWAIT }, 'waiting with the power until boot is answered');
  if (!(await awaitListeners(rig.network, env.FARRIER_VM_AWAIT, stop))) return;
  for (const { machine, facts } of wanted) {
    if (stop.aborted) return;
    await machine.powerOn('rig');
    log.info({ machine: facts.id }, 'power on');
  }
}

async function main(): Promise<void> {
  const parsed = environment.safeParse(process.env);
  if (!parsed.success)
    throw new Trouble(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const env = parsed.data;
  const log = pino({ name: 'vm', level: env.FARRIER_LOG });
  const stop = new AbortController();
  const stopping = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, () => stop.abort());

  const rig = await openFrom(env);
  try {
    const file = join(resolve(env.FARRIER_DATA), 'vm', 'faults.json');
    await inject(rig, await readVmFaults(file));
    process.on('SIGHUP', () => {
      readVmFaults(file)
        .then((faults) => inject(rig, faults))
        .then(() => log.info('faults read again'))
        .catch((error: Error) => log.error(error.message));
    });
    if (env.FARRIER_API !== undefined)
      await announceRig(
        env.FARRIER_API,
        rig.machines.map(({ facts }) => facts),
        ({ message }) => log.warn({ error: message }, 'waiting for the API'),
      );
    const { network, accelerator, machines } = rig;
    const ready = {
      namespace: network.name,
      command: network.command([]),
      gateway: network.gateway,
      bridge: network.bridge,
    };
    log.info({ ...ready, accelerator, machines: machines.map(({ facts }) => facts) }, 'ready');
    await powerOn(env, rig, log, stop.signal);
    await stopping;
  } finally {
    await rig.close();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Trouble ? error.message : (error as Error).stack}\n`);
  process.exitCode = 1;
});
