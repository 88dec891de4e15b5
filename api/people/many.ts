import * as contract from '../../contract/api.ts';
import { readBrainSlug } from '../../domain/brainslug.ts';
import type { OrderSpec } from '../../domain/orders.ts';
import { isRefused } from '../../domain/refused.ts';
import { orderIdOf } from '../../mdb/campaigns/campaigns.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { placeOrder } from '../../mdb/orders/orders.ts';
import { ApiError } from './errors.ts';
import { eyesOfMany, eyesOfSelected } from './eyes/orders.ts';
import { mustFind } from './names.ts';
import type { Operator } from './operator.ts';
import { type ApiRoute, route } from './route.ts';
import { mustKnowGroups, mustMatch, readSpec } from './spec.ts';

type Outcomes = contract.OrdersAccepted['outcomes'];

/** One order a machine, each for itself: what one is refused doesn't stop the others. */
async function placeAll(
  mdb: Mdb,
  operator: Operator,
  machineIds: readonly string[],
  id: string | undefined,
  spec: Omit<OrderSpec, 'id' | 'machineId'>,
): Promise<Outcomes> {
  const outcomes: Outcomes = [];
  for (const machineId of machineIds) {
    const own = id === undefined ? undefined : orderIdOf(id, machineId);
    const placed = await placeOrder(mdb, operator, { ...spec, id: own, machineId });
    outcomes.push(
      isRefused(placed)
        ? { machineId, orderId: null, created: false, refused: placed.message }
        : { machineId, orderId: placed.id, created: placed.created, refused: null },
    );
  }
  return outcomes;
}

export const manyOrdersRoutes: readonly ApiRoute[] = [
  route({
    method: 'POST',
    path: '/orders/many',
    tag: 'orders',
    summary: 'Orders a passage of each machine that a selector matches',
    right: { role: 'operator', of: 'selector' },
    effect: 'destructive',
    reason: 'required',
    repeatable: true,
    body: contract.ordersRequest,
    eyes: eyesOfMany,
    answers: { 200: contract.ordersAccepted },
    handle: async ({ body, operator, mdb }) => {
      const spec = readSpec(body);
      await mustKnowGroups(mdb, spec);
      const found = await mustMatch(mdb, body.selector, body.count);
      return { outcomes: await placeAll(mdb, operator, found, body.id, spec) };
    },
  }),
  route({
    method: 'POST',
    path: '/orders/brainslug',
    tag: 'orders',
    summary: "Orders what BrainSlug's payload asks for",
    right: { role: 'operator', of: 'selector' },
    effect: 'destructive',
    reason: 'optional',
    repeatable: true,
    body: contract.brainslugRequest,
    eyes: async ({ body: { selector, count }, mdb }) =>
      selector === undefined ? null : eyesOfSelected(mdb, { selector, count }, 'what BrainSlug says'),
    answers: { 200: contract.ordersAccepted },
    handle: async ({ body, operator, mdb }) => {
      const read = readBrainSlug(body.message, Date.now());
      if (typeof read === 'string') throw new ApiError('invalid', read, 'message');
      const spec = {
        passageRequest: read.passageRequest,
        reason: body.reason ?? `${read.by ?? operator.name} asked for it by a BrainSlug payload`,
        class: null,
        dryRun: false,
        reviewed: null,
        notBefore: read.notBefore === null ? null : new Date(read.notBefore),
        deadline: null,
      };
      await mustKnowGroups(mdb, spec);
      const found = await machinesOf(mdb, body);
      return { outcomes: await placeAll(mdb, operator, found, body.id, spec) };
    },
  }),
];

async function machinesOf(mdb: Mdb, { machine, selector, count }: contract.BrainslugRequest): Promise<string[]> {
  if ((machine === undefined) === (selector === undefined))
    throw new ApiError('invalid', 'give either a machine or a selector', 'machine');
  return machine === undefined ? mustMatch(mdb, selector ?? '', count) : [await mustFind(mdb, machine)];
}
