/**
 * Every passage at each of its steps, begun again after its workflow was lost: it ends as it should, what was sent is not
 * sent again, and what was not sent yet is sent once.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { birthSteps } from '../../contract/birth.ts';
import { cleanSteps } from '../../contract/clean.ts';
import type { Act } from '../../contract/hardware.ts';
import type { ReportKind, Standing } from '../../contract/machine.ts';
import type { BegunPassage, MachineState } from '../../contract/passage.ts';
import type { Past, PastAct } from '../../contract/past.ts';
import type { OpState, Passage } from '../../mdb/machine.ts';
import { timeSkipping } from '../support/temporal.ts';
import { type Bench, type Doubles, defineAttributes, goingWell } from './bench.ts';
import { begun, skipping } from './stage.ts';

const shared = await timeSkipping();
if (shared) await defineAttributes(shared);
afterAll(() => shared?.teardown());

interface Case {
  readonly request?: Readonly<Record<string, unknown>>;
  readonly opState?: OpState;
  readonly steps: readonly string[];
  /** Where the machine stands at a step; as before for one that is missing. */
  readonly at?: Readonly<Record<string, Partial<MachineState>>>;
  /** What the agent has yet to tell at a step. */
  readonly tells?: (step: string) => readonly ReportKind[];
  readonly directive?: Readonly<Record<string, string>>;
}

const out = { opState: 'disabled' } as const;
const bearing = (from: number) => (['inventory', 'burnin', 'installed', 'ready'] as const).slice(from);
const belt = (step: string) =>
  bearing({ rack: 0, register: 1, configure: 1, profile: 1, deploy: 2, ready: 3 }[step] ?? 0);
const cleaning = (step: string) =>
  (['inventory', 'erased', 'installed', 'ready'] as const).slice(
    { leave: 0, boot: 0, erase: 1, prove: 2, deploy: 2, ready: 3 }[step] ?? 0,
  );
const aside = (steps: readonly string[], state: Partial<MachineState>) =>
  Object.fromEntries(steps.map((step) => [step, state]));

/** One that is forgotten does not compile. */
const cases: Readonly<Record<Passage, Case>> = {
  birth: { steps: birthSteps, at: aside(birthSteps, out), tells: belt },
  rebirth: { request: { power: 'cycle' }, steps: birthSteps, at: aside(birthSteps, out), tells: belt },
  clean: {
    request: { owner: 'next', power: 'cycle' },
    steps: cleanSteps,
    at: aside(cleanSteps.slice(1), { ...out, bootState: 'clean' }),
    tells: cleaning,
    directive: { erase: 'erase', deploy: 'install' },
  },
  retire: {
    steps: cleanSteps.slice(0, 4),
    at: aside(cleanSteps.slice(1), { ...out, bootState: 'clean' }),
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
    steps: ['window', 'drain', 'work', 'restore', 'soak'],
    at: { drain: { opState: 'draining' }, ...aside(['work', 'restore', 'soak'], { ...out, stage: 'maintenance' }) },
  },
  repair: {
    request: { fault: 'x', severity: 'restart' },
    steps: ['diagnose', 'restart'],
    at: { restart: { opState: 'hard_reboot', stage: 'repair' } },
  },
  drain: { steps: ['drain'], at: { drain: { opState: 'draining' } } },
  undrain: { opState: 'draining', steps: ['restore'], at: { restore: out } },
  reboot: {
    steps: ['drain', 'reboot', 'restore'],
    at: { drain: { opState: 'draining' }, ...aside(['reboot', 'restore'], { opState: 'hard_reboot' }) },
  },
  power: { request: { action: 'cycle' }, steps: ['reboot', 'restore'], at: aside(['reboot', 'restore'], out) },
};
const all = Object.entries(cases) as [Passage, Case][];

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
    beginBirth: async () => ({ live: true, fence: 7, controller: true, boot: true, ...(past && { past }) }),
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

async function play(bench: Bench, environment: Environment, tells: readonly ReportKind[]) {
  const left = [...tells];
  for (let ticks = 0; ticks < 300; ticks += 1) {
    const machine = await bench.machine.query<Standing>('standing').catch(() => null);
    if (machine?.waitingOn === 'order' && machine.last !== null) return machine.last;
    const at = await bench.passage.query<Standing>('standing').catch(() => null);
    if (at?.humanStep) throw new Error(`a person is asked at ${at.step}: ${at.humanStep.question}`);
    const [kind] = left;
    if (at && kind && waits[kind].test(at.step ?? '') && /agent|reboot/.test(at.waitingOn)) {
      left.shift();
      await bench.report(kind);
      continue;
    }
    await environment.sleep('5 seconds');
  }
  throw new Error(`it does not end, after ${bench.calls.join(', ')}`);
}

const key = ({ kind, parameters }: Pick<Act, 'kind' | 'parameters'>) => `${kind} ${JSON.stringify(parameters ?? {})}`;

/** What the passage sends when nothing is lost. */
const usual = new Map<Passage, Promise<readonly Act[]>>();
function actsOf(passage: Passage, one: Case): Promise<readonly Act[]> {
  const known = usual.get(passage);
  if (known) return known;
  const acts: Act[] = [];
  const made = skipping(shared, passage, doublesOf(one, acts), async (bench, environment) => {
    expect(await play(bench, environment, one.tells?.('') ?? [])).toMatchObject({ outcome: 'done' });
  })().then(() => acts);
  usual.set(passage, made);
  return made;
}

function pastOf({ steps, at, opState = 'production', directive }: Case, step: string, acts: readonly PastAct[]): Past {
  const told = steps.indexOf(step);
  return {
    at: step,
    ended: steps.slice(0, told),
    acts,
    permits: [],
    questions: [],
    asked: 0,
    answers: [],
    reports: [],
    nonce: told > 0 ? 'boot-1' : null,
    cancel: null,
    paused: false,
    takenOver: null,
    state: { ...begun, opState, ...at?.[step] },
    from: opState,
    planned: false,
    directive: directive?.[step] ?? 'wait',
  };
}

describe.skipIf(shared === null)('O-3: begun again at each step, a passage repeats nothing', () => {
  for (const [passage, one] of all)
    for (const step of one.steps)
      for (const sent of [true, false])
        test(`O-3: ${passage}, lost at ${step} ${sent ? 'behind' : 'before'} its acts`, async () => {
          const before = await actsOf(passage, one);
          const place = (act: Act) => Math.max(0, one.steps.indexOf(act.step ?? ''));
          const until = one.steps.indexOf(step);
          const gone = before.filter((act) => (sent ? place(act) <= until : place(act) < until));
          const known = gone.map(({ intentId: id, kind, step: at = null, parameters }) => ({
            ...{ id, kind, step: at, parameters: parameters ?? null },
            sentAt: '2026-11-21T09:00:00.000Z',
          }));
          const acts: Act[] = [];
          const past = pastOf(one, step, known as PastAct[]);
          await skipping(shared, passage, doublesOf(one, acts, past), async (bench, environment) => {
            const last = await play(bench, environment, one.tells?.(step) ?? []);
            expect(last, bench.calls.join(', ')).toMatchObject({ outcome: 'done' });
          })();
          const yet = before.slice(gone.length === 0 ? 0 : before.lastIndexOf(gone.at(-1) as Act) + 1);
          expect(acts.map(key)).toEqual(yet.map(key));
          const ids = [...gone, ...acts].map(({ intentId }) => intentId.replace(/^.*?-m-[^:]*/, ''));
          expect(new Set(ids).size).toBe(ids.length);
          for (const act of acts) expect(act.epoch).toBe(2);
        });
});
