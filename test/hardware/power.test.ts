import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { told } from '../redfish/hostile.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { type Against, actingAgainst, resetCall, resetPath } from './against.ts';

let db: ThrowawayMdb;
let one: Against;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());
beforeEach(async () => {
  one = await actingAgainst(db, { speed: 1000 });
  one.shows({ PowerState: 'On' });
});
afterEach(() => one?.close());

function offers(...types: string[]): void {
  const values = { 'ResetType@Redfish.AllowableValues': types };
  one.shows({ Actions: { '#ComputerSystem.Reset': { target: resetPath, ...values } } });
}

/** Moves the power as it is told to, and says what it was told. */
function obeys(...refusals: ((type: string) => ReturnType<typeof told> | null)[]): string[] {
  const requests: string[] = [];
  one.bmc.always(resetCall, (_, response) => {
    const type = String(one.sent(resetCall).at(-1)?.ResetType);
    requests.push(type);
    const refusal = refusals.map((refuse) => refuse(type)).find((answer) => answer !== null);
    if (refusal) {
      const { status = 500, headers = {}, body } = refusal;
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
      return;
    }
    if (['On', 'ForceOn'].includes(type)) one.shows({ PowerState: 'On' });
    if (['ForceOff', 'Off', 'GracefulShutdown'].includes(type)) one.shows({ PowerState: 'Off' });
    response.writeHead(204).end();
  });
  return requests;
}

const refusing = (wanted: string, times: number, answer: ReturnType<typeof told>) => {
  let left = times;
  return (type: string) => (type === wanted && left-- > 0 ? answer : null);
};

describe('R-2: a change of power that was refused for the moment is asked for again', () => {
  const answers: [string, ReturnType<typeof told>][] = [
    ['409 ActionParameterValueConflict', told(409, 'Base.1.18.ActionParameterValueConflict')],
    ['409 without a word', { status: 409 }],
    ['400 of iLO', told(400, 'iLO.2.24.InvalidOperationForSystemState')],
    ['400 of another vendor', told(400, 'Acme.1.0.PowerStateTransitionInProgress')],
    [
      '503 that names a time',
      { ...told(503, 'Base.1.18.ServiceTemporarilyUnavailable'), headers: { 'retry-after': '3' } },
    ],
    ['429', told(429, 'Base.1.18.GeneralError')],
  ];
  it.each(answers)('%s', async (_, answer) => {
    offers('On', 'ForceOff');
    const requests = obeys(refusing('On', 3, answer));
    expect(await one.act('power-cycle')).toMatchObject({ state: 'done' });
    expect(requests).toEqual(['ForceOff', 'On', 'On', 'On', 'On']);
    expect(one.shown().PowerState).toBe('On');
  });

  it('R-2: within a bound, and then it says that the machine is off', async () => {
    offers('On', 'ForceOff');
    const requests = obeys(
      refusing('On', Number.POSITIVE_INFINITY, told(409, 'Base.1.18.ActionParameterValueConflict')),
    );
    expect(await one.act('power-cycle')).toMatchObject({
      state: 'not_done',
      left: 'off',
      observed: expect.stringMatching(/is off/),
    });
    expect(requests.length).toBeGreaterThan(3);
    expect(requests.length).toBeLessThan(20);
    expect(await one.settle('power-cycle')).toMatchObject({ state: 'not_done', left: 'off' });
  });

  it('R-2: never where it may have been taken', async () => {
    offers('On', 'ForceOff');
    const requests = obeys(refusing('On', 1, told(500, 'Base.1.18.InternalError')));
    expect(await one.act('power-cycle')).toMatchObject({ state: 'unknown' });
    expect(requests).toEqual(['ForceOff', 'On']);
  });

  it('R-2: nor where it is a matter of form', async () => {
    offers('On', 'ForceOff');
    const requests = obeys(refusing('On', 9, told(400, 'Base.1.18.ActionParameterNotSupported')));
    expect(await one.act('power-cycle')).toMatchObject({ state: 'not_done', left: 'off' });
    expect(requests).toEqual(['ForceOff', 'On']);
  });

  it('R-2: by a worker that died between off and on, the machine is told as off, or as on if somebody was faster', async () => {
    offers('On', 'ForceOff');
    obeys();
    one.bmc.always(resetCall, (request, response) => {
      one.shows({ PowerState: 'Off' });
      response.writeHead(204).end();
      // What comes behind the first half fails.
      one.bmc.always('GET /redfish/v1/Systems/1', told(500, 'Base.1.18.InternalError'));
      request.resume();
    });
    await one.act('power-cycle').catch(() => undefined);
    one.bmc.always('GET /redfish/v1/Systems/1', (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(one.shown()));
    });
    expect(await one.settle('power-cycle')).toMatchObject({ state: 'not_done', left: 'off' });
    one.shows({ PowerState: 'On' });
    expect(await one.settle('power-cycle')).toMatchObject({ state: 'done' });
  });
});

describe('R-3: a controller that offers On, ForceOff and Off', () => {
  it('R-3: restarts by off and on', async () => {
    offers('On', 'ForceOff', 'Off');
    const requests = obeys();
    expect(await one.act('restart')).toMatchObject({ state: 'done' });
    expect(requests).toHaveLength(2);
    expect(requests[1]).toBe('On');
  });

  it('R-3: boots from the network by off and on', async () => {
    offers('On', 'ForceOff', 'Off');
    const requests = obeys();
    one.does('PATCH /redfish/v1/Systems/1', ({ Boot }) => one.shows({ Boot }));
    expect(await one.act('boot-network')).toMatchObject({ state: 'done' });
    expect(requests.at(-1)).toBe('On');
  });

  it('R-3: is asked to go off before its power is cut', async () => {
    offers('On', 'ForceOff', 'Off');
    const requests = obeys(() => null);
    expect(await one.act('power-off')).toMatchObject({ state: 'done' });
    expect(requests).toEqual(['Off']);
  });

  it('R-3: and its power is cut where it does not hear', async () => {
    offers('On', 'ForceOff', 'Off');
    const requests: string[] = [];
    one.does(resetCall, ({ ResetType }) => {
      requests.push(String(ResetType));
      if (ResetType === 'ForceOff') one.shows({ PowerState: 'Off' });
    });
    expect(await one.act('power-off', { timeout: 3000 })).toMatchObject({ state: 'done' });
    expect(requests).toEqual(['Off', 'ForceOff']);
  });
});

describe('R-29: what cuts the mains', () => {
  it('R-29: by FullPowerCycle is an AC cycle, which somebody approves of', async () => {
    offers('On', 'ForceOff', 'ForceRestart', 'PowerCycle', 'FullPowerCycle');
    one.does(resetCall, () => one.shows({ LastResetTime: '2026-05-05T00:00:00Z' }));
    one.shows({ LastResetTime: '2026-01-01T00:00:00Z' });
    expect(await one.act('ac-cycle', {} as never)).toMatchObject({ state: 'not_done' });
    expect(one.bmc.count(resetCall)).toBe(0);
    expect(await one.act('ac-cycle', { approvedBy: 'ada' }, { intentId: `${one.machineId}-ac` })).toMatchObject({
      state: 'done',
    });
    expect(one.sent(resetCall)).toEqual([{ ResetType: 'FullPowerCycle' }]);
  });

  it('R-29: is not what a power-cycle sends, where PowerCycle may be another name of it', async () => {
    offers('On', 'ForceOff', 'PowerCycle', 'FullPowerCycle');
    const requests = obeys();
    expect(await one.act('power-cycle')).toMatchObject({ state: 'done' });
    expect(await one.act('restart')).toMatchObject({ state: 'done' });
    expect(requests).toEqual(['ForceOff', 'On', 'ForceOff', 'On']);
  });

  it('R-29: is refused where there is no other way, and says what to do', async () => {
    offers('On', 'PowerCycle', 'FullPowerCycle');
    obeys();
    expect(await one.act('power-cycle')).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('ac-cycle'),
    });
    expect(one.bmc.count(resetCall)).toBe(0);
  });

  it('R-29: is not done as a setting of the BIOS either', async () => {
    const path = '/redfish/v1/Systems/1/Bios';
    one.shows({ Bios: { '@odata.id': path } });
    one.shows(
      {
        Attributes: { PowerCycleRequest: 'None' },
        '@Redfish.Settings': { SettingsObject: { '@odata.id': `${path}/Settings` } },
      },
      path,
    );
    one.shows({ Attributes: {} }, `${path}/Settings`);
    expect(await one.act('set-bios', { attributes: { PowerCycleRequest: 'FullPowerCycle' } })).toMatchObject({
      state: 'not_done',
      observed: expect.stringContaining('ac-cycle'),
    });
    expect(one.bmc.count(`PATCH ${path}/Settings`)).toBe(0);
  });
});

describe('R-17: an AC cycle', () => {
  const cycle = 'POST /redfish/v1/Chassis/1/Actions/Oem/DellOemChassis.ExtendedReset';
  beforeEach(() => {
    offers('On', 'ForceOff', 'ForceRestart');
    one.shows({ Links: { ManagedBy: [{ '@odata.id': '/redfish/v1/Managers/1' }] } });
    one.bmc.resources.set('/redfish/v1/', {
      ...one.shown('/redfish/v1/'),
      Chassis: { '@odata.id': '/redfish/v1/Chassis' },
    });
    one.shows({ Members: [{ '@odata.id': '/redfish/v1/Chassis/1' }] }, '/redfish/v1/Chassis');
    const target = cycle.slice('POST '.length);
    one.shows({ Actions: { Oem: { '#DellOemChassis.ExtendedReset': { target } } } }, '/redfish/v1/Chassis/1');
    one.shows({ LastResetTime: '2026-01-01T00:00:00Z' }, '/redfish/v1/Managers/1');
    one.does(cycle, () => {
      one.shows({ PowerState: 'Off' });
      one.shows({ LastResetTime: '2026-01-01T00:09:00Z' }, '/redfish/v1/Managers/1');
    });
  });

  it('R-17: that leaves the host off is done when the host is on again', async () => {
    const requests = obeys();
    expect(await one.act('ac-cycle', { approvedBy: 'ada' })).toMatchObject({ state: 'done' });
    expect(requests).toEqual(['On']);
    expect(one.shown().PowerState).toBe('On');
  });

  it('R-17: that leaves it off for good is not done, and says that it is off', async () => {
    one.does(resetCall, () => {});
    const result = await one.act('ac-cycle', { approvedBy: 'ada' });
    expect(result.state).not.toBe('done');
    expect(result.observed).toMatch(/off/i);
  });

  it('R-17: of a host that was off leaves it off', async () => {
    one.shows({ PowerState: 'Off' });
    const requests = obeys();
    expect(await one.act('ac-cycle', { approvedBy: 'ada' })).toMatchObject({ state: 'done' });
    expect(requests).toEqual([]);
  });
});
