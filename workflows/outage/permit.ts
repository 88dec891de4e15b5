import { semaphoreId } from '../../contract/semaphore.ts';
import { inOrder, type PermitOperation, resourcesFor } from '../../domain/permits/groups.ts';
import { namedTags, type SemaphoreTags } from '../../domain/requests.ts';
import { type Ended, refuse } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';

/**
 * Waits in line for the permits of an operation: the fleet's, those of the machine's groups that the policy names, and
 * of those that the order names. From the grant on, acts carry its fence. Null when granted.
 */
export async function takePermit<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  operation: PermitOperation,
  semaphores: SemaphoreTags,
): Promise<Ended | null> {
  const named = namedTags(semaphores, operation);
  const { groups, missing } = await run.looks.outage.readGroups({ ...run.errand, operation, named });
  if (missing.length > 0) {
    const names = missing.join(' and ');
    return refuse(`a permit by ${names} was asked for, and the machine has no ${names} that names a group`);
  }
  const resources = inOrder(resourcesFor(operation, ...groups));
  if (run.plans(step, `take ${resources.map(semaphoreId).join(', ')}`)) return null;
  const taken = await run.permits.take(resources, {
    limit: null,
    // What is out of service already doesn't come back by leaving the line.
    cancelled: () => run.desk.cancelled !== null && !run.recall.isPast(step),
    onQueued: (sentence) => run.stand(step, 'permit', null, sentence),
  });
  if (taken.state === 'granted') {
    // A passage that was begun again has a higher one than the permits that it took over.
    run.fence = Math.max(run.fence, taken.fence);
    return null;
  }
  if (taken.state === 'refused') return refuse(taken.reason);
  return run.cancelled();
}
