/** Names of what must be there: what is not is refused by name, and told what else may have been meant. */

import { access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fleet, permitOperations } from '../../domain/permits/groups.ts';
import { namedTags, type SemaphoreTags } from '../../domain/requests.ts';
import type { Selector } from '../../domain/selector.ts';
import { suggest } from '../../domain/suggest.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { doubtAttributes, isGroupKnown } from '../../mdb/machines/attributes.ts';
import { findMachine } from '../../mdb/machines/listing.ts';
import { readSelector } from '../../mdb/machines/selecting.ts';
import type { SemaphorePattern } from '../../mdb/permits/semaphores.ts';
import { listPools } from '../../mdb/service/pools.ts';
import type { PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';

/** The selector that a request gives; 400 with what is wrong with it. */
export async function mustSelect(mdb: Mdb, text: string): Promise<Selector> {
  const read = await readSelector(mdb, text);
  if (typeof read === 'string') throw new ApiError('invalid', `selector: ${read}`, 'selector');
  return read;
}

/** The id of the machine that a request names; 404 when there is none. */
export async function mustFind(mdb: Mdb, name: string): Promise<string> {
  const id = await findMachine(mdb, name);
  if (id === null) throw new ApiError('not-found', `there is no machine ${name}`, 'machine');
  return id;
}

/** What a list is narrowed to: one machine that is there, those that a selector means, or neither. */
export async function onlyOf(mdb: Mdb, machine: string | undefined, selector: string | undefined) {
  return {
    machineId: machine === undefined ? undefined : await mustFind(mdb, machine),
    selector: selector === undefined ? undefined : await mustSelect(mdb, selector),
  };
}

/** Ends a request that wants permits by names that no machine has anything under. */
export async function mustKnowTags(mdb: Mdb, semaphores: SemaphoreTags | undefined, field: string): Promise<void> {
  const wanted = permitOperations.flatMap((phase) => namedTags(semaphores ?? {}, phase));
  const doubt = await doubtAttributes(
    mdb,
    wanted.filter((tag) => tag !== fleet.tag).map((key) => ({ key, tag: false })),
  );
  if (doubt !== null) throw new ApiError('invalid', `${field}: ${doubt}`, field);
}

/** Ends a request about a group that there is not; `*` is every one of its kind. */
export async function mustBeGroup(mdb: Mdb, tag: string, value: string, field: string): Promise<void> {
  if (tag === fleet.tag && (value === fleet.value || value === '*')) return;
  const doubt = tag === fleet.tag ? 'the fleet is one' : await doubtAttributes(mdb, [{ key: tag, tag: false }]);
  if (doubt !== null) throw new ApiError('invalid', doubt, field);
  if (value !== '*' && !(await isGroupKnown(mdb, tag, value)))
    throw new ApiError('not-found', `there is no machine with ${tag} ${value}, and no ${tag} ${value}`, field);
}

/** Ends a request about semaphores that nothing asks for permits of. */
export async function mustBePattern(mdb: Mdb, { operation, tag, value }: SemaphorePattern): Promise<void> {
  if (operation !== '*' && !(permitOperations as readonly string[]).includes(operation)) {
    const near = suggest(operation, permitOperations);
    const all = permitOperations.join(' and ');
    throw new ApiError(
      'invalid',
      `nothing takes permits for ${JSON.stringify(operation)}${near}: there are ${all}`,
      'id',
    );
  }
  if (tag !== '*') await mustBeGroup(mdb, tag, value, 'id');
}

/** Ends a request about a pool that has neither a machine nor a policy, and that no profile names. */
export async function mustBePool(mdb: Mdb, id: string, hint = ''): Promise<void> {
  if (await isGroupKnown(mdb, 'pool', id)) return;
  const near = suggest(
    id,
    (await listPools(mdb)).map((pool) => pool.id),
  );
  throw new ApiError(
    'not-found',
    `there is no pool ${id}${near}: neither a machine, a policy nor a profile has it${hint}`,
    'pool',
  );
}

/** The folder of the secrets that references name. */
export function secretsOf({ images, secrets }: PeopleDependencies): string {
  return secrets ?? join(dirname(images), 'secrets');
}

/** Whether a secret lies where the workers of this data folder look for it. */
export function hasSecret(dependencies: PeopleDependencies, reference: string): Promise<boolean> {
  return access(join(secretsOf(dependencies), reference)).then(
    () => true,
    () => false,
  );
}

export async function mustBeSecret(dependencies: PeopleDependencies, reference: string, field: string): Promise<void> {
  if (!(await hasSecret(dependencies, reference)))
    throw new ApiError('not-found', `there is no secret ${reference} in the data folder's secrets`, field);
}
