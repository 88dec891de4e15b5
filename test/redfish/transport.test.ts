import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openReader } from '../../redfish/read/reader.ts';
import { type Session, sessionOver } from '../../redfish/session.ts';
import { openTransport, type Transport, type TransportLimits } from '../../redfish/transport.ts';
import { openCertificate } from '../../sim/vm/certificate.ts';
import { withFolder } from './folder.ts';
import { type Hostile, hangUp, openHostile, password, sessionsPath, systemPath, told } from './hostile.ts';

let bmc: Hostile;
let transports: Transport[];
const reading = `GET ${systemPath}`;
const resetPath = `${systemPath}/Actions/ComputerSystem.Reset`;

beforeEach(async () => {
  bmc = await openHostile();
  transports = [];
});
afterEach(async () => {
  await Promise.all(transports.map((transport) => transport.close()));
  await bmc.close();
});

function transportTo(origin: string, limits: Partial<TransportLimits> = {}, pin: string | null = null): Transport {
  const transport = openTransport(origin, pin, limits);
  transports.push(transport);
  return transport;
}

function session(limits: Partial<TransportLimits> = {}): Session {
  const authorization = `Basic ${Buffer.from(`admin:${password}`).toString('base64')}`;
  const login = { headers: { authorization }, path: null, passing: false };
  return sessionOver(transportTo(bmc.origin, limits), { login: () => login, renew: async () => undefined });
}

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('an answer', () => {
  test.each([
    ['that is HTML', { body: '<html></html>' }, 'not-json'],
    ['that is invalid JSON (quirk 13)', { body: '{"a":1,}' }, 'not-json'],
    ['that is a list', { body: '[]' }, 'not-json'],
    ['that is empty', { body: '' }, 'not-json'],
    ['that is nested too deep', { body: nested(101) }, 'too-deep'],
    ['that nests brackets without end', { body: '['.repeat(100_000) }, 'too-deep'],
    ['that is larger than allowed', { body: JSON.stringify({ a: 'x'.repeat(2000) }) }, 'too-large'],
    ['of 403 as HTML (quirk 12)', { status: 403, body: '<html>forbidden</html>' }, 'forbidden'],
    ['that redirects elsewhere', { status: 302, headers: { location: 'http://192.0.2.1/' } }, 'foreign-link'],
  ])('%s is an error of its own kind, naming the controller and the resource', async (_, play, kind) => {
    bmc.always(reading, play);
    const error = await session({ body: 1000 + (kind === 'too-deep' ? 1e6 : 0) })
      .get(systemPath)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind, message: expect.stringContaining(`${bmc.origin}${systemPath}`) });
  });

  test('nested as deep as allowed, with brackets in its texts, is read', async () => {
    bmc.resources.set(systemPath, { ...JSON.parse(nested(99)), b: `${'{['.repeat(200)}"\\` });
    expect(await session().get(systemPath)).toHaveProperty('a');
  });

  test('that is cut short is read again once, and told as such', async () => {
    bmc.always(reading, (_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('{"half":');
      setImmediate(() => response.destroy());
    });
    await expect(session().get(systemPath)).rejects.toMatchObject({ kind: 'cut-short', retryable: true });
    expect(bmc.count(reading)).toBe(2);
  });

  test('that never comes ends at the answer limit', async () => {
    bmc.always(reading, () => undefined);
    await expect(session({ answer: 300 }).get(systemPath)).rejects.toMatchObject({ kind: 'timeout' });
  });

  test('that drips ends at the limit of the whole', async () => {
    bmc.always(reading, (_, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write(' '), 50);
      response.on('close', () => clearInterval(drip));
    });
    await expect(session({ whole: 500 }).get(systemPath)).rejects.toMatchObject({ kind: 'timeout' });
  });
});

describe('a read', () => {
  test('is asked again on a fresh connection where a reused one is reset (quirk 7)', async () => {
    const over = session();
    await over.get(systemPath);
    bmc.play(reading, hangUp);
    expect(await over.get(systemPath)).toMatchObject({ SerialNumber: 'B5R3M33' });
  });

  test.each([
    ['seconds', '0'],
    ['a date', 'Wed, 21 Oct 2015 07:28:00 GMT'],
  ])('is asked again after Retry-After as %s (quirk 17)', async (_, after) => {
    const busy = { ...told(503, 'Base.1.18.ServiceTemporarilyUnavailable'), headers: { 'retry-after': after } };
    bmc.play(reading, busy, busy);
    expect(await session().get(systemPath)).toHaveProperty('UUID');
    expect(bmc.count(reading)).toBe(3);
  });

  test('of data sources that are unavailable is asked again (quirk 16), and not for ever', async () => {
    bmc.always(reading, { ...told(400, 'IDRAC.2.8.SYS518'), headers: { 'retry-after': '0' } });
    await expect(session().get(systemPath)).rejects.toMatchObject({ kind: 'busy' });
    expect(bmc.count(reading)).toBe(3);
  });

  test('offers no compression (quirk 8)', async () => {
    await session().get(systemPath);
    expect(bmc.seen.every(({ headers }) => headers['accept-encoding'] === undefined)).toBe(true);
  });
});

test('what the caller cancels ends at once, with its reason', async () => {
  bmc.always(reading, () => undefined);
  const cancel = new AbortController();
  const call = { method: 'GET', path: systemPath, signal: cancel.signal } as const;
  const reason = new Error('cancelled by the workflow');
  const sent = transportTo(bmc.origin).send(call);
  setTimeout(() => cancel.abort(reason), 50);
  await expect(sent).rejects.toBe(reason);
});

describe('a command', () => {
  test.each([
    ['that is cut off', hangUp, 'maybe'],
    ['that is answered by 500', { status: 500 }, 'maybe'],
    ['that is answered by 503 and Retry-After', { status: 503, headers: { 'retry-after': '0' } }, 'maybe'],
    ['that meets SYS518 (quirk 16)', told(503, 'IDRAC.2.8.SYS518'), 'no'],
    ['that is refused by 400', told(400, 'Base.1.18.ActionParameterValueError'), 'no'],
    ['that is refused by 409', { status: 409 }, 'no'],
    ['that is redirected', { status: 307, headers: { location: resetPath } }, 'no'],
  ] as const)(
    '%s is sent once, without an ETag (quirk 24), and may have been carried out: %s',
    async (_, play, did) => {
      bmc.always(`POST ${resetPath}`, play);
      await expect(session().write('POST', resetPath, { ResetType: 'On' })).rejects.toMatchObject({ carriedOut: did });
      expect(bmc.count(`POST ${resetPath}`)).toBe(1);
      expect(bmc.seen.at(-1)?.headers['if-match']).toBeUndefined();
      expect(bmc.seen.at(-1)?.headers).toMatchObject({ 'content-length': '18' });
    },
  );

  test('to a controller that is not there was not carried out', async () => {
    const over = session();
    await bmc.close();
    await expect(over.write('POST', resetPath, {})).rejects.toMatchObject({ kind: 'unreachable', carriedOut: 'no' });
  });

  test('in the words of the vendor is told by the message that says something', async () => {
    const info = [
      { MessageId: 'Base.1.8.GeneralError', Message: 'See below.' },
      { MessageId: 'IDRAC.2.8.PSU501', Message: 'Already\u001b[31m so.' },
    ];
    bmc.always(`POST ${resetPath}`, { status: 409, body: { error: { '@Message.ExtendedInfo': info } } });
    await expect(session().write('POST', resetPath, {})).rejects.toThrow(
      /status 409 \(IDRAC.2.8.PSU501: Already .*so\.\)/,
    );
  });
});

describe('a collection', () => {
  const page = (to: string | null, ...ids: number[]) => ({
    Members: ids.map((id) => ({ '@odata.id': `/redfish/v1/C/${id}` })),
    ...(to !== null && { 'Members@odata.nextLink': to }),
  });
  const members = async () => {
    const reader = await openReader(session());
    const read = await reader.members({ '@odata.id': '/redfish/v1/C' });
    return { ids: read.map(({ Id }) => Id), gaps: reader.gaps };
  };
  beforeEach(() => {
    for (const id of [1, 2, 3]) bmc.resources.set(`/redfish/v1/C/${id}`, { Id: id });
  });

  test('is read over all its pages', async () => {
    bmc.resources.set('/redfish/v1/C', page('/redfish/v1/C?$skip=2', 1, 2));
    bmc.resources.set('/redfish/v1/C?$skip=2', page(null, 3));
    expect(await members()).toEqual({ ids: [1, 2, 3], gaps: [] });
    expect(bmc.count('GET /redfish/v1/C?$skip=2')).toBe(1);
  });

  test('whose pages go in a circle ends, and says so', async () => {
    bmc.resources.set('/redfish/v1/C', page('/redfish/v1/C?$skip=0', 1));
    bmc.resources.set('/redfish/v1/C?$skip=0', page('/redfish/v1/C', 2));
    expect(await members()).toMatchObject({ ids: expect.arrayContaining([1, 2]), gaps: [{ kind: 'cyclic' }] });
  });

  test('that goes on at another host is not followed there (A21)', async () => {
    bmc.resources.set('/redfish/v1/C', page('http://192.0.2.1/redfish/v1/C', 1));
    expect(await members()).toMatchObject({
      ids: [1],
      gaps: [{ kind: 'foreign-link', path: 'http://192.0.2.1/redfish/v1/C' }],
    });
  });
});

test.each([
  'ftp://127.0.0.1',
  'http://admin:pw@127.0.0.1',
  'http://127.0.0.1/redfish',
  'http://127.0.0.1/?a',
  'http://127.0.0.1/#a',
  '127.0.0.1',
])('the address %s is refused', (origin) => {
  expect(() => openTransport(origin, null)).toThrow(expect.objectContaining({ kind: 'refused-address' }));
});

describe('over TLS', () => {
  const call = { method: 'GET', path: '/redfish/v1/' } as const;

  test('the key that was seen first is the only one, and nothing is sent to another', async () => {
    await withFolder(async (folder) => {
      const certificate = await openCertificate(folder, 'bmc.test');
      const secure = await openHostile(certificate);
      const first = transportTo(secure.origin);
      await first.send(call);
      expect(first.pin()).toMatch(/^[\w+/]{43}=$/);
      await transportTo(secure.origin, {}, first.pin()).send(call);
      secure.seen.length = 0;
      const other = transportTo(secure.origin, {}, 'b3RoZXI=');
      const signIn = { method: 'POST', path: sessionsPath, body: { Password: password } } as const;
      await expect(other.send(signIn)).rejects.toMatchObject({ kind: 'pin-changed', carriedOut: 'no' });
      expect(secure.seen).toEqual([]);
      await secure.close();
    });
  });

  test('a controller that knows only TLS 1.1 is refused', async () => {
    await withFolder(async (folder) => {
      const certificate = await openCertificate(folder, 'bmc.test');
      const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const;
      const secure = await openHostile({ ...certificate, ...old });
      await expect(transportTo(secure.origin).send(call)).rejects.toMatchObject({ kind: 'tls' });
      expect(secure.seen).toEqual([]);
      await secure.close();
    });
  });
});
