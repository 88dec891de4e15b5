/** The MDB over TLS: `sslmode` in its URL. */
import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { caSubject, issue, newKeyPem, selfSign } from '../../boot/certificates.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { troubleOf } from '../../mdb/trouble.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';

let db: ThrowawayMdb;
let door: Server;
let folder: string;
let ca: string;
const sockets = new Set<Socket>();
/** The same, as what is said in them. */
const secured = new Set<TLSSocket>();

/** In front of the database: answers the request for TLS as PostgreSQL does, and speaks it. */
beforeAll(async () => {
  db = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-tls-'));
  const [caKey, key] = [newKeyPem(), newKeyPem()];
  const issuer = { key: createPrivateKey(caKey), subject: caSubject, now: new Date() };
  ca = join(folder, 'ca.pem');
  await writeFile(ca, await selfSign(issuer.key, issuer.now));
  const cert = await issue('localhost', createPrivateKey(key), [{ type: 'dns', value: 'localhost' }], issuer);
  const target = new URL(db.url);
  door = createServer((near) => {
    sockets.add(near);
    near.on('error', () => {});
    near.once('data', () => {
      near.write('S');
      const secure = new TLSSocket(near, { isServer: true, key, cert });
      secured.add(secure);
      const far = createConnection(Number(target.port), target.hostname);
      secure.on('error', () => far.destroy());
      far.on('error', () => secure.destroy());
      secure.pipe(far).pipe(secure);
    });
  }).listen(0, 'localhost');
  await once(door, 'listening');
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  door?.close();
  await db?.close();
  await rm(folder, { recursive: true, force: true });
});

async function asking<T>(query: string, work: (connection: ReturnType<typeof connectMdb>) => Promise<T>): Promise<T> {
  const url = new URL(db.url);
  url.hostname = 'localhost';
  url.port = String((door.address() as AddressInfo).port);
  url.search = query;
  const connection = connectMdb({ url: url.href, name: 'secure', statementTimeoutMs: 500 });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

test('is asked when its certificate is that of the name, by an authority that is trusted', async () => {
  const reported = await asking(`sslmode=verify-full&sslrootcert=${ca}`, async ({ pool }) =>
    pool.query('select $1::int as one', [1]),
  );
  expect(reported).toEqual([{ one: 1 }]);
});

test('is not asked under a certificate of nobody that is known, and this does not pass by itself', async () => {
  const refused = await asking('sslmode=require', ({ pool }) =>
    pool.query('select 1').catch((error: unknown) => error),
  );
  expect(refused).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  expect(troubleOf(refused)).toBeNull();
  expect(await asking('sslmode=no-verify', ({ pool }) => pool.query('select 1 as one'))).toEqual([{ one: 1 }]);
});

test('whose connection is cut, or says nothing any more, is given up and asked on another one', async () => {
  await asking(`sslmode=verify-full&sslrootcert=${ca}`, async ({ pool }) => {
    const ask = () => pool.query('select 1 as one');
    await ask();
    for (const socket of sockets) socket.destroy();
    await expect.poll(ask).toEqual([{ one: 1 }]);
    for (const secure of secured) secure.unpipe();
    await expect(ask()).rejects.toThrow('PostgreSQL did not answer within 1500 ms');
    expect(await ask()).toEqual([{ one: 1 }]);
  });
});
