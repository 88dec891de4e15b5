/** Repair: every attempt, what leads to the next, and what a person is asked (S2.32). */
import { afterAll, describe, expect, test } from 'vitest';
import { judgeAttempt } from '../../domain/repair/budget.ts';
import { missingDisks } from '../../domain/repair/missing.ts';
import { summarise } from '../../domain/repair/summary.ts';
import type { severities } from '../../domain/requests.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Doubles, defineAttributes, policy } from './bench.ts';
import { beginning, moves, outcome, Patient, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

const hour = 3_600_000;

describe('the budget of an attempt', () => {
  const at = (attempt: string, hours: number) => ({ attempt, at: 1000 * hour - hours * hour });
  const judge = (
    attempt: 'restart' | 'rebirth' | 'observe' | 'ticket',
    ...history: { attempt: string; at: number }[]
  ) => judgeAttempt(attempt, history, 1000 * hour);

  test('is used up by as many of the same within its time, whatever their fault', () => {
    expect(judge('restart', at('restart', 1), at('restart', 23))).toMatchObject({ may: false });
    expect(judge('restart', at('restart', 1), at('restart', 25))).toEqual({ may: true, wait: 0 });
    expect(judge('rebirth', at('rebirth', 24 * 6))).toMatchObject({
      may: false,
      why: expect.stringContaining('7 days'),
    });
  });

  test('gives the machine time after the last act, but not after a look', () => {
    expect(judge('restart', at('reset-bmc', 0.05))).toEqual({ may: true, wait: 600_000 - 0.05 * hour });
    expect(judge('restart', at('observe', 0.05))).toEqual({ may: true, wait: 0 });
    expect(judge('rebirth', at('ticket', 0.05), at('rma', 0.01))).toEqual({ may: true, wait: 0 });
  });

  test('people have none', () =>
    expect(judge('ticket', at('ticket', 1), at('ticket', 2))).toEqual({ may: true, wait: 0 }));
});

const nothingKnown: Parameters<typeof summarise>[0] = {
  evidence: null,
  seen: 'power On',
  reset: null,
  missing: [],
  lastSeenAt: null,
  boots: null,
  sensors: null,
  logs: [],
  events: [],
  tests: [],
  acts: [],
  keyStore: null,
  console: { lines: [], missing: 'its controller keeps no log of the console' },
};

describe('a summary', () => {
  test('begins with the complaint and names the worst', () => {
    const reported = summarise({
      ...nothingKnown,
      evidence: 'sensor says 90 °C',
      reset: '2026-11-20T08:00:00Z',
      missing: ['Disk D2 is not in the machine any more.'],
      lastSeenAt: new Date('2026-11-20T08:05:00Z'),
      boots: { at: new Date('2026-11-20T08:01:00Z'), answer: 'local' },
      sensors: {
        sensors: [
          { name: 'CPU1', value: 97, unit: 'Cel', health: 'Critical' },
          { name: 'Inlet', value: 24, unit: 'Cel', health: 'OK' },
        ],
      },
      logs: [
        { severity: 'OK', message: 'fine' },
        { severity: 'Critical', message: 'DIMM A1 uncorrectable' },
      ],
      tests: [{ verdict: 'fail', finding: 'disk sda is slow' }],
      acts: [{ kind: 'restart', state: 'done' }],
      keyStore: 'nvram',
      console: {
        lines: [...Array.from({ length: 20 }, (_, line) => `line ${line}`), 'panic'.padEnd(400, '!')],
        missing: null,
      },
    });
    expect(reported.split('\n')).toEqual([
      'sensor says 90 °C',
      'Disk D2 is not in the machine any more.',
      'Now: power On.',
      "Up: last started 2026-11-20T08:00:00Z by its controller's clock, last heard from 2026-11-20T08:05:00.000Z, last asked for a boot 2026-11-20T08:01:00.000Z (local).",
      'Critical: CPU1 97 Cel',
      'Critical: DIMM A1 uncorrectable',
      'Last burn-in: fail, disk sda is slow.',
      'Last acts: restart done.',
      "The keys of its disks are in the mainboard's NVRAM: with another board, what the disks hold is lost.",
      'Its console ends:',
      ...Array.from({ length: 7 }, (_, line) => `  line ${line + 13}`),
      `  ${'panic'.padEnd(160, '!')}`,
    ]);
  });

  test('says what there is not', () => {
    expect(summarise({ ...nothingKnown, logs: [{ severity: 'OK', message: 'fine' }] }).split('\n')).toEqual([
      'Now: power On.',
      'Logs: nothing above OK in the last 1 entries.',
      'No console: its controller keeps no log of the console.',
    ]);
  });
});

describe('a missing disk', () => {
  const known = [
    { serial: 'D1', name: 'sda', bytes: 8e9 },
    { serial: 'D2', name: 'sdb', bytes: 1e9 },
  ];
  const observed = (...serials: string[]) => serials.map((serial, index) => ({ serial, slot: `bay ${index}` }));

  test('is named with its slot, and with what is there now', () => {
    const left = [{ serial: 'd2 ', slot: 'bay 7', next: null }];
    expect(missingDisks(known, observed('D1'), left)).toEqual([
      'Disk D2 (sdb, 1.0 GB) is not in the machine any more: bay 7 is empty.',
    ]);
    expect(missingDisks(known, observed('D1', 'X'), [{ serial: 'D2', slot: 'bay 1', next: 'X' }])).toEqual([
      'Disk D2 (sdb, 1.0 GB) is not in the machine any more: bay 1 has X instead.',
    ]);
    expect(missingDisks(known, observed('D1', 'X'), [])[0]).toContain('shows D1 in bay 0, X in bay 1');
  });

  test('is none where all are shown, or the controller sees none of them', () => {
    expect(missingDisks(known, observed('d1', 'D2'), [])).toEqual([]);
    expect(missingDisks(known, observed('OTHER'), [])).toEqual([]);
    expect(missingDisks(known, [], [])).toEqual([]);
  });
});

const sick = { up: true, healthy: false, seen: 'its controller says Critical' };
const at = (severity: (typeof severities)[number]) => beginning({ request: { fault: 'cpu/hot', severity } });
const quick: Partial<Doubles> = { readPolicy: async () => ({ ...policy, soak: 60_000 }) };
const attempts = (calls: readonly string[]) =>
  calls.filter((call) => call.startsWith('beginAttempt')).map((call) => call.split(' ')[1]);

describe.skipIf(shared === null)('repair', () => {
  test(
    'a fault that is gone when somebody looks was none: nothing is done to the machine (S3.4)',
    skipping(shared, 'repair', { ...at('observe'), ...quick }, async (bench, env) => {
      await bench.until((status) => status.step === 'observe');
      await env.sleep('3 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', note: expect.stringMatching(/^false_positive: /) });
      expect(moves(bench)).toEqual(['moveMachine']);
    }),
  );

  test(
    'what has lost a part goes to hands, however healthy it looks',
    skipping(
      shared,
      'repair',
      {
        ...beginning({ request: { fault: 'disk/D2' } }),
        missingParts: async () => ['Disk D2 is not in the machine any more.'],
        keepBundle: async ({ id, missing }) => ({ id, summary: missing.join() }),
      },
      async (bench) => {
        expect((await bench.asked()).humanStep).toMatchObject({
          question: expect.stringContaining('Disk D2 is not in'),
        });
        expect(bench.calls.some((call) => call.startsWith('keepRecords'))).toBe(true);
        await bench.answer('fixed');
        expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('verifies the repair of disk/D2') });
        expect(attempts(bench.calls)).toEqual(['ticket', 'rebirth']);
      },
    ),
  );

  test(
    'each failed attempt leads to the next, up to the order whose burn-in verifies',
    skipping(shared, 'repair', { ...at('observe'), ...quick, ...new Patient(sick).double }, async (bench, env) => {
      await bench.until((status) => status.step === 'observe');
      await env.sleep('30 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', note: expect.stringContaining('rebirth-of-it') });
      expect(attempts(bench.calls)).toEqual(['observe', 'restart', 'reset-bmc', 'power-cycle', 'rebirth']);
      expect(moves(bench).filter((move) => move.startsWith('act'))).toEqual([
        'act restart',
        'act reset-bmc',
        'act power-cycle',
      ]);
      expect(moves(bench).filter((move) => move.startsWith('leaveService'))).toHaveLength(1);
    }),
  );

  const helped = new Patient(sick);
  test(
    'an attempt that helps ends the repair: healthy for a while, back in production, suspect no more',
    skipping(
      shared,
      'repair',
      {
        ...at('restart'),
        ...quick,
        ...helped.double,
        act: async () => {
          helped.mended = true;
          return { state: 'done', observed: 'power On' };
        },
      },
      async (bench, env) => {
        await bench.until((status) => status.step === 'restart');
        await env.sleep('20 minutes');
        expect(await outcome(bench)).toMatchObject({ outcome: 'done', note: 'healed by restart' });
        expect(moves(bench).at(-1)).toBe('moveMachine production');
      },
    ),
  );

  test.each(['reset-bmc', 'power-cycle'] as const)('%s is an attempt that may help', async (attempt) => {
    const patient = new Patient(sick);
    const mends: Partial<Doubles> = {
      act: async ({ kind }) => {
        patient.mended = true;
        return { state: 'done', observed: kind };
      },
    };
    await skipping(shared, 'repair', { ...at(attempt), ...quick, ...patient.double, ...mends }, async (bench, env) => {
      await bench.until((status) => status.step === attempt);
      await env.sleep('20 minutes');
      expect(await outcome(bench)).toMatchObject({ outcome: 'done', note: `healed by ${attempt}` });
      expect(moves(bench).filter((move) => move.startsWith('act'))).toEqual([`act ${attempt}`]);
      // The machine runs on while its controller starts again.
      expect(moves(bench).includes('leaveService draining')).toBe(attempt === 'power-cycle');
      expect(bench.calls).toContain(`endAttempt ${attempt}`);
    })();
  });

  test(
    'what clears before its turn comes to be acted on was none either, and goes back untouched',
    skipping(
      shared,
      'repair',
      {
        ...at('restart'),
        ...quick,
        ...(() => {
          let looks = 0;
          // Sick when it is diagnosed, and well when it is drained.
          return { checkHealth: async () => (++looks > 1 ? { up: true, healthy: true, seen: 'well' } : sick) };
        })(),
      },
      async (bench, env) => {
        await bench.until((status) => status.step === 'restart');
        await env.sleep('20 minutes');
        expect(await outcome(bench)).toMatchObject({
          outcome: 'done',
          note: expect.stringMatching(/^false_positive: /),
        });
        expect(moves(bench).filter((move) => move.startsWith('act'))).toEqual([]);
        expect(moves(bench).at(-1)).toBe('moveMachine production');
      },
    ),
  );

  test(
    'the last act is given its time before the next one',
    skipping(
      shared,
      'repair',
      {
        ...at('power-cycle'),
        ...quick,
        ...new Patient(sick).double,
        beginAttempt: async () => ({ may: true, wait: 600_000 }),
      },
      async (bench, env) => {
        const status = await bench.until(({ step, waitingOn }) => step === 'power-cycle' && waitingOn === 'time');
        expect(Date.parse(status.limit ?? '') - Date.parse(status.since)).toBe(600_000);
        await env.sleep('9 minutes');
        expect(moves(bench)).toEqual([]);
        await env.sleep('60 minutes');
        expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('rebirth-of-it') });
        expect(moves(bench)).toContain('act power-cycle');
      },
    ),
  );

  test.each(['rebirth', 'retire'] as const)(
    '%s may be where it begins, and is an order of its own',
    async (attempt) => {
      await skipping(shared, 'repair', at(attempt), async (bench) => {
        expect(await outcome(bench)).toMatchObject({
          outcome: 'done',
          note: expect.stringContaining(`${attempt}-of-it`),
        });
        expect(attempts(bench.calls)).toEqual([attempt]);
        expect(moves(bench)).toEqual([]);
      })();
    },
  );

  test(
    'an attempt whose budget is used up is left out, after restarts of everything too',
    skipping(
      shared,
      'repair',
      {
        ...at('restart'),
        ...new Patient(sick).double,
        beginAttempt: async ({ attempt }) =>
          attempt === 'rebirth' ? { may: true, wait: 0 } : { may: false, why: 'twice today' },
      },
      async (bench) => {
        expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('rebirth-of-it') });
        expect(moves(bench)).toEqual([]);
      },
    ),
  );

  test(
    'hands: the question holds the bundle; "fixed" is verified by a burn-in',
    skipping(shared, 'repair', at('ticket'), async (bench) => {
      expect((await bench.asked()).humanStep).toMatchObject({
        question: expect.stringContaining('it says Critical'),
        choices: ['fixed', 'board', 'parts', 'retire', 'abandon'],
      });
      await bench.answer('fixed');
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('verifies the repair of cpu/hot') });
      expect(moves(bench)).toContain('leaveService draining');
    }),
  );

  test(
    'parts: the return and the new serial number are kept, then it is verified',
    skipping(shared, 'repair', at('ticket'), async (bench) => {
      await bench.asked();
      await bench.answer('parts');
      await bench.until((status) => status.humanStep?.choices[0] === 'sent:NUMBER');
      await bench.answer('sent:RMA-7');
      await bench.until((status) => status.humanStep?.choices[0] === 'fitted:SERIAL');
      await bench.answer('fitted:S9');
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('rebirth-of-it') });
      expect(bench.calls).toEqual(expect.arrayContaining(['sendPart RMA-7', 'fitPart S9']));
    }),
  );

  test.each([
    [['retire'], 'retire-of-it'],
    [['abandon'], 'abandoned by ann'],
    [['sent:RMA-8', 'retire'], 'retire-of-it'],
    [['sent:RMA-8', 'abandon'], 'abandoned by ann'],
  ])('a return to the maker ends with %j: %s', async (answers, note) => {
    await skipping(shared, 'repair', at('rma'), async (bench) => {
      for (const [number, answer] of answers.entries()) {
        await bench.until(({ humanStep }) => humanStep?.choices[0] === ['sent:NUMBER', 'fitted:SERIAL'][number]);
        await bench.answer(answer);
      }
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining(note) });
    })();
  });

  test(
    'what hands mended is verified however often it was reborn of late; the part that went back is kept by its number',
    skipping(
      shared,
      'repair',
      {
        ...at('rma'),
        beginAttempt: async ({ attempt, byHand }) =>
          attempt === 'rma' || byHand ? { may: true, wait: 0 } : { may: false, why: 'once a week' },
        sendPart: async ({ part, serial }) => {
          if (part !== 'memory' || serial !== 'OLD-1') throw new Error(`sent ${part} ${serial}`);
        },
      },
      async (bench) => {
        await bench.answer('sent:RMA-9', 'ann', { part: 'memory', serial: 'OLD-1' });
        await bench.until((status) => status.humanStep?.choices[0] === 'fitted:SERIAL');
        await bench.answer('fitted:NEW-1');
        expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('rebirth-of-it') });
      },
    ),
  );

  test(
    'a machine that is given up goes to its retirement, by an order of its own',
    skipping(shared, 'repair', at('ticket'), async (bench) => {
      await bench.asked();
      await bench.answer('retire');
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('retire-of-it') });
    }),
  );

  test(
    'a rehearsal shows every attempt and makes none',
    skipping(
      shared,
      'repair',
      {
        ...beginning({ dryRun: true, request: { fault: 'cpu/hot' } }),
        act: async ({ kind }) => ({ state: 'planned', observed: 'planned', command: { kind } }),
      },
      async (bench) => {
        expect(await outcome(bench)).toMatchObject({ outcome: 'done', note: expect.stringMatching(/^dry run/) });
        expect(attempts(bench.calls)).toEqual([]);
        expect(bench.calls).not.toContain('moveMachine hard_reboot');
      },
    ),
  );
});
