/** Versions of policies: every change keeps the one before it, with who, when and why, and it can be brought back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { setProfile } from '../../mdb/drift/profiles.ts';
import { setRotation } from '../../mdb/people/oncall.ts';
import { removeRoute, setRoute } from '../../mdb/people/tickets.ts';
import { setPermitGroups } from '../../mdb/permits/groups.ts';
import { setPolicy } from '../../mdb/permits/semaphores.ts';
import { setImageSystem } from '../../mdb/places/imagesystem.ts';
import { listPolicies, listVersions, restorePolicy } from '../../mdb/policies/versions.ts';
import { setCapacity } from '../../mdb/service/capacity.ts';
import { engageBreaker, releaseBreaker, setBreaker } from '../../mdb/service/circuitbreaker.ts';
import { readPool, setPool } from '../../mdb/service/pools.ts';
import { runFarrier } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let url: string;
let folder: string;
const ada = { class: 'user', name: 'ada' } as const;
const bob = { class: 'user', name: 'bob' } as const;

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-policies-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  await writeSite(base.mdb);
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true, force: true });
});

const farrier = (...args: string[]) => runFarrier(url, ['policy', ...args]);

it('of a pool keeps who, when, why and what, and brings an earlier one back as a new one', async () => {
  await setPool(base.mdb, ada, 'batch', { soakMinutes: 5, owner: 'ops' }, 'first');
  await setPool(base.mdb, bob, 'batch', { soakMinutes: 60 }, 'too quick');
  await setPool(base.mdb, bob, 'batch', { soakMinutes: 60 }, 'the same again');
  expect(
    (await listVersions(base.mdb, 'pool', 'batch')).map(({ at: _, value, ...rest }) => ({
      ...rest,
      soak: value?.['soak_minutes'],
    })),
  ).toEqual([
    {
      kind: 'pool',
      subject: 'batch',
      version: 2,
      actor: 'bob',
      reason: 'too quick',
      approvedBy: null,
      restores: null,
      soak: 60,
    },
    {
      kind: 'pool',
      subject: 'batch',
      version: 1,
      actor: 'ada',
      reason: 'first',
      approvedBy: null,
      restores: null,
      soak: 5,
    },
  ]);
  expect(await farrier('restore', 'pool', 'batch', '1', '--reason', 'was right')).toBe(
    'pool batch is as in version 1 again: version 3\n',
  );
  expect(await readPool(base.mdb, 'batch')).toMatchObject({ soakMinutes: 5, owner: 'ops' });
  expect(await farrier('history', 'pool', 'batch')).toMatch(
    /3 .* ann +as version 1 +was right\n.*2 .* bob +written +too quick\n/,
  );
  expect(JSON.parse(await farrier('show', 'pool', 'batch', '--version', '2'))).toMatchObject({ soak_minutes: 60 });
  await expect(farrier('restore', 'pool', 'batch', '3', '--reason', 'r')).rejects.toThrow('says already');
  await expect(farrier('restore', 'pool', 'batch', '9', '--reason', 'r')).rejects.toThrow('there is no version 9');
  await expect(farrier('history', 'pool', 'none')).rejects.toThrow('no change of pool none');
});

it('of every kind is kept, and every kind can be brought back', async () => {
  const route = {
    siteId: 'home',
    team: 'hands',
    adapter: 'github',
    secretRef: 's',
    settings: { project: 'a' },
    role: 'operator',
  } as const;
  const rotation = { people: ['ada'], first: '2026-11-23', days: 7, handover: '09:00', zone: 'UTC' };
  const reboot = { operation: 'reboot', tag: 'rack', value: 'A01' };
  const change = async (second: boolean, reason: string) => {
    await setProfile(base.mdb, ada, 'default', { priority: second ? 2 : 1 }, reason);
    await setPool(base.mdb, ada, 'web', { soakMinutes: second ? 2 : 1 }, reason);
    await setPolicy(base.mdb, ada, reboot, { capacity: second ? 2 : 1, percent: null }, reason);
    await setPermitGroups(base.mdb, ada, 'drain', second ? ['pool'] : [], reason);
    await setCapacity(base.mdb, ada, { scope: 'pool', name: 'web' }, second ? null : { min: 1, unit: 'count' }, reason);
    await setBreaker(base.mdb, ada, { perMinute: second ? 2 : 1 }, reason);
    await setImageSystem(base.mdb, ada, 'home', { system: second ? 'dominator' : 'archive' }, reason);
    if (second) await removeRoute(base.mdb, ada, 'home', 'hands', reason);
    else await setRoute(base.mdb, ada, route, reason);
    await setRotation(base.mdb, ada, 'hands', { ...rotation, days: second ? 2 : 1 });
  };
  await change(false, 'one');
  await engageBreaker(base.mdb, ada, 'a storm', null);
  await releaseBreaker(base.mdb, ada, 'over', null);
  await change(true, 'two');
  const tables: Record<string, string> = {
    ...{ site: 'sites', profile: 'profiles', pool: 'pools', semaphore: 'semaphores', 'permit-groups': 'permit_groups' },
    ...{ capacity: 'capacity_rules', 'circuit-breaker': 'brakes', 'ticket-route': 'ticket_routes', oncall: 'oncall' },
  };
  const read = async (kind: string) =>
    (
      await base.mdb.execute<{ row: Record<string, unknown> }>(
        sql.raw(`select to_jsonb(t) as row from ${tables[kind]} t`),
      )
    ).map(({ row }) => {
      for (const stamp of ['updated_at', 'updated_by', 'reason', 'set_at', 'set_by']) delete row[stamp];
      return row;
    });
  const changed = (await listPolicies(base.mdb)).filter(({ subject }) => subject !== 'batch');
  expect(new Set(changed.map(({ kind }) => kind))).toEqual(new Set(Object.keys(tables)));
  for (const { kind, subject, version } of changed) {
    const rows = await read(kind);
    const versions = await listVersions(base.mdb, kind, subject);
    expect(
      versions.find((one) => one.version === version - 1),
      `${kind} ${subject}`,
    ).toBeDefined();
    const back = await restorePolicy(base.mdb, bob, { kind, subject, version: version - 1, reason: 'back' });
    expect(back, `${kind} ${subject}`).toMatchObject({ version: version + 1, restores: version - 1, actor: 'bob' });
    expect(await read(kind), kind).not.toEqual(rows);
    await restorePolicy(base.mdb, bob, { kind, subject, version, reason: 'and again' });
    expect(await read(kind), kind).toEqual(rows);
  }
});

it('are append-only, also for Farrier itself', async () => {
  for (const statement of [
    'delete from policy_versions',
    `update policy_versions set actor = 'eve'`,
    'truncate policy_versions',
  ])
    await expect(base.mdb.execute(sql.raw(statement))).rejects.toMatchObject({ cause: { code: '42501' } });
  await expect(base.asOwner('delete from policy_versions')).rejects.toMatchObject({ code: '42501' });
});
