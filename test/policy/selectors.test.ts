import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseSelector, selectsAll } from '../../domain/selector.ts';
import { orders, tags } from '../../mdb/schema.ts';
import { openPolicyBench, type PolicyBench } from './bench.ts';

let bench: PolicyBench;
beforeAll(async () => {
  bench = await openPolicyBench();
  await bench.base.mdb.insert(tags).values({ machineId: 'm-01', key: 'legacy', value: 'yes' });
});
afterAll(() => bench?.close());

describe('O-4: a selector', () => {
  it.each([
    ['rac!=zzz', 'rac', /"rac".*did you mean "rack"/],
    ['rackk=A01', 'rackk', /did you mean "rack"/],
    ['stage=in_service,pol=general', 'pol', /did you mean "pool"/],
    ['!legcy', 'legcy', /did you mean "legacy"/],
    ['tag:lagacy=yes', 'lagacy', /did you mean "legacy"/],
    ['foo=bar', 'foo', /no machine has "foo"/],
    ['foo', 'foo', /no machine has "foo"/],
  ])('O-4: with a key that nothing has is refused by name, everywhere: %s', async (selector, _key, sentence) => {
    const order = { passage: 'reboot', reason: 'x' };
    const everywhere = [
      await bench.ask('GET', `/machines?selector=${encodeURIComponent(selector)}`),
      await bench.ask('POST', '/orders/many', { ...order, selector }),
      await bench.ask('POST', '/orders/many', { ...order, selector, count: 5 }),
      await bench.ask('POST', '/orders/brainslug', { selector, message: { state: 'draining' } }),
      await bench.ask('POST', '/campaigns', { ...order, selector, id: 'c-1' }),
      await bench.ask('POST', '/tags', { selector, set: { a: 'b' }, reason: 'x' }),
    ];
    for (const { status, body } of everywhere) {
      expect(status).toBe(400);
      expect(body.error).toMatchObject({
        code: 'invalid',
        field: 'selector',
        message: expect.stringMatching(sentence),
      });
    }
    await expect(bench.farrier('ls', selector)).rejects.toThrow(sentence);
    await expect(bench.farrier('reboot', '--selector', selector)).rejects.toThrow(sentence);
    expect(await bench.base.mdb.select().from(orders)).toEqual([]);
  });

  it.each(['rack!=zzz', 'rack notin (A01,A09)', '!legacy', 'rack!=A01,!legacy', 'id', 'pool', 'site,stage'])(
    'O-4: that only excludes, or excludes nothing, counts as all: %s',
    async (selector) => {
      const spec = { passage: 'reboot', reason: 'x', selector };
      const many = await bench.ask('POST', '/orders/many', spec);
      expect(many).toMatchObject({ status: 409, body: { error: { field: 'count' } } });
      expect(await bench.ask('POST', '/campaigns', { ...spec, id: 'c-2' })).toMatchObject({ status: 409 });
      await expect(bench.farrier('drain', '--selector', selector)).rejects.toThrow('"count"');
    },
  );

  it('O-4: that says which machines it means needs no number', () => {
    const all = (text: string) => {
      const read = parseSelector(text);
      if (typeof read === 'string') throw new Error(read);
      return selectsAll(read);
    };
    expect(['rack=A01', 'rack=A01,stage!=retired', 'gpu', 'tag:pool', 'unit in (1,2)'].map(all)).toEqual(
      Array(5).fill(false),
    );
    expect(['all', 'rack!=A01', '!gpu', 'mac,!gpu'].map(all)).toEqual(Array(4).fill(true));
  });

  it.each([
    ['rack=A01,stage!=in_servce', /stage.*"in_servce".*did you mean "in_service"/],
    ['state=drainig', /state.*"drainig".*did you mean "draining"/],
    ['repair in (none,failed)', /repair.*"failed"/],
  ])('O-4: with a state that there is not is refused: %s', async (selector, sentence) => {
    await expect(bench.farrier('ls', selector)).rejects.toThrow(sentence);
  });

  it('O-4: a machine that is excluded in another notation is excluded', async () => {
    const { body } = await bench.ask('GET', '/machines?selector=all');
    const [one] = (body as { machines: { id: string; mac: string; hostname: string | null }[] }).machines;
    const mac = one?.mac ?? '';
    for (const notation of [mac.toUpperCase(), mac.replaceAll(':', '-'), mac.replaceAll(':', '')]) {
      const out = await bench.ask('GET', `/machines?selector=${encodeURIComponent(`pool=general,mac!="${notation}"`)}`);
      expect(out.status).toBe(200);
      expect(JSON.stringify(out.body)).not.toContain(`"${one?.id}"`);
      const only = await bench.ask('GET', `/machines?selector=${encodeURIComponent(`mac="${notation}"`)}`);
      expect(JSON.stringify(only.body)).toContain(`"${one?.id}"`);
    }
  });

  it.each([
    ['pool=general,mac!=52:54:00:zz:00:01', /mac.*52:54:00:zz:00:01.*MAC/],
    ['pool=general,id!=m-0l', /no machine has the id "m-0l".*excludes nothing/],
    ['pool=general,machine notin (m-01,m-99)', /no machine has the machine "m-99"/],
    ['pool=general,hostname!=h01', /no machine has the hostname "h01"/],
  ])('O-4: that excludes one machine which there is not is refused: %s', async (selector, sentence) => {
    await expect(bench.farrier('ls', selector)).rejects.toThrow(sentence);
    const order = { passage: 'reboot', reason: 'x', selector };
    expect(await bench.ask('POST', '/orders/many', order)).toMatchObject({
      status: 400,
      body: { error: { field: 'selector', message: expect.stringMatching(sentence) } },
    });
  });

  it('O-4: knows each column, tags, and the place of a machine as tag too', async () => {
    for (const selector of ['legacy=yes', 'tag:rack=A01', 'machine=m-01', 'hostname=h1', 'az!=b', 'drift-campaign!=x'])
      expect((await bench.ask('GET', `/machines?selector=${encodeURIComponent(selector)}`)).status).toBe(200);
  });
});
