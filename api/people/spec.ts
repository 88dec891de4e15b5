import type { z } from 'zod';
import type * as contract from '../../contract/api.ts';
import { checkRequest } from '../../contract/requestschemas.ts';
import type { OrderSpec, PassageRequest } from '../../domain/orders.ts';
import type { SemaphoreTags } from '../../domain/requests.ts';
import { type Selector, selectsAll } from '../../domain/selector.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { selectMachines } from '../../mdb/machines/selecting.ts';
import { ApiError } from './errors.ts';
import { mustKnowTags, mustSelect } from './names.ts';

/** Machines that one request may be about; for more there are campaigns. */
const maxMachines = 1000;

type Body = Pick<
  z.output<typeof contract.orderRequest>,
  'passage' | 'reason' | 'request' | 'wipe' | 'class' | 'dryRun' | 'plan' | 'notBefore' | 'deadline'
>;

/** What a body asks for, whoever it is for; 400 with the field that is wrong. */
export function readSpec(body: Body): Omit<OrderSpec, 'id' | 'machineId'> {
  const { passage, wipe, notBefore, deadline } = body;
  if (wipe !== undefined && passage !== 'birth' && passage !== 'rebirth')
    throw new ApiError('invalid', `wipe: a ${passage} wipes nothing by this`, 'wipe');
  const checked = checkRequest(passage, { ...(wipe !== undefined && { wipe }), ...body.request });
  if (!checked.ok) throw new ApiError('invalid', checked.message, checked.field);
  return {
    passageRequest: { passage, request: checked.request } as PassageRequest,
    reason: body.reason,
    class: body.class ?? null,
    dryRun: body.dryRun,
    reviewed: body.plan ?? null,
    notBefore: notBefore === undefined ? null : readStart(notBefore),
    deadline: deadline === undefined ? null : new Date(deadline),
  };
}

/** Clocks differ, and a request travels: what is a minute ago still means now. */
function readStart(text: string): Date {
  const time = Date.parse(text);
  if (time < Date.now() - 60_000) throw new ApiError('invalid', `notBefore: is in the past: ${text}`, 'notBefore');
  return new Date(time);
}

/** Ends a request for permits of groups that there are not. */
export function mustKnowGroups(
  mdb: Mdb,
  { passageRequest: { request } }: Pick<OrderSpec, 'passageRequest'>,
): Promise<void> {
  const { semaphores } = request as { readonly semaphores?: SemaphoreTags };
  return mustKnowTags(mdb, semaphores, 'request.semaphores');
}

/** The machines that a selector matches. Nothing is done for `all` without their number, or where it is another one. */
export async function mustMatch(mdb: Mdb, text: string, count: number | undefined): Promise<string[]> {
  const selector = await mustSelect(mdb, text);
  const found = await selectMachines(mdb, selector, maxMachines);
  if (found.length > maxMachines)
    throw new ApiError('invalid', `${text} is more than ${maxMachines} machines`, 'selector');
  mustBeMeant(text, selector, found.length, count);
  return found;
}

/** Ends a request that would be about no machine, or about others than whoever asks believes. */
export function mustBeMeant(text: string, selector: Selector, found: number, count: number | undefined): void {
  if (found === 0) throw new ApiError('not-found', `no machine matches ${text}`, 'selector');
  if (selectsAll(selector) && count === undefined) {
    const named = selector.terms.length === 0 ? text : `${text} only excludes, and`;
    const message = `${named} is ${found} machines: give their number as "count" to say that you mean it`;
    throw new ApiError('conflict', message, 'count');
  }
  if (count !== undefined && count !== found)
    throw new ApiError('conflict', `${text} is ${found} machines, not ${count}; nothing was ordered`, 'count');
}
