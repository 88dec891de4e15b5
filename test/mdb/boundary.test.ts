/** Which errors of an activity are tried again, and which end with a person. */
import { ActivityFailure, ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { classify } from '../../activities/boundary.ts';
import { OutsideError } from '../../integrations/http/errors.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { RedfishError } from '../../redfish/errors.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let at: ThrowawayMdb;
beforeAll(async () => {
  at = await throwawayMdb({ connections: 2 });
});
afterAll(() => at?.close());

const coded = (code: string, more: object = {}) => Object.assign(new Error('it failed'), { code, ...more });
const thrown = async (work: () => Promise<unknown>): Promise<unknown> =>
  work().then(
    () => null,
    (error: unknown) => error,
  );
const isRetried = (error: unknown, attempt = 1) => {
  const judged = classify(error, attempt);
  return judged instanceof ApplicationFailure && judged.nonRetryable !== true;
};

describe('is tried again', () => {
  test.each([
    ['08006', 'connection failure'],
    ['57P01', 'admin shutdown'],
    ['57P03', 'cannot connect now'],
    ['53300', 'too many connections'],
    ['53100', 'disk full'],
    ['40001', 'serialization failure'],
    ['40P01', 'deadlock'],
    ['55P03', 'lock not available'],
    ['57014', 'statement time-out'],
    ['25006', 'a standby'],
    ['28P01', 'a password that is being changed'],
    ['ECONNREFUSED', 'nothing listens'],
    ['ECONNRESET', 'cut'],
    ['EAI_AGAIN', 'no name server'],
    ['UND_ERR_HEADERS_TIMEOUT', 'HTTP without an answer'],
  ])('%s: %s, also below the error of a library', (code) => {
    expect(isRetried(coded(code))).toBe(true);
    expect(isRetried(new Error('Failed query: select 1', { cause: coded(code) }))).toBe(true);
    expect(isRetried(new AggregateError([coded(code)], 'all addresses failed'))).toBe(true);
  });

  test('the socket of a server that is not started, and a pool without a free connection', async () => {
    expect(isRetried(coded('ENOENT', { syscall: 'connect' }))).toBe(true);
    const down = connectMdb({ url: 'postgres:///none?host=/nowhere', name: 'down' });
    expect(isRetried(await thrown(() => down.mdb.execute(sql`select 1`)))).toBe(true);
    await down.close();
    const busy = connectMdb({ url: at.url, name: 'busy', connections: 1, waitMs: 3000 });
    await busy.mdb.transaction(async () => {
      expect(isRetried(await thrown(() => busy.mdb.execute(sql`select 1`)))).toBe(true);
    });
    await busy.close();
  });

  test('a statement that takes too long, and a session that is ended, as PostgreSQL tells of them', async () => {
    const hasty = connectMdb({ url: at.url, name: 'hasty', statementTimeoutMs: 50 });
    expect(isRetried(await thrown(() => hasty.mdb.execute(sql`select pg_sleep(5)`)))).toBe(true);
    const ended = await thrown(() => hasty.mdb.execute(sql`select pg_terminate_backend(pg_backend_pid())`));
    expect(isRetried(ended)).toBe(true);
    await hasty.close();
  });

  test('what its thrower knows to pass', () => {
    expect(isRetried(new RedfishError('unreachable', 'no route'))).toBe(true);
    expect(isRetried(new OutsideError('busy', 'later'))).toBe(true);
    expect(isRetried(ApplicationFailure.create({ message: 'not yet' }))).toBe(true);
  });
});

describe('ends with a person', () => {
  test.each([
    ['42P01', 'no such table'],
    ['23503', 'a foreign key'],
    ['22021', 'a character that is none'],
    ['22P02', 'not a number'],
    ['P0001', 'a guard of the MDB'],
    ['EACCES', 'a file that may not be read'],
    ['ENOENT', 'a file that is not there'],
    ['CERT_HAS_EXPIRED', 'a certificate'],
  ])('%s: %s', (code) => {
    expect(isRetried(coded(code))).toBe(false);
    expect(isRetried(new Error('Failed query: select 1', { cause: coded(code) }))).toBe(false);
  });

  test('a bug, and whatever else was thrown', () => {
    const bugs = [
      new TypeError('x is undefined'),
      new Error('the MDB has no machine m-1'),
      'text',
      null,
      undefined,
      {},
    ];
    expect(bugs.map((bug) => isRetried(bug))).toEqual(bugs.map(() => false));
  });

  test('one that says of itself that it will not pass', () => {
    expect(isRetried(new RedfishError('credentials', 'refused'))).toBe(false);
    expect(isRetried(new OutsideError('settings', 'no such project'))).toBe(false);
    expect(isRetried(ApplicationFailure.nonRetryable('never'))).toBe(false);
  });

  test('two transactions that meet each other each time', () => {
    expect(isRetried(coded('23505'), 5)).toBe(true);
    expect(isRetried(coded('23505'), 100)).toBe(false);
    expect(isRetried(coded('57014'), 100)).toBe(false);
    expect(isRetried(coded('57P01'), 100_000)).toBe(true);
  });
});

test('Temporal’s own failures stay as they are', () => {
  const cancelled = new CancelledFailure('stop');
  expect(classify(cancelled, 1)).toBe(cancelled);
  expect(classify(new ActivityFailure('x', 'x', 'x', 'TIMEOUT', undefined), 1)).toBeInstanceOf(ActivityFailure);
});

test('what is said of a statement holds neither its text nor what was bound to it', async () => {
  const error = await thrown(() => at.mdb.execute(sql`select * from nowhere where secret = ${'hunter2'}`));
  const judged = classify(error, 1);
  expect(judged).toMatchObject({ message: 'relation "nowhere" does not exist', nonRetryable: true });
  expect(JSON.stringify(judged)).not.toContain('hunter2');
  expect(String((judged as Error).cause ?? '')).toBe('');
});
