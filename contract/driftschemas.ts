/** The API's shapes for drift, rounds of the reconciler, and what profiles want. */

import { z } from 'zod';
import { driftKinds, driftSources, partKinds } from '../domain/drift/drift.ts';
import { secretSetting } from '../domain/drift/settings.ts';
import { id, machineName, paged, paging, sentence } from './api.ts';

const nullable = <T extends z.ZodType>(schema: T) => schema.nullable();
const text = nullable(z.string());

export const driftQuery = z.strictObject({
  machine: machineName.optional(),
  kind: z.enum(driftKinds).optional(),
  pool: id.optional(),
  rack: id.optional(),
  /** `unknown`: what can't be judged, for want of a reading. */
  state: z.enum(['drifting', 'unknown']).optional(),
  ...paging,
  limit: z.coerce.number().int().min(1).max(10_000).default(1000),
});

const driftView = z.object({
  machineId: z.string(),
  hostname: text,
  pool: z.string(),
  kind: z.enum(driftKinds),
  /** BIOS attribute, component or kind of part; `*` for a whole kind of which nothing is known. */
  name: z.string(),
  want: z.string(),
  have: text,
  source: nullable(z.enum(driftSources)),
  note: text,
  since: z.string(),
  lastSeenAt: z.string(),
  unknownSince: text,
  /** The last campaign that was to put it right, and how that stands. */
  campaign: text,
  campaignState: text,
});

export const conformity = z.object({
  conformant: z.number(),
  drifting: z.number(),
  unknown: z.number(),
  /** Plans of the reconciler that wait for a person. */
  plansWaiting: z.number(),
  /** When a round last ended. */
  comparedAt: text,
});
export const driftList = z.object({ summary: conformity, drifts: z.array(driftView), ...paged });

export const driftAcceptance = z.strictObject({ reason: sentence });

export const reconcileRequest = z.strictObject({ site: id.optional() });
export const reconcileRequested = z.object({ sites: z.array(z.string()), requestedAt: z.string() });

const strings = z.array(z.string());
const roundView = z.object({
  id: z.string(),
  site: z.string(),
  beganAt: z.string(),
  endedAt: text,
  summary: nullable(
    z.object({
      machines: z.number(),
      conformant: z.number(),
      drifting: z.number(),
      unknown: z.number(),
      read: z.number(),
      unread: z.number(),
      found: z.number(),
      resolved: z.number(),
      planned: strings,
      started: strings,
      withdrawn: strings,
    }),
  ),
});
export const roundQuery = z.strictObject(paging);
export const roundList = z.object({ rounds: z.array(roundView), ...paged });

const word = (max: number) =>
  z
    .string()
    .min(1, 'is empty')
    .max(max, `is longer than ${max} characters`)
    .refine((value) => !/\p{Cc}/u.test(value), 'holds control characters');

const firmwareSpec = z
  .strictObject({
    version: word(100),
    file: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*(\/[A-Za-z0-9][A-Za-z0-9._+-]*)*$/, 'is not a path below the image root')
      .max(200)
      .exactOptional(),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'is not a SHA-256')
      .exactOptional(),
  })
  .refine(({ file, sha256 }) => (file === undefined) === (sha256 === undefined), 'a file and its sha256 go together');

const few =
  (max: number) =>
  <T extends Record<string, unknown>>(values: T) =>
    Object.keys(values).length <= max;

const specs = {
  bios: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z0-9_.]{1,100}$/, 'is not the name of a setting')
        .refine((name) => !secretSetting.test(name), 'is a password, which no profile holds'),
      z.union([word(200), z.number(), z.boolean()], 'is no text, number or truth value'),
    )
    .refine(few(500), 'has more than 500 settings'),
  // As many as one order takes.
  firmware: z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,126}$/, 'is not the name of a component'), firmwareSpec)
    .refine(few(40), 'has more than 40 components'),
  hardware: z.partialRecord(z.enum(partKinds), z.int().min(0).max(1_000_000_000)),
  match: z.strictObject({
    vendor: word(128).exactOptional(),
    product: word(128).exactOptional(),
    minCpus: z.int().min(1).max(100_000).exactOptional(),
    minMemoryMib: z.int().min(1).max(1_000_000_000).exactOptional(),
  }),
  priority: z.int().min(-1_000_000).max(1_000_000),
  pool: id,
};

export const profileView = z.object({
  id: z.string(),
  ...specs,
  match: z.record(z.string(), z.union([z.string(), z.number()])),
  /** Machines that have it. */
  machines: z.number(),
});
export const profileList = z.object({ profiles: z.array(profileView) });

/** Each field that is given replaces the whole of what was there. */
export const profileRequest = z.strictObject({
  reason: sentence,
  bios: specs.bios.exactOptional(),
  firmware: specs.firmware.exactOptional(),
  hardware: specs.hardware.exactOptional(),
  match: specs.match.exactOptional(),
  priority: specs.priority.exactOptional(),
  pool: specs.pool.exactOptional(),
});

export type DriftQuery = z.input<typeof driftQuery>;
export type DriftView = z.infer<typeof driftView>;
export type DriftList = z.infer<typeof driftList>;
export type ReconcileRequested = z.infer<typeof reconcileRequested>;
export type RoundView = z.infer<typeof roundView>;
export type ProfileView = z.infer<typeof profileView>;
export type ProfileRequest = z.input<typeof profileRequest>;
