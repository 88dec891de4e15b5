import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inPool, makeToken } from './accounts.ts';
import { servePeople } from './serving.ts';

let served: Awaited<ReturnType<typeof servePeople>>;
beforeAll(async () => {
  served = await servePeople({ trustsLoopback: true });
});
afterAll(() => served?.close());

const ask = (headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') =>
  served.app.inject({ url: '/api/v1/session', remoteAddress, headers: { host: '127.0.0.1:8470', ...headers } });

describe('a loopback address that is trusted', () => {
  it('makes whoever reaches it its administrator, by the name that they give', async () => {
    expect((await ask()).json()).toEqual({
      ...{ name: 'local', by: 'loopback', role: 'admin', expiresAt: null, temporal: null, passwordGiven: false },
      grants: [{ role: 'admin', pools: null, teams: null }],
    });
    expect((await ask({ 'x-farrier-operator': 'ann' })).json().name).toBe('ann');
    expect((await ask({ 'x-farrier-operator': 'token:ci' })).json().name).toBe('local');
  });

  it('is nobody who asks through a proxy, or from elsewhere', async () => {
    for (const header of ['x-forwarded-for', 'forwarded', 'via', 'x-real-ip', 'x-forwarded-host'])
      expect((await ask({ [header]: '10.0.0.1' })).statusCode).toBe(401);
    expect((await ask({}, '10.0.0.1')).statusCode).toBe(401);
    expect((await ask({ host: 'evil.example' })).statusCode).toBe(403);
    expect((await ask({ origin: 'http://evil.example' })).statusCode).toBe(403);
    expect((await ask({ origin: 'null' })).statusCode).toBe(403);
  });

  it('does not make more of a token than it is', async () => {
    const token = await makeToken(served.base.mdb, 'web', inPool('viewer', 'web'));
    expect((await ask({ authorization: `Bearer ${token}` })).json().name).toBe('token:web');
    expect((await ask({ authorization: 'Bearer farrier_wrong' })).statusCode).toBe(401);
  });
});
