/** What a campaign would do: who, in which order, and what it would leave in service. Pure decisions over what was read. */

import type { CapacityListing } from '../capacity.ts';
import { inNameOrder } from '../json.ts';
import type { OpState, OrderClass, Passage, RepairState, Stage } from '../machine.ts';
import type { CampaignPace, PlannedGroup } from './campaign.ts';

/** A machine as a campaign sees it when it is planned. */
export interface Candidate {
  readonly machineId: string;
  readonly rack: string | null;
  readonly feed: string | null;
  readonly pool: string;
  readonly stage: Stage;
  readonly opState: OpState;
  readonly repairState: RepairState;
  readonly held: string | null;
}

interface Doubted extends Candidate {
  readonly doubt: string | null;
}

export interface CampaignSpec {
  readonly passage: Passage;
  readonly request: Readonly<Record<string, unknown>>;
  readonly class: OrderClass | null;
  readonly pace: CampaignPace;
}

export interface PlannedMember extends Pick<Candidate, 'machineId' | 'rack' | 'feed' | 'pool'> {
  readonly ordinal: number;
  /** 0 is the canary. */
  readonly batch: number;
  /** Why it would be skipped; null for nothing. */
  readonly doubt: string | null;
}

export interface CampaignPlan {
  readonly members: readonly PlannedMember[];
  readonly groups: readonly PlannedGroup[];
  /** By `scope/name`: machines of the group that may be under way at once, where its share says so. */
  readonly limits: Readonly<Record<string, number>>;
  readonly haltAt: number;
}

const scopes = ['feed', 'rack', 'pool'] as const;

/** The plan of a campaign over these machines. The same machines and rules give the same plan. */
export function planCampaign(
  spec: CampaignSpec,
  candidates: readonly Candidate[],
  capacity: readonly CapacityListing[],
): CampaignPlan {
  const ordered = spread(candidates).map((one) => ({ ...one, doubt: doubtOf(spec.passage, one) }));
  const members = inBatches(spec.pace, canaryFirst(spec.pace.canary, ordered));
  const sizes = countGroups(candidates);
  const limits = limitsOf(spec.pace, sizes, capacity);
  const groups = groupsOf(spec.pace, sizes, limits, capacity);
  const haltAt = haltAtOf(spec.pace, members.length);
  return { members, groups, limits, haltAt };
}

/** Feeds alternate, in each feed its racks, in each rack its pools; a larger group comes as much more often. */
export function spread(candidates: readonly Candidate[]): Candidate[] {
  const known = [...candidates].sort((one, other) => (one.machineId < other.machineId ? -1 : 1));
  const asTheyAre = (machines: readonly Candidate[]) => [...machines];
  const byPool = (machines: readonly Candidate[]) => alternate(machines, ({ pool }) => pool, asTheyAre);
  const byRack = (machines: readonly Candidate[]) => alternate(machines, ({ rack }) => rack ?? '', byPool);
  return alternate(known, ({ feed }) => feed ?? '', byRack);
}

/** Puts each group's members evenly over the whole length. */
function alternate(
  machines: readonly Candidate[],
  keyOf: (machine: Candidate) => string,
  order: (group: readonly Candidate[]) => Candidate[],
): Candidate[] {
  const groups = [...Map.groupBy(machines, keyOf)].sort(([one], [other]) => (one < other ? -1 : 1));
  if (groups.length === 1) return order(machines);
  const placed = groups.flatMap(([, group], rank) =>
    order(group).map((machine, index) => ({ machine, place: (index + 0.5) / group.length, rank })),
  );
  placed.sort((one, other) => one.place - other.place || one.rank - other.rank);
  return placed.map(({ machine }) => machine);
}

/** The canaries are well, and of different racks as far as there are any. */
function canaryFirst(count: number, machines: readonly Doubted[]): Doubted[] {
  const well = machines.filter(({ doubt }) => doubt === null);
  const racks = new Set<string | null>();
  const apart = well.filter(({ rack }) => {
    const first = racks.size < count && !racks.has(rack);
    if (first) racks.add(rack);
    return first;
  });
  const chosen = new Set([...new Set([...apart, ...well])].slice(0, count));
  return [...chosen, ...machines.filter((machine) => !chosen.has(machine))];
}

function inBatches({ canary, batch }: CampaignPace, machines: readonly Doubted[]): PlannedMember[] {
  return machines.map((machine, ordinal) => ({
    machineId: machine.machineId,
    rack: machine.rack,
    feed: machine.feed,
    pool: machine.pool,
    ordinal,
    batch: ordinal < canary ? 0 : 1 + Math.floor((ordinal - canary) / batch),
    doubt: machine.doubt,
  }));
}

/** Why nothing would be done to it as it stands; null when nothing is known against it. */
function doubtOf(passage: Passage, { stage, opState, repairState, held }: Candidate): string | null {
  if (stage === 'retired') return 'it has left the fleet';
  if (passage === 'drain' || passage === 'reboot' || passage === 'maintenance') {
    if (stage !== 'in_service') return `it is at stage ${stage}`;
    if (opState !== 'production') return `it is ${opState}`;
    if (repairState !== 'none') return `its repair state is ${repairState}`;
  }
  return held === null ? null : `it is held: ${held}`;
}

type Sizes = ReadonlyMap<string, number>;

export function groupKeys({ rack, feed, pool }: Pick<Candidate, 'rack' | 'feed' | 'pool'>): string[] {
  return [...(feed === null ? [] : [`feed/${feed}`]), ...(rack === null ? [] : [`rack/${rack}`]), `pool/${pool}`];
}

function countGroups(candidates: readonly Candidate[]): Sizes {
  const sizes = new Map<string, number>([['fleet/*', candidates.length]]);
  for (const candidate of candidates) for (const key of groupKeys(candidate)) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  return sizes;
}

function limitsOf(pace: CampaignPace, sizes: Sizes, capacity: readonly CapacityListing[]): Record<string, number> {
  const shares = { feed: pace.feedShare, rack: pace.rackShare, pool: pace.poolShare };
  const totals = new Map(capacity.map(({ scope, name, total }) => [`${scope}/${name}`, total]));
  const limits: Record<string, number> = {};
  for (const scope of scopes) {
    const share = shares[scope];
    if (share === null) continue;
    for (const [key, size] of sizes)
      if (key.startsWith(`${scope}/`))
        limits[key] = Math.max(1, Math.floor((Math.max(totals.get(key) ?? 0, size) * share) / 100));
  }
  return limits;
}

function groupsOf(
  { atOnce: max }: CampaignPace,
  sizes: Sizes,
  limits: Readonly<Record<string, number>>,
  capacity: readonly CapacityListing[],
): PlannedGroup[] {
  return capacity.flatMap(({ scope, name, have, need }) => {
    const key = `${scope}/${name}`;
    const machines = sizes.get(key) ?? 0;
    if (machines === 0) return [];
    const atOnce = Math.min(machines, max, limits[key] ?? Number.POSITIVE_INFINITY);
    const leaves = Math.max(0, have - atOnce);
    return [{ scope, name, machines, atOnce, have, need, leaves, short: leaves < need }];
  });
}

function haltAtOf({ haltCount, haltShare }: CampaignPace, machines: number): number {
  const share = haltShare === null ? haltCount : Math.max(1, Math.ceil((machines * haltShare) / 100));
  return Math.min(haltCount, share);
}

/**
 * What makes a plan another one, as text whose hash is the plan's name: who, in which order, what each would do, at which
 * pace, and which groups would fall short of their rule. How many a group has at the moment is not in it: one that breaks
 * elsewhere makes no plan another one.
 */
export function textOfPlan(
  { passage, request, class: urgency, pace }: CampaignSpec,
  { members, groups, haltAt }: CampaignPlan,
): string {
  const who = members.map(({ machineId, batch, rack, feed, pool, doubt }) => [
    machineId,
    batch,
    rack,
    feed,
    pool,
    doubt,
  ]);
  const guards = groups.map(({ scope, name, atOnce, short }) => [scope, name, atOnce, short]);
  return JSON.stringify([passage, inNameOrder(request), urgency, inNameOrder(pace), haltAt, who, guards]);
}
