/** The audit on its way to other places: files, syslog and OpenTelemetry, each met as a real server of its kind. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAuthority } from '../../boot/authority.ts';
import { type ChainRow, parseRow } from '../../domain/audit/chain.ts';
import { walkChain } from '../../domain/audit/walk.ts';
import { parsePlaces } from '../../integrations/audit/place.ts';
import { openSink } from '../../integrations/audit/sink.ts';
import { renderMessage } from '../../integrations/audit/syslog.ts';
import { connectionFolder } from '../../integrations/http/connection.ts';
import { record } from '../../mdb/acting.ts';
import { digest } from '../../mdb/audit/chain.ts';
import { readAuditFigures, readMark } from '../../mdb/audit/marks.ts';
import { type AuditLoop, startAuditLoop } from '../../workers/auditloop.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let at: ThrowawayMdb;
let folder: string;
let loop: AuditLoop | null = null;
const closing: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'farrier-stream-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  at = await throwawayMdb();
});
afterEach(async () => {
  await loop?.stop();
  loop = null;
  for (const close of closing.splice(0)) await close();
  await at.close();
});

let count = 0;
async function write(times: number): Promise<void> {
  for (let n = 0; n < times; n++) {
    count += 1;
    const detail = { n: count, text: 'é "x"\n😀\u2028', number: 1e21 };
    await record(at.mdb, { actor: { class: 'user', name: 'ada ü' }, action: `act.${n}`, detail });
  }
}

function start(to: string, idleMs = 20): void {
  const sinks = new Map([...parsePlaces(to)].map(([name, place]) => [name, openSink(place, connectionFolder(folder))]));
  loop = startAuditLoop({ mdb: at.mdb, sinks, log: { warn: () => {} }, idleMs });
}

const sent = (to: string) => readMark(at.mdb, `stream ${to}`);
const rowsOf = (text: string) => text.split('\n').filter(Boolean);

/** Whether lines are the whole chain, each row at least once. */
function isWhole(lines: readonly string[], rows: number): void {
  const walk = walkChain(digest);
  for (const line of lines) walk.take(parseRow(line) as ChainRow);
  expect(walk.end()).toMatchObject({ rows, fault: null });
}

/** The messages of a stream that are framed by their length. */
function messagesOf(bytes: Buffer): string[] {
  const found: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    const blank = bytes.indexOf(0x20, from);
    const length = Number(bytes.subarray(from, blank).toString());
    found.push(bytes.subarray(blank + 1, blank + 1 + length).toString());
    from = blank + 1 + length;
  }
  return found;
}

const form = /^<109>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z \S+ farrier - (act\.\d+) - (\{.*\})$/;
const bodyOf = (message: string) => form.exec(message)?.[2] ?? message;

/** A receiver, which gathers what each connection said. */
async function receive(server: Server, misbehave: (socket: Socket, nth: number) => boolean = () => false) {
  const said: Buffer[] = [];
  let nth = 0;
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    nth += 1;
    socket.on('error', () => {});
    if (misbehave(socket, nth)) return;
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => {
      said.push(Buffer.concat(chunks));
      socket.end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.push(() => void server.close());
  return { port: (server.address() as AddressInfo).port, messages: () => said.flatMap(messagesOf) };
}

describe('a file', () => {
  it('gets every row, goes on where it was, and is whole after its last line was torn or it was moved away', async () => {
    const file = join(folder, 'audit.ndjson');
    await write(7);
    start(`file:${file}`);
    await expect.poll(async () => (await sent(`file:${file}`)).row).toBe(7);
    await write(3);
    await expect.poll(async () => (await sent(`file:${file}`)).row).toBe(10);
    await loop?.stop();
    isWhole(rowsOf(await readFile(file, 'utf8')), 10);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await appendFile(file, '{"id":11,"torn');
    await write(2);
    start(`file:${file}`);
    await expect.poll(async () => (await sent(`file:${file}`)).row).toBe(12);
    isWhole(rowsOf(await readFile(file, 'utf8')), 12);
    await rename(file, `${file}.1`);
    await write(1);
    await expect.poll(async () => (await sent(`file:${file}`)).row).toBe(13);
    expect(rowsOf(await readFile(file, 'utf8'))).toHaveLength(1);
  });

  it('that cannot be written holds up nobody: rows are written, it waits and says why, and gets them later', async () => {
    const place = join(folder, 'not-yet');
    const file = join(place, 'a.ndjson');
    await write(2);
    const other = join(folder, 'beside.ndjson');
    start(`file:${file} file:${other}`);
    await expect.poll(async () => (await sent(`file:${file}`)).trouble).toContain('ENOENT');
    await expect.poll(async () => (await sent(`file:${other}`)).row).toBe(2);
    const { rows, marks } = await readAuditFigures(at.mdb);
    expect(rows).toBe(2);
    expect(marks.find(({ id }) => id.endsWith(file))).toMatchObject({ row: 0, lagRows: 2 });
    await mkdir(place);
    await expect
      .poll(async () => await sent(`file:${file}`), { timeout: 10_000 })
      .toMatchObject({ row: 2, trouble: null });
  });

  it('gets everything again when the database was put back to an earlier state', async () => {
    const file = join(folder, 'again.ndjson');
    await write(5);
    start(`file:${file}`);
    await expect.poll(async () => (await sent(`file:${file}`)).row).toBe(5);
    await loop?.stop();
    await at.asOwner(
      'alter table audit disable trigger all',
      'delete from audit where id > 3',
      `select setval('audit_id_seq', 3)`,
    );
    await at.asOwner('alter table audit enable trigger all');
    await write(3);
    start(`file:${file}`);
    await expect.poll(async () => (await sent(`file:${file}`)).row).toBe(6);
    expect(rowsOf(await readFile(file, 'utf8'))).toHaveLength(11);
  });
});

describe('syslog', () => {
  it('over TCP has each row as a message of RFC 5424 in ASCII, from which the chain can be verified', async () => {
    const receiver = await receive(createServer({ allowHalfOpen: true }));
    await write(6);
    const to = `syslog+tcp://127.0.0.1:${receiver.port}`;
    start(to);
    await expect.poll(async () => (await sent(to)).row).toBe(6);
    await write(2);
    await expect.poll(async () => (await sent(to)).row).toBe(8);
    for (const message of receiver.messages()) {
      expect(message).toMatch(form);
      expect(message).toMatch(/^[ -~]*$/);
    }
    isWhole(receiver.messages().map(bodyOf), 8);
  });

  it('sends again what a receiver may not have read: one that resets it at once, amid it, or closes at once', async () => {
    const receiver = await receive(createServer({ allowHalfOpen: true }), (socket, nth) => {
      if (nth === 1) socket.resetAndDestroy();
      if (nth === 2) socket.once('data', () => socket.resetAndDestroy());
      if (nth === 3) socket.destroy();
      return nth <= 3;
    });
    await write(4);
    const to = `syslog+tcp://127.0.0.1:${receiver.port}`;
    start(to);
    await expect.poll(async () => (await sent(to)).row, { timeout: 20_000 }).toBe(4);
    isWhole(receiver.messages().map(bodyOf), 4);
  });

  it('over TLS, by the authority that is given, and to nobody else', async () => {
    const authority = await openAuthority(join(folder, 'authority'), { addresses: ['127.0.0.1'] });
    const { agentCertPem: cert, agentKeyPem: key } = authority;
    const receiver = await receive(createTls({ cert, key, allowHalfOpen: true } as object) as unknown as Server);
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, authority.caPem);
    await write(3);
    const plain = `syslog+tls://127.0.0.1:${receiver.port}`;
    start(`${plain} ${plain}?ca=${ca}`);
    await expect.poll(async () => (await sent(`${plain}?ca=${ca}`)).row).toBe(3);
    await expect.poll(async () => (await sent(plain)).trouble).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY|DEPTH_ZERO/);
    isWhole(receiver.messages().map(bodyOf), 3);
  });

  it('over UDP, a datagram a row, which are never too long', async () => {
    const socket = createSocket('udp4');
    const got: string[] = [];
    socket.on('message', (message) => got.push(message.toString()));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    closing.push(() => void socket.close());
    await write(2);
    await record(at.mdb, {
      actor: { class: 'user', name: 'ada' },
      action: 'act.9',
      detail: { text: 'x'.repeat(100_000) },
    });
    const to = `syslog+udp://127.0.0.1:${socket.address().port}`;
    start(to);
    await expect.poll(async () => (await sent(to)).row).toBe(3);
    await expect.poll(() => got.length).toBe(3);
    isWhole(got.slice(0, 2).map(bodyOf), 2);
    expect(got[2]).toHaveLength(65_000);
  });

  it('has no word with blanks or other letters in the head of a message', () => {
    const row = { at: '2026-11-30T10:00:00.000001Z', action: 'ä b\n' } as ChainRow;
    expect(renderMessage({ row, line: '{"é":1}' }, 'h ö')).toBe(
      '<109>1 2026-11-30T10:00:00.000001Z h__ farrier - __b_ - {"\\u00e9":1}',
    );
  });
});

describe('OpenTelemetry', () => {
  it('gets log records with the token of the secret, again after an outage, and says what a collector rejected', async () => {
    const bodies: { headers: Record<string, unknown>; body: string }[] = [];
    let nth = 0;
    const server = createHttp((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.once('end', () => {
        nth += 1;
        if (nth === 1) return void response.writeHead(503).end();
        bodies.push({ headers: { ...request.headers, url: request.url }, body });
        const rejected = { partialSuccess: { rejectedLogRecords: '1', errorMessage: 'too old: tell-nobody' } };
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(nth === 3 ? rejected : {}));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(() => void server.close());
    const { port } = server.address() as AddressInfo;
    await writeFile(join(folder, 'otel'), JSON.stringify({ origin: `http://127.0.0.1:${port}`, token: 'tell-nobody' }));
    await write(3);
    start('otlp:otel otlp:missing');
    await expect.poll(async () => (await sent('otlp:otel')).row).toBe(3);
    expect(bodies[0]?.headers).toMatchObject({ url: '/v1/logs', authorization: 'Bearer tell-nobody' });
    const [resource] = JSON.parse(bodies[0]?.body ?? '').resourceLogs;
    const records = resource.scopeLogs[0].logRecords as { body: { stringValue: string } }[];
    expect(records[0]).toMatchObject({
      timeUnixNano: expect.stringMatching(/^\d{16}000$/),
      severityNumber: 9,
      eventName: 'farrier.act.0',
      attributes: expect.arrayContaining([{ key: 'farrier.audit.row', value: { stringValue: '1' } }]),
    });
    isWhole(
      records.map(({ body }) => body.stringValue),
      3,
    );
    await write(1);
    await expect
      .poll(async () => await sent('otlp:otel'))
      .toMatchObject({
        row: 4,
        trouble: 'it rejected 1 of 1 rows: too old: [secret]',
      });
    await expect.poll(async () => (await sent('otlp:missing')).trouble).toBe('there is no secret missing');
  });
});

it('two processes send each row about once, and a chain that is broken is found by them', async () => {
  const file = join(folder, 'two.ndjson');
  start(`file:${file}`);
  const first = loop;
  start(`file:${file}`);
  try {
    await write(30);
    await expect.poll(async () => (await sent(`file:${file}`)).row).toBe(30);
  } finally {
    await first?.stop();
  }
  const rows = rowsOf(await readFile(file, 'utf8'));
  expect(rows).toHaveLength(30);
  isWhole(rows, 30);
  await loop?.stop();
  await at.asOwner('alter table audit disable trigger all', `update audit set actor = 'eve' where id = 12`);
  loop = startAuditLoop({ mdb: at.mdb, sinks: new Map(), log: { warn: () => {} }, verifyMs: 20, wholeEvery: 0 });
  await expect.poll(async () => (await readMark(at.mdb, 'verified')).trouble).toContain('row 12 was changed');
});
