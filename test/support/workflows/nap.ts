import { sleep, upsertSearchAttributes } from '@temporalio/workflow';
import { attributes } from '../../../contract/attributes.ts';

/** The least workflow that needs a timer and a search attribute: proves that the servers of the suites have both. */
export async function nap(duration: string, machine: string | null): Promise<string> {
  if (machine) upsertSearchAttributes([{ key: attributes.machine, value: machine }]);
  await sleep(duration as `${number}s`);
  return `slept ${duration}`;
}
