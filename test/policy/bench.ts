/** The people's API and the command line in front of it, in this process, over a small site of its own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { machines, racks } from '../../mdb/schema.ts';
import { runFarrier } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

export interface PolicyBench {
  readonly base: ThrowawayMdb;
  readonly url: string;
  readonly folder: string;
  /** What a command writes; throws what it is refused with. */
  farrier(...args: string[]): Promise<string>;
  ask(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: object,
  ): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>;
  close(): Promise<void>;
}

/** Four machines in service, two each in racks A01 and A02, and `m-05` that stands in none. */
export async function openPolicyBench(): Promise<PolicyBench> {
  const base = await throwawayMdb();
  const folder = await mkdtemp(join(tmpdir(), 'farrier-desk-'));
  await mkdir(join(folder, 'secrets'));
  await writeFile(join(folder, 'secrets', 'desk'), '{}');
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  const app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  const url = await app.listen({ host: '127.0.0.1', port: 0 });
  await writeSite(base.mdb);
  await base.mdb.update(racks).set({ feed: 'f1' });
  await base.mdb.insert(machines).values(
    [1, 2, 3, 4, 5].map((number) => ({
      id: `m-0${number}`,
      siteId: 'home',
      mac: `52:54:00:00:09:0${number}`,
      hostname: `h${number}`,
      ...(number < 5 && { rackId: number < 3 ? 'A01' : 'A02', unit: number }),
      stage: 'in_service' as const,
      opState: 'production' as const,
      bootState: 'healthy' as const,
      inServiceAt: new Date(),
    })),
  );
  const farrier = (...args: string[]) => runFarrier(url, args);
  const ask = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return { status: response.status, body: await response.json() };
  };
  const close = async () => {
    await app.close();
    await base.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { base, url, folder, farrier, ask, close };
}
