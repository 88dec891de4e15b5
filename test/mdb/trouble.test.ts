/** What an error of the MDB means: one table for the API, the birther and activities. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MdbAway } from '../../mdb/driver/session.ts';
import { type DatabaseTrouble, isDuplicate, isOutage, troubleOf, violationOf } from '../../mdb/trouble.ts';
import { sourceFiles } from '../../scripts/sources.ts';

const coded = (code: string, more: object = {}) => Object.assign(new Error('it failed'), { code, ...more });

test.each<[string, DatabaseTrouble | null, string]>([
  ['08006', 'away', 'the connection failed'],
  ['28P01', 'away', 'a password that is being changed'],
  ['3D000', 'away', 'a database that is being restored'],
  ['53100', 'away', 'a full disk'],
  ['53300', 'away', 'too many connections'],
  ['57P01', 'away', 'shut down'],
  ['57P02', 'away', 'crashed'],
  ['57P03', 'away', 'starting'],
  ['58030', 'away', 'its disk fails'],
  ['25006', 'away', 'a standby'],
  ['57014', 'late', 'past its time'],
  ['40001', 'collision', 'a serialization failure'],
  ['40P01', 'collision', 'a deadlock'],
  ['55P03', 'collision', 'a lock that is not to be had'],
  ['23505', 'collision', 'a duplicate'],
  ['23P01', 'collision', 'an exclusion'],
  ['23503', null, 'a foreign key'],
  ['23514', null, 'a check'],
  ['42P01', null, 'no such table'],
  ['22P02', null, 'not a number'],
  ['25P02', null, 'a statement behind one that failed'],
  ['P0001', null, 'a guard'],
  ['XX000', null, 'a fault of PostgreSQL'],
  ['0A000', null, 'what PostgreSQL cannot do'],
  ['ECONNREFUSED', 'away', 'nothing listens'],
  ['EAI_AGAIN', 'away', 'no name server'],
  ['CONNECTION_CLOSED', 'away', 'postgres.js lost its connection'],
  ['CONNECTION_ENDED', 'away', 'postgres.js was ended'],
  ['CONNECTION_DESTROYED', 'away', 'postgres.js was ended at once'],
  ['CONNECT_TIMEOUT', 'away', 'postgres.js was not let in in time'],
  ['UNDEFINED_VALUE', null, 'a value that was forgotten'],
  ['CERT_HAS_EXPIRED', null, 'a certificate'],
  ['EACCES', null, 'a file that may not be read'],
  ['ENOENT', null, 'a file that is not there'],
])('%s means %s (%s), also below the error of a library', (code, trouble) => {
  expect(troubleOf(coded(code))).toBe(trouble);
  expect(troubleOf(new Error('Failed query: select 1', { cause: coded(code) }))).toBe(trouble);
  expect(troubleOf(new AggregateError([coded(code)], 'all addresses failed'))).toBe(trouble);
});

test('what is told by more than the code', () => {
  expect(troubleOf(new MdbAway('no connection was free'))).toBe('away');
  expect(troubleOf(coded('42501', { severity: 'FATAL' }))).toBe('away');
  expect(troubleOf(coded('ENOENT', { syscall: 'connect' }))).toBe('away');
  expect(troubleOf(coded('0A000', { routine: 'RevalidateCachedQuery' }))).toBe('collision');
});

test('neither a bug nor what is no error at all is trouble of the MDB', () => {
  const others = [new TypeError('x is undefined'), new Error('timeout expired'), 'text', null, undefined, {}];
  expect(others.map(troubleOf)).toEqual(others.map(() => null));
  expect(others.map(violationOf)).toEqual(others.map(() => null));
});

test('a constraint is named through the error of a library, and asking again would not help', () => {
  const error = new Error('Failed query', { cause: coded('23505', { constraint_name: 'machines_mac' }) });
  expect(violationOf(error)).toMatchObject({ constraint: 'machines_mac' });
  expect([isDuplicate(error), isOutage(error), isOutage(coded('40001'))]).toEqual([true, false, true]);
});

test('no other file of the product says what an SQLSTATE means', () => {
  const state = /['"](?:08\d{3}|23(?:505|P01)|25006|28\w{3}|40(?:001|P01)|53\d00|55P03|57(?:014|P0\d))['"]/;
  const product = sourceFiles().filter((path) => !path.startsWith('test/') && path !== 'mdb/trouble.ts');
  expect(product.filter((path) => state.test(readFileSync(path, 'utf8')))).toEqual([]);
});
