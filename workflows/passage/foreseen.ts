import { ApplicationFailure } from '@temporalio/workflow';
import type { LeaveResult, MoveInput } from '../../contract/outage.ts';
import type { MachineState } from '../../contract/passage.ts';
import type { HandOn } from '../../contract/repair.ts';
import { learn } from './learn.ts';
import type { Run } from './run.ts';

type Write = (does: string) => void;
/** Calls the activity for real, as a rehearsal may: with what keeps it from changing anything. */
type Rehearse = (more: object) => Promise<unknown>;
type Foresee = (run: Run, input: never, write: Write, rehearse: Rehearse) => unknown;

/** What a rehearsal does in place of an activity that changes something. What is missing here can't be rehearsed. */
const table: Readonly<Record<string, Foresee>> = {
  moveMachine(run, input: Omit<MoveInput, never>, write) {
    const does = describeMove(input);
    if (does !== null) write(does);
    const { stage, opState, bootState } = input;
    return { ...run.state, ...(stage && { stage }), ...(opState && { opState }), ...(bootState && { bootState }) };
  },
  async leaveService(_run, input: { readonly to: 'draining' | 'disabled' }, write, rehearse) {
    const left = (await rehearse({ dryRun: true })) as LeaveResult;
    if (!left.left) write(`wait until it may leave: ${left.reason}`);
    write(`take it out of production (${input.to})`);
    const state: MachineState = { ...left.state, opState: input.to };
    return { left: true, state, policy: left.policy };
  },
  setRebirth: (_run, _input, _write, rehearse) => rehearse({ dryRun: true }),
  unsetRebirth: () => undefined,
  bootClean(run, _input, write) {
    write('its next boot gets the fast image');
    return { state: run.state };
  },
  moveToRepair(run, _input, write) {
    write('to repair');
    return { ...run.state, stage: 'repair' };
  },
  retireMachine(run, _input, write) {
    write('name, address and place given back');
    return run.state;
  },
  // A rehearsal shows the whole ladder: nobody knows which attempt will help.
  beginAttempt: () => ({ may: true, wait: 0 }),
  endAttempt: () => undefined,
  keepBundle: () => ({ id: '', summary: '' }),
  handOn(_run, { to }: Pick<HandOn, 'to'>, write) {
    write(`and then ${to}: an order of its own`);
    return '';
  },
};

export async function foreseen(
  run: Run,
  name: string,
  input: object | undefined,
  rehearse: Rehearse,
  write: Write,
): Promise<unknown> {
  const foresee = table[name];
  // It ends here, as every bug does: with a person.
  if (foresee === undefined)
    throw ApplicationFailure.nonRetryable(`a rehearsal came to ${name}, which would change something`);
  return learn(run, name, await foresee(run, (input ?? {}) as never, write, rehearse));
}

function describeMove({ stage, opState, held }: Omit<MoveInput, never>): string | null {
  if (stage === 'maintenance') return 'to maintenance';
  if (opState === 'hard_reboot') return 'hard reboot';
  if (opState === 'production') return 'put it back into production';
  if (opState === 'intervention') return 'hand it to a person';
  if (stage === 'in_service') return 'back to service';
  if (opState !== undefined && opState !== 'disabled') return `leave it ${opState}`;
  return held == null ? null : 'leave it held';
}
