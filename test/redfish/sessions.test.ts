import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Login } from '../../redfish/login.ts';
import { type Contact, openSessionPool, type SessionPool } from '../../redfish/pool.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { openTransport } from '../../redfish/transport.ts';
import { type Hostile, openHostile, password, sessionsPath, systemPath, told } from './hostile.ts';

let bmc: Hostile;
let pool: SessionPool;
const opening = `POST ${sessionsPath}`;
const reading = `GET ${systemPath}`;

beforeEach(async () => {
  bmc = await openHostile();
  pool = openSessionPool();
});
afterEach(async () => {
  await pool.close();
  await bmc.close();
});

const gate = (attempt: () => Promise<Login>) => attempt();
const contact = (spec: Partial<Contact> = {}): Contact => ({
  origin: bmc.origin,
  pin: null,
  credentials: { username: 'admin', password },
  site: { id: 'home', max: 64 },
  gate,
  ...spec,
});
const readSystem = (session: Session) => session.get(systemPath);
const basics = () => bmc.seen.filter(({ headers }) => headers.authorization !== undefined).length;

describe('a session by hand', () => {
  const by = <T>(work: (session: Session) => Promise<T>) => {
    const transport = openTransport(bmc.origin, null);
    return withSession(transport, { username: 'admin', password }, work).finally(() => transport.close());
  };

  test('is deleted, also when the work fails', async () => {
    await by(readSystem);
    await expect(by((session) => session.get('/redfish/v1/Nothing'))).rejects.toMatchObject({ kind: 'missing' });
    expect(bmc.count(opening)).toBe(2);
    expect(bmc.sessions.size).toBe(0);
  });

  test('is opened where the service root links to (quirk 2)', async () => {
    bmc.resources.set('/redfish/v1/', { Links: { Sessions: { '@odata.id': '/redfish/v1/Sessions' } } });
    bmc.always('POST /redfish/v1/Sessions', told(401, 'Base.1.0.AccessDenied'));
    await expect(by(readSystem)).rejects.toMatchObject({ kind: 'credentials' });
    expect(bmc.count(opening)).toBe(0);
  });

  test.each([401, 403, 400])('that is refused with %i is about the credentials, and asked for once', async (status) => {
    bmc.always(opening, { status, body: '<html>no</html>' });
    await expect(by(readSystem)).rejects.toMatchObject({ kind: 'credentials', status });
    expect(bmc.count(opening)).toBe(1);
    expect(basics()).toBe(0);
  });
});

describe('where sessions are not to be had', () => {
  test.each([404, 405, 501])(
    'and the service says so by %i, Basic is sent unasked (quirks 2 and 2b)',
    async (status) => {
      bmc.always(opening, { status });
      await pool.use(contact(), readSystem);
      await pool.use(contact(), readSystem);
      expect(bmc.count(opening)).toBe(1);
      expect(basics()).toBe(3);
    },
  );

  test.each(['IDRAC.2.8.RAC0218', 'Base.1.18.SessionLimitExceeded'])(
    'because all are taken (%s), Basic serves once and a session is asked for the next time (quirk 1)',
    async (id) => {
      bmc.play(opening, told(503, id));
      await pool.use(contact(), readSystem);
      expect(basics()).toBe(2);
      await pool.use(contact(), readSystem);
      expect(basics()).toBe(2);
      expect(bmc.count(opening)).toBe(2);
    },
  );

  test('because the controller is starting, nothing else is tried', async () => {
    bmc.always(opening, told(503, 'Base.1.18.ServiceTemporarilyUnavailable'));
    await expect(pool.use(contact(), readSystem)).rejects.toMatchObject({ kind: 'busy', retryable: true });
    expect(bmc.count(opening)).toBe(1);
    expect(basics()).toBe(0);
  });

  test('and Basic is refused too, that is a refusal of the credentials', async () => {
    bmc.always(opening, { status: 405 });
    const wrong = contact({ credentials: { username: 'admin', password: 'no' } });
    await expect(pool.use(wrong, readSystem)).rejects.toMatchObject({ kind: 'credentials' });
    expect(basics()).toBe(1);
  });
});

describe('the sessions of a process', () => {
  test('are one a controller, for all at once and one after another', async () => {
    await Promise.all(Array.from({ length: 20 }, () => pool.use(contact(), readSystem)));
    await pool.use(contact(), readSystem);
    expect(bmc.count(opening)).toBe(1);
    expect(bmc.sessions.size).toBe(1);
  });

  test('are deleted at the end, and none is opened afterwards', async () => {
    await pool.use(contact(), readSystem);
    await pool.close();
    expect(bmc.sessions.size).toBe(0);
    await expect(pool.use(contact(), readSystem)).rejects.toThrow('closed');
  });

  test('are deleted when nobody uses them', async () => {
    const short = openSessionPool({ idleMs: 20 });
    await short.use(contact(), readSystem);
    await expect.poll(() => bmc.sessions.size).toBe(0);
    await short.use(contact(), readSystem);
    expect(bmc.count(opening)).toBe(2);
    await short.close();
  });

  test('end with the last that uses them', async () => {
    const { promise: held, resolve: letGo } = Promise.withResolvers<void>();
    const { promise: started, resolve: start } = Promise.withResolvers<void>();
    const working = pool.use(contact(), async (session) => {
      start();
      await held;
      return readSystem(session);
    });
    await started;
    await pool.close();
    expect(bmc.sessions.size).toBe(1);
    letGo();
    await working;
    expect(bmc.sessions.size).toBe(0);
  });

  test('are not shared between credentials', async () => {
    await pool.use(contact(), readSystem);
    const other = contact({ credentials: { username: 'admin', password: 'no' } });
    await expect(pool.use(other, readSystem)).rejects.toMatchObject({ kind: 'credentials' });
    await expect.poll(() => bmc.sessions.size).toBe(0);
  });

  test('pass the gate once for each attempt', async () => {
    let passed = 0;
    const counting = contact({
      gate: (attempt) => {
        passed += 1;
        return attempt();
      },
    });
    await Promise.all([pool.use(counting, readSystem), pool.use(counting, readSystem)]);
    expect(passed).toBe(1);
  });
});

describe('a session that the controller forgot (quirk 5)', () => {
  test('is renewed once, for all who used it', async () => {
    await pool.use(contact(), async (session) => {
      bmc.sessions.clear();
      await Promise.all([readSystem(session), readSystem(session)]);
    });
    await pool.use(contact(), readSystem);
    expect(bmc.count(opening)).toBe(2);
    expect(basics()).toBe(0);
  });

  test('again and again is an error and no loop', async () => {
    bmc.always(reading, told(401, 'Base.1.18.NoValidSession'));
    await pool.use(contact(), async (session) => {
      for (let round = 0; round < 3; round += 1)
        await expect(readSystem(session)).rejects.toMatchObject({ kind: 'session-lost' });
    });
    expect(bmc.count(opening)).toBe(2);
  });

  test('while writing is a refusal: the write is not sent again', async () => {
    await pool.use(contact(), async (session) => {
      bmc.sessions.clear();
      await expect(session.write('POST', `${systemPath}/Actions/ComputerSystem.Reset`, {})).rejects.toMatchObject({
        kind: 'session-lost',
        carriedOut: 'no',
      });
    });
    expect(bmc.seen.filter(({ path }) => path.endsWith('Reset'))).toHaveLength(1);
  });
});

describe('a password that has to be changed first (quirk 18)', () => {
  const account = '/redfish/v1/AccountService/Accounts/1';
  const change = told(403, 'Base.1.18.PasswordChangeRequired', 'Change it.', [account]);

  test('is told with the account while signing in, and the session is deleted', async () => {
    bmc.play(opening, {
      status: 201,
      headers: { 'x-auth-token': 'x', location: `https://bmc.internal${sessionsPath}/x` },
      body: { '@Message.ExtendedInfo': [{ MessageId: 'Base.1.18.PasswordChangeRequired', MessageArgs: [account] }] },
    });
    await expect(pool.use(contact(), readSystem)).rejects.toMatchObject({ kind: 'password-change', pointer: account });
    expect(bmc.count(`DELETE ${sessionsPath}/x`)).toBe(1);
  });

  test('is told by any read', async () => {
    bmc.always(reading, change);
    await expect(pool.use(contact(), readSystem)).rejects.toMatchObject({
      kind: 'password-change',
      pointer: account,
      retryable: false,
    });
  });
});
