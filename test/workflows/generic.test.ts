/**
 * What holds for every passage, whatever it does: each of its activities may be lost after it was done, and be done again;
 * each may fail for good, which ends the passage or brings a person, and never leaves it stuck; and while somebody holds
 * it back, behind whichever activity, it begins nothing.
 */

import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { afterAll, describe, expect, test } from 'vitest';
import type { MachineStatus, ReportKind } from '../../contract/machine.ts';
import type { BegunPassage } from '../../contract/past.ts';
import type { Passage } from '../../domain/machine.ts';
import { definitions } from '../../workflows/passages.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type BenchSpec, type Doubles, defineAttributes, goingWell, withBenches } from './bench.ts';
import { begun, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

interface Passing {
  readonly order?: Partial<BegunPassage>;
  /** What an agent tells that comes up once and does everything. */
  readonly tells?: readonly ReportKind[];
}

/** How each of the passages goes well; one that is forgotten does not compile. */
const passing: Readonly<Record<Passage, Passing>> = {
  birth: { tells: ['inventory', 'burnin', 'installed', 'ready'] },
  rebirth: {
    order: { request: { power: 'cycle', semaphores: { reboot: 'rack' } } },
    tells: ['inventory', 'burnin', 'installed', 'ready'],
  },
  clean: {
    order: { request: { owner: 'next', power: 'cycle', semaphores: { drain: 'rack' } } },
    tells: ['inventory', 'erased', 'installed', 'ready'],
  },
  maintenance: { order: { request: { work: [{ kind: 'bios', attributes: { Boot: 'Uefi' } }], soakMinutes: 0 } } },
  repair: { order: { request: { fault: 'x', severity: 'rebirth' } } },
  retire: { tells: ['inventory', 'erased'] },
  drain: { order: { request: { semaphores: { drain: 'rack' } } } },
  undrain: { order: { opState: 'draining' } },
  reboot: { order: { request: { semaphores: { drain: 'rack', reboot: 'rack' } } } },
  power: { order: { request: { action: 'cycle' } } },
};
/** Every passage that is defined. */
const all = Object.values(definitions).map(({ passage }) => [passage, passing[passage]] as const);

const waits: Readonly<Record<ReportKind, RegExp>> = {
  inventory: /rack|boot/,
  burnin: /profile/,
  erased: /erase/,
  installed: /deploy/,
  ready: /ready/,
  failed: /never/,
};

/** Lets each agent tell what it has to tell, and time pass, until every passage has come to somewhere. */
async function play(
  environment: TestWorkflowEnvironment,
  benches: readonly Bench[],
  { tells = [] }: Passing,
): Promise<void> {
  const left = benches.map(() => [...tells]);
  for (let ticks = 0; ticks < 300; ticks += 1) {
    const stood = await Promise.all(benches.map((bench, index) => goOn(bench, left[index] ?? [])));
    if (stood.every((one) => one !== null)) return;
    // Reboots and checks take minutes, what nobody answers takes hours.
    await environment.sleep(ticks < 100 ? '5 seconds' : '1 hour');
  }
}

async function goOn(bench: Bench, left: ReportKind[]) {
  const stood = await stand(bench);
  const at = stood === null ? await statusOf(bench) : null;
  const [kind] = left;
  if (at === null || !kind || !waits[kind].test(at.step ?? '') || !/agent|reboot|person|resume/.test(at.waitingOn))
    return stood;
  left.shift();
  await bench.report(kind);
  return null;
}

const statusOf = (bench: Bench) => bench.passage.query<MachineStatus>('status').catch(() => null);

/** Ended, with a person, or trying on with a reason that people see; null while it is none of these. */
async function stand(bench: Bench): Promise<'ended' | 'asked' | 'trying' | null> {
  const machine = await bench.machine.query<MachineStatus>('status').catch(() => null);
  if (machine?.waitingOn === 'order' && machine.last !== null) return 'ended';
  const at = await statusOf(bench);
  if (at?.humanStep && !at.humanStep.id.includes(':takeover:')) return 'asked';
  return at?.waitingOn === 'drain' && at.why?.includes('a bug') ? 'trying' : null;
}

const doublesOf = ({ order = {} }: Passing): Partial<Doubles> => ({
  beginPassage: async () => ({ ...begun, ...order }),
});

/** A command is never given twice, whatever was lost or failed. */
function actOnce(bench: Bench, says = ''): void {
  const acts = bench.calls.filter((call) => call.startsWith('act '));
  expect(new Set(acts).size, says).toBe(acts.length);
}

type Activity = (input: never) => Promise<unknown>;

/** The same activities, each call of which goes through `call`. */
function through(
  doubles: Partial<Doubles>,
  call: (name: string, activity: Activity, input: never) => Promise<unknown>,
): Partial<Doubles> {
  const all = Object.entries(goingWell([], doubles)) as [string, Activity][];
  return Object.fromEntries(all.map(([name, activity]) => [name, (input: never) => call(name, activity, input)]));
}

/** Every activity does its work and loses its answer the first time; what is asked again finds it done. */
function losing(doubles: Partial<Doubles>): Partial<Doubles> {
  const lost = new Set<string>();
  return through(doubles, async (name, activity, input) => {
    const reported = await activity(input);
    if (lost.has(name)) return reported;
    lost.add(name);
    throw new Error(`the answer of ${name} was lost`);
  });
}

describe.skipIf(shared === null)('each activity, lost after it was done, is found done', () => {
  for (const [passage, how] of all)
    test(
      passage,
      skipping(shared, passage, losing(doublesOf(how)), async (bench, environment) => {
        await play(environment, [bench], how);
        const { last } = await bench.machine.query<MachineStatus>('status');
        expect(last).toMatchObject({ outcome: 'done' });
        actOnce(bench);
      }),
    );
});

/** What each passage does on a day on which all goes well. */
async function callsOf(passage: Passage, how: Passing): Promise<readonly string[]> {
  let calls: readonly string[] = [];
  await skipping(shared, passage, doublesOf(how), async (bench, environment) => {
    await play(environment, [bench], how);
    calls = bench.calls;
  })();
  return calls;
}

type Called = readonly [name: string, input: Readonly<Record<string, unknown>>];

/** The same activities, each call of which is written down with what it was given. */
function watched(doubles: Partial<Doubles>, calls: Called[]): Partial<Doubles> {
  return through(doubles, (name, activity, input) => {
    calls.push([name, input]);
    return activity(input);
  });
}

describe.skipIf(shared === null)('on a good day a passage comes by every one of its steps', () => {
  // What a repair escalates to follows from what is seen, and each attempt has its own test.
  for (const [passage, how] of all.filter(([name]) => name !== 'repair'))
    test(passage, async () => {
      const calls: Called[] = [];
      await skipping(shared, passage, watched(doublesOf(how), calls), async (bench, environment) => {
        await play(environment, [bench], how);
      })();
      // The transaction that registers a machine begins two rows: its own, and that of the step behind it.
      const begun = calls.flatMap(([name, { next }]) => [name, ...(next ? [(next as { step: string }).step] : [])]);
      expect(begun).toEqual(expect.arrayContaining(definitions[passage].steps.map(({ name }) => name)));
    });
});

/** What a rehearsal may call: what only reads, or reads anew, and the ends of its own. */
const rehearses =
  /^(read\w+|beginPassage|keepPlan|endOrder|planClean|missingParts|keepRecords|keepConsole|check(Health|Controller)|lookAtBoard)$/;

describe.skipIf(shared === null)('rehearsed, a passage does nothing', () => {
  // A birth is nobody's order, and has no rehearsal.
  for (const [passage, how] of all.filter(([name]) => name !== 'birth'))
    test(passage, async () => {
      const calls: Called[] = [];
      const doubles = watched(doublesOf({ ...how, order: { ...how.order, dryRun: true } }), calls);
      await skipping(shared, passage, doubles, async (bench, environment) => {
        await play(environment, [bench], { ...how, tells: [] });
        const { last } = await bench.machine.query<MachineStatus>('status');
        expect(last).toMatchObject({ outcome: 'done', note: expect.stringContaining('dry run: ') });
      })();
      expect(calls.filter(([name, { dryRun }]) => !rehearses.test(name) && dryRun !== true)).toEqual([]);
      const plans = calls.flatMap(([name, { lines }]) => (name === 'keepPlan' ? [lines] : []));
      expect(plans).toEqual([expect.arrayContaining([expect.anything()])]);
    });
});

const broken = async () => {
  throw ApplicationFailure.nonRetryable('a bug');
};

describe.skipIf(shared === null)('each activity, failed for good, ends the passage or brings a person', () => {
  for (const [passage, how] of all)
    test(passage, async () => {
      if (shared === null) return;
      const names = [...new Set((await callsOf(passage, how)).map((call) => call.replace(/ .*/, '')))];
      expect(names.length).toBeGreaterThan(2);
      const specs = names.map((name) => ({ kind: passage, different: { ...doublesOf(how), [name]: broken } }));
      await onOwnServer(specs, async (benches, own) => {
        await play(own, benches, how);
        for (const [index, bench] of benches.entries()) {
          const stood = await stand(bench);
          expect(stood, `${names[index]} of ${passage}: ${JSON.stringify(await statusOf(bench))}`).not.toBeNull();
          // Whoever ends holds no permit: it was given back, whichever way it ended.
          const count = (call: string) => bench.calls.filter((one) => one === call).length;
          if (stood === 'ended') expect(count('sendToSemaphore release')).toBeGreaterThanOrEqual(count('askPermit'));
          actOnce(bench);
        }
      });
    });
});

/** Of its own, since time is let pass: the clock of one stands still once a workflow was terminated on it. */
async function onOwnServer(
  specs: readonly BenchSpec[],
  run: (benches: readonly Bench[], own: TestWorkflowEnvironment) => Promise<void>,
): Promise<void> {
  const own = await timeSkipping();
  if (own === null) throw new Error('the time-skipping server went away');
  await defineAttributes(own);
  await withBenches(own, specs, (benches) => run(benches, own)).finally(() => own.teardown());
}

/** What goes on while a passage is held back: looking, writing down what is heard, and giving back. */
const goesOn =
  /^(check(Health|Controller)|lookAtBoard|drainProgress|settle|read\w+|missingParts|planClean|noteReboot|keepIgnored|remindHumanStep|closeHumanStep|sendToSemaphore release|openHumanStep takeover)/;
/** What may still be done once it is cancelled: the way back. */
const goesBack =
  /^(moveMachine (production|disabled)|moveMachine$|stopDrain|unsetRebirth|beginNextStep|endAttempt|endOrder)/;

type HeldBack = 'pause' | 'takeover';

/** One passage that is held back while its call of a number is under way. */
class HoldUp {
  readonly doubles: Partial<Doubles>;
  /** Calls until then, with the one under way and its repetition. */
  before = Number.POSITIVE_INFINITY;
  /** The call under way, where it is repeated. */
  repeated: string | null = null;
  private readonly number: number;
  private readonly how: HeldBack;
  private begun = 0;
  private known: (bench: Bench) => void = () => {};
  private readonly bench = new Promise<Bench>((resolve) => {
    this.known = resolve;
  });

  constructor(number: number, how: HeldBack, doubles: Partial<Doubles>) {
    this.number = number;
    this.how = how;
    this.doubles = through(doubles, (name, activity, input) => this.pass(name, activity, input));
  }

  meets(bench: Bench): void {
    this.known(bench);
  }

  private async pass(name: string, activity: Activity, input: never): Promise<unknown> {
    this.begun += 1;
    if (this.begun !== this.number) return activity(input);
    const bench = await this.bench;
    if (this.how === 'pause') await bench.passage.signal('pause');
    else await bench.passage.signal('takeover', { orderId: bench.orderId, by: 'ann', reason: 'I am beside it' });
    this.before = bench.calls.length;
    this.repeated = name === 'act' ? null : (bench.calls.at(-1) ?? null);
    if (name === 'act') return activity(input);
    // Tried again past the task in which a local activity runs, so that the passage has heard of it by then.
    throw ApplicationFailure.create({ message: 'not yet', nextRetryDelay: '40 seconds' });
  }
}

/** What was begun while it was held back. */
function begunSince(bench: Bench, { before, repeated }: HoldUp): string[] {
  const calls = bench.calls.slice(before);
  if (repeated !== null && calls.includes(repeated)) calls.splice(calls.indexOf(repeated), 1);
  // One that was at its end when it was held back has ended.
  return calls.filter((call) => !goesOn.test(call) && !call.startsWith('endOrder'));
}

const cancel = (bench: Bench) =>
  bench.passage.signal('cancel', { orderId: bench.orderId, by: 'ann', reason: 'not today' });

/** One that had ended, or was about to, is nobody's to hand back. */
async function handBack(bench: Bench): Promise<void> {
  const at = await statusOf(bench);
  if (at?.humanStep?.id.includes(':takeover:')) await bench.answer('hand-back');
}

interface Holding {
  readonly how: HeldBack;
  readonly release: (bench: Bench) => Promise<unknown>;
  readonly ends: RegExp;
}

const holdings: readonly Holding[] = [
  { how: 'pause', release: (bench) => bench.passage.signal('resume'), ends: /^done$/ },
  { how: 'takeover', release: handBack, ends: /^done$/ },
  { how: 'pause', release: cancel, ends: /^(cancelled|done)$/ },
];

describe.skipIf(shared === null)(
  'behind each activity, paused or taken over, nothing is begun until it is resumed',
  () => {
    for (const [passage, passed] of all)
      test(passage, async () => {
        if (shared === null) return;
        const { length } = await callsOf(passage, passed);
        expect(length).toBeGreaterThan(2);
        const cases = Array.from({ length }, (_, index) =>
          holdings.map((holding) => ({ ...holding, holdUp: new HoldUp(index + 1, holding.how, doublesOf(passed)) })),
        ).flat();
        const specs = cases.map(({ holdUp }) => ({ kind: passage, different: holdUp.doubles }));
        await onOwnServer(specs, async (benches, own) => {
          const met = cases.map((one, index) => ({
            ...one,
            bench: benches[index] as Bench,
            left: [...(passed.tells ?? [])],
          }));
          for (const { bench, holdUp } of met) holdUp.meets(bench);
          const letPass = async () => {
            const stood = await Promise.all(met.map(({ bench, left }) => goOn(bench, left)));
            await own.sleep('30 seconds');
            return stood.every((one) => one === 'ended');
          };
          // Shorter than any limit of a step, and longer than what an agent has to tell.
          for (let ticks = 0; ticks < 10; ticks += 1) await letPass();
          for (const { bench, holdUp, how } of met)
            expect(begunSince(bench, holdUp), `${how} in ${holdUp.repeated}: ${bench.calls.join(', ')}`).toEqual([]);
          const counts = met.map(({ bench }) => bench.calls.length);
          await Promise.all(met.map(({ bench, release }) => release(bench).catch(() => {})));
          for (let ticks = 0; ticks < 100 && !(await letPass()); ticks += 1);
          for (const [index, { bench, how, release, ends, holdUp }] of met.entries()) {
            const says = `${JSON.stringify(await statusOf(bench))} ${how} behind ${holdUp.repeated}: ${bench.calls.join(', ')}`;
            const { last } = await bench.machine.query<MachineStatus>('status');
            expect(String(last?.outcome), says).toMatch(ends);
            const more = bench.calls.slice(counts[index]);
            if (release === cancel)
              expect(
                more.filter((call) => !goesOn.test(call) && !goesBack.test(call)),
                says,
              ).toEqual([]);
            const count = (call: string) => bench.calls.filter((one) => one === call).length;
            const requestCount = count('askPermit') - (holdUp.repeated === 'askPermit' ? 1 : 0);
            expect(count('sendToSemaphore release'), says).toBeGreaterThanOrEqual(requestCount);
            actOnce(bench, says);
          }
        });
      });
  },
);
