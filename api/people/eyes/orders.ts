/** Orders that take a second person: what wipes a machine that is in service, and what is about all of them. */
import type * as contract from '../../../contract/api.ts';
import type { ApprovalAct } from '../../../domain/approvals.ts';
import type { Stage } from '../../../domain/machine.ts';
import type { PassageRequest } from '../../../domain/orders.ts';
import { requestOf } from '../../../domain/requests.ts';
import { parseSelector, selectsAll } from '../../../domain/selector.ts';
import type { PlanLine } from '../../../domain/steps.ts';
import { orderIdOf, readCandidates } from '../../../mdb/campaigns/campaigns.ts';
import { readCampaign } from '../../../mdb/campaigns/listing.ts';
import type { Mdb } from '../../../mdb/connect.ts';
import { readMachine } from '../../../mdb/machines/detail.ts';
import { type ListedMachine, listMachines } from '../../../mdb/machines/listing.ts';
import { countOrdered, listOrders } from '../../../mdb/orders/listing.ts';
import { mustFind, mustSelect } from '../names.ts';
import { mustMatch, readSpec } from '../spec.ts';
import { type Eyes, jsonOf, line } from './eyes.ts';

interface Ordering<Body> {
  readonly body: Body;
  readonly mdb: Mdb;
}

/** Somebody's data are on it, whether or not it works just now. */
const isUsed = (stage: Stage) => stage === 'in_service' || stage === 'maintenance' || stage === 'repair';

/** Whether nothing of what is on the machine's disks is left by it. */
function wipes({ passage, request }: PassageRequest): boolean {
  if (passage === 'repair') return request.severity === 'rebirth' || request.severity === 'retire';
  return ['birth', 'rebirth', 'clean', 'retire'].includes(passage);
}

export async function eyesOfOrder({ body, mdb }: Ordering<contract.OrderBody>): Promise<Eyes | null> {
  const spec = readSpec(body);
  const { passage } = spec.passageRequest;
  if (spec.dryRun || !wipes(spec.passageRequest)) return null;
  const machineId = await mustFind(mdb, body.machine);
  // Asked again for what was ordered, nothing is done anew.
  if (body.id !== undefined && (await listOrders(mdb, { id: body.id, limit: 1 })).length > 0) return null;
  const [machine] = await listMachines(mdb, { id: machineId, limit: 1 });
  if (!machine || !isUsed(machine.stage)) return null;
  const what = `${passage} of ${machine.hostname ?? machineId}, which is in service`;
  return {
    ...{ acts: ['wipe'], what, machineIds: [machineId], orders: true },
    plan: [line(`${passage}: ${describe(machine)}`), ...(await lossesOf(mdb, machineId))],
    // What a birth does follows from what the machine shows when it boots: there is nothing to foresee.
    ...(passage !== 'birth' && { rehearse: { ...spec, machineId } }),
  };
}

/** As it stands where it is, for who is to agree to its end. */
function describe({ id, hostname, rack, unit, stage, opState, pool }: ListedMachine): string {
  const place = rack === null ? '' : ` in rack ${rack}, unit ${unit}`;
  return `${id}${hostname === null ? '' : ` (${hostname})`}${place}, pool ${pool}, is ${stage}, ${opState}`;
}

async function lossesOf(mdb: Mdb, machineId: string): Promise<PlanLine[]> {
  const facts = await readMachine(mdb, machineId);
  const disks = facts?.disks.filter(({ present }) => present) ?? [];
  const owner = facts?.identity.owner ?? null;
  return [
    ...(owner === null ? [] : [line(`it is ${owner}'s`)]),
    ...disks.map(({ name, serial, bytes }) =>
      line(`lose what is on ${name}, serial ${serial}, ${gigabytes(bytes)} GB`),
    ),
  ];
}

const gigabytes = (bytes: number) => Math.round(bytes / 1e9);

export async function eyesOfMany({ body, mdb }: Ordering<contract.OrdersBody>): Promise<Eyes | null> {
  const spec = readSpec(body);
  if (spec.dryRun) return null;
  const eyes = await eyesOfSelected(mdb, body, spec.passageRequest);
  if (eyes === null || body.id === undefined) return eyes;
  const ids = eyes.machineIds.map((machineId) => orderIdOf(body.id as string, machineId));
  return (await countOrdered(mdb, ids)) === ids.length ? null : eyes;
}

/** What is done to each machine that a selector means: for all of them, and where it wipes one that is in service. */
export async function eyesOfSelected(
  mdb: Mdb,
  { selector, count }: { readonly selector: string; readonly count?: number | undefined },
  asked: PassageRequest | string,
): Promise<Eyes | null> {
  const isAll = selectsAll(await mustSelect(mdb, selector));
  const wiping = typeof asked !== 'string' && wipes(asked);
  if (!isAll && !wiping) return null;
  const machineIds = await mustMatch(mdb, selector, count);
  const machines = await listMachines(mdb, { ids: machineIds, limit: machineIds.length });
  const acts = actsOf(isAll, wiping, machines);
  if (acts.length === 0) return null;
  const what = typeof asked === 'string' ? asked : asked.passage;
  return {
    ...{ acts, machineIds, what: `${what} of ${machines.length} machines, ${selector}` },
    ...(typeof asked !== 'string' && { orders: true }),
    plan: machines.map((machine) => line(`${what}: ${describe(machine)}`)),
  };
}

function actsOf(isAll: boolean, wiping: boolean, machines: readonly { readonly stage: Stage }[]): ApprovalAct[] {
  return [
    ...(isAll ? (['all'] as const) : []),
    ...(wiping && machines.some(({ stage }) => isUsed(stage)) ? (['wipe'] as const) : []),
  ];
}

interface Starting {
  readonly params: { readonly id: string };
  readonly body: { readonly plan: string };
  readonly mdb: Mdb;
}

/** The start of a campaign. Its own plan has a hash already, and its start refuses another one. */
export async function eyesOfStart({ params: { id }, body, mdb }: Starting): Promise<Eyes | null> {
  const campaign = await readCampaign(mdb, id);
  if (campaign?.state !== 'planned' || campaign.hash !== body.plan) return null;
  const { passage, selector: text, hash, pace } = campaign;
  const selector = parseSelector(text);
  if (typeof selector === 'string') return null;
  const request = { passage, request: requestOf(passage, campaign.request) } as PassageRequest;
  const machines = await readCandidates(mdb, selector);
  const acts = actsOf(selectsAll(selector), wipes(request), machines);
  if (acts.length === 0) return null;
  const racks = Map.groupBy(machines, ({ rack }) => rack ?? 'no rack');
  return {
    ...{ acts, machineIds: [], what: `campaign ${id}: ${passage} of ${machines.length} machines, ${text}` },
    plan: [
      line(`campaign ${id}, plan ${hash}: ${passage} ${jsonOf(request.request)}`),
      line(`canaries first, ${pace.canary} of them; then ${pace.batch} a batch, ${pace.atOnce} at once`),
      ...[...racks].map(([rack, some]) => line(`${rack}: ${some.length} machines`)),
    ],
  };
}
