import { z } from 'zod';
import * as contract from '../../contract/api.ts';
import {
  countHumanSteps,
  countOrders,
  listHumanSteps,
  listOrders,
  listSteps,
  readPlan,
} from '../../mdb/orders/listing.ts';
import { cancelOrder, placeOrder, steerOrder } from '../../mdb/orders/orders.ts';
import { answerStep } from '../../mdb/people/answering.ts';
import { readPage } from './cursors.ts';
import { ApiError, granted } from './errors.ts';
import { eyesOfAnswer } from './eyes/identity.ts';
import { eyesOfOrder } from './eyes/orders.ts';
import { mustFind, onlyOf } from './names.ts';
import { type ApiRoute, acceptance, route } from './route.ts';
import { mustKnowGroups, readSpec } from './spec.ts';

const numbered = z.strictObject({ id: z.string().min(1).max(200) });

const steering = [
  ['pause', 'pause', 'Begins nothing more of it until it is resumed'],
  ['resume', 'resume', 'Lets a paused order go on, and hands back one that was taken over'],
  ['take-over', 'takeover', 'A person does the rest of it by hand, and answers a step when it is done'],
] as const;

export const orderRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/orders',
    tag: 'orders',
    summary: 'Orders a passage; the same id again is the same order',
    right: { role: 'operator', of: 'machine' },
    effect: 'destructive',
    reason: 'required',
    repeatable: true,
    body: contract.orderRequest,
    eyes: eyesOfOrder,
    answers: { 200: contract.orderAccepted, 201: contract.orderAccepted },
    handle: async ({ body, operator, mdb, reply }) => {
      const spec = readSpec(body);
      await mustKnowGroups(mdb, spec);
      const machineId = await mustFind(mdb, body.machine);
      const placed = granted(await placeOrder(mdb, operator, { ...spec, id: body.id, machineId }));
      const [order] = await listOrders(mdb, { id: placed.id, limit: 1 });
      if (!order) throw new ApiError('not-found', `order ${placed.id} is gone`);
      reply.code(placed.created ? 201 : 200);
      return { order, created: placed.created };
    },
  }),
  route({
    method: 'GET',
    path: '/orders',
    tag: 'orders',
    summary: 'Orders, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: contract.orderFilter,
    fieldsOf: 'orders',
    answers: { 200: contract.orderList },
    handle: async ({ query, pools, mdb, cursors }) => {
      const { machine, selector, limit, after, fields: _, ...rest } = query;
      const wanted = { ...rest, pools, ...(await onlyOf(mdb, machine, selector)) };
      const { rows, ...page } = await readPage(
        cursors,
        'orders',
        { after, limit },
        (of) => listOrders(mdb, { ...wanted, ...of }),
        () => countOrders(mdb, wanted),
      );
      return { orders: [...rows], ...page };
    },
  }),
  route({
    method: 'GET',
    path: '/orders/:id',
    tag: 'orders',
    summary: 'One order with its steps',
    right: { role: 'viewer', of: 'order' },
    effect: 'read',
    params: numbered,
    answers: { 200: contract.orderDetail },
    handle: async ({ params: { id }, mdb }) => {
      const [order] = await listOrders(mdb, { id, limit: 1 });
      if (!order) throw new ApiError('not-found', `there is no order ${id}`);
      const humanSteps = await listHumanSteps(mdb, { orderId: id, limit: 200 });
      return { order, steps: await listSteps(mdb, id), humanSteps, plan: await readPlan(mdb, id) };
    },
  }),
  route({
    method: 'POST',
    path: '/orders/:id/cancel',
    tag: 'orders',
    summary: 'Requests that the passage stops',
    right: { role: 'operator', of: 'order' },
    effect: 'write',
    reason: 'required',
    params: numbered,
    body: contract.cancelRequest,
    answers: { 202: contract.accepted },
    handle: async ({ params, body, operator, mdb }) => {
      granted(await cancelOrder(mdb, operator, params.id, body.reason));
      return acceptance;
    },
  }),
  ...steering.map(([path, how, summary]) =>
    route({
      method: 'POST',
      path: `/orders/:id/${path}`,
      tag: 'orders',
      summary,
      right: { role: 'operator', of: 'order' },
      effect: 'write',
      reason: 'required',
      params: numbered,
      body: contract.cancelRequest,
      answers: { 202: contract.accepted },
      handle: async ({ params, body, operator, mdb }) => {
        granted(await steerOrder(mdb, operator, params.id, how, body.reason));
        return acceptance;
      },
    }),
  ),
];

export const humanStepRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/steps',
    tag: 'human steps',
    summary: 'Questions to people, oldest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: contract.humanStepFilter,
    fieldsOf: 'steps',
    answers: { 200: contract.humanStepList },
    handle: async ({ query: { open, machine, selector, limit, after, fields: _, ...rest }, pools, mdb, cursors }) => {
      const wanted = { ...rest, pools, open: open === 'true', ...(await onlyOf(mdb, machine, selector)) };
      const { rows, ...page } = await readPage(
        cursors,
        'steps',
        { after, limit },
        (of) => listHumanSteps(mdb, { ...wanted, ...of }),
        () => countHumanSteps(mdb, wanted),
      );
      return { steps: [...rows], ...page };
    },
  }),
  route({
    method: 'POST',
    path: '/steps/:id/answer',
    tag: 'human steps',
    summary: 'Answers a question; the first answer counts',
    right: { role: 'operator', of: 'step' },
    effect: 'write',
    params: numbered,
    body: contract.answerRequest,
    eyes: eyesOfAnswer,
    answers: { 202: contract.accepted },
    handle: async ({ params, body, operator, mdb }) => {
      granted(await answerStep(mdb, operator, { step: params.id, ...body }));
      return acceptance;
    },
  }),
];
