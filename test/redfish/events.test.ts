import { afterEach, describe, expect, test } from 'vitest';
import { type EventsSpec, endEvents, ensureEvents, formsOf } from '../../redfish/events.ts';
import { type Session, withSession } from '../../redfish/session.ts';
import { openTransport } from '../../redfish/transport.ts';
import { type PersonalityChoice, personalities } from '../../sim/bmc/personalities.ts';
import { askBmc, bmcFault, bmcOrigin, get, journal, play, soon, stopPlaying } from '../sim/playing.ts';

afterEach(stopPlaying);

// Nobody listens there: what is told is another test's.
const receiver = 'https://127.0.0.1:9/events/';
const specFor = (token: string): EventsSpec => ({
  destination: async () => `${receiver}${token}`,
  context: 'farrier/home/m-1',
  valid: (destination) => destination === `${receiver}${token}`,
  ours: (destination) => destination.startsWith(receiver),
});
const spec = specFor('one');

async function use<T>(work: (session: Session) => Promise<T>): Promise<T> {
  const transport = openTransport(bmcOrigin(), null);
  try {
    return await withSession(transport, { username: 'admin', password: 'simulated' }, work);
  } finally {
    await transport.close();
  }
}
const ensure = (wanted = spec) => use((session) => ensureEvents(session, wanted));

const subscriptions = '/redfish/v1/EventService/Subscriptions';
async function observed() {
  const { Members } = await get(subscriptions);
  const all = await Promise.all(Members.map((one: { '@odata.id': string }) => get(one['@odata.id'])));
  return all.filter((one) => one.Protocol === 'Redfish');
}
const somebodyElse = (n: number) => {
  const form = { Destination: `https://127.0.0.1:9/other/${n}`, Context: `other ${n}`, Protocol: 'Redfish' };
  return askBmc('POST', subscriptions, form);
};

describe.each(Object.keys(personalities) as PersonalityChoice[])('at %s', (id) => {
  test('a subscription is made once, in a form that it takes, and found again', async () => {
    await play(id);
    const first = await ensure();
    if (id === 'x10') {
      expect(first.state).toBe('unsupported');
      return;
    }
    expect(first).toMatchObject({ state: 'subscribed', made: true });
    expect(await ensure()).toEqual({ ...first, made: false });
    expect(await observed()).toMatchObject([{ Destination: `${receiver}one`, Context: spec.context }]);
    expect(await journal('subscribed')).toHaveLength(1);
    expect(await use((session) => endEvents(session, spec))).toBe(1);
    expect(await observed()).toEqual([]);
  });
});

describe('subscribing', () => {
  test('deletes what of ours is dead, twice or has an old address, and nothing of others', async () => {
    await play('standard');
    await somebodyElse(1);
    await ensure(specFor('old'));
    await askBmc('POST', subscriptions, { Destination: `${receiver}lost`, Context: 'x', Protocol: 'Redfish' });
    expect(await ensure()).toMatchObject({ state: 'subscribed', made: true });
    expect((await observed()).map((one) => one.Destination).sort()).toEqual(
      [`${receiver}one`, 'https://127.0.0.1:9/other/1'].sort(),
    );
  });

  test('makes again what the controller gave up delivering', async () => {
    const machine = await play('idrac9', 10_000);
    // Whoever does not ask to be tried for ever is given up: dell/iDRAC-Redfish-Scripting#370. Nobody listens there.
    await askBmc('POST', subscriptions, { Destination: `${receiver}one`, Context: spec.context, Protocol: 'Redfish' });
    await askBmc('PATCH', '/redfish/v1/EventService', { ServiceEnabled: true });
    machine.note('test-event');
    await soon(async () => (await observed())[0]?.Status.State).toBe('Disabled');
    expect(await ensure()).toMatchObject({ made: true });
    expect((await observed()).map((one) => one.Status.State)).toEqual(['Enabled']);
  });

  test('makes again what a restart of the controller cost', async () => {
    const machine = await play('ami', 10_000);
    await ensure();
    await askBmc('POST', `${(await get('/redfish/v1/Managers')).Members[0]['@odata.id']}/Actions/Manager.Reset`, {
      ResetType: 'ForceRestart',
    });
    await soon(async () => (await askBmc('GET', '/redfish/v1/')).status).toBe(200);
    expect(machine.state.controller?.subscriptions).toEqual({});
    expect(await ensure()).toMatchObject({ made: true });
  });

  test('switches on a service that is off', async () => {
    await play('idrac9');
    expect((await get('/redfish/v1/EventService')).ServiceEnabled).toBe(false);
    await ensure();
    expect((await get('/redfish/v1/EventService')).ServiceEnabled).toBe(true);
  });

  test.each(['standard', 'openbmc'] as const)(
    'where others took every place of %s, says so and takes none',
    async (id) => {
      await play(id);
      for (let n = 1; n <= 20; n += 1) await somebodyElse(n);
      const before = (await observed()).length;
      expect(await ensure()).toMatchObject({
        state: 'full',
        reason: expect.stringContaining('EventSubscriptionLimitExceeded'),
      });
      expect(await observed()).toHaveLength(before);
    },
  );

  test('whose answer is lost, is found by looking', async () => {
    await play('standard');
    await bmcFault({ path: subscriptions, method: 'POST', cut: 'after' });
    expect(await ensure()).toMatchObject({ state: 'subscribed', made: true });
    expect(await journal('subscribed')).toHaveLength(1);
  });

  test('that is refused in every form, is told with the last reason', async () => {
    await play('standard');
    await bmcFault({ path: subscriptions, method: 'POST', status: 400, times: 4 });
    expect(await ensure()).toMatchObject({ state: 'refused', reason: expect.stringContaining('status 400') });
    expect(await observed()).toEqual([]);
  });

  test('asks older services for event types, and newer ones not', () => {
    const first = (service: object) => formsOf(service as never, `${receiver}one`, spec.context)[0];
    expect(first({ EventTypesForSubscription: ['Alert', 'MetricReport'] })).toMatchObject({ EventTypes: ['Alert'] });
    expect(first({ EventFormatTypes: ['Event'] })).not.toHaveProperty('EventTypes');
    expect(first({})).toMatchObject({ EventFormatType: 'Event', DeliveryRetryPolicy: 'RetryForever' });
  });
});
