import { expect, test } from 'vitest';
import { readAddress } from '../../mdb/driver/address.ts';

test.each([
  [
    'postgres://me:p%40%2Fss@db.example:6000/farrier',
    { at: { host: 'db.example', port: 6000 }, user: 'me', password: 'p@/ss', database: 'farrier', tls: false },
  ],
  [
    'postgresql://me@db/farrier',
    { at: { host: 'db', port: 5432 }, user: 'me', password: '', database: 'farrier', tls: false },
  ],
  [
    'postgres://me:x@[::1]:6000/farrier',
    { at: { host: '::1', port: 6000 }, user: 'me', password: 'x', database: 'farrier', tls: false },
  ],
  [
    'postgres://me:x@/farrier?host=%2Frun%2Fpg&port=6000',
    { at: { path: '/run/pg/.s.PGSQL.6000' }, user: 'me', password: 'x', database: 'farrier', tls: false },
  ],
  ['postgres://me@db', { at: { host: 'db', port: 5432 }, user: 'me', password: '', database: 'me', tls: false }],
  [
    'postgres://me@db/f?sslmode=verify-full',
    { at: { host: 'db', port: 5432 }, user: 'me', password: '', database: 'f', tls: { servername: 'db' } },
  ],
  [
    'postgres://me@10.1.0.1/f?sslmode=require',
    { at: { host: '10.1.0.1', port: 5432 }, user: 'me', password: '', database: 'f', tls: {} },
  ],
  [
    'postgres://me@db/f?sslmode=no-verify',
    {
      at: { host: 'db', port: 5432 },
      user: 'me',
      password: '',
      database: 'f',
      tls: { servername: 'db', rejectUnauthorized: false },
    },
  ],
  [
    'postgres://me@db/f?sslmode=disable',
    { at: { host: 'db', port: 5432 }, user: 'me', password: '', database: 'f', tls: false },
  ],
])('%s', (url, address) => {
  expect(readAddress(url)).toEqual(address);
});

test('a socket without a user is that of the account that runs this', () => {
  expect(readAddress('postgres:///farrier?host=/folder')).toMatchObject({
    at: { path: '/folder/.s.PGSQL.5432' },
    user: expect.stringMatching(/./),
    database: 'farrier',
  });
});

test('a parameter that nobody knows is named', () => {
  expect(() => readAddress('postgres://me@db/f?ssl_mode=require')).toThrow('not known: ssl_mode');
});
