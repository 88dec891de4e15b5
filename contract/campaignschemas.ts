/** The API's shapes for campaigns. */

import { z } from 'zod';
import { campaignStates, memberStates, standardPace } from '../domain/campaign/campaign.ts';
import { orderClasses, passages } from '../domain/machine.ts';
import { fields, id, paged, paging, sentence } from './api.ts';
import { permitWindow } from './permitviews.ts';

const nullable = <T extends z.ZodType>(schema: T) => schema.nullable();
const text = nullable(z.string());
const share = z.int().min(1).max(100).nullable();

/** A birth follows from a boot, not from an order over machines that are there. */
const campaignable = passages.filter((passage) => passage !== 'birth');

export const campaignId = id.max(40);

export const pace = z.strictObject({
  canary: z.int().min(0).max(50).default(standardPace.canary),
  soakMinutes: z.int().min(0).max(10_080).default(standardPace.soakMinutes),
  batch: z.int().min(1).max(1000).default(standardPace.batch),
  atOnce: z.int().min(1).max(1000).default(standardPace.atOnce),
  rackShare: share.default(standardPace.rackShare),
  feedShare: share.default(standardPace.feedShare),
  poolShare: share.default(standardPace.poolShare),
  windows: z.array(permitWindow).max(20).default([]),
  haltCount: z.int().min(1).max(100_000).default(standardPace.haltCount),
  haltShare: share.default(standardPace.haltShare),
});

export const campaignRequest = z.strictObject({
  /** Its orders are called `<id>-<machine>`. */
  id: campaignId,
  selector: z.string().max(1000),
  /** How many machines it means; needed for `all`, and checked wherever it is given. */
  count: z.int().min(0).optional(),
  passage: z.enum(campaignable),
  request: z.record(z.string(), z.unknown()).default({}),
  class: z.enum(orderClasses).optional(),
  reason: sentence,
  pace: pace.prefault({}),
});

export const campaignStart = z.strictObject({
  /** Hash of the plan that was reviewed. */
  plan: z.string().regex(/^[0-9a-f]{64}$/, 'is not the hash of a plan'),
  reason: sentence,
});
export const campaignSteering = z.strictObject({ reason: sentence });
export const campaignCancel = z.strictObject({ reason: sentence, stop: z.boolean().default(false) });

const countEach = Object.fromEntries(memberStates.map((state) => [state, z.number()])) as Record<
  (typeof memberStates)[number],
  z.ZodNumber
>;

export const campaignView = z.object({
  id: z.string(),
  selector: z.string(),
  passage: z.enum(passages),
  request: z.record(z.string(), z.unknown()),
  class: nullable(z.enum(orderClasses)),
  reason: z.string(),
  requester: z.string(),
  startedBy: text,
  pace,
  haltAt: z.number(),
  /** What it is started by. */
  hash: z.string(),
  state: z.enum(campaignStates),
  phase: z.enum(['canary', 'soak', 'batches', 'ended']),
  /** Why it stands, where it does. */
  why: text,
  ticketId: text,
  machines: z.number(),
  counts: z.object(countEach),
  /** Seconds, from how long machines took so far. */
  timeLeft: nullable(z.number()),
  createdAt: z.string(),
  startedAt: text,
  endedAt: text,
});
export const campaignFilter = z.strictObject({ state: z.enum(campaignStates).optional(), fields, ...paging });
export const campaignList = z.object({ campaigns: z.array(campaignView), ...paged });

export const campaignDetail = z.object({
  campaign: campaignView,
  groups: z.array(
    z.object({
      scope: z.string(),
      name: z.string(),
      machines: z.number(),
      atOnce: z.number(),
      have: z.number(),
      need: z.number(),
      leaves: z.number(),
      short: z.boolean(),
    }),
  ),
  members: z.array(
    z.object({
      machineId: z.string(),
      hostname: text,
      batch: z.number(),
      rack: text,
      feed: text,
      pool: z.string(),
      doubt: text,
      state: z.enum(memberStates),
      orderId: text,
      outcome: text,
      /** Hash of what its rehearsal planned. */
      plan: text,
      orderedAt: text,
      endedAt: text,
    }),
  ),
  ...paged,
});
export const campaignPage = z.strictObject({
  state: z.enum(memberStates).optional(),
  ...paging,
  limit: z.coerce.number().int().min(0).max(10_000).default(200),
});
export const campaignPlanned = z.object({ created: z.boolean(), campaign: campaignView });
export const rehearsals = z.object({ ordered: z.number(), refused: z.number() });

export type CampaignRequest = z.input<typeof campaignRequest>;
export type CampaignView = z.infer<typeof campaignView>;
export type CampaignDetail = z.infer<typeof campaignDetail>;
export type CampaignPage = z.input<typeof campaignPage>;
