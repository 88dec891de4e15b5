import { afterEach, describe, expect, it } from 'vitest';
import { openOutside } from '../../activities/outside/http.ts';
import { readAdf, writeAdf } from '../../activities/tickets/adf.ts';
import { openGithub } from '../../activities/tickets/github.ts';
import { openGitlab } from '../../activities/tickets/gitlab.ts';
import { openJira } from '../../activities/tickets/jira.ts';
import { openServicenow } from '../../activities/tickets/servicenow.ts';
import type { OpenTicketSystem } from '../../activities/tickets/system.ts';
import { answerIn, fence, markerOf, noteIn, signNote, titled, uncode } from '../../activities/tickets/text.ts';
import { openWebhook } from '../../activities/tickets/webhook.ts';
import { type FakeServer, serveFake } from '../support/outside.ts';
import { type FakeTickets, fakeGithub, fakeGitlab, fakeJira, fakeService, fakeServicenow } from './fakes.ts';

const token = 'token-canary';
const secrets = { username: 'farrier', password: 'password-canary', token, key: 'key-canary-of-16-characters' };
const systems: [string, OpenTicketSystem, () => FakeTickets, Record<string, string>, Record<string, string>][] = [
  ['github', openGithub, fakeGithub, { repo: 'ops/racks', labels: 'hardware' }, { repo: '../x' }],
  ['gitlab', openGitlab, fakeGitlab, { project: 'dc/hands' }, { project: 'a b' }],
  ['servicenow', openServicenow, fakeServicenow, { group: 'hands' }, { table: 'x;y' }],
  ['jira', openJira, fakeJira, { project: 'OPS' }, { project: 'OPS" OR "1' }],
  ['webhook', openWebhook, fakeService, { path: '/tickets' }, { path: 'evil' }],
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
      [{ status: 301, headers: { location: 'http://127.0.0.1:1' } }, { kind: 'garbage' }],
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
