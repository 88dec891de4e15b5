import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { frame } from '../passage/frame.ts';
import { beltCourse, convey, leaveBelt } from './belt.ts';
import { BirthRun } from './run.ts';

/**
 * Birth: from the first boot request to *in service*. Reads like the runbook an operator would write; what each
 * step does is in the file of its name.
 */
export async function birth(input: PassageInput): Promise<PassageSummary> {
  const run = new BirthRun(input, beltCourse('birth'));
  const go = async () => {
    const begun = await run.beginBirth();
    if ('to' in begun) return run.end(begun, false);
    return begun.live ? convey(run) : run.unbegun(begun.why);
  };
  return frame(run, go, (ended) => leaveBelt(run, ended));
}
