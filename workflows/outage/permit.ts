import { inOrder, type PermitOperation, resourcesFor } from '../../domain/permits/groups.ts';
import { namedTags, type SemaphoreTags } from '../../domain/requests.ts';
import type { Effects } from '../passage/effects.ts';
import { Leave, refuse } from '../passage/result.ts';

/**
 * Waits in line for the permits of an operation: the fleet's, those of the machine's groups that the policy names, and
 * of those that the order names.
 */
export async function takePermit(
  effects: Effects,
  operation: PermitOperation,
  semaphores: SemaphoreTags,
): Promise<void> {
  const named = namedTags(semaphores, operation);
  const { groups, missing } = await effects.look.outage.readGroups({ operation, named });
  if (missing.length > 0) {
    const names = missing.join(' and ');
    throw new Leave(refuse(`a permit by ${names} was asked for, and the machine has no ${names} that names a group`));
  }
  await effects.takePermits(inOrder(resourcesFor(operation, ...groups)));
}
