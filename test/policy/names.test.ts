import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiClient } from '../../client/api.ts';
import { pools, ticketRoutes } from '../../mdb/schema.ts';
import { openPolicyBench, type PolicyBench } from './bench.ts';

let bench: PolicyBench;
beforeAll(async () => {
  bench = await openPolicyBench();
});
afterAll(() => bench?.close());

describe('O-12: a name of what there is not', () => {
  it.each([
    [['ls', 'foo=bar'], /"foo"/],
    [['ls', '--rack', 'A99'], /no rack A99/],
    [['pool', 'set', 'NOSUCH', '--owner', 'x', '--reason', 'x'], /no pool NOSUCH.*--new/],
    [['pool', 'set', 'genaral', '--owner', 'x', '--reason', 'x'], /no pool genaral.*did you mean "general"/],
    [['pool', 'set', 'general', '--drain-secret', 'nosuch', '--reason', 'x'], /no secret nosuch/],
    [
      ['pool', 'set', 'general', '--reconcile-limits', '{"semaphores":{"drain":"rakc"}}', '--reason', 'x'],
      /"rakc".*did you mean "rack"/,
    ],
    [
      ['ticket', 'route', 'set', 'dc', '--adapter', 'webhook', '--secret', 'nosuch', '--reason', 'x'],
      /no secret nosuch/,
    ],
    [['capacity', 'set', 'rack', 'A99', '1', '--reason', 'x'], /no machine.*rack A99|no rack A99/],
    [['capacity', 'set', 'pool', 'nosuch', '1', '--reason', 'x'], /pool nosuch/],
    [['capacity', 'set', 'feed', 'f9', '1', '--reason', 'x'], /feed f9/],
    [['capacity', 'ls', '--scope', 'rakc'], /"rakc".*did you mean "rack"/],
    [['semaphore', 'resize', 'reboot/rack=A99', '2', '--reason', 'x'], /rack A99/],
    [['semaphore', 'show', 'reboot/rack=A99'], /rack A99/],
    [['semaphore', 'resize', 'raboot/rack=A01', '2', '--reason', 'x'], /"raboot".*did you mean "reboot"/],
    [['drift', '--pool', 'nosuch'], /no pool nosuch/],
  ])('O-12: is refused by name: %j', async (args, sentence) => {
    await expect(bench.farrier(...args)).rejects.toThrow(sentence);
    expect(await bench.base.mdb.select().from(pools)).toEqual([]);
    expect(await bench.base.mdb.select().from(ticketRoutes)).toEqual([]);
  });

  it('O-12: is taken where it is said to be new, and where it is there', async () => {
    expect(await bench.farrier('pool', 'set', 'batch', '--new', '--owner', 'x', '--reason', 'x')).toMatch(/its own/);
    expect(await bench.farrier('pool', 'set', 'batch', '--owner', 'y', '--reason', 'x')).toMatch(/owner +y/);
    await bench.farrier('ticket', 'route', 'set', 'dc', '--adapter', 'webhook', '--secret', 'desk', '--reason', 'x');
    await bench.farrier('semaphore', 'resize', 'reboot/rack=A01', '2', '--reason', 'x');
    await bench.farrier('capacity', 'set', 'pool', 'batch', '1', '--reason', 'x');
    await bench.farrier('capacity', 'set', 'pool', 'batch', 'none', '--reason', 'x');
  });

  it('O-12: of a secret that is not there yet is told when a controller is announced', async () => {
    const bmc = ['--bmc', 'https://10.9.0.7', '--bmc-secret', 'later'];
    expect(await bench.farrier('machine', 'add', 'a4:bf:01:00:00:41', ...bmc)).toMatch(/no secret later yet/);
  });
});

describe('O-12: an address at which something else answers', () => {
  let server: Server;
  let answer: { status: number; type: string; body: string };
  beforeAll(async () => {
    server = createServer((_request, response) => {
      response.writeHead(answer.status, { 'content-type': answer.type }).end(answer.body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => server.close());

  it.each([
    { status: 404, type: 'text/html', body: '<h1>Not Found</h1>' },
    { status: 200, type: 'text/html', body: '<h1>It works!</h1>' },
    { status: 200, type: 'application/json', body: '{"machines":[],"next":null,"racks":[]}' },
    { status: 401, type: 'application/json', body: '{"error":{"code":"x","message":"log in"}}' },
    { status: 500, type: 'text/plain', body: '' },
  ])('O-12: is not taken for Farrier’s API: %j', async (given) => {
    answer = given;
    const { port } = server.address() as AddressInfo;
    const api = new ApiClient({ url: `http://127.0.0.1:${port}` });
    await expect(api.racks()).rejects.toMatchObject({
      name: 'ApiProblem',
      code: 'not-farrier',
      message: expect.stringMatching(/is not Farrier's API/),
    });
  });

  it('O-12: Farrier’s says who it is on every page, a refusal too', async () => {
    for (const path of ['/api/v1/racks', '/api/v1/nosuch', '/healthz', '/api/v1/machines?limit=x'])
      expect((await fetch(`${bench.url}${path}`)).headers.get('farrier-api')).toBe('1');
    const api = new ApiClient({ url: `${bench.url}` });
    await expect(api.machine('nobody')).rejects.toMatchObject({ code: 'not-found' });
  });
});
