import { Connection } from '@temporalio/client';
import { attributes } from '../../contract/attributes.ts';
import { startPostgres } from '../../host/postgres.ts';
import type { Service } from '../../host/supervise.ts';
import { startTemporal, type TemporalOptions } from '../../host/temporal.ts';
import { Trouble } from '../../host/trouble.ts';
import { appRole } from '../../mdb/roles.ts';
import { type DataLayout, logOf } from './layout.ts';

/** PostgreSQL as a service. After a crash it comes back on the port that its clients know. */
export function postgresService(layout: DataLayout): Service {
  const log = logOf(layout, 'postgres');
  let port = 0;
  return {
    name: 'postgres',
    log,
    start: async () => {
      const server = await startPostgres({ folder: layout.postgres, logFile: log, port });
      port = server.port;
      const { pid, ended, url } = server;
      const { url: appUrl, socketUrl: appSocketUrl, password: appPassword } = server.as(appRole);
      return { pid, ended, addresses: { url, appUrl, appSocketUrl, appPassword }, stop: () => server.stop() };
    },
  };
}

/** The Temporal dev server as a service. */
export function temporalService(layout: DataLayout, options: Omit<TemporalOptions, 'dataFile' | 'logFile'>): Service {
  const logFile = logOf(layout, 'temporal');
  return {
    name: 'temporal',
    log: logFile,
    start: async () => {
      const server = await startTemporal({ ...options, dataFile: layout.temporal, logFile });
      const { pid, ended, address, ui } = server;
      return { pid, ended, addresses: { address, ui }, stop: () => server.stop() };
    },
  };
}

/**
 * Makes a Temporal server that somebody else runs ready for us: our search attributes are added where they are
 * missing. Throws Trouble when it does not answer or refuses.
 */
export async function prepareTemporal(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: '5 seconds' }).catch(() => {
    throw new Trouble(`no Temporal server answers at ${address} (TEMPORAL_ADDRESS); start it, or unset the variable`);
  });
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    const missing = Object.values(attributes).filter(({ name }) => !(name in (customAttributes ?? {})));
    if (missing.length === 0) return;
    // 2 is the wire's number for keywords.
    const searchAttributes = Object.fromEntries(missing.map(({ name }) => [name, 2]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Trouble(`the Temporal server at ${address} did not take Farrier's search attributes: ${why}`);
  } finally {
    await connection.close();
  }
}
