import type { Registered } from '../../contract/birth.ts';
import type { DisruptionPolicy } from '../../contract/outage.ts';
import type { MachineState } from '../../contract/passage.ts';
import type { Run } from './run.ts';

type Answer = Readonly<Record<string, unknown>> & { readonly state?: MachineState };

/** What the passage knows by an activity's answer: where the machine stands now, and how its pool wants it treated. */
const learns: Readonly<Record<string, (run: Run, answer: Answer) => void>> = {
  moveMachine: whole,
  moveToRepair: whole,
  retireMachine: whole,
  leaveService(run, answer) {
    stated(run, answer);
    run.policy = answer['policy'] as DisruptionPolicy;
  },
  readPolicy(run, answer) {
    run.policy = answer as unknown as DisruptionPolicy;
  },
  bootClean: stated,
  directErase: stated,
  proveErased: stated,
  directReinstall: stated,
  register(run, answer) {
    if (!('registered' in answer)) return;
    const { rack, pool, sku, controller } = answer['registered'] as Registered;
    run.controller = controller;
    run.state = { ...run.state, stage: 'registered', rack, pool, sku };
  },
  startProfile: (run) => staged(run, 'configured'),
  decideProfile(run, answer) {
    if (!('question' in answer)) staged(run, 'profiled');
  },
  acceptInstall(run, answer) {
    if (!('question' in answer)) staged(run, 'deployed');
  },
  finishBirth(run, answer) {
    if ('question' in answer) return;
    const { stage, opState, bootState } = answer as unknown as MachineState;
    run.state = { ...run.state, stage, opState, bootState };
  },
};

export function learn(run: Run, name: string, answer: unknown): unknown {
  learns[name]?.(run, answer as Answer);
  return answer;
}

function whole(run: Run, answer: Answer): void {
  run.state = answer as unknown as MachineState;
}

function stated(run: Run, { state }: Answer): void {
  if (state !== undefined) run.state = state;
}

function staged(run: Run, stage: MachineState['stage']): void {
  run.state = { ...run.state, stage };
}
