import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { type Logger, pino } from 'pino';
import { isLoopback } from '../host/listen.ts';

export function openLog(name: string, level: string): Logger {
  return pino({ name, level });
}

/** The SDK's own lines go through our log: warnings only, since it tells of every activity otherwise. */
export function quietRuntime(log: Logger): void {
  Runtime.install({
    logger: {
      log: (level, message, meta) => {
        if (level === 'ERROR') log.error({ ...meta }, message);
        if (level === 'WARN') log.warn({ ...meta }, message);
      },
      trace: () => {},
      debug: () => {},
      info: () => {},
      warn: (message, meta) => log.warn({ ...meta }, message),
      error: (message, meta) => log.error({ ...meta }, message),
    },
    telemetryOptions: { logging: { forward: {}, filter: { core: 'WARN', other: 'ERROR' } } },
    shutdownSignals: [],
  });
}

/** Tries until Temporal answers, telling so once and then every half minute. */
export async function keepTrying<T>(log: Logger, what: string, connect: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await connect();
    } catch (error) {
      if (tries % 30 === 0)
        log.warn({ error: error instanceof Error ? error.message : String(error) }, `waiting for ${what}`);
      await sleep(1000);
    }
  }
}

/** To a Temporal on the same machine nothing is compressed: it would cost CPU and save no wire. */
export function connectWorker(log: Logger, address: string): Promise<NativeConnection> {
  const grpcCompression = { codec: isHere(address) ? 'none' : 'gzip' } as const;
  return keepTrying(log, `Temporal at ${address}`, () => NativeConnection.connect({ address, grpcCompression }));
}

/** Whether `host:port` is on this machine. */
export function isHere(address: string): boolean {
  const host = URL.parse(`http://${address}`)?.hostname ?? '';
  return isLoopback(host.replace(/^\[|\]$/g, ''));
}

export async function connectClient(log: Logger, address: string, namespace: string): Promise<Client> {
  const connection = await keepTrying(log, `Temporal at ${address}`, () =>
    Connection.connect({ address, connectTimeout: 5000 }),
  );
  return new Client({ connection, namespace });
}

/** Runs the worker until SIGTERM or SIGINT, then lets it finish what it has. */
export async function runUntilStopped(log: Logger, worker: Worker): Promise<void> {
  const stop = () => worker.getState() === 'RUNNING' && worker.shutdown();
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
  const running = worker.run();
  log.info({}, 'ready');
  await running;
}
