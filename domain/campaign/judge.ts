/** What a campaign does next. Pure decisions over what was read of it. */
import type { CampaignPace, CampaignPhase, CampaignProgress, CampaignState, MemberCounts } from './campaign.ts';
import { groupKeys } from './plan.ts';

export interface CampaignFacts {
  readonly state: CampaignState;
  readonly why: string | null;
  readonly pace: CampaignPace;
  readonly haltAt: number;
  readonly forgiven: number;
  readonly counts: MemberCounts;
  /** Of the first batch. */
  readonly canaries: MemberCounts;
  /** The latest failure, in a sentence. */
  readonly failure: string | null;
  /** A canary that is known to be unwell, in a sentence. */
  readonly sick: string | null;
  /** In milliseconds since 1970, as all times here. */
  readonly soakFrom: number | null;
  readonly soaked: boolean;
  /** Whether the canaries were found well just now. */
  readonly healthy: boolean;
  readonly opensAt: number | null;
  readonly now: number;
}

export type CampaignMove =
  | { readonly do: 'end'; readonly state: 'done' | 'cancelled' }
  | { readonly do: 'halt'; readonly why: string }
  /** All canaries have succeeded: from now on they have to stay healthy. */
  | { readonly do: 'soak' }
  | { readonly do: 'pass-soak' }
  /** Places orders for the canary, or for the first batch that is not over. */
  | { readonly do: 'place'; readonly canary: boolean }
  | ({ readonly do: 'stand' } & Pick<CampaignProgress, 'waitingOn' | 'why' | 'until'>);

export function phaseOf({
  state,
  pace,
  soakFrom,
  soaked,
}: Pick<CampaignFacts, 'state' | 'pace' | 'soakFrom' | 'soaked'>): CampaignPhase {
  if (state === 'done' || state === 'cancelled') return 'ended';
  if (soaked || pace.canary === 0) return 'batches';
  return soakFrom === null ? 'canary' : 'soak';
}

export function judgeCampaign(facts: CampaignFacts): CampaignMove {
  const { state, counts, why } = facts;
  if (state === 'done' || state === 'cancelled') return { do: 'end', state };
  const over = counts.ordered === 0 && (counts.planned === 0 || state === 'cancelling');
  if (over) return { do: 'end', state: state === 'cancelling' ? 'cancelled' : 'done' };
  if (state === 'cancelling') return waitOn('machines', `It is cancelled; ${counts.ordered} machines are under way.`);
  if (state !== 'running') return waitOn('person', why ?? 'It has not been started.');
  const halt = findHalt(facts);
  if (halt !== null) return { do: 'halt', why: halt };
  const phase = phaseOf(facts);
  if (phase === 'soak') return judgeSoak(facts);
  if (phase === 'canary' && facts.canaries.done >= facts.pace.canary) return { do: 'soak' };
  if (facts.opensAt !== null) return waitOn('window', 'Its window is closed.', facts.opensAt);
  return { do: 'place', canary: phase === 'canary' };
}

/** Why it must not go on; null when it may. One failed canary is enough. */
function findHalt(facts: CampaignFacts): string | null {
  const { counts, forgiven, haltAt, failure } = facts;
  const failed = counts.failed - forgiven;
  const phase = phaseOf(facts);
  if (phase !== 'batches' && facts.sick !== null) return `a canary is unwell: ${facts.sick}`;
  if (phase !== 'batches' && failed > 0) return `a canary failed: ${failure}`;
  if (failed < haltAt) return null;
  return `${failed} of ${total(counts)} machines failed, and ${haltAt} are too many; the latest: ${failure}`;
}

function judgeSoak({ soakFrom, pace, now, healthy }: CampaignFacts): CampaignMove {
  const long = pace.soakMinutes * 60_000;
  const end = (soakFrom ?? now) + long;
  if (now >= end && healthy) return { do: 'pass-soak' };
  const next = healthy ? Math.min(end, now + Math.max(60_000, long / 5)) : now;
  return waitOn('time', 'The canaries have to stay healthy.', next);
}

export function waitOn(
  waitingOn: CampaignProgress['waitingOn'],
  why: string,
  until: number | null = null,
): CampaignMove {
  return { do: 'stand', waitingOn, why, until };
}

export function total(counts: MemberCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

interface Placeable {
  readonly machineId: string;
  readonly rack: string | null;
  readonly feed: string | null;
  readonly pool: string;
}

/** Which of the next machines may begin, beside those that are under way; in their order. */
export function pickNext<Member extends Placeable>(
  next: readonly Member[],
  underWay: readonly Placeable[],
  limits: Readonly<Record<string, number>>,
  atOnce: number,
): Member[] {
  const busy = new Map<string, number>();
  const add = (key: string) => busy.set(key, (busy.get(key) ?? 0) + 1);
  for (const one of underWay) for (const key of groupKeys(one)) add(key);
  const picked: Member[] = [];
  for (const one of next) {
    if (underWay.length + picked.length >= atOnce) break;
    const keys = groupKeys(one);
    if (keys.some((key) => (busy.get(key) ?? 0) >= (limits[key] ?? Number.POSITIVE_INFINITY))) continue;
    for (const key of keys) add(key);
    picked.push(one);
  }
  return picked;
}

/** Seconds until it ends, by how long a machine took so far; null while none has ended. */
export function timeLeft(
  pace: CampaignPace,
  {
    typical,
    batches,
    underWay,
    soaking,
  }: { typical: number | null; batches: readonly number[]; underWay: number; soaking: number },
): number | null {
  if (typical === null) return null;
  const rounds = batches.reduce((sum, size) => sum + Math.ceil(size / pace.atOnce), 0);
  return Math.round(rounds * typical + (underWay > 0 ? typical / 2 : 0) + soaking);
}
