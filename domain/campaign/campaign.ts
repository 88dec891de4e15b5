/** Campaigns: one order over many machines. */
import type { Seconds } from '../duration.ts';
import type { CapacityScope, Passage } from '../machine.ts';
import type { PermitWindow } from '../permits/window.ts';

/** `paused` is a person's or a halt's; `cancelling` waits for what is under way. */
export const campaignStates = ['planned', 'running', 'paused', 'cancelling', 'done', 'cancelled'] as const;

export type CampaignState = (typeof campaignStates)[number];

/** `skipped`: nothing was done, for a reason that is no fault of the machine. */
export const memberStates = ['planned', 'ordered', 'done', 'failed', 'skipped', 'cancelled'] as const;

export type MemberState = (typeof memberStates)[number];

/** How fast a campaign may go. Shares are percentages of a group, rounded down, and at least one machine. */
export interface CampaignPace {
  /** Machines that go first: so many must succeed, and stay healthy, before any other begins. */
  readonly canary: number;
  readonly soakMinutes: number;
  /** Machines of a batch; the next batch begins when this one has ended. */
  readonly batch: number;
  /** Machines under way at once. */
  readonly atOnce: number;
  readonly rackShare: number | null;
  readonly feedShare: number | null;
  readonly poolShare: number | null;
  /** When orders may be placed; empty: at any time. */
  readonly windows: readonly PermitWindow[];
  /** Failures at which it halts: a number, or a percentage of its machines; the smaller counts. */
  readonly haltCount: number;
  readonly haltShare: number | null;
}

export const standardPace: CampaignPace = {
  canary: 1,
  soakMinutes: 10,
  batch: 40,
  atOnce: 20,
  rackShare: null,
  feedShare: null,
  poolShare: null,
  windows: [],
  haltCount: 3,
  haltShare: null,
};

/** What a campaign means for a group: machines in it, under way at once at most, and left in service then. */
export interface PlannedGroup {
  readonly scope: CapacityScope;
  readonly name: string;
  readonly machines: number;
  readonly atOnce: number;
  readonly have: number;
  readonly need: number;
  readonly leaves: number;
  /** Whether the guard would hold some of them back at this pace. */
  readonly short: boolean;
}

/** Machines by what became of them. */
export type MemberCounts = Readonly<Record<MemberState, number>>;

/** A canary whose health is to be looked at. */
export interface Canary {
  readonly machineId: string;
  readonly siteId: string;
  readonly orderId: string;
}

export interface CampaignProgress {
  readonly state: CampaignState;
  readonly passage: Passage;
  readonly phase: CampaignPhase;
  readonly waitingOn: 'machines' | 'time' | 'window' | 'person' | 'nothing';
  /** Why it waits, in a sentence. */
  readonly why: string;
  /** When it looks again by itself, in milliseconds since 1970; null: at the next slow look. */
  readonly until: number | null;
  /** There is more to be done at once. */
  readonly more: boolean;
  readonly canaries: readonly Canary[];
  readonly counts: MemberCounts;
  /** Seconds, from how long machines took so far; null while none has ended. */
  readonly timeLeft: Seconds | null;
}

export type CampaignPhase = 'canary' | 'soak' | 'batches' | 'ended';
