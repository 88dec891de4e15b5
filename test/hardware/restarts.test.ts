import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { judgeHealth } from '../../domain/health.ts';
import { effectObserved, isStarting, type Observed } from '../../redfish/effect.ts';
import { witnessesOf } from '../../redfish/witnesses.ts';
import type { personalities } from '../../sim/bmc/personalities.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { type Acting, actingOn } from './acting.ts';
import { type Against, actingAgainst, inTurn, resetCall } from './against.ts';

let db: ThrowawayMdb;
let one: Against;

beforeAll(async () => {
  db = await throwawayMdb();
  await writeSite(db.mdb);
});
afterAll(() => db?.close());
beforeEach(async () => {
  one = await actingAgainst(db);
  one.shows({ PowerState: 'On' });
});
afterEach(() => one?.close());

const on: Observed = { power: 'On', lastReset: null, bootProgress: null };

describe('R-25: the edges that were seen while one looked are kept', () => {
  it.each<[string, Partial<Observed>, Partial<Observed>[], boolean]>([
    ['off, then on', {}, [{ power: 'Off' }, { power: 'On' }], true],
    ['off, coming on, on', {}, [{ power: 'Off' }, { power: 'PoweringOn' }, { power: 'On' }], true],
    ['coming on, which only missed the moment of being off', {}, [{ power: 'PoweringOn' }, { power: 'On' }], true],
    ['going off and on again', { forced: true } as object, [{ power: 'PoweringOff' }, { power: 'On' }], true],
    ['a shutdown that was called off', {}, [{ power: 'PoweringOff' }, { power: 'On' }], false],
    ['coming on that had begun before', { power: 'PoweringOn' }, [{ power: 'On' }], false],
    [
      'a start that only its middle showed',
      { bootProgress: 'OSRunning' },
      [{ bootProgress: 'OSBootStarted' }, { bootProgress: 'OSRunning' }],
      true,
    ],
    [
      'a stage that came again',
      { bootProgress: 'SystemHardwareInitializationComplete' },
      [{ bootProgress: 'OEM' }, { bootProgress: 'SystemHardwareInitializationComplete' }],
      true,
    ],
    [
      'a stage of the vendor that came again',
      { bootProgress: 'OEM' },
      [{ bootProgress: 'SystemHardwareInitializationComplete' }, { bootProgress: 'OEM' }],
      false,
    ],
    ['off, and not on since', {}, [{ power: 'Off' }], false],
  ])('%s', (_, before, readings, seen) => {
    expect(effectObserved({ ...on, ...before }, ...readings.map((reading) => ({ ...on, ...reading })))).toBe(seen);
  });

  it('R-25: of a controller without reset time, whose restart shows as Off → PoweringOn → On', async () => {
    one.does(resetCall, () =>
      inTurn(
        one,
        ['On', 'Off', 'PoweringOn', 'On'].map((PowerState) => ({ PowerState })),
      ),
    );
    expect(await one.act('restart')).toMatchObject({ state: 'done' });
    expect(one.bmc.count(resetCall)).toBe(1);
  });

  it('R-25: also by the worker that takes over from one that died while it looked', async () => {
    one.does(resetCall, () => one.shows({ PowerState: 'Off' }));
    expect(await one.act('restart')).toMatchObject({ state: 'unknown', observed: expect.stringContaining('Off') });
    one.shows({ PowerState: 'On' });
    expect(await one.settle('restart')).toMatchObject({ state: 'done' });
    expect(one.bmc.count(resetCall)).toBe(1);
  });
});

describe('R-1: a restart is seen by what the controller has', () => {
  it.each<[string, object, object[]]>([
    [
      'BootProgress None, then a stage',
      { BootProgress: { LastState: 'None' } },
      [{ BootProgress: { LastState: 'MemoryInitializationStarted' } }],
    ],
    [
      'BootProgress None, then a stage of the vendor',
      { BootProgress: { LastState: 'None' } },
      [{ BootProgress: { LastState: 'OEM' } }],
    ],
    [
      'the state of POST',
      { Oem: { Hpe: { PostState: 'FinishedPost' } } },
      [{ Oem: { Hpe: { PostState: 'InPost' } } }, { Oem: { Hpe: { PostState: 'FinishedPost' } } }],
    ],
    [
      'the state of POST of another vendor',
      { Oem: { Acme: { Board: { PostState: 'FinishedPost' } } } },
      [{ Oem: { Acme: { Board: { PostState: 'Reset' } } } }],
    ],
    ['a count of starts', { Oem: { Lenovo: { NumberOfReboots: 17 } } }, [{ Oem: { Lenovo: { NumberOfReboots: 18 } } }]],
    [
      'another count of starts',
      { Oem: { Acme: { System: { BootCount: '7' } } } },
      [{ Oem: { Acme: { System: { BootCount: '8' } } } }],
    ],
    ['a count of power cycles', { Oem: { Acme: { PowerCycles: 3 } } }, [{ Oem: { Acme: { PowerCycles: 4 } } }]],
    [
      'a clock of being on that begins anew',
      { Oem: { Hpe: { CurrentPowerOnTimeSeconds: 1_066_085 } } },
      [{ Oem: { Hpe: { CurrentPowerOnTimeSeconds: 4 } } }],
    ],
  ])('%s', async (_, before, after) => {
    one.shows(before as Record<string, unknown>);
    one.does(resetCall, () => inTurn(one, [...after, after.at(-1) ?? {}] as Record<string, unknown>[]));
    expect(await one.act('restart')).toMatchObject({ state: 'done' });
    expect(one.bmc.count(resetCall)).toBe(1);
  });

  it('R-1: a clock of being on that begins anew a moment later', async () => {
    const onFor = (seconds: number) => ({ Oem: { Hpe: { CurrentPowerOnTimeSeconds: seconds } } });
    one.shows(onFor(1000));
    one.does(resetCall, () => inTurn(one, [onFor(1001), onFor(1002), onFor(1)]));
    expect(await one.act('restart')).toMatchObject({ state: 'done' });
  });

  it.each<[string, object, object]>([
    ['nothing at all', {}, {}],
    [
      'a clock of being on that goes on',
      { Oem: { Hpe: { CurrentPowerOnTimeSeconds: 5 } } },
      { Oem: { Hpe: { CurrentPowerOnTimeSeconds: 50 } } },
    ],
    ['a count of something else', { Oem: { Acme: { FanCount: 5 } } }, { Oem: { Acme: { FanCount: 6 } } }],
    ['POST that went on', { Oem: { Hpe: { PostState: 'InPost' } } }, { Oem: { Hpe: { PostState: 'FinishedPost' } } }],
    ['no progress any more', { BootProgress: { LastState: 'OSRunning' } }, { BootProgress: { LastState: 'None' } }],
  ])('R-1: and not by %s', async (_, before, after) => {
    one.shows(before as Record<string, unknown>);
    one.does(resetCall, () => one.shows(after as Record<string, unknown>));
    expect(await one.act('restart')).toMatchObject({ state: 'unknown' });
    expect(one.bmc.count(resetCall)).toBe(1);
  });

  it('R-1: or by the next boot that the machine asks the birther for, which may come minutes later', async () => {
    one.does(resetCall, () => {});
    expect(await one.act('restart')).toMatchObject({ state: 'unknown' });
    const settling = one.settle('restart');
    await one.bootsNow('local');
    expect(await settling).toMatchObject({ state: 'done', observed: expect.stringContaining('asked') });
    expect(one.bmc.count(resetCall)).toBe(1);
  });

  it('R-1: and not by a machine that only asks again because it was told to wait', async () => {
    one.does(resetCall, () => one.bootsNow('wait'));
    expect(await one.act('restart')).toMatchObject({ state: 'unknown' });
  });

  it('R-1: nor by a boot of a start that was under way already', async () => {
    one.shows({ Oem: { Hpe: { PostState: 'InPost' } } });
    one.does(resetCall, () => one.bootsNow('local'));
    expect(await one.act('restart')).toMatchObject({ state: 'unknown' });
  });
});

describe('R-1: families of the simulator show of a start what their recorded trees show', () => {
  let acting: Acting;
  afterEach(() => acting?.close());

  async function systemOf(family: keyof typeof personalities) {
    acting = await actingOn(db, family);
    await acting.act('power-on');
    return acting.system();
  }

  it.each([
    ['standard', true, true],
    ['idrac9', true, false],
    ['ilo5', false, false],
    ['ilo6', false, true],
    ['supermicro', false, true],
    ['openbmc', true, true],
    ['nvidia', true, true],
  ] as const)('%s: reset time %s, progress %s', async (family, time, progress) => {
    const system = await systemOf(family);
    expect('LastResetTime' in system).toBe(time);
    expect('BootProgress' in system).toBe(progress);
  });

  it.each(['x10', 'ibmc'] as const)(
    '%s, which shows nothing: what is not seen stays unknown, and is sent once',
    async (family) => {
      await systemOf(family);
      expect(await acting.act('restart')).toMatchObject({ state: 'unknown' });
      expect(await acting.effects('reset')).toHaveLength(1);
    },
  );
});

describe('R-1: whether a machine is up', () => {
  const signs = { power: 'On', bootProgress: 'OSRunning', health: 'OK', controller: true };
  const at = (state: string) => ({ post: { state, starting: isStarting({ postState: state }) } });
  it.each<[string, Parameters<typeof judgeHealth>[0], boolean]>([
    ['by its progress', { ...signs, bootedLocally: false }, true],
    ['not in POST, whatever progress says (quirk 70)', { ...signs, bootedLocally: true, ...at('InPost') }, false],
    [
      'not before it boots, where progress always says so',
      { ...signs, bootedLocally: false, ...at('FinishedPost') },
      false,
    ],
    ['when it has booted', { ...signs, bootedLocally: true, ...at('FinishedPost') }, true],
    ['where nothing is in question', { ...signs, bootedLocally: null, ...at('FinishedPost') }, true],
  ])('R-1: %s', (_, observed, up) => expect(judgeHealth(observed).up).toBe(up));
});

it.each([
  ...[
    'NumberOfReboots',
    'BootCount',
    'RebootCounter',
    'PowerCycles',
    'SystemBootCount',
    'Power_Cycle_Count',
    'WarmResetCount',
  ].map((name) => [name, true] as const),
  ...[
    'BmcBootCount',
    'ManagerResetCount',
    'FanCount',
    'BootOrderCount',
    'RemainingAutomaticRetryAttempts',
    'ResetTimeout',
  ].map((name) => [name, false] as const),
])('R-1: %s is a count of starts: %s', (name, counts) => {
  const found = witnessesOf({ Oem: { Acme: { [name]: 3 } } }).counts;
  expect(found).toEqual(counts ? { [name]: 3 } : {});
});
