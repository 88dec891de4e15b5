import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { InjectOptions } from 'fastify';
import { pino } from 'pino';
import { createPeopleApi, type PeopleApiOptions } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

/** The people's API over an MDB of its own, with the site of the tests. */
export async function servePeople(more: Partial<PeopleApiOptions> = {}) {
  const base = await throwawayMdb();
  const folder = await mkdtemp(join(tmpdir(), 'farrier-api-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  const options = { mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log, ...more };
  const app = await createPeopleApi(options);
  await writeSite(base.mdb);
  const ask = async (method: 'GET' | 'POST' | 'PUT', url: string, payload?: object, headers = {}) => {
    const body = payload === undefined ? {} : { payload };
    const response = await app.inject({ method, url: `/api/v1${url}`, headers, ...body } as InjectOptions);
    return {
      status: response.statusCode,
      headers: response.headers,
      body: response.body === '' ? null : response.json(),
    };
  };
  const close = async () => {
    await app.close();
    await base.close();
    await rm(folder, { recursive: true });
  };
  return { base, options, app, ask, close };
}
