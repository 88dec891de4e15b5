/** The API process: people's HTTP API, agents' HTTPS API and the receiver of controllers' events; each may be left out. */
import { isIP } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { z } from 'zod';
import { openAuthority } from '../boot/authority.ts';
import { parseListen } from '../host/listen.ts';
import { connectMdb } from '../mdb/connect.ts';
import { startAlive } from '../mdb/processes.ts';
import { createAgentApi } from './agent/server.ts';
import { createEventsApi } from './events/server.ts';
import { ClosedDoor, openDoor } from './people/door.ts';
import { createPeopleApi } from './people/server.ts';

const environment = z.object({
  FARRIER_MDB_URL: z.string('FARRIER_MDB_URL is missing: the URL of the MDB, postgres://…'),
  FARRIER_DATA: z.string('FARRIER_DATA is missing: the data folder'),
  FARRIER_SITE: z.string().default('home'),
  FARRIER_CONSOLE: z.string().default(join(import.meta.dirname, '..', 'console', 'dist')),
  FARRIER_TEMPORAL_UI: z.url({ protocol: /^https?$/, error: 'FARRIER_TEMPORAL_UI is an http or https URL' }).optional(),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  FARRIER_LOG: z.enum(['info', 'debug', 'silent'], 'FARRIER_LOG is info, debug or silent').default('info'),
  FARRIER_API_LISTEN: parseListen('FARRIER_API_LISTEN', '127.0.0.1:8470'),
  FARRIER_TRUST_LOOPBACK: z.enum(['yes', 'no'], 'FARRIER_TRUST_LOOPBACK is yes or no').default('no'),
  FARRIER_API_NAMES: z
    .string()
    .regex(/^[a-z0-9.:-]+(,[a-z0-9.:-]+)*$/, 'FARRIER_API_NAMES is not names like farrier.example,10.0.0.5')
    .optional(),
  FARRIER_API_CERT: z.string().min(1).optional(),
  FARRIER_API_KEY: z.string().min(1).optional(),
  FARRIER_API_REQUESTS_PER_MINUTE: z.coerce
    .number()
    .int()
    .min(60, 'FARRIER_API_REQUESTS_PER_MINUTE is 60 at least')
    .default(12_000),
  FARRIER_AGENT_LISTEN: parseListen('FARRIER_AGENT_LISTEN', '127.0.0.1:8443'),
  // Without an address that controllers reach there is nothing to listen for.
  FARRIER_EVENTS_LISTEN: parseListen('FARRIER_EVENTS_LISTEN', ''),
});

const read = environment
  .refine(
    (env) => (env.FARRIER_API_CERT === undefined) === (env.FARRIER_API_KEY === undefined),
    'FARRIER_API_CERT and FARRIER_API_KEY go together: files in PEM',
  )
  .safeParse(process.env);
if (!read.success) {
  for (const { message } of read.error.issues) console.error(message);
  process.exit(2);
}
const { FARRIER_MDB_URL: mdbUrl, FARRIER_DATA: data, FARRIER_SITE: siteId, ...rest } = read.data;
const { FARRIER_LOG: level, FARRIER_API_LISTEN: peopleListen, FARRIER_AGENT_LISTEN: agentListen } = rest;
const { FARRIER_API_REQUESTS_PER_MINUTE: requestsPerMinute } = rest;
const { FARRIER_EVENTS_LISTEN: eventsListen } = rest;

const log = pino({ level, base: { process: 'api' } });
const connection = connectMdb({ url: mdbUrl, name: 'farrier-api', connections: 20 });
const { mdb } = connection;
const addresses =
  agentListen && isIP(agentListen.host) && !/^(0\.0\.0\.0|::)$/.test(agentListen.host) ? [agentListen.host] : [];
const authority = await openAuthority(join(data, 'authority'), { addresses });

const images = join(data, 'images');
const accessCaFile = join(data, 'authority', 'access-ca.pem');

const { FARRIER_CONSOLE: pages, FARRIER_TEMPORAL_UI: ui, TEMPORAL_NAMESPACE: namespace } = rest;
const shown = { console: pages, ...(ui !== undefined && { temporal: { ui, namespace } }) };
const { listen } = connection;
const { FARRIER_API_CERT: cert, FARRIER_API_KEY: key, FARRIER_API_NAMES: names } = rest;
const trustsLoopback = rest.FARRIER_TRUST_LOOPBACK === 'yes';
const given = { trustsLoopback, names: names?.split(',') ?? [], files: cert && key ? { cert, key } : null };
const tls = peopleListen && (await openDoor(mdb, authority, { listen: peopleListen, ...given }).catch(giveUp));
const door = { trustsLoopback, requestsPerMinute, ...(tls && { tls }) };
const people =
  peopleListen && (await createPeopleApi({ mdb, siteId, images, authority, log, listen, ...door, ...shown }));
const events = eventsListen && createEventsApi({ mdb, authority, log });
const agent = agentListen && createAgentApi({ mdb, mdbUrl, authority, images, accessCaFile, log });
try {
  const served = {
    ...(people && peopleListen ? { api: await people.listen(peopleListen) } : {}),
    ...(agent && agentListen ? { agent: await agent.listen(agentListen) } : {}),
    ...(events && eventsListen ? { events: await events.listen(eventsListen) } : {}),
  };
  if (agent) startAlive(mdb, { name: 'agents', siteId });
  log.info(served, 'ready');
} catch (error) {
  const { code, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  const why = code === 'EADDRINUSE' ? 'another program listens there' : (error as Error).message;
  console.error(`The API cannot listen on ${address ?? 'its address'}:${port ?? ''}: ${why}`);
  process.exit(1);
}

function giveUp(error: unknown): never {
  if (!(error instanceof ClosedDoor)) throw error;
  console.error(error.message);
  process.exit(1);
}

let stopping = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (stopping) return;
    stopping = true;
    void Promise.all([people?.close(), agent?.close(), events?.close()])
      .then(() => connection.close())
      .then(() => process.exit(0));
  });
}
