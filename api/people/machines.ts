import { z } from 'zod';
import * as contract from '../../contract/api.ts';
import { type ErasureView, erasureList } from '../../contract/erasures.ts';
import { bootLoop } from '../../domain/bootloop.ts';
import { describeEngaged, isEngaged } from '../../domain/circuitbreaker.ts';
import { checkController } from '../../domain/controllers.ts';
import { isOfferable } from '../../domain/machine.ts';
import { countBoots } from '../../mdb/boot/counts.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { bmcNetworksOf } from '../../mdb/controllers/controller.ts';
import { announceMachine } from '../../mdb/machines/announcing.ts';
import { isGroupKnown } from '../../mdb/machines/attributes.ts';
import { readMachine } from '../../mdb/machines/detail.ts';
import { type ErasureRow, listErasures } from '../../mdb/machines/erasing.ts';
import { countMachines, type ListedMachine, listMachines } from '../../mdb/machines/listing.ts';
import { countTimeline, listBurnins, readLastMove, readTimeline } from '../../mdb/machines/timeline.ts';
import { listHumanSteps, listOrders, listSteps } from '../../mdb/orders/listing.ts';
import { readWaited } from '../../mdb/permits/semaphores.ts';
import { readBreaker } from '../../mdb/service/circuitbreaker.ts';
import { readPage } from './cursors.ts';
import { ApiError, granted } from './errors.ts';
import { hasSecret, mustFind, mustSelect } from './names.ts';
import { type ApiRoute, route } from './route.ts';
import { statusSentence } from './status.ts';

const named = z.strictObject({ name: contract.machineName });

export const machineRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/machines',
    tag: 'machines',
    summary: 'Machines, a page at a time',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: contract.machineFilter,
    fieldsOf: 'machines',
    answers: { 200: contract.machineList },
    handle: async ({ query, pools, mdb, cursors }) => {
      const { held, selector, limit, after, fields: _, ...rest } = query;
      if (rest.rack !== undefined && !(await isGroupKnown(mdb, 'rack', rest.rack)))
        throw new ApiError('not-found', `there is no rack ${rest.rack}`, 'rack');
      const wanted = {
        ...rest,
        pools,
        ...(held === undefined ? {} : { held: held === 'true' }),
        ...(selector === undefined ? {} : { selector: await mustSelect(mdb, selector) }),
      };
      const { rows, ...page } = await readPage(
        cursors,
        'machines',
        { after, limit },
        (of) => listMachines(mdb, { ...wanted, ...of }),
        () => countMachines(mdb, wanted),
      );
      return { machines: rows.map(summaryOf), ...page };
    },
  }),
  route({
    method: 'POST',
    path: '/machines',
    tag: 'machines',
    summary: 'Announces a machine before its first boot',
    right: { role: 'operator', of: 'fleet' },
    effect: 'write',
    body: contract.machineAnnouncement,
    answers: { 201: contract.machineAnnounced },
    handle: async ({ body, operator, dependencies, mdb, siteId }) => {
      if (body.bmc) await mustBeController(mdb, siteId, body.bmc.origin);
      const machine = granted(await announceMachine(mdb, operator, siteId, body));
      const secret = body.bmc?.secretRef;
      // It may be laid down later, before the machine's first boot; in silence it would be forgotten.
      const missing = secret !== undefined && !(await hasSecret(dependencies, secret));
      return { id: machine.id, notes: missing ? [`there is no secret ${secret} yet`] : [] };
    },
  }),
  route({
    method: 'GET',
    path: '/machines/:name',
    tag: 'machines',
    summary: 'One machine: its state, the reason for it, and its parts',
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    answers: { 200: contract.machineView },
    handle: async ({ params, mdb }) => showMachine(mdb, await mustFind(mdb, params.name)),
  }),
  route({
    method: 'GET',
    path: '/machines/:name/timeline',
    tag: 'machines',
    summary: 'Events of its life, newest first',
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    query: contract.timelineQuery,
    answers: { 200: contract.timeline },
    handle: async ({ params, query, mdb, cursors }) => {
      const machineId = await mustFind(mdb, params.name);
      const { rows, ...page } = await readPage(
        cursors,
        `timeline of ${machineId}`,
        query,
        (of) => readTimeline(mdb, machineId, of),
        () => countTimeline(mdb, machineId),
      );
      return { entries: rows.map(({ id: _, ...entry }) => entry), ...page };
    },
  }),
  route({
    method: 'GET',
    path: '/machines/:name/burnins',
    tag: 'machines',
    summary: 'Its burn-ins, newest first',
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    answers: { 200: contract.burninList },
    handle: async ({ params, mdb }) => {
      const machineId = await mustFind(mdb, params.name);
      return { machineId, burnins: await listBurnins(mdb, machineId) };
    },
  }),
  route({
    method: 'GET',
    path: '/machines/:name/erasures',
    tag: 'machines',
    summary: 'The proof of its erased disks, newest first',
    right: { role: 'viewer', of: 'machine' },
    effect: 'read',
    params: named,
    answers: { 200: erasureList },
    handle: async ({ params, mdb }) => {
      const machineId = await mustFind(mdb, params.name);
      return { machineId, erasures: (await listErasures(mdb, machineId)).map(showErasure) };
    },
  }),
];

/** The evidence of one disk, flat: what is absent is null. */
function showErasure({ machineId: _, evidence, begunAt, endedAt, ...row }: ErasureRow): ErasureView {
  const { words, vouchedBy, sampled = null, survived = null, blank = null, blocks = [], seconds = null } = evidence;
  const said = vouchedBy === undefined ? (words ?? null) : `${vouchedBy} answers for it`;
  const times = { begunAt: begunAt.toISOString(), endedAt: endedAt?.toISOString() ?? null };
  return { ...row, words: said, sampled, survived, blank, blocks: [...blocks], seconds, ...times };
}

async function mustBeController(mdb: Mdb, siteId: string, origin: string): Promise<void> {
  const problem = checkController(origin, await bmcNetworksOf(mdb, siteId));
  if (problem !== null) throw new ApiError('invalid', problem, 'bmc.origin');
}

function summaryOf(machine: ListedMachine): contract.MachineSummary {
  return { ...machine, offerable: isOfferable(machine) };
}

async function showMachine(mdb: Mdb, id: string): Promise<contract.MachineView> {
  const [[machine], facts, recent, questions, lastMove, waited, brake, boots] = await Promise.all([
    listMachines(mdb, { id, limit: 1 }),
    readMachine(mdb, id),
    listOrders(mdb, { machineId: id, limit: 50 }),
    listHumanSteps(mdb, { machineId: id, open: true, limit: 20 }),
    readLastMove(mdb, id),
    readWaited(mdb, id),
    readBreaker(mdb),
    countBoots(mdb.$client, id),
  ]);
  if (!machine || !facts) throw new ApiError('not-found', `there is no machine ${id}`);
  const summary = summaryOf(machine);
  // What runs says more than what was asked last, which may wait for its time.
  const lastOrder = recent.find(({ state }) => state === 'running') ?? recent[0];
  const steps = lastOrder ? await listSteps(mdb, lastOrder.id) : [];
  const live = lastOrder?.state === 'waiting' || lastOrder?.state === 'running' ? lastOrder : null;
  const { identity, tags: tagged, directive, memoryMib, cpus, dimms, disks, nics, accelerators, bmc } = facts;
  return {
    machine: summary,
    status: statusSentence({
      ...{ machine: summary, order: live, steps, questions, lastMove, waited, directive: directive.do, boots },
      quarantine: bmc?.quarantine ?? null,
      brake: isEngaged(brake, Date.now()) ? describeEngaged(brake) : null,
    }),
    identity,
    parts: { memoryMib, cpus, dimms, disks, nics, accelerators, bmc },
    tags: tagged,
    boots: { times: boots, minutes: bootLoop.minutes },
    order: lastOrder ?? null,
    steps,
    humanSteps: questions,
    directive,
  };
}
