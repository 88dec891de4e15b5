import { connectMdb } from '../mdb/connect.ts';
import { startComparer } from './compare/loop.ts';
import { startDispatcher } from './dispatcher.ts';
import { connectClient, openLog } from './process.ts';
import { readSettings, settings } from './settings.ts';

const env = readSettings(settings.dispatch);
const log = openLog('dispatch', env.FARRIER_LOG);
const client = await connectClient(log, env.TEMPORAL_ADDRESS, env.TEMPORAL_NAMESPACE);
const connection = connectMdb({ url: env.FARRIER_MDB_URL, name: 'farrier dispatch', connections: 4 });
const dispatcher = startDispatcher({ client, connection, log });
const comparer = startComparer({ client, mdb: connection.mdb, log, every: env.FARRIER_COMPARE_SECONDS });

async function stop(): Promise<void> {
  await Promise.all([dispatcher.stop(), comparer.stop()]);
  await connection.close();
  await client.connection.close();
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
log.info({}, 'ready');
