import { z } from 'zod';
import * as contract from '../../contract/api.ts';
import { listHumanSteps, listOrders, listSteps, readPlan } from '../../mdb/orders/listing.ts';
import { cancelOrder, placeOrder, steerOrder } from '../../mdb/orders/orders.ts';
import { answerStep } from '../../mdb/people/answering.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError, granted } from './errors.ts';
import { mustFind } from './machines.ts';
import { mustKnowGroups, readSpec } from './spec.ts';

const numbered = z.strictObject({ id: z.string().min(1).max(200) });
const orderTags = ['orders'];
const stepTags = ['human steps'];

export function serveOrders(app: App, { mdb }: PeopleDependencies): void {
  app.post(
    '/orders',
    {
      schema: {
        tags: orderTags,
        summary: 'Orders a passage; the same id again is the same order',
        body: contract.orderRequest,
        response: { 200: contract.orderAccepted, 201: contract.orderAccepted },
      },
    },
    async ({ body, operator }, reply) => {
      const spec = readSpec(body);
      await mustKnowGroups(mdb, spec);
      const machineId = await mustFind(mdb, body.machine);
      const placed = granted(await placeOrder(mdb, operator, { ...spec, id: body.id, machineId }));
      const [order] = await listOrders(mdb, { id: placed.id, limit: 1 });
      if (!order) throw new ApiError('not-found', `order ${placed.id} is gone`);
      return reply.code(placed.created ? 201 : 200).send({ order, created: placed.created });
    },
  );
  app.get(
    '/orders',
    {
      schema: {
        tags: orderTags,
        summary: 'Orders, newest first',
        querystring: contract.orderFilter,
        response: { 200: contract.orderList },
      },
    },
    async ({ query }) => {
      const { machine, ...wanted } = query;
      const machineId = machine === undefined ? undefined : await mustFind(mdb, machine);
      return { orders: await listOrders(mdb, { ...wanted, machineId }) };
    },
  );
  app.get(
    '/orders/:id',
    {
      schema: {
        tags: orderTags,
        summary: 'One order with its steps',
        params: numbered,
        response: { 200: contract.orderDetail },
      },
    },
    async ({ params: { id } }) => {
      const [order] = await listOrders(mdb, { id, limit: 1 });
      if (!order) throw new ApiError('not-found', `there is no order ${id}`);
      const humanSteps = await listHumanSteps(mdb, { orderId: id, limit: 200 });
      return { order, steps: await listSteps(mdb, id), humanSteps, plan: await readPlan(mdb, id) };
    },
  );
  app.post(
    '/orders/:id/cancel',
    {
      schema: {
        tags: orderTags,
        summary: 'Asks the passage to stop',
        params: numbered,
        body: contract.cancelRequest,
        response: { 202: contract.accepted },
      },
    },
    async ({ params, body, operator }, reply) => {
      granted(await cancelOrder(mdb, operator, params.id, body.reason));
      return reply.code(202).send({ accepted: true });
    },
  );
  for (const [path, how, summary] of steering) {
    app.post(
      `/orders/:id/${path}`,
      {
        schema: {
          tags: orderTags,
          summary,
          params: numbered,
          body: contract.cancelRequest,
          response: { 202: contract.accepted },
        },
      },
      async ({ params, body, operator }, reply) => {
        granted(await steerOrder(mdb, operator, params.id, how, body.reason));
        return reply.code(202).send({ accepted: true });
      },
    );
  }
}

const steering = [
  ['pause', 'pause', 'Begins nothing more of it until it is resumed'],
  ['resume', 'resume', 'Lets a paused order go on, and hands back one that was taken over'],
  ['take-over', 'takeover', 'A person does the rest of it by hand, and answers a step when it is done'],
] as const;

export function serveHumanSteps(app: App, { mdb }: PeopleDependencies): void {
  app.get(
    '/steps',
    {
      schema: {
        tags: stepTags,
        summary: 'Questions to people, oldest first',
        querystring: contract.humanStepFilter,
        response: { 200: contract.humanStepList },
      },
    },
    async ({ query: { open, machine, ...wanted } }) => {
      const machineId = machine === undefined ? undefined : await mustFind(mdb, machine);
      return { steps: await listHumanSteps(mdb, { ...wanted, open: open === 'true', machineId }) };
    },
  );
  app.post(
    '/steps/:id/answer',
    {
      schema: {
        tags: stepTags,
        summary: 'Answers a question; the first answer counts',
        params: numbered,
        body: contract.answerRequest,
        response: { 202: contract.accepted },
      },
    },
    async ({ params, body, operator }, reply) => {
      granted(await answerStep(mdb, operator, { step: params.id, ...body }));
      return reply.code(202).send({ accepted: true });
    },
  );
}
