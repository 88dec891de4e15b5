import { afterEach, describe, expect, it } from 'vitest';
import { openOutside } from '../../integrations/http/http.ts';
import { readAdf, writeAdf } from '../../integrations/tickets/adf.ts';
import { openGithub } from '../../integrations/tickets/github.ts';
import { openGitlab } from '../../integrations/tickets/gitlab.ts';
import { openJira } from '../../integrations/tickets/jira.ts';
import { openServicenow } from '../../integrations/tickets/servicenow.ts';
import type { OpenTicketSystem } from '../../integrations/tickets/system.ts';
import { answerIn, fence, markerOf, noteIn, signNote, titled, uncode } from '../../integrations/tickets/text.ts';
import { openTicketWebhook } from '../../integrations/tickets/webhook.ts';
import { type FakeServer, serveFake } from '../support/outside.ts';
import { type FakeTickets, fakeGithub, fakeGitlab, fakeJira, fakeService, fakeServicenow } from './fakes.ts';

const token = 'token-canary';
const secrets = { username: 'farrier', password: 'password-canary', token, key: 'key-canary-of-16-characters' };
const systems: [string, OpenTicketSystem, () => FakeTickets, Record<string, string>, Record<string, string>][] = [
  ['github', openGithub, fakeGithub, { repo: 'ops/racks', labels: 'hardware' }, { repo: '../x' }],
  ['gitlab', openGitlab, fakeGitlab, { project: 'dc/hands' }, { project: 'a b' }],
  ['servicenow', openServicenow, fakeServicenow, { group: 'hands' }, { table: 'x;y' }],
  ['jira', openJira, fakeJira, { project: 'OPS' }, { project: 'OPS" OR "1' }],
  ['webhook', openTicketWebhook, fakeService, { path: '/tickets' }, { path: 'evil' }],
];

let server: FakeServer;
afterEach(() => server?.close());

describe.each(systems)('%s', (name, open, fake, settings, wrong) => {
  const start = async () => {
    const tickets = fake();
    server = await serveFake(tickets.handle);
    const opened = open({ origin: server.origin, plainHttp: false, ...secrets }, settings);
    return { tickets, ...opened };
  };

  it('finds, makes, reads, comments, closes and opens again', async () => {
    const { tickets, system, end } = await start();
    const marker = markerOf('T-1');
    expect(await system.find(marker)).toBeNull();
    const made = await system.create({ marker, title: 'm-1: no power', body: 'It has no power.\n@all /close <b>' });
    expect(await system.find(marker)).toEqual(made);
    expect(await system.find(markerOf('T-2'))).toBeNull();
    expect(made.url).toMatch(/^http/);
    expect(tickets.issues).toHaveLength(1);
    expect(tickets.issues[0]).toMatchObject({
      title: 'm-1: no power',
      body: expect.stringContaining('@all /close <b>'),
    });
    await system.comment(made.id, signNote('Reminder 1', 7));
    const [issue] = tickets.issues;
    issue?.comments.push({ id: 900, by: 'hana', text: '/farrier retry' });
    const read = await system.read(made.id);
    expect(read).toMatchObject({ ...made, open: true, closedBy: null });
    expect(read.comments.map(({ text }) => noteIn(text))).toEqual([7, null]);
    expect(read.comments[1]).toMatchObject({ by: 'hana', text: '/farrier retry' });
    await system.close(made.id, 'mended');
    if (issue) issue.closedBy = 'hana';
    expect(await system.read(made.id)).toMatchObject({ open: false, closedBy: name === 'jira' ? null : 'hana' });
    await system.reopen(made.id);
    expect(await system.read(made.id)).toMatchObject({ open: true });
    if (issue) issue.gone = true;
    await expect(system.read(made.id)).rejects.toMatchObject({ kind: 'missing' });
    await end();
  });

  it('says what is wrong, without a secret', async () => {
    const { system, end } = await start();
    const troubles: [object, object][] = [
      [
        { status: 401, body: { message: `bad ${token} password-canary` } },
        { kind: 'refused', retryable: false },
      ],
      [
        { status: 429, headers: { 'retry-after': '30' } },
        { kind: 'busy', retryAfter: 30 },
      ],
      [{ status: 500, body: '<html>' }, { kind: 'failed' }],
      [
        { status: 301, headers: { location: 'http://127.0.0.1:1/moved/here?token=token-canary' } },
        { kind: 'settings', retryable: false, message: expect.stringContaining('http://127.0.0.1:1/moved/here') },
      ],
      [{ body: '<html>' }, { kind: 'garbage' }],
      [{ body: { nothing: 1 } }, { kind: 'garbage' }],
    ];
    for (const [answered, error] of troubles) {
      server.trouble = () => answered;
      const thrown = await system.read('OPS-1').catch((caught: Error) => caught);
      expect(thrown).toMatchObject(error);
      expect(String(thrown)).not.toMatch(/canary/);
    }
    await end();
  });

  it('names a setting or a secret that is wrong', () => {
    const connection = { origin: 'https://tickets.example', plainHttp: false };
    expect(() => open({ ...connection, ...secrets }, wrong)).toThrow(/route's settings: \w+: /);
    expect(() => open(connection, settings)).toThrow(/the secret holds no/);
  });
});

const unknownMachine = { title: 'coffee machine', body: 'descales itself', closedBy: 'hana', gone: false };

/** A system that already has somebody else's ticket in it. */
async function withForeignTicket(open: OpenTicketSystem, tickets: FakeTickets, settings: Record<string, string>) {
  const id = open === openServicenow ? 'a'.repeat(32) : open === openJira ? 'OPS-7' : '7';
  tickets.issues.push({ ...unknownMachine, id, marker: 'somebody', open: true, comments: [] });
  server = await serveFake(tickets.handle);
  return { tickets, ...open({ origin: server.origin, plainHttp: false, ...secrets }, settings) };
}
const draft = { marker: markerOf('T-1'), title: 'm-1: no power', body: 'It has no power.' };

describe('what a search answers counts only if it shows the marker', () => {
  it('T-1: a ServiceNow table without correlation_id answers with another record, which is not ours', async () => {
    const { system, tickets, end } = await withForeignTicket(openServicenow, fakeServicenow({ noField: true }), {});
    expect(await system.find(draft.marker)).toBeNull();
    const refused = await system.create(draft).catch((error: unknown) => error);
    expect(refused).toMatchObject({ kind: 'settings', retryable: false, place: { id: tickets.issues[1]?.id } });
    expect(String(refused)).toContain('correlation_id');
    // It is found by its text, and told again for what it lacks: no second one is made.
    await expect(system.find(draft.marker)).rejects.toMatchObject({ place: { id: tickets.issues[1]?.id } });
    await end();
  });

  it.each([
    ['GitHub', openGithub, fakeGithub, { repo: 'ops/racks' }],
    ['GitLab', openGitlab, fakeGitlab, { project: 'dc/hands' }],
  ] as const)(
    'T-2: %s drops labels of who may not set them; the issue is found by its text',
    async (_, open, fake, settings) => {
      const { system, tickets, end } = await withForeignTicket(open, fake({ noLabels: true }), settings);
      const made = await system.create(draft);
      tickets.issues.push({ ...unknownMachine, id: '900', marker: '', open: true, comments: [] });
      expect(await system.find(draft.marker)).toEqual(made);
      expect(await system.find(markerOf('T-2'))).toBeNull();
      await end();
    },
  );

  it('T-2: Jira told by its key alone is read back', async () => {
    const { system, end } = await withForeignTicket(openJira, fakeJira({ noLabels: true }), { project: 'OPS' });
    await expect(system.create(draft)).rejects.toMatchObject({ kind: 'settings', place: { id: 'OPS-101' } });
    await end();
  });

  it.each([
    ['GitHub', openGithub, fakeGithub, { repo: 'ops/racks' }, '/repos/ops/racks/issues'],
    ['GitLab', openGitlab, fakeGitlab, { project: 'dc/hands' }, '/api/v4/projects/dc%2Fhands/issues'],
  ] as const)(
    'T-1: %s ignores the condition: the issue of somebody else is not ours',
    async (_, open, fake, settings, path) => {
      const { system, tickets, end } = await withForeignTicket(open, fake(), settings);
      server.trouble = (request) => {
        if (request.path !== path || request.method !== 'GET') return undefined;
        const row = {
          number: 7,
          iid: 7,
          html_url: 'https://x',
          web_url: 'https://x',
          state: 'open',
          labels: ['other'],
        };
        return { body: [row] };
      };
      expect(await system.find(draft.marker)).toBeNull();
      expect(tickets.issues).toHaveLength(1);
      await end();
    },
  );

  it("T-1: a service of one's own that finds something for every marker is not believed", async () => {
    const { system, end } = await withForeignTicket(openTicketWebhook, fakeService({ anybody: true }), {});
    expect(await system.find(draft.marker)).toBeNull();
    await end();
  });
});

describe('comments', () => {
  it.each([
    ['GitHub', openGithub, fakeGithub, { repo: 'ops/racks' }],
    ['GitLab', openGitlab, fakeGitlab, { project: 'dc/hands' }],
  ] as const)('T-3: of %s, the answer that is the 100th of 102 is read', async (_, open, fake, settings) => {
    const { system, tickets, end } = await withForeignTicket(open, fake(), settings);
    const { id } = await system.create(draft);
    const texts = Array.from({ length: 102 }, (_none, n) => (n === 99 ? '/farrier retry' : `word ${n}`));
    for (const [n, text] of texts.entries()) tickets.issues[1]?.comments.push({ id: 1000 + n, by: 'hana', text });
    const { comments } = await system.read(id);
    expect(comments.map(({ text }) => text)).toContain('/farrier retry');
    expect(comments.map(({ text }) => text).slice(-2)).toEqual(['word 100', 'word 101']);
    await end();
  });
});

describe.each([301, 302, 307, 308])('T-4: a redirect with %d', (status) => {
  it('is not followed, and names the new place as what to set', async () => {
    server = await serveFake(() => ({ status, headers: { location: '/repositories/123/issues/4?x=1' } }));
    const outside = openOutside({ origin: server.origin, plainHttp: false });
    const reported = await outside
      .send({ method: 'GET', path: '/repos/ops/old/issues/4' })
      .catch((error: unknown) => error);
    expect(reported).toMatchObject({ kind: 'settings', retryable: false });
    expect(String(reported)).toContain(`${server.origin}/repositories/123/issues/4`);
    expect(server.requests).toHaveLength(1);
    await outside.close();
  });
});

describe('a system that misbehaves', () => {
  it('is given up when it hangs, when it tells too much, and when it is not there', async () => {
    server = await serveFake(() => ({ body: 'x'.repeat(5000) }));
    const limits = { answer: 100, whole: 200, body: 1000 };
    const outside = openOutside({ origin: server.origin, plainHttp: false }, limits);
    const ask = () => outside.send({ method: 'GET', path: '/' });
    await expect(ask()).rejects.toMatchObject({
      kind: 'garbage',
      message: expect.stringContaining('larger than 1000'),
    });
    server.trouble = () => ({ hang: true });
    await expect(ask()).rejects.toMatchObject({ kind: 'timeout', retryable: true });
    await server.close();
    await expect(ask()).rejects.toMatchObject({
      kind: 'unreachable',
      message: expect.stringContaining('nothing listens'),
    });
    await outside.close();
  });
});

describe('text', () => {
  it('keeps what machines and people say from meaning anything', () => {
    expect(fence('a\n```\n/close\n')).toBe('````text\na\n```\n/close\n\n````');
    expect(uncode('[code]<script>[/CODE]')).toBe('[ code]<script>[/ code]');
    expect(titled('m-1:\r\n\u001b[31mred')).toBe('m-1: [31mred');
    expect(titled('x'.repeat(500))).toHaveLength(200);
  });
  it('tells our notes and answers from other words', () => {
    expect(noteIn(signNote('x', 12))).toBe(12);
    expect(noteIn('they wrote [farrier note 12] yesterday')).toBeNull();
    expect(answerIn('/farrier retry\nthe cable was loose')).toBe('retry');
    expect(answerIn('please /farrier retry')).toBeNull();
    expect(answerIn('/farrierretry')).toBeNull();
    expect(answerIn('/farrier retry now')).toBeNull();
  });
  it('reads and writes Atlassian documents, however deep', () => {
    expect(readAdf(writeAdf('a\nb'))).toBe('a\nb');
    let deep: unknown = { type: 'text', text: 'x' };
    for (let level = 0; level < 1000; level += 1) deep = { type: 'paragraph', content: [deep] };
    expect(readAdf(deep)).toBe('');
    expect(readAdf(null)).toBe('');
  });
});
