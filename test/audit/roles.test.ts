/** What the role of Farrier's processes may not do, on a real PostgreSQL, and what the owner's migrations leave to it. */
import { sql } from 'drizzle-orm';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examineRights } from '../../api/people/findings.ts';
import { migrateOwn } from '../../cli/mdb/migrate.ts';
import { rolesSql } from '../../cli/mdb/roles.ts';
import { record } from '../../mdb/acting.ts';
import { verifyChain } from '../../mdb/audit/verify.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { migrateMdb } from '../../mdb/migrate.ts';
import { appRole, grantToApp, readOwnRights } from '../../mdb/roles.ts';
import * as schema from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

let at: ThrowawayMdb;
let owner: ThrowawayMdb;

beforeAll(async () => {
  [at, owner] = await Promise.all([throwawayMdb(), throwawayMdb({ owner: true })]);
  await writeSite(at.mdb);
  for (const name of ['ada', 'bob']) await record(at.mdb, { actor: { class: 'user', name }, action: 'looked' });
});
afterAll(() => Promise.all([at?.close(), owner?.close()]));

async function refusal(statement: string): Promise<string> {
  try {
    await at.mdb.execute(sql.raw(statement));
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (cause instanceof postgres.PostgresError) return cause.code;
    throw error;
  }
  return 'accepted';
}

const refused = '42501';

describe('the application', () => {
  it.each([
    ...['audit', 'state_history'].flatMap((table) => [
      `update ${table} set actor = 'eve'`,
      `update ${table} set actor = 'eve' where false`,
      `delete from ${table}`,
      `truncate ${table}`,
      `select 1 from ${table} for update`,
      `alter table ${table} disable trigger all`,
      `alter table ${table} disable trigger user`,
      `alter table ${table} add column x int`,
      `alter table ${table} owner to ${appRole}`,
      `drop table ${table}`,
      `drop trigger ${table}_append_only on ${table}`,
      `create trigger mine before insert on ${table} for each row execute function append_only()`,
      `create rule mine as on insert to ${table} do instead nothing`,
    ]),
    'alter table machines disable trigger machines_guard',
    'drop trigger machines_guard on machines',
    'drop trigger audit_chain on audit',
    'create or replace function audit_chain() returns trigger language plpgsql as $$ begin return new; end $$',
    'create or replace function append_only() returns trigger language plpgsql as $$ begin return new; end $$',
    'alter function append_only() owner to current_user',
    'drop function append_only() cascade',
    `insert into legal_edges values ('stage', 'racked', 'in_service')`,
    'delete from legal_edges',
    `update legal_edges set "to" = 'in_service'`,
    'truncate machines',
    'alter table machines add column x int',
    'drop table machines',
    'create table mine (x int)',
    'create function mine() returns int language sql as $$ select 1 $$',
    'drop schema public cascade',
    'delete from drizzle.__drizzle_migrations',
    `set session_replication_role = 'replica'`,
    'set role farrier',
    `alter role ${appRole} superuser`,
    'create role mine superuser',
    'grant farrier to current_user',
    `copy audit to program 'cat'`,
    `select setval('audit_id_seq', 1)`,
    'drop sequence audit_id_seq cascade',
    'alter sequence audit_id_seq restart',
    'do $$ begin lock table audit in exclusive mode; end $$',
  ])('may not: %s', async (statement) => {
    // 2BP01 and the like would mean that only something else stood in its way.
    expect(await refusal(statement)).toBe(refused);
  });

  it('gives nobody rights that it does not have', async () => {
    for (const table of ['audit', 'state_history'])
      for (const whom of [appRole, 'public']) {
        // PostgreSQL warns and grants nothing.
        await refusal(`grant update, delete on ${table} to ${whom}`);
        expect(await refusal(`update ${table} set actor = 'eve'`)).toBe(refused);
        expect(await refusal(`delete from ${table}`)).toBe(refused);
      }
  });

  it('may read and write the rest, and add to the audit, whose chain it does not choose', async () => {
    expect(
      await refusal(`insert into state_history (machine_id, guarded, "to", actor) values ('m', 'stage', 'x', 'y')`),
    ).toBe('accepted');
    expect(
      await refusal(`insert into audit (id, at, actor_class, actor, action, previous, hash)
        values (1, '2001-01-01', 'user', 'eve', 'put.in', 'x', 'y')`),
    ).toBe('accepted');
    expect(await verifyChain(at.mdb)).toMatchObject({ fault: null });
  });

  it('puts no table of its own before those that the guards look into', async () => {
    const { mdb, close } = connectMdb({ url: at.url, name: 'shadow', connections: 1 });
    try {
      for (const statement of [
        'create temp table audit (id bigint, hash text)',
        `insert into audit values (1000000, 'mine')`,
        'create temp table legal_edges (guarded text, "from" text, "to" text)',
        `insert into legal_edges values ('stage', 'racked', 'in_service')`,
        `insert into public.audit (actor_class, actor, action) values ('user', 'eve', 'shadowed')`,
        `insert into machines (id, mac, site_id) values ('m-shadow', '52:54:00:00:77:01', 'home')`,
      ])
        await mdb.execute(sql.raw(statement));
      const move = `update machines set stage = 'in_service' where id = 'm-shadow'`;
      await expect(mdb.execute(sql.raw(move))).rejects.toMatchObject({
        cause: { constraint_name: 'machines_legal_edge' },
      });
    } finally {
      await close();
    }
    expect(await verifyChain(at.mdb)).toMatchObject({ fault: null });
  });

  it('says what it could do', async () => {
    expect(await readOwnRights(at.mdb)).toEqual({ role: appRole, superuser: false, owner: false, changes: false });
    const rights = await readOwnRights(owner.mdb);
    expect(rights).toMatchObject({ superuser: true, owner: true, changes: true });
    expect(examineRights(await readOwnRights(at.mdb)).ok).toBe(true);
    expect(examineRights(rights)).toMatchObject({ ok: false, message: expect.stringContaining('is a superuser') });
    expect(examineRights({ ...rights, superuser: false }).message).toContain('owns its tables');
  });
});

describe('a PostgreSQL of their own', () => {
  const role = { owner: 'theirs_owner', app: 'theirs_app', password: 'ab'.repeat(16) };

  async function asSuperuser(url: URL, text: string): Promise<void> {
    const client = postgres(url.href, { max: 1, onnotice: () => {} });
    await client.unsafe(text).finally(() => client.end());
  }

  const as = (name: string, database: URL) => {
    const url = new URL(database);
    Object.assign(url, { username: name, password: role.password });
    return url.href;
  };

  it.each(['that is empty', 'whose tables a superuser made'])(
    'gets two roles, neither a superuser, on a database %s',
    async (what) => {
      const other = await throwawayMdb();
      try {
        const database = new URL(owner.url);
        database.pathname = new URL(other.url).pathname;
        if (what === 'that is empty')
          await other.asOwner('drop schema public cascade', 'drop schema drizzle cascade', 'create schema public');
        await expect(migrateOwn(database.href, 'nobody_here')).rejects.toThrow('there is no role nobody_here');
        for (let twice = 0; twice < 2; twice++) await asSuperuser(database, rolesSql(role.owner, role.app));
        await other.asOwner(
          `alter role ${role.owner} password '${role.password}'`,
          `alter role ${role.app} password '${role.password}'`,
        );
        for (let twice = 0; twice < 2; twice++)
          expect(await migrateOwn(as(role.owner, database), role.app)).toBe(
            'The database is at this version, and theirs_app may work with it.',
          );
        const app = connectMdb({ url: as(role.app, database), name: 'theirs', connections: 1 });
        try {
          await writeSite(app.mdb);
          await record(app.mdb, { actor: { class: 'user', name: 'ada' }, action: 'looked' });
          expect(await verifyChain(app.mdb)).toMatchObject({ rows: 1, fault: null });
          expect(await readOwnRights(app.mdb)).toEqual({
            ...{ role: role.app, superuser: false, owner: false, changes: false },
          });
          for (const statement of ['delete from audit', 'alter table audit disable trigger all', 'create table x ()'])
            await expect(app.mdb.execute(sql.raw(statement))).rejects.toMatchObject({ cause: { code: refused } });
        } finally {
          await app.close();
        }
      } finally {
        await other.close();
      }
    },
  );

  it('takes names of roles as words only', () => {
    expect(() => rolesSql('x; drop', 'y')).toThrow('small letters');
    expect(() => rolesSql('one', 'one')).toThrow('two roles');
  });
});

describe('migrating', () => {
  it('goes on from a database of a superuser, and a table that is new is the application’s too', async () => {
    await at.asOwner('create table later (id bigserial primary key)');
    expect(await refusal('insert into later default values')).toBe(refused);
    const asOwner = connectMdb({ url: (await ownerUrl()).href, name: 'owner', connections: 1 });
    try {
      await migrateMdb(asOwner.mdb);
      await grantToApp(asOwner.mdb, appRole);
    } finally {
      await asOwner.close();
    }
    expect(await refusal('insert into later default values')).toBe('accepted');
    expect(await refusal('delete from audit')).toBe(refused);
    expect(await refusal('delete from legal_edges')).toBe(refused);
  });

  it('gives every table of the schema to the application', async () => {
    const rows = await at.mdb.execute<{ name: string; reads: boolean; adds: boolean }>(sql`
      select relname as name, has_table_privilege(oid, 'select') as reads, has_table_privilege(oid, 'insert') as adds
      from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by relname`);
    const tables = Object.values(schema).filter((each) => typeof each === 'object' && 'getSQL' in each);
    expect(rows.length).toBeGreaterThanOrEqual(tables.length);
    expect(rows.filter(({ reads }) => !reads)).toEqual([]);
    expect(rows.filter(({ adds }) => !adds).map(({ name }) => name)).toEqual(['legal_edges']);
  });
});

async function ownerUrl(): Promise<URL> {
  const url = new URL(owner.url);
  url.pathname = new URL(at.url).pathname;
  return url;
}
