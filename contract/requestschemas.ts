/** What may be asked of each passage, as the API and the CLI check it; what is absent gets its default. */
import { z } from 'zod';
import { eraseMethods, type Passage } from '../domain/machine.ts';
import {
  flows,
  postRebootStates,
  powerActions,
  powerPolicies,
  type Requests,
  severities,
  standardRequests,
} from '../domain/requests.ts';

/** A time with its zone, as ISO 8601 in UTC. */
export const timeField = z.iso
  .datetime({ offset: true, error: 'is not a time like 2026-11-21T09:00:00Z' })
  .transform((text) => new Date(text).toISOString());

const coming = timeField.refine((text) => Date.parse(text) > Date.now(), 'is in the past');

const tag = z.string().regex(/^[A-Za-z][A-Za-z0-9_.-]{0,62}$/, 'is not the name of a tag');
const tags = z.union([tag, z.array(tag).max(8, 'names more than 8 groups').readonly()]);
export const semaphoresField = z
  .strictObject({ drain: tags.exactOptional(), reboot: tags.exactOptional() })
  .default({});

const line = (max: number) =>
  z
    .string()
    .min(1, 'is empty')
    .max(max, `is longer than ${max} characters`)
    .refine((value) => !/\p{Cc}/u.test(value), 'holds control characters');
const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,126}$/, 'is not a name');
const method = z.enum(eraseMethods).nullable().default(null);
const flow = z.enum(flows).default(standardRequests.drain.flow);
const wipe = z.boolean().default(false);
const power = z.enum(['wait', 'cycle']).default('wait');

const work = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('firmware'),
    component: name,
    version: line(100),
    file: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]*(\/[A-Za-z0-9][A-Za-z0-9._+-]*)*$/, 'is not a path below the image root')
      .max(200),
    sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'),
  }),
  z.strictObject({
    kind: z.literal('bios'),
    attributes: z
      .record(z.string().regex(/^[A-Za-z0-9_.]{1,100}$/), z.union([line(200), z.number(), z.boolean()]))
      .refine((values) => Object.keys(values).length <= 500, 'has more than 500 attributes'),
  }),
  z.strictObject({ kind: z.literal('secure-boot'), enabled: z.boolean() }),
  z.strictObject({ kind: z.literal('password') }),
  z.strictObject({ kind: z.literal('reboot') }),
  z.strictObject({ kind: z.literal('step'), question: line(500), owner: name.default('operations') }),
]);

const window = z
  .strictObject({ opens: timeField, closes: coming })
  .refine(({ opens, closes }) => opens < closes, { message: 'closes before it opens', path: ['closes'] });

const fault = z.string().regex(/^[a-z0-9][A-Za-z0-9._/-]{0,100}$/, 'is not the name of a fault like disk/S3Z8NB0K');

/** By passage; each yields the whole request. */
export const requestSchemas: { readonly [P in Passage]: z.ZodType<Requests[P]> } = {
  birth: z.strictObject({ wipe }),
  rebirth: z.strictObject({ wipe, power, semaphores: semaphoresField, verifies: fault.nullable().default(null) }),
  clean: z.strictObject({ method, owner: name.nullable().default(null), power, semaphores: semaphoresField }),
  maintenance: z.strictObject({
    window: window.nullable().default(null),
    work: z.array(work).min(1, 'is empty').max(50),
    soakMinutes: z.int().min(0).max(1440).nullable().default(null),
    drain: z.boolean().default(true),
    semaphores: semaphoresField,
  }),
  repair: z.strictObject({
    fault,
    evidence: line(500).nullable().default(null),
    severity: z.enum(severities).nullable().default(null),
    semaphores: semaphoresField,
  }),
  retire: z.strictObject({ method, semaphores: semaphoresField }),
  drain: z
    .strictObject({
      flow,
      drainBy: coming.nullable().default(null),
      afterDrain: z.enum(['draining', 'intervention']).default('draining'),
      semaphores: semaphoresField,
    })
    .refine(({ flow: one, afterDrain }) => one === 'orchestrated' || afterDrain === 'draining', {
      message: 'the basic flow has no edge to intervention',
      path: ['afterDrain'],
    }),
  undrain: z.strictObject({ flow, to: z.enum(['production', 'disabled']).default('production') }),
  reboot: z
    .strictObject({
      flow,
      drain: z.boolean().default(true),
      powerBy: coming.nullable().default(null),
      policy: z.enum(powerPolicies).default('asap'),
      postRebootState: z.enum(postRebootStates).default('production'),
      semaphores: semaphoresField,
    })
    .refine(({ policy, powerBy }) => policy === 'asap' || powerBy !== null, {
      message: 'the policy "date" needs one',
      path: ['powerBy'],
    }),
  power: z.strictObject({ action: z.enum(powerActions), semaphores: semaphoresField }),
};

/** Whether a passage and its request fit; the request whole, or the field and why it is wrong. */
export function checkRequest<P extends Passage>(
  passage: P,
  request: unknown,
):
  | { readonly ok: true; readonly request: Requests[P] }
  | { readonly ok: false; readonly field: string; readonly message: string } {
  const read = requestSchemas[passage].safeParse(request);
  if (read.success) return { ok: true, request: read.data };
  const [issue] = read.error.issues;
  const field = ['request', ...(issue?.path ?? [])].join('.');
  return { ok: false, field, message: `${field}: ${issue?.message ?? 'is wrong'}` };
}
