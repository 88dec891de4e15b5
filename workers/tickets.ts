/**
 * The process that talks to what others run, and never sees Temporal: it mirrors tickets to the systems of their teams and
 * hears what those tell, and it verifies the audit and sends it where it is kept besides.
 */
import { join } from 'node:path';
import { pino } from 'pino';
import { createMirroring } from '../activities/tickets/index.ts';
import { openSink } from '../integrations/audit/sink.ts';
import { connectionFolder } from '../integrations/http/connection.ts';
import { connectMdb } from '../mdb/connect.ts';
import { startAuditLoop } from './auditloop.ts';
import { createHooks } from './hooks.ts';
import { startMirrorLoop } from './mirror.ts';
import { readSettings, settings } from './settings.ts';

const env = readSettings(settings.tickets);
const log = pino({ name: 'tickets', level: env.FARRIER_LOG });
const { mdb, close } = connectMdb({ url: env.FARRIER_MDB_URL, name: 'farrier tickets', connections: 8 });
const connections = connectionFolder(join(env.FARRIER_DATA, 'secrets'));
const loop = startMirrorLoop({ mirroring: createMirroring(mdb, connections), log });
const sinks = new Map([...env.FARRIER_AUDIT_TO].map(([to, place]) => [to, openSink(place, connections)]));
const audit = startAuditLoop({ mdb, sinks, log });
const listen = env.FARRIER_HOOK_LISTEN;
const hooks = listen && createHooks({ mdb, connections, log });
const served = hooks && listen ? await hooks.listen(listen) : null;

async function stop(): Promise<void> {
  await hooks?.close();
  await Promise.all([loop.stop(), audit.stop()]);
  await close();
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
log.info(served === null ? {} : { hooks: served }, 'ready');
