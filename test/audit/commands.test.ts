/** `farrier audit` and its routes, as people use them. */
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { ApiClient } from '../../client/api.ts';
import { record } from '../../mdb/acting.ts';
import { setMark } from '../../mdb/audit/marks.ts';
import { verifyOn } from '../../mdb/audit/verify.ts';
import { runFarrier } from '../support/commandline.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let url: string;
let folder: string;

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-audit-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images: join(folder, 'images'), authority, log });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
  for (let n = 1; n <= 12; n++)
    await record(base.mdb, {
      actor: { class: n % 2 === 0 ? 'user' : 'system', name: n % 2 === 0 ? 'ada' : 'reconcile' },
      action: n % 3 === 0 ? 'brake.set' : 'pool.set',
      ...(n % 4 === 0 ? { machineId: 'm-gone', orderId: 'o-1' } : {}),
      detail: { n, reason: `because ${n}` },
    });
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(() => {
  process.exitCode = 0;
});
afterEach(() => {
  process.exitCode = 0;
});

const farrier = (...args: string[]) => runFarrier(url, ['audit', ...args]);
const listed = async (...args: string[]) =>
  (JSON.parse(await farrier('ls', '--json', ...args)) as { id: number }[]).map(({ id }) => id);

describe('listing', () => {
  it('shows who did what and why, newest first', async () => {
    const lines = (await farrier('ls', '--limit', '2')).trim().split('\n');
    expect(lines[1]).toMatch(/12 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +ada +brake\.set +m-gone +o-1 +because 12 · {"n":12}/);
    expect(lines[2]).toMatch(/11 .*reconcile \(system\) +pool\.set/);
  });

  it.each([
    ['everything', [], [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]],
    ['an actor', ['--actor', 'ada'], [12, 10, 8, 6, 4, 2]],
    ['a machine that is gone', ['--machine', 'm-gone'], [12, 8, 4]],
    ['an order', ['--order', 'o-1'], [12, 8, 4]],
    ['an action', ['--action', 'brake.set'], [12, 9, 6, 3]],
    ['actions of a kind', ['--action', 'brake.*', '--actor', 'ada'], [12, 6]],
    ['what nobody did', ['--action', 'pool.s'], []],
    ['from a time on', ['--since', '+1h'], []],
    ['before a time', ['--until', '-1h'], []],
    ['the latest', ['--since', '-1h', '--limit', '2'], [12, 11]],
  ])('of %s', async (_, args, ids) => {
    expect(await listed(...args)).toEqual(ids);
  });

  it('goes on page by page, and refuses what it does not know', async () => {
    const client = new ApiClient({ url });
    const first = await client.audit({ limit: 7 });
    expect(first.total).toBe(12);
    const second = await client.audit({ limit: 7, after: first.next ?? '' });
    expect(second.entries.map(({ id }) => id)).toEqual([5, 4, 3, 2, 1]);
    expect(second.next).toBe(null);
    for (const query of ['action=%27;drop', 'limit=0', 'limit=1001', 'after=-1', 'before=6', 'what=1', 'from=x'])
      expect((await fetch(`${url}/api/v1/audit?${query}`)).status, query).toBe(400);
    for (const query of ['after=-1', 'after=x', 'limit=5000'])
      expect((await fetch(`${url}/api/v1/audit/rows?${query}`)).status, query).toBe(400);
  });
});

describe('verifying', () => {
  const tampered = async (work: () => Promise<void>) => {
    await base.asOwner('alter table audit disable trigger all', 'create table kept as select * from audit');
    try {
      await work();
    } finally {
      await base.asOwner('delete from audit', 'insert into audit select * from kept', 'drop table kept');
      await base.asOwner('alter table audit enable trigger all');
    }
  };

  it('says how many rows are whole, and the head to keep', async () => {
    expect(await farrier('verify')).toMatch(/^12 rows are whole, to row 12 of .*\nIts head, .*: 12:[0-9a-f]{64}\n$/);
    expect(await farrier('verify', '--after', '5')).toMatch(/^7 rows are whole, to row 12/);
    await expect(farrier('verify', '--after', '99')).rejects.toThrow('there is no row 99 to begin after');
    expect(process.exitCode).toBe(0);
  });

  it('ends with 3 and names the first bad row', async () => {
    await tampered(async () => {
      await base.asOwner(`update audit set actor = 'eve' where id = 5`, `update audit set actor = 'eve' where id = 9`);
      expect(await farrier('verify')).toMatch(/^BROKEN \(changed\): row 5 was changed/);
      expect(process.exitCode).toBe(3);
      process.exitCode = 0;
      expect(await farrier('verify', '--after', '5')).toMatch(/^BROKEN \(changed\): row 9 was changed/);
    });
  });

  it('ends with 4 when what was kept elsewhere is not in it, in whichever form it was kept', async () => {
    const json = await farrier('verify', '--json');
    const { head } = JSON.parse(json) as { head: { row: number; hash: string } };
    const file = async (name: string, text: string) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    };
    const rows = await farrier('export');
    const heads = [
      head.hash,
      `${head.row}:${head.hash}`,
      await file('head.json', json),
      await file('head', `${head.row} ${head.hash}\n`),
      await file('rows.ndjson', rows),
    ];
    for (const kept of heads) expect(await farrier('verify', '--head', kept), kept).toMatch(/^12 rows are whole/);
    await tampered(async () => {
      await base.asOwner('delete from audit where id > 10');
      for (const kept of heads) {
        process.exitCode = 0;
        expect(await farrier('verify', '--head', kept)).toMatch(/^BROKEN \(cut\)/);
        expect(process.exitCode).toBe(4);
      }
    });
    await expect(farrier('verify', '--head', 'nonsense')).rejects.toThrow('neither a hash');
    await expect(farrier('verify', '--head', await file('no', 'no'))).rejects.toThrow('holds no head');
  });
});

describe('exporting', () => {
  it('adds to a file what it does not have, also after its last line was torn, and the file can be verified', async () => {
    const file = join(folder, 'export.ndjson');
    expect(await farrier('export', '--file', file)).toBe(`12 rows were added to ${file}, to row 12.\n`);
    const whole = await readFile(file, 'utf8');
    expect(whole).toBe(await farrier('export'));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await farrier('export', '--file', file)).toBe(`${file} has everything already.\n`);
    await truncate(file, whole.length - 30);
    expect(await farrier('export', '--file', file)).toContain('1 rows were added');
    await truncate(file, 20);
    expect(await farrier('export', '--file', file)).toContain('12 rows were added');
    expect(await readFile(file, 'utf8')).toBe(whole);
    expect(await farrier('verify', '--file', file)).toMatch(/^12 rows are whole/);
    expect((await farrier('export', '--after', '10')).trim().split('\n')).toHaveLength(2);
  });

  it('of another kind is refused, and one that was changed is found out', async () => {
    const file = join(folder, 'other');
    await writeFile(file, 'something else\n');
    await expect(farrier('export', '--file', file)).rejects.toThrow('holds no head');
    await expect(farrier('verify', '--file', file)).rejects.toThrow('this is not a row');
    await expect(farrier('verify', '--file', join(folder, 'none'))).rejects.toThrow('ENOENT');
    const rows = (await farrier('export')).trim().split('\n');
    await writeFile(file, [...rows.slice(0, 3), rows[4], rows[3], ...rows.slice(5)].join('\n'));
    expect(await farrier('verify', '--file', file)).toMatch(/^BROKEN \(reordered\): row 5/);
    await writeFile(file, rows.join('\n').replace('because 7', 'because 8'));
    expect(await farrier('verify', '--file', file)).toMatch(/^BROKEN \(changed\): row 7/);
    await writeFile(file, rows.join('\n'));
    await appendFile(file, `\n${rows[11]}\n`);
    expect(await farrier('verify', '--file', file)).toMatch(/^12 rows are whole/);
  });
});

it('says how far it was verified', async () => {
  expect(await farrier('status')).toMatch(/rows +12\n.*last row +12\n +verified +not yet/);
  await verifyOn(base.mdb, 3600);
  expect(await farrier('status')).toMatch(/verified +to row 12\n +from its beginning +\ds ago/);
});

it('tells metrics and doctor of itself', async () => {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  expect(metrics).toContain('farrier_audit_rows 12\n');
  expect(metrics).toContain('farrier_audit_verified_row 12\n');
  expect(metrics).toContain('farrier_audit_broken 0\n');
  const finding = async () => (await new ApiClient({ url }).doctor()).findings.find(({ name }) => name === 'audit');
  expect(await finding()).toEqual({ name: 'audit', ok: true, message: '12 rows, verified to row 12' });
  await setMark(base.mdb, 'stream file:/x', { row: 2, hash: 'x', rows: 2, trouble: 'EACCES' });
  await setMark(base.mdb, 'verified', { row: 12, hash: 'x', rows: 12, trouble: 'row 3 was changed' });
  await base.asOwner(
    'alter table audit disable trigger all',
    `update audit set at = at - interval '1 hour' where id = 3`,
    'alter table audit enable trigger all',
  );
  expect(await finding()).toEqual({
    name: 'audit',
    ok: false,
    message: 'it is broken: row 3 was changed; file:/x lacks 10 rows: EACCES',
  });
  const later = await (await fetch(`${url}/metrics`)).text();
  expect(later).toContain('farrier_audit_stream_lag_rows{to="file:/x"} 10\n');
  expect(later).toContain('farrier_audit_stream_troubled{to="file:/x"} 1\n');
  expect(later).toContain('farrier_audit_broken 1\n');
});
