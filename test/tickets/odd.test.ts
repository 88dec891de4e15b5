/** What ticket systems and what stands before them answer that is odd, and what must not be told of it. */
import { afterEach, describe, expect, it } from 'vitest';
import { openOutside } from '../../integrations/http/http.ts';
import { openGithub } from '../../integrations/tickets/github.ts';
import { openGitlab } from '../../integrations/tickets/gitlab.ts';
import { openJira } from '../../integrations/tickets/jira.ts';
import { openServicenow } from '../../integrations/tickets/servicenow.ts';
import { markerOf } from '../../integrations/tickets/text.ts';
import { type FakeServer, type OutsideReply, type OutsideRequest, serveFake } from '../support/outside.ts';

const secrets = { username: 'farrier', password: 'password-canary', token: 'token-canary' };
const marker = markerOf('T-1');
let server: FakeServer;
afterEach(() => server?.close());

async function serve(handle: (request: OutsideRequest) => OutsideReply) {
  server = await serveFake(handle);
  return { origin: server.origin, plainHttp: false, ...secrets };
}

describe('GitHub', () => {
  const issue = {
    number: 7,
    html_url: 'https://github.example/7',
    state: 'open',
    labels: [{ name: marker }],
    body: null,
  };

  it('T-2: an issue beside ones that cannot be read is found', async () => {
    const odd = [null, { number: 'x' }, { ...issue, number: 6, labels: null }];
    const connection = await serve(() => ({ body: [...odd, { ...issue, pull_request: null }] }));
    const { system, end } = openGithub(connection, { repo: 'ops/racks' });
    expect(await system.find(marker)).toMatchObject({ id: '7' });
    await end();
  });

  it('T-2: one of ours that cannot be read is no reason to make another', async () => {
    const connection = await serve(() => ({ body: [{ ...issue, number: null }] }));
    const { system, end } = openGithub(connection, { repo: 'ops/racks' });
    await expect(system.find(marker)).rejects.toMatchObject({ kind: 'garbage' });
    await end();
  });

  it('T-3: a comment that cannot be read keeps no other', async () => {
    const connection = await serve(({ path }) => ({
      body: path.endsWith('/comments') ? [null, { id: 1, user: 'x' }, { id: 2, body: '/farrier retry' }] : issue,
    }));
    const { system, end } = openGithub(connection, { repo: 'ops/racks' });
    expect((await system.read('7')).comments).toMatchObject([{ id: '2', text: '/farrier retry' }]);
    await end();
  });

  it.each([
    ['retry-after', { 'retry-after': '60' }],
    ['x-ratelimit-remaining', { 'x-ratelimit-remaining': '0' }],
  ])('T-4: a 403 with %s is a limit that passes, and no lack of rights', async (_, headers: Record<string, string>) => {
    const connection = await serve(() => ({ status: 403, headers, body: { message: 'secondary rate limit' } }));
    const { system, end } = openGithub(connection, { repo: 'ops/racks' });
    await expect(system.find(marker)).rejects.toMatchObject({ kind: 'busy', retryable: true });
    await end();
  });
});

it('T-1: a GitLab issue without labels is found by its text', async () => {
  const issue = { iid: 3, web_url: 'https://gitlab.example/3', state: 'opened', labels: null };
  const connection = await serve(() => ({
    body: [null, { ...issue, iid: 2 }, { ...issue, description: `x\n\n[farrier ticket ${marker}]` }],
  }));
  const { system, end } = openGitlab(connection, { project: 'dc/hands' });
  expect(await system.find(marker)).toMatchObject({ id: '3' });
  await end();
});

it('T-1: a Jira type without labels is told as what has to be set', async () => {
  const connection = await serve(({ method }) => ({
    body: method === 'POST' ? { key: 'OPS-3' } : { key: 'OPS-3', fields: { labels: null } },
  }));
  const { system, end } = openJira(connection, { project: 'OPS' });
  await expect(system.create({ marker, title: 't', body: 'b' })).rejects.toThrow(/keeps no labels/);
  await end();
});

it('T-1: a ServiceNow record whose fields are references, numbers or null is read', async () => {
  const sys_id = 'a'.repeat(32);
  const record = { sys_id, state: 7, closed_by: { link: 'x', value: 'b' }, correlation_id: marker, description: null };
  const connection = await serve(({ path }) => ({
    body: { result: path.includes('journal') ? [] : path.endsWith(sys_id) ? record : [{ sys_id: 'odd' }, record] },
  }));
  const { system, end } = openServicenow(connection, {});
  expect(await system.find(marker)).toMatchObject({ id: sys_id });
  expect(await system.read(sys_id)).toMatchObject({ open: false });
  await end();
});

it('T-4: secrets that come back in another form, or in the place of a redirect, are told to nobody', async () => {
  const basic = Buffer.from(`${secrets.username}:${secrets.password}`).toString('base64');
  const basicToken = Buffer.from(`${secrets.username}:${secrets.token}`).toString('base64');
  const answers: OutsideReply[] = [
    { status: 401, body: { message: `bad header Basic ${basic}, or ${basicToken}` } },
    { status: 302, headers: { location: `/login/${secrets.token}/again` }, body: '' },
    { status: 400, body: { message: `no ${encodeURIComponent('password-canary')} in ${JSON.stringify(secrets)}` } },
  ];
  for (const answer of answers) {
    const connection = await serve(() => answer);
    const outside = openOutside(connection);
    const reported = String(await outside.send({ method: 'GET', path: '/' }).catch((error: unknown) => error));
    expect(reported).toContain('was answered');
    for (const secret of [basic, basicToken, secrets.token, secrets.password]) expect(reported).not.toContain(secret);
    await outside.close();
    await server.close();
  }
});
