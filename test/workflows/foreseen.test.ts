/** A rehearsal does only what has a line in the plan: what has none ends the order, and is never called. */
import { ApplicationFailure } from '@temporalio/common';
import { expect, it, vi } from 'vitest';
import { foreseen } from '../../workflows/passage/foreseen.ts';
import { Run } from '../../workflows/passage/run.ts';
import { definitions } from '../../workflows/passages.ts';

const order = { machineId: 'm-1', siteId: 'home', orderId: 'o-1' };
const open = () => new Run(definitions.clean as unknown as ConstructorParameters<typeof Run>[0], order);

it('an effect that no plan foresees ends a rehearsal, and is not called', async () => {
  const [call, write] = [vi.fn(), vi.fn()];
  const tried = foreseen(open(), 'directErase', {} as never, call, write);
  await expect(tried).rejects.toBeInstanceOf(ApplicationFailure);
  await expect(tried).rejects.toMatchObject({ nonRetryable: true, message: expect.stringContaining('directErase') });
  expect(call).not.toHaveBeenCalled();
  expect(write).not.toHaveBeenCalled();
});

it('one that is foreseen writes its line and is not called either', async () => {
  const [call, write] = [vi.fn(), vi.fn()];
  const run = open();
  expect(await foreseen(run, 'moveToRepair', {} as never, call, write)).toMatchObject({ stage: 'repair' });
  expect(write).toHaveBeenCalledWith('to repair');
  expect(call).not.toHaveBeenCalled();
});
