import { ApplicationFailure } from '@temporalio/workflow';
import type { Activities } from './effects.ts';
import { learn } from './learn.ts';
import type { Run } from './run.ts';

type Input<Name extends keyof Activities> = Parameters<Activities[Name]>[0];
type Answer<Name extends keyof Activities> = Awaited<ReturnType<Activities[Name]>>;
type Write = (does: string) => void;

type Foresee<Name extends keyof Activities> = (
  run: Run,
  input: Input<Name>,
  write: Write,
  /** Calls the activity for real, as a rehearsal may: with what keeps it from changing anything. */
  rehearse: (more: Partial<Input<Name>>) => Promise<Answer<Name>>,
) => Answer<Name> | Promise<Answer<Name>>;

/** What a rehearsal does in place of an activity that changes something. What is missing here can't be rehearsed. */
const table: { readonly [Name in keyof Activities]?: Foresee<Name> } = {
  moveMachine(run, input, write) {
    const does = describeMove(input);
    if (does !== null) write(does);
    const { stage, opState, bootState } = input;
    return { ...run.state, ...(stage && { stage }), ...(opState && { opState }), ...(bootState && { bootState }) };
  },
  async leaveService(_run, { to }, write, rehearse) {
    const left = await rehearse({ dryRun: true });
    if (!left.left) write(`wait until it may leave: ${left.reason}`);
    write(`take it out of production (${to})`);
    return { left: true, state: { ...left.state, opState: to }, policy: left.policy };
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
  // A rehearsal shows every attempt: nobody knows which attempt will help.
  beginAttempt: () => ({ may: true, wait: 0 }),
  endAttempt: () => undefined,
  keepBundle: () => ({ id: '', summary: '' }),
  handOn(_run, { to }, write) {
    write(`and then ${to}: an order of its own`);
    return '';
  },
};

export async function foreseen<Name extends keyof Activities>(
  run: Run,
  name: Name,
  input: Input<Name>,
  rehearse: (more: Partial<Input<Name>>) => Promise<Answer<Name>>,
  write: Write,
): Promise<Answer<Name>> {
  const foresee = table[name];
  // It ends here, as every bug does: with a person.
  if (foresee === undefined)
    throw ApplicationFailure.nonRetryable(`a rehearsal came to ${name}, which would change something`);
  return learn(run, name, await foresee(run, input, write, rehearse));
}

function describeMove({ stage, opState, held }: Input<'moveMachine'>): string | null {
  if (stage === 'maintenance') return 'to maintenance';
  if (opState === 'hard_reboot') return 'hard reboot';
  if (opState === 'production') return 'put it back into production';
  if (opState === 'intervention') return 'hand it to a person';
  if (stage === 'in_service') return 'back to service';
  if (opState !== undefined && opState !== 'disabled') return `leave it ${opState}`;
  return held == null ? null : 'leave it held';
}
