import type { ActResult } from '../../contract/hardware.ts';
import { semaphoreId } from '../../contract/semaphore.ts';
import type { Resource } from '../../domain/permits/groups.ts';
import type { PlanLine } from '../../domain/steps.ts';
import {
  birthActivities,
  cleanActivities,
  draining,
  observing,
  outageActivities,
  recording,
  repairActivities,
  retireActivities,
} from '../proxies.ts';
import type { Acts } from './acts.ts';
import type { Activities, Effects } from './effects.ts';
import { foreseen } from './foreseen.ts';
import { learn } from './learn.ts';
import type { Questions } from './questions.ts';
import { Leave, refuse } from './result.ts';
import type { Run } from './run.ts';

/** The step whose row an activity's own transaction begins. */
const begins: { readonly [Name in keyof Activities]?: string } = {
  beginBirth: 'rack',
  register: 'configure',
  startProfile: 'profile',
  decideProfile: 'deploy',
  acceptInstall: 'ready',
  bootClean: 'boot',
  directErase: 'erase',
  proveErased: 'prove',
  directReinstall: 'deploy',
};

export function openEffects(run: Run, questions: Questions, acts: Acts, start: (step: string) => object): Effects {
  const { siteId } = run.order;
  const fill = (name: keyof Activities, input: object = {}) => {
    const begun = begins[name];
    return { ...run.order, ...(begun && { next: start(begun) }), ...input };
  };
  const learned = (call: Call, name: keyof Activities, input?: object) =>
    call(fill(name, input)).then((output) => learn(run, name, output));
  const effect = <T extends object>(activities: T): never =>
    calling(activities, (call, name, input) => {
      if (run.rehearsing) {
        const rehearse = (more: object) => call(fill(name, { ...input, ...more }));
        return foreseen(run, name, (input ?? {}) as never, rehearse, write);
      }
      return run.gate.isClear ? learned(call, name, input) : run.gate.pass().then(() => learned(call, name, input));
    });
  const look = <T extends object>(activities: T): never => calling(activities, learned);
  const write = (does: string, command?: PlanLine['command']) =>
    void run.plan.push({ step: run.step.name, does, ...(command && { command }) });
  const records = recording(siteId);
  return {
    birth: effect(birthActivities),
    clean: effect(cleanActivities),
    outage: effect(outageActivities),
    repair: effect(repairActivities),
    retire: effect(retireActivities),
    drain: effect(draining(siteId)),
    // Reading anew what is known of a machine changes nothing of it: a rehearsal does so too.
    records: {
      keepConsole: async (input) => run.gate.pass().then(() => records.keepConsole(input)),
      keepRecords: async (input) => run.gate.pass().then(() => records.keepRecords(input)),
    },
    look: {
      clean: look(cleanActivities),
      outage: look(outageActivities),
      repair: look(repairActivities),
      hardware: look(observing(siteId)),
    },
    async act(kind, parameters, what = kind) {
      const acted = await acts.act(kind, parameters);
      if (run.rehearsing) write(foretell(what, acted), acted.command);
      return acted;
    },
    settle: (act) => acts.settle(act),
    async ask(question, row) {
      if (!run.rehearsing) return questions.ask(question, row);
      write(`ask ${question.owner ?? run.step.owner}: ${question.reason}`);
      return { answer: question.choices[0] ?? '', by: 'nobody' };
    },
    async askRetry(fault, reason) {
      await this.ask({ fault, reason, choices: ['retry', 'abandon'] });
    },
    takePermits: (resources) => takePermits(run, resources, write),
    turnBack() {
      // What was only rehearsed is not on its way back.
      if (!run.rehearsing) run.gate.turnBack();
    },
    undoBy(undo) {
      if (!run.rehearsing) run.undo = undo;
    },
    restoredBy(operator) {
      run.restorer = operator;
    },
    get plan() {
      return run.rehearsing ? write : null;
    },
  };
}

// What a call is given and gives is checked where steps make it (`Filled`); in between it is one of many.
type Call = (input: object) => Promise<never>;

/** Proxies of the same activities, each call of which is made by `make`. */
function calling(
  activities: object,
  make: (call: Call, name: keyof Activities, input: object | undefined) => Promise<unknown>,
): never {
  return new Proxy(activities, {
    get: (target, name) => (input: object | undefined) =>
      make(Reflect.get(target, name) as Call, name as keyof Activities, input),
  }) as never;
}

/** What a rehearsal found: an act that is not needed, or could not be done, is no part of the work. */
function foretell(what: string, { state, observed, refused }: ActResult): string {
  if (state === 'planned') return what;
  return state === 'done'
    ? `${what}: nothing, ${observed}`
    : `${what}: it can't be done, ${refused?.reason ?? observed}`;
}

async function takePermits(run: Run, resources: readonly Resource[], write: (does: string) => void): Promise<void> {
  if (run.rehearsing) return write(`take ${resources.map(semaphoreId).join(', ')}`);
  const taken = await run.permits.take(resources, {
    limit: null,
    // What is out of service already doesn't come back by leaving the line.
    cancelled: () => run.cancelled && !run.resuming,
    onQueued: (sentence) => run.waitsOn('permit', null, sentence),
  });
  if (taken.state === 'refused') throw new Leave(refuse(taken.reason));
  if (taken.state !== 'granted') throw run.leaving();
  // A passage that was begun again has a higher one than the permits that it took over.
  run.fence = Math.max(run.fence, taken.fence);
}
