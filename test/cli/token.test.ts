/** Tokens and contexts by the command line: each command a process of its own, as a person would run it. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { everywhere, makeToken } from '../api/accounts.ts';
import { servePeople } from '../api/serving.ts';

const root = new URL('../..', import.meta.url).pathname;
let served: Awaited<ReturnType<typeof servePeople>>;
let api: string;
let admin: string;
let folder: string;
let file: string;

beforeAll(async () => {
  served = await servePeople({ trustsLoopback: false });
  api = await served.app.listen({ host: '127.0.0.1', port: 0 });
  admin = await makeToken(served.base.mdb, 'admin', everywhere('admin'));
  folder = await mkdtemp(join(tmpdir(), 'farrier-token-'));
  file = join(folder, 'config', 'contexts.json');
});
afterAll(async () => {
  await served?.close();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

function farrier(args: readonly string[], env: Record<string, string> = {}, typed = ''): Promise<Ran> {
  const all = { PATH: process.env['PATH'] ?? '', FARRIER_CONTEXTS: file, ...env };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [join(root, 'cli/main.ts'), ...args], { env: all }, (error, out, stderr) =>
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, error: stderr }),
    );
    child.stdin?.end(typed);
  });
}

it('makes, lists and revokes tokens, and shows one once', async () => {
  const env = { FARRIER_API: api, FARRIER_TOKEN: admin };
  expect(await farrier(['machine', 'list'], { FARRIER_API: api })).toMatchObject({
    code: 7,
    error: expect.stringContaining('sign in first'),
  });
  const made = await farrier(['token', 'create', 'ci', '--role', 'operator', '--pool', 'web,batch'], env);
  expect(made).toMatchObject({ code: 0, out: expect.stringContaining('operator of pools web, batch') });
  const token = made.out.trimEnd().split('\n').at(-1) ?? '';
  const whoami = await farrier(['whoami', '--json'], { ...env, FARRIER_TOKEN: token });
  expect(JSON.parse(whoami.out)).toMatchObject({ name: 'token:ci', grants: [{ pools: ['web', 'batch'] }] });
  const listed = await farrier(['token', 'ls'], env);
  expect(listed.out).toMatch(/^ci +tok-\w+ +good +operator of pools web, batch .* admin +token:admin$/m);
  expect(listed.out).not.toContain(token);
  expect(await farrier(['token', 'revoke', 'ci', '--reason', 'done'], env)).toMatchObject({ code: 0 });
  expect((await farrier(['token', 'ls'], env)).out).not.toMatch(/^ci /m);
  expect((await farrier(['token', 'ls', '--all'], env)).out).toMatch(/^ci +tok-\w+ +revoked/m);
  expect(await farrier(['whoami'], { ...env, FARRIER_TOKEN: token })).toMatchObject({ code: 7 });
  expect(await farrier(['token', 'create', 'x', '--role', 'king'], env)).toMatchObject({ code: 2 });
});

it('asks a second person, who sees the plan and approves of it', async () => {
  const ann = { FARRIER_API: api, FARRIER_TOKEN: admin };
  const bob = { ...ann, FARRIER_TOKEN: await makeToken(served.base.mdb, 'bob', everywhere('admin')) };
  const policy = await farrier(['approval', 'policy', 'set', 'capacity', '--reason', 'two of us'], ann);
  expect(policy).toMatchObject({ code: 0, out: expect.stringMatching(/^ +capacity +yes: .*\n +identity +no: /m) });
  const set = (min: string) => farrier(['capacity', 'set', 'fleet', min, '--reason', 'r'], ann);
  expect(await set('5')).toMatchObject({ code: 0 });
  const asked = await set('3');
  expect(asked).toMatchObject({ code: 5, out: '' });
  const [, id = ''] = /waits for a second person as (ap-\w+): farrier approval show \1$/m.exec(asked.error) ?? [];
  expect((await farrier(['approval', 'ls'], bob)).out).toContain(id);
  expect((await farrier(['approval', 'show', id], ann)).out).toContain('You may not approve of it');
  const shown = (await farrier(['approval', 'show', id], bob)).out;
  expect(shown).toContain('the fleet must keep 3 machines instead of 5 machines');
  const [, plan = ''] = /--plan ([0-9a-f]{64})$/m.exec(shown) ?? [];
  const approve = (hash: string) => farrier(['approval', 'approve', id, '--plan', hash], bob);
  expect(await approve('0'.repeat(10))).toMatchObject({
    code: 1,
    error: expect.stringContaining(`the plan is ${plan}`),
  });
  expect(await approve(plan.slice(0, 10))).toMatchObject({ code: 0, out: expect.stringContaining('is approved') });
  expect((await farrier(['policy', 'history', 'capacity', 'fleet/*'], bob)).out).toContain(
    'token:admin, approved by token:bob',
  );
});

it('makes the first token in the MDB, without the API', async () => {
  const made = await farrier(['mdb', 'token', 'first', '--role', 'admin'], { FARRIER_MDB_URL: served.base.url });
  expect(made).toMatchObject({ code: 0, out: expect.stringContaining('admin of the whole fleet') });
  const token = made.out.trimEnd().split('\n').at(-1) ?? '';
  expect(await farrier(['whoami'], { FARRIER_API: api, FARRIER_TOKEN: token })).toMatchObject({ code: 0 });
  expect(
    await farrier(['mdb', 'token', 'first', '--role', 'admin'], { FARRIER_MDB_URL: served.base.url }),
  ).toMatchObject({
    ...{ code: 1, error: expect.stringContaining('there is a token first already') },
  });
  expect(await farrier(['mdb', 'token', 'first', '--role', 'admin'])).toMatchObject({
    ...{ code: 1, error: expect.stringContaining('FARRIER_MDB_URL is missing') },
  });
});

it('keeps where it signed in, in a file that nobody else may read', async () => {
  expect(await farrier(['login', '--api', api], {}, 'farrier_wrong\n')).toMatchObject({ code: 7, out: '' });
  await expect(stat(file)).rejects.toThrow('ENOENT');
  expect(await farrier(['login', '--api', api, '--name', 'lab'], {}, `${admin}\n`)).toMatchObject({
    ...{ code: 0, out: expect.stringContaining('context lab') },
  });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await farrier(['whoami'])).toMatchObject({ code: 0, out: expect.stringContaining('token:admin') });
  expect((await farrier(['context', 'ls'])).out).toMatch(/^lab +yes +http:/m);
  expect(await farrier(['context', 'use', 'away'])).toMatchObject({
    code: 1,
    error: expect.stringContaining('there are lab'),
  });
  await chmod(file, 0o644);
  expect(await farrier(['whoami'])).toMatchObject({ code: 1, error: expect.stringContaining('chmod 600') });
  await chmod(file, 0o600);
});

it('sends a token to the API that it is of, and to no other', async () => {
  const other = await servePeople({ trustsLoopback: false });
  const seen: (string | undefined)[] = [];
  other.app.addHook('onSend', async ({ headers }) => void seen.push(headers.authorization));
  const elsewhere = await other.app.listen({ host: '127.0.0.1', port: 0 });
  expect(await farrier(['whoami', '--api', elsewhere])).toMatchObject({ code: 7 });
  expect(seen).toEqual([undefined]);
  await other.close();
  expect(await farrier(['whoami', '--api', 'http://farrier.example:8470'], { FARRIER_TOKEN: admin })).toMatchObject({
    ...{ code: 1, error: expect.stringContaining('a token is not sent to http://farrier.example:8470') },
  });
});

it('gives people accounts, by which they sign in and out', async () => {
  const env = { FARRIER_API: api, FARRIER_TOKEN: admin };
  const made = await farrier(['person', 'add', 'ann', '--role', 'operator', '--pool', 'web'], env);
  expect(made).toMatchObject({ code: 0, out: expect.stringContaining('operator of pool web') });
  const password = made.out.trimEnd().split('\n').at(-1) ?? '';
  expect((await farrier(['person', 'ls'], env)).out).toMatch(
    /^ann +good +operator of pool web +password +token:admin$/m,
  );
  const own = { FARRIER_CONTEXTS: `${file}.ann` };
  expect(await farrier(['login', '--api', api, '--person', 'ann'], own, 'something else\n')).toMatchObject({
    ...{ code: 7, error: expect.stringContaining('no account has this name and password') },
  });
  expect(await farrier(['login', '--api', api, '--person', 'ann'], own, `${password}\n`)).toMatchObject({ code: 0 });
  expect((await farrier(['whoami'], own)).out).toMatch(/^ann\n.*known by +a password\n.*given by somebody else/s);
  const changed = await farrier(['person', 'password'], own, `${password}\na password of her own\n`);
  expect(changed).toMatchObject({ code: 0, error: '' });
  expect(await farrier(['person', 'grant', 'ann', '--role', 'viewer', '--add'], env)).toMatchObject({
    ...{ code: 0, out: expect.stringContaining('operator of pool web; viewer of the whole fleet') },
  });
  const { token } = JSON.parse(await readFile(own.FARRIER_CONTEXTS, 'utf8')).contexts['127.0.0.1'];
  expect(await farrier(['logout'], own)).toMatchObject({ code: 0, out: '127.0.0.1 is forgotten\n' });
  expect(await farrier(['whoami'], { FARRIER_API: api, FARRIER_TOKEN: token })).toMatchObject({ code: 7 });
  expect(await farrier(['person', 'disable', 'ann', '--reason', 'left'], env)).toMatchObject({ code: 0 });
  expect((await farrier(['person', 'ls'], env)).out).toBe('Nobody has an account.\n');
});

it('forgets a context', async () => {
  expect(await farrier(['logout'])).toMatchObject({ code: 0 });
  expect(await readFile(file, 'utf8')).not.toContain(admin);
  expect(await farrier(['logout'])).toMatchObject({ code: 1, error: expect.stringContaining('you are not signed in') });
});
