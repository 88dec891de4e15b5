import type { MachineState } from '../../contract/passage.ts';
import type { Activities } from './effects.ts';
import type { Run } from './run.ts';

type Answer<Name extends keyof Activities> = Awaited<ReturnType<Activities[Name]>>;

/** What the passage knows by an activity's answer: where the machine stands now, and how its pool wants it treated. */
const learns: { readonly [Name in keyof Activities]?: (run: Run, answer: Answer<Name>) => void } = {
  moveMachine: whole,
  moveToRepair: whole,
  retireMachine: whole,
  leaveService(run, { state, policy }) {
    run.state = state;
    run.policy = policy;
  },
  readPolicy(run, policy) {
    run.policy = policy;
  },
  bootClean: stated,
  directErase: stated,
  proveErased: stated,
  directReinstall: stated,
  register(run, answer) {
    if (!('registered' in answer)) return;
    const { rack, pool, sku, controller } = answer.registered;
    run.controller = controller;
    run.state = { ...run.state, stage: 'registered', rack, pool, sku };
  },
  startProfile: (run) => staged(run, 'configured'),
  decideProfile(run, answer) {
    if ('verdict' in answer) staged(run, 'profiled');
  },
  acceptInstall(run, answer) {
    if ('hostname' in answer) staged(run, 'deployed');
  },
  finishBirth(run, answer) {
    if (!('stage' in answer)) return;
    const { stage, opState, bootState } = answer;
    run.state = { ...run.state, stage, opState, bootState };
  },
};

export function learn<Name extends keyof Activities>(run: Run, name: Name, answer: Answer<Name>): Answer<Name> {
  learns[name]?.(run, answer);
  return answer;
}

function whole(run: Run, state: MachineState): void {
  run.state = state;
}

function stated(run: Run, answer: { readonly state: MachineState } | object): void {
  if ('state' in answer) run.state = answer.state;
}

function staged(run: Run, stage: MachineState['stage']): void {
  run.state = { ...run.state, stage };
}
