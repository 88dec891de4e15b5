/**
 * Every passage at each of its steps, begun again after its workflow was lost: it ends as it should, what was sent is not
 * sent again, and what was not sent yet is sent once.
 */

import { afterAll, describe, expect, test } from 'vitest';
import type { Act } from '../../contract/hardware.ts';
import type { MachineStatus, ReportKind } from '../../contract/machine.ts';
import type { MachineState } from '../../contract/passage.ts';
import type { BegunPassage, Past, PastAct } from '../../contract/past.ts';
import type { OpState, Passage } from '../../domain/machine.ts';
import { definitions } from '../../workflows/passages.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type Doubles, defineAttributes, goingWell, withBenches } from './bench.ts';
import { begun } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

interface Case {
  readonly request?: Readonly<Record<string, unknown>>;
  readonly opState?: OpState;
  /** The steps at which it is begun again, where these are not all of the passage's. */
  readonly steps?: readonly string[];
  /** Where the machine stands at a step; as before for one that is missing. */
  readonly at?: Readonly<Record<string, Partial<MachineState>>>;
  /** What the agent has yet to tell at a step. */
  readonly tells?: (step: string) => readonly ReportKind[];
  readonly directive?: Readonly<Record<string, string>>;
}

const out = { opState: 'disabled' } as const;
const bearing = (from: number) => (['inventory', 'burnin', 'installed', 'ready'] as const).slice(from);
const atStep = (step: string) =>
  bearing({ rack: 0, register: 1, configure: 1, profile: 1, deploy: 2, ready: 3 }[step] ?? 0);
const cleaning = (step: string) =>
  (['inventory', 'erased', 'installed', 'ready'] as const).slice(
    { leave: 0, boot: 0, erase: 1, prove: 2, deploy: 2, ready: 3 }[step] ?? 0,
  );
const aside = (steps: readonly string[], state: Partial<MachineState>) =>
  Object.fromEntries(steps.map((step) => [step, state]));

const stepsOf = (passage: Passage) => definitions[passage].steps.map(({ name }) => name);

/** One that is forgotten does not compile. */
const cases: Readonly<Record<Passage, Case>> = {
  birth: { at: aside(stepsOf('birth'), out), tells: atStep },
  rebirth: { request: { power: 'cycle' }, at: aside(stepsOf('rebirth'), out), tells: atStep },
  clean: {
    request: { owner: 'next', power: 'cycle' },
    at: aside(stepsOf('clean').slice(1), { ...out, bootState: 'clean' }),
    tells: cleaning,
    directive: { erase: 'erase', deploy: 'install' },
  },
  retire: {
    at: aside(stepsOf('clean').slice(1), { ...out, bootState: 'clean' }),
    tells: (step) => cleaning(step).filter((kind) => kind !== 'installed' && kind !== 'ready'),
    directive: { erase: 'erase' },
  },
  maintenance: {
    request: {
      work: [
        { kind: 'firmware', component: 'BIOS', version: '2', file: 'a', sha256: '0'.repeat(64) },
        { kind: 'password' },
        { kind: 'reboot' },
      ],
      soakMinutes: 0,
    },
    at: { drain: { opState: 'draining' }, ...aside(['work', 'restore', 'soak'], { ...out, stage: 'maintenance' }) },
  },
  repair: {
    request: { fault: 'x', severity: 'restart' },
    steps: ['diagnose', 'restart'],
    at: { restart: { opState: 'hard_reboot', stage: 'repair' } },
  },
  drain: { at: { drain: { opState: 'draining' } } },
  undrain: { opState: 'draining', at: { restore: out } },
  reboot: {
    at: { drain: { opState: 'draining' }, ...aside(['reboot', 'restore'], { opState: 'hard_reboot' }) },
  },
  power: { request: { action: 'cycle' }, at: aside(['reboot', 'restore'], out) },
};
type FullCase = Case & Required<Pick<Case, 'steps'>>;
const all = Object.values(definitions).map(({ passage }) => {
  const { steps = stepsOf(passage), ...how }: Case = cases[passage];
  return [passage, { ...how, steps }] as const;
});

const waits: Readonly<Record<ReportKind, RegExp>> = {
  inventory: /rack|boot/,
  burnin: /profile/,
  erased: /erase/,
  installed: /deploy/,
  ready: /ready/,
  failed: /never/,
};

/** Doubles that keep the acts they are given. */
function doublesOf({ request, opState = 'production' }: Case, acts: Act[], past?: Past): Partial<Doubles> {
  const order: BegunPassage = {
    ...begun,
    opState,
    ...(request && { request }),
    epoch: past ? 2 : 1,
    ...(past && { past, ...past.state }),
  };
  const { act, finishBirth } = goingWell([]);
  return {
    beginPassage: async () => order,
    beginBirth: async () => ({
      live: true,
      fence: 7,
      controller: true,
      boot: true,
      epoch: past ? 2 : 1,
      ...(past && { past }),
    }),
    register: async () => ({
      registered: {
        ...{ hostname: 'a01-u01', address: '10.1.0.65', rack: 'A01', unit: 1 },
        ...{ pool: 'general', sku: null, controller: true },
      },
    }),
    finishBirth,
    act: async (one) => {
      acts.push(one);
      return act(one);
    },
  };
}

type Environment = NonNullable<typeof shared>;

/** Tells what each agent has to tell, and lets time pass, until all have come to somewhere. */
async function play(benches: readonly Bench[], environment: Environment, tells: readonly (readonly ReportKind[])[]) {
  const left = tells.map((kinds) => [...kinds]);
  for (let ticks = 0; ticks < 300; ticks += 1) {
    const stood = await Promise.all(benches.map((bench, index) => goOn(bench, left[index] ?? [])));
    if (stood.every((one) => one !== null)) return stood;
    await environment.sleep('5 seconds');
  }
  throw new Error(`not all end: ${benches.map(({ calls }) => calls.join(', ')).join('\n')}`);
}

async function goOn(bench: Bench, left: ReportKind[]): Promise<object | string | null> {
  const machine = await bench.machine.query<MachineStatus>('status').catch(() => null);
  if (machine?.waitingOn === 'order' && machine.last !== null) return machine.last;
  const at = await bench.passage.query<MachineStatus>('status').catch(() => null);
  if (at?.humanStep) return `a person is asked at ${at.step}: ${at.humanStep.question}`;
  const [kind] = left;
  if (!at || !kind || !waits[kind].test(at.step ?? '') || !/agent|reboot/.test(at.waitingOn)) return null;
  left.shift();
  await bench.passage.signal('report', { id: `told-${kind}`, kind, nonce: 'boot-1' });
  return null;
}

const key = ({ kind, parameters }: Pick<Act, 'kind' | 'parameters'>) => `${kind} ${JSON.stringify(parameters ?? {})}`;

const { stage, bootState, rack, pool, sku } = begun;
const stands = { stage, bootState, rack, pool, sku };

function pastOf(
  { steps, at, opState = 'production', directive }: FullCase,
  step: string,
  acts: readonly PastAct[],
): Past {
  const reported = steps.indexOf(step);
  return {
    at: step,
    ended: steps.slice(0, reported),
    acts,
    permits: [],
    questions: [],
    questionCount: 0,
    answers: [],
    reports: [],
    nonce: reported > 0 ? 'boot-1' : null,
    cancel: null,
    paused: false,
    takenOver: null,
    state: { ...stands, opState, ...at?.[step] },
    from: opState,
    planned: false,
    directive: directive?.[step] ?? 'wait',
  };
}

interface Loss {
  readonly step: string;
  /** Whether what the step sends had been sent. */
  readonly sent: boolean;
}

const lossesOf = ({ steps }: FullCase): Loss[] =>
  steps.flatMap((step) => [true, false].map((sent) => ({ step, sent })));

/** What of the acts had been sent, and which are still to be. */
function part({ steps }: FullCase, { step, sent }: Loss, acts: readonly Act[]) {
  const until = steps.indexOf(step);
  const place = (act: Act) => Math.max(0, steps.indexOf(act.step ?? ''));
  const gone = acts.filter((act) => (sent ? place(act) <= until : place(act) < until));
  const known = gone.map(({ intentId: id, kind, step: at = null, parameters }) => ({
    ...{ id, kind, step: at, parameters: parameters ?? null },
    sentAt: '2026-11-21T09:00:00.000Z',
  })) as PastAct[];
  return { gone, known, yet: acts.filter((act) => !gone.includes(act)) };
}

const numberOf = ({ intentId }: Act) => intentId.split(':').at(-1);

describe.skipIf(shared === null)('O-3: begun again at each step, a passage repeats nothing', () => {
  for (const [passage, one] of all)
    test(`O-3: ${passage}`, { timeout: 240_000 }, async () => {
      if (shared === null) return;
      const usual: Act[] = [];
      const first = [{ kind: passage, different: doublesOf(one, usual) }];
      await withBenches(shared, first, async (benches) => {
        expect(await play(benches, shared, [one.tells?.('') ?? []])).toMatchObject([{ outcome: 'done' }]);
      });
      const losses = lossesOf(one);
      const acts = losses.map((): Act[] => []);
      const specs = losses.map((loss, index) => {
        const past = pastOf(one, loss.step, part(one, loss, usual).known);
        return { kind: passage, different: doublesOf(one, acts[index] ?? [], past) };
      });
      const tells = losses.map(({ step }) => one.tells?.(step) ?? []);
      await withBenches(shared, specs, async (benches) => {
        const stood = await play(benches, shared, tells);
        const named = stood.map((end, index) => ({ ...losses[index], end }));
        expect(named).toMatchObject(losses.map((loss) => ({ ...loss, end: { outcome: 'done' } })));
      });
      for (const [index, loss] of losses.entries()) {
        const { gone, yet } = part(one, loss, usual);
        const sent = acts[index] ?? [];
        expect({ ...loss, acts: sent.map(key) }).toEqual({ ...loss, acts: yet.map(key) });
        const numbers = [...gone, ...sent].map(numberOf);
        expect(new Set(numbers).size).toBe(numbers.length);
        expect(new Set(sent.map(({ epoch }) => epoch))).toEqual(new Set(sent.length === 0 ? [] : [2]));
      }
    });
});
