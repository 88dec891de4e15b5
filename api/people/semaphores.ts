import { z } from 'zod';
import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/permitviews.ts';
import { readSemaphoreId } from '../../contract/semaphore.ts';
import { permitOperations } from '../../domain/permits/groups.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { cancelDisruption, checkDisruption, type Disruption, requestDisruption } from '../../mdb/permits/disruption.ts';
import { listPermitGroups, type PermitGroupsRow, setPermitGroups } from '../../mdb/permits/groups.ts';
import {
  evictPermit,
  listPermits,
  listSemaphores,
  readPattern,
  readPolicy,
  type SemaphoreRow,
  setPolicy,
} from '../../mdb/permits/semaphores.ts';
import { ApiError, granted } from './errors.ts';
import { mustBePattern, mustFind } from './names.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

const named = z.strictObject({ id: z.string().min(1).max(240) });

export const semaphoreRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/semaphores',
    tag: 'semaphores',
    summary: 'Semaphores',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.semaphoreList },
    handle: async ({ mdb }) => ({ semaphores: (await listSemaphores(mdb)).map(show) }),
  }),
  route({
    method: 'GET',
    path: '/semaphores/:id',
    tag: 'semaphores',
    summary: 'Its policy, its holders, its queue, and the permits that ended last',
    right: { role: 'viewer', of: 'semaphore' },
    effect: 'read',
    params: named,
    answers: { 200: contract.semaphoreDetail },
    intent: policyIntent,
    handle: ({ params: { id }, mdb }) => showOne(mdb, id),
  }),
  route({
    method: 'PUT',
    path: '/semaphores/:id',
    tag: 'semaphores',
    summary: 'Changes its policy; a name may hold * for any operation, tag or value',
    right: { role: 'operator', of: 'semaphore' },
    effect: 'write',
    reason: 'required',
    params: named,
    body: contract.semaphoreChange,
    answers: { 200: contract.semaphorePolicy },
    intent: policyIntent,
    handle: async ({ params: { id }, body: { reason, ...change }, operator, mdb }) => {
      const pattern = readPattern(id);
      if (pattern === null) throw new ApiError('invalid', `${id} is not a name like reboot/rack=A12`, 'id');
      await mustBePattern(mdb, pattern);
      const { windows, ...policy } = granted(await setPolicy(mdb, operator, pattern, change, reason));
      return { ...policy, windows: windows.map((one) => ({ ...one, days: [...one.days] })) };
    },
  }),
  route({
    method: 'GET',
    path: '/permit-groups',
    tag: 'semaphores',
    summary: 'Groups whose permits are taken, by operation',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.permitGroupList },
    handle: async ({ mdb }) => ({ groups: (await listPermitGroups(mdb)).map(showGroups) }),
  }),
  route({
    method: 'GET',
    path: '/permit-groups/:operation',
    tag: 'semaphores',
    summary: 'By which names an operation takes permits',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    params: z.strictObject({ operation: z.enum(permitOperations) }),
    answers: { 200: contract.permitGroupView },
    intent: groupsIntent,
    handle: async ({ params: { operation }, mdb }) => {
      const groups = (await listPermitGroups(mdb)).find((one) => one.operation === operation);
      if (!groups) throw new ApiError('not-found', `there are no names for ${operation}`, 'operation');
      return showGroups(groups);
    },
  }),
  route({
    method: 'PUT',
    path: '/permit-groups/:operation',
    tag: 'semaphores',
    summary: 'Sets the groups whose permits an operation takes when its order names none',
    right: { role: 'operator', of: 'fleet' },
    effect: 'write',
    reason: 'required',
    params: z.strictObject({ operation: z.enum(permitOperations) }),
    body: contract.permitGroupChange,
    answers: { 200: contract.permitGroupView },
    intent: groupsIntent,
    handle: async ({ params: { operation }, body: { tags: wanted, reason }, operator, mdb }) => {
      return showGroups(granted(await setPermitGroups(mdb, operator, operation, wanted, reason)));
    },
  }),
  route({
    method: 'POST',
    path: '/permits/:id/evict',
    tag: 'semaphores',
    summary: 'Takes a permit away from its holder',
    right: { role: 'operator', of: 'permit' },
    effect: 'destructive',
    reason: 'required',
    params: named,
    body: contract.evictionRequest,
    answers: { 202: accepted },
    handle: async ({ params: { id }, body: { reason }, operator, mdb }) => {
      granted(await evictPermit(mdb, operator, id, reason));
      return acceptance;
    },
  }),
  route({
    method: 'POST',
    path: '/disruption',
    tag: 'semaphores',
    summary: "The image system's disruptions of a machine: request, check or cancel",
    right: { role: 'operator', of: 'machine' },
    effect: 'write',
    body: contract.disruptionRequest,
    answers: { 200: contract.disruptionAnswer },
    handle: ({ body: { machine, request }, mdb }) => disrupt(mdb, machine, request),
  }),
  route({
    method: 'POST',
    path: '/request',
    tag: 'semaphores',
    summary: "The same in the Dominator's own REST protocol",
    right: { role: 'operator', of: 'machine' },
    effect: 'write',
    body: contract.dominatorRequest,
    answers: { 200: contract.dominatorResponse },
    handle: async ({ body, mdb }) => {
      const { state } = await disrupt(mdb, body.MDB.Hostname, body.Request);
      return { Response: state };
    },
  }),
];

/** The policy that holds for it, whichever row it comes from. */
async function policyIntent({ params: { id }, mdb }: { readonly params: { readonly id: string }; readonly mdb: Mdb }) {
  const pattern = readPattern(id);
  return readPolicy(mdb, pattern ? `semaphore/${pattern.operation}/${pattern.tag}=${pattern.value}` : id);
}

async function groupsIntent({ params, mdb }: { readonly params: { readonly operation: string }; readonly mdb: Mdb }) {
  return (await listPermitGroups(mdb)).find(({ operation }) => operation === params.operation)?.tags ?? null;
}

/** The image system asks by itself, on its machine: that is no operator's word, whoever its process runs as. */
const subd = { class: 'node', name: 'subd' } as const;

async function disrupt(
  mdb: Mdb,
  machine: string,
  request: (typeof contract.disruptionRequests)[number],
): Promise<Disruption> {
  const machineId = await mustFind(mdb, machine);
  if (request === 'check') return checkDisruption(mdb, machineId);
  if (request === 'cancel') return cancelDisruption(mdb, subd, machineId);
  const answer = await requestDisruption(mdb, subd, machineId);
  if (answer === null) throw new ApiError('not-found', `there is no machine ${machine}`, 'machine');
  return answer;
}

async function showOne(mdb: Mdb, name: string): Promise<contract.SemaphoreDetail> {
  const pattern = readPattern(name);
  const id = pattern ? `semaphore/${pattern.operation}/${pattern.tag}=${pattern.value}` : name;
  const policy = readSemaphoreId(id) === null ? null : await readPolicy(mdb, id);
  if (policy === null) throw new ApiError('invalid', `${name} is not a name like reboot/rack=A12`, 'id');
  const known = await listSemaphores(mdb, id);
  // One that was asked once is shown, whatever became of its group.
  if (known.length === 0 && pattern !== null) await mustBePattern(mdb, pattern);
  const [[semaphore], holders, queue, ended] = await Promise.all([
    known,
    listPermits(mdb, id, 'granted'),
    listPermits(mdb, id, 'waiting'),
    listPermits(mdb, id, 'closed'),
  ]);
  const none: SemaphoreRow = {
    id,
    capacity: null,
    held: 0,
    waiting: 0,
    overdue: 0,
    gate: null,
    gateUntil: null,
    oldest: null,
  };
  const { capacity, percent, minimum, queueBound, leaseSeconds, limitSeconds, minHealthy, perMinute, windows } = policy;
  return {
    semaphore: show(semaphore ?? none),
    policy: {
      capacity,
      percent,
      minimum,
      queueBound,
      leaseSeconds,
      limitSeconds,
      minHealthy,
      perMinute,
      windows: windows.map((one) => ({ ...one, days: [...one.days] })),
    },
    holders: holders.map(showPermit),
    queue: queue.map(showPermit),
    ended: ended.map(showPermit),
  };
}

function showGroups({ tags, ...row }: PermitGroupsRow): contract.PermitGroupView {
  return { ...row, tags: [...tags] };
}

const iso = (at: Date | null) => at?.toISOString() ?? null;

function show({ gateUntil, oldest, ...row }: SemaphoreRow): contract.SemaphoreView {
  return { ...row, gateUntil: iso(gateUntil), oldest: iso(oldest) };
}

function showPermit(row: Awaited<ReturnType<typeof listPermits>>[number]): contract.PermitView {
  const { id, machineId, hostname, workflowId, orderId, state, fence, overdue, how, why, by } = row;
  return {
    id,
    machineId,
    hostname,
    class: row.class,
    workflowId,
    orderId,
    state,
    fence,
    requestedAt: row.requestedAt.toISOString(),
    grantedAt: iso(row.grantedAt),
    closedAt: iso(row.closedAt),
    overdue,
    how,
    why,
    by,
  };
}
