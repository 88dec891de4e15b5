import type { PassageInput, PassageSummary } from '../../contract/machine.ts';
import { beltCourse, convey } from './belt.ts';
import { BirthRun } from './run.ts';

/**
 * Birth: from the first boot request to *in service*. Reads like the runbook an operator would write; what each
 * step does is in the file of its name.
 */
export async function birth(input: PassageInput): Promise<PassageSummary> {
  const run = new BirthRun(input, beltCourse('birth'));
  run.open();

  try {
    const begun = await run.beginBirth();
    if (typeof begun === 'object') return await run.end(begun, false);
    return begun ? await convey(run) : run.summary('cancelled');
  } finally {
    await run.permits.giveBack();
  }
}
