/** A mainboard that was replaced, in the repair: recognised, and accepted or refused by a person. */

import { afterAll, describe, expect, test } from 'vitest';
import type { BoardObservation } from '../../contract/board.ts';
import type { BoardObserved } from '../../domain/identity/board.ts';
import type { BoardAnswer } from '../../domain/identity/boardanswer.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type Doubles, defineAttributes } from './bench.ts';
import { beginning, moves, outcome, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

const uuid = '4c4c4544-0042-3510-8052-b4c04f4d4444';
const observed: BoardObserved = {
  uuid,
  serial: 'B5R3M33',
  boardSerial: null,
  serials: ['B5R3M33'],
  macs: ['b0:26:28:11:22:33'],
  bmcMacs: [],
  key: 'new',
};
const swapped: BoardObservation = {
  state: 'swapped',
  observed,
  agree: ['serial', 'nic-mac'],
  differ: ['uuid', 'key'],
  bootPortGone: false,
};
const word = { serial: 'NB-7', uuid, key: 'new' };

/** A machine at its hands, whose board is looked at so, one look after the other; the last one stays. */
function board(
  ...sights: (BoardObservation | ((key: string | undefined) => BoardObservation))[]
): Partial<Doubles> & { words: BoardAnswer[] } {
  const words: BoardAnswer[] = [];
  return {
    words,
    ...beginning({ request: { fault: 'board/dead', severity: 'ticket' } }),
    lookAtBoard: async ({ key }) => {
      const observation = sights.length > 1 ? sights.shift() : sights[0];
      return typeof observation === 'function' ? observation(key) : (observation as BoardObservation);
    },
    acceptBoard: async (accepting) => {
      words.push(accepting.answer);
      if (accepting.answer.uuid !== uuid) return { accepted: false, why: `its system UUID is ${uuid}` };
      return { accepted: true, keysLost: true };
    },
  };
}

const hands = (bench: Bench) => bench.until(({ humanStep }) => humanStep?.choices[0] === 'fixed');
const asked = (bench: Bench, ...choices: string[]) =>
  bench.until(({ humanStep }) => humanStep !== null && humanStep.choices.join() === choices.join());
const accepting = ['accept', 'refuse', 'retry', 'abandon'] as const;
const waiting = ['retry', 'refuse', 'abandon'] as const;

describe.skipIf(shared === null)('a replaced board', () => {
  for (const answer of ['fixed', 'board']) {
    const doubles = board(swapped);
    test(
      `after "${answer}" is seen, accepted by what its label says, and verified by a burn-in`,
      skipping(shared, 'repair', doubles, async (bench) => {
        await hands(bench);
        await bench.answer(answer);
        const { humanStep } = await asked(bench, ...accepting);
        expect(humanStep?.question).toMatch(
          /agree: serial numbers, MACs of its ports\..* differ: system UUID, the key/,
        );
        expect(humanStep?.question).toContain('"accept" with serial, uuid, key');
        await bench.answer('accept', 'bea', { ...word, uuid: 'another' });
        await bench.until((status) => status.humanStep?.question.startsWith('Not accepted: its system UUID') === true);
        await bench.answer('accept', 'bea', word);
        expect(await outcome(bench)).toMatchObject({
          outcome: 'done',
          note: expect.stringMatching(/rebirth-of-it.*the keys of its disks went with the old one/),
        });
        expect(doubles.words.map(({ by, serial }) => `${by} ${serial}`)).toEqual(['bea NB-7', 'bea NB-7']);
      }),
    );
  }

  const refusing = board(swapped);
  test(
    'that is refused stays shut out, and hands have it again with the reason',
    skipping(shared, 'repair', refusing, async (bench) => {
      await hands(bench);
      await bench.answer('fixed');
      await asked(bench, ...accepting);
      await bench.answer('refuse', 'bea');
      const { humanStep } = await hands(bench);
      expect(humanStep?.question).toMatch(/^bea refused the board/);
      await bench.answer('retire');
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('retire-of-it') });
      expect(refusing.words).toEqual([]);
      expect(bench.calls).not.toContain('endQuarantine');
    }),
  );

  const locked = board((key) => (key === 'new' ? swapped : { state: 'key', key: 'new' }));
  test(
    'with another certificate is told nothing before a person has compared its key',
    skipping(shared, 'repair', locked, async (bench) => {
      await hands(bench);
      await bench.answer('board');
      const { humanStep } = await asked(bench, ...accepting);
      expect(humanStep?.question).toContain('whose key is new; nothing was sent to it');
      await bench.answer('accept', 'ann', { serial: 'NB-7', key: 'wrong' });
      await bench.until((status) => status.humanStep?.question.includes('and wrong was said') === true);
      await bench.answer('accept', 'ann', word);
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('rebirth-of-it') });
      expect(locked.words).toEqual([{ by: 'ann', ...word }]);
    }),
  );

  const other = board(
    { state: 'other', reason: 'of uuid, serial, nothing agrees' },
    { state: 'same', quarantined: true },
  );
  test(
    'with which nothing agrees is another machine, and is never accepted; the own one is let in again',
    skipping(shared, 'repair', other, async (bench) => {
      await hands(bench);
      await bench.answer('fixed');
      const { humanStep } = await asked(bench, ...waiting);
      expect(humanStep?.question).toMatch(/another machine: of uuid, serial, nothing agrees\. It stays shut out/);
      await bench.answer('retry');
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('rebirth-of-it') });
      expect(bench.calls).toContain('endQuarantine');
    }),
  );

  const silent = board({ state: 'unread', reason: 'no answer' });
  test(
    'behind a controller that cannot be read is asked about only where somebody said that it was replaced',
    skipping(shared, 'repair', silent, async (bench) => {
      await hands(bench);
      await bench.answer('board');
      await asked(bench, ...waiting);
      await bench.answer('refuse');
      await hands(bench);
      await bench.answer('fixed');
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('rebirth-of-it') });
    }),
  );

  const shutOut = {
    ...board(swapped),
    ...beginning({ request: { fault: 'noContact' } }),
    checkHealth: async () => ({ up: false, healthy: false, seen: 'in quarantine', shutOut: 'identity' as const }),
  };
  test(
    'that shut its controller out is asked about first: no milder attempt could ask it anything',
    skipping(shared, 'repair', shutOut, async (bench) => {
      await asked(bench, ...accepting);
      await bench.answer('accept', 'bea', word);
      expect(await outcome(bench)).toMatchObject({ note: expect.stringContaining('rebirth-of-it') });
      expect(moves(bench).filter((move) => move.startsWith('act'))).toEqual([]);
      expect(bench.calls.filter((call) => call.startsWith('beginAttempt'))).toEqual([
        'beginAttempt ticket',
        'beginAttempt rebirth',
      ]);
    }),
  );
});
