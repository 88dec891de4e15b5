import { resourcesFor, semaphoreId } from '../../contract/semaphore.ts';
import { type Outcome, refuse } from '../passage/outcome.ts';
import type { PassageRun } from '../passage/run.ts';
import { outageActivities } from '../proxies.ts';

/**
 * Waits in line for the permits of an operation: the fleet's, and that of the machine's group by the tag, where one is
 * named. From the grant on, acts carry its fence. Null when granted.
 */
export async function takePermit<Step extends string>(
  run: PassageRun<Step>,
  step: Step,
  operation: 'drain' | 'reboot',
  tag: string | undefined,
): Promise<Outcome | null> {
  const value = tag === undefined ? null : await outageActivities.readGroup({ ...run.errand, tag });
  if (tag !== undefined && value === null) {
    return refuse(`a permit by ${tag} was asked for, and the machine has no ${tag}`);
  }
  const resources = resourcesFor(operation, tag === undefined || value === null ? null : { tag, value });
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
