import { z } from 'zod';
import type { AgentRecord } from '../../contract/records.ts';
import { agentSteps, type BurninFact, type InstalledFact, type ReadyFact, type StepFact } from '../../domain/agent.ts';
import { decimal, flag, optionalText, requiredText, requiredUuid } from './fields.ts';

/** A fact, or the reason why what was sent is not one. */
export type Reading<T> = { readonly ok: true; readonly fact: T } | { readonly ok: false; readonly reason: string };

/** Reads one record by its schema, an empty field like an absent one; the reason names record and field. */
export function readRecord<T>(schema: z.ZodType<T>, record: AgentRecord, place: string = record.kind): Reading<T> {
  const result = schema.safeParse(
    Object.fromEntries(Object.entries(record.fields).filter(([, value]) => value !== '')),
  );
  if (result.success) return { ok: true, fact: result.data };
  const issue = result.error.issues[0];
  return { ok: false, reason: `${place}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'is wrong'}` };
}

/** Reads the one record of that kind in a body. */
export function readOnly<T>(schema: z.ZodType<T>, records: readonly AgentRecord[], kind: string): Reading<T> {
  const found = records.filter((record) => record.kind === kind);
  if (found.length !== 1 || !found[0])
    return { ok: false, reason: `there must be one ${kind} record, not ${found.length}` };
  return readRecord(schema, found[0]);
}

const seconds = decimal(0, 10_000_000);
const optionalSeconds = seconds.optional().transform((value) => value ?? null);

export const helloFact = z.object({
  version: z.literal('1', 'is not 1, the version that this server speaks'),
  firmware: z.enum(['bios', 'uefi'], 'is neither bios nor uefi'),
  boot: z.string('is missing').regex(/^[A-Za-z0-9-]{8,64}$/, 'is not a boot id'),
});

export const stepFact: z.ZodType<StepFact> = z.object({
  name: z.enum(agentSteps, 'is not a step of the agent'),
  state: z.enum(['running', 'done', 'failed'], 'is neither running, done nor failed'),
  seconds: optionalSeconds,
  device: optionalText,
  message: optionalText,
});

export const progressFact = z.object({ percent: decimal(0, 100) });

const partFact = z.object({
  kind: z.enum(['stress', 'benchmark'], 'is neither stress nor benchmark'),
  subject: z.enum(['cpu', 'memory', 'disk', 'network'], 'is neither cpu, memory, disk nor network'),
  device: requiredText,
  ok: flag,
  value: decimal(0, 1e15)
    .optional()
    .transform((value) => value ?? null),
  unit: optionalText,
  seconds,
  message: optionalText,
});

const finishFact = z.object({ seconds, cut: flag });

export const installedFact: z.ZodType<InstalledFact> = z
  .object({
    image: requiredText,
    sha256: z.string('is missing').regex(/^[0-9a-f]{64}$/, 'is not a SHA-256'),
    mark: requiredUuid,
    keystore: z.enum(['nvram', 'tpm', 'none'], 'is neither nvram, tpm nor none'),
    key: optionalText,
    disk: requiredText,
  })
  .transform(({ keystore, ...rest }) => ({ ...rest, keyStore: keystore }));

export const readyFact: z.ZodType<ReadyFact> = z
  .object({
    boot: z.string('is missing').regex(/^[A-Za-z0-9-]{8,64}$/, 'is not a boot id'),
    hostname: requiredText,
    address: requiredText,
    image: requiredText,
    mark: requiredUuid,
  })
  .transform(({ boot, ...rest }) => ({ ...rest, bootId: boot }));

/** Parts of a burn-in, and its end when the body says so. */
export function readBurnin(records: readonly AgentRecord[]): Reading<BurninFact> {
  const parts: z.infer<typeof partFact>[] = [];
  for (const [index, record] of records.filter(({ kind }) => kind === 'part').entries()) {
    const reading = readRecord(partFact, record, `part ${index + 1}`);
    if (!reading.ok) return reading;
    parts.push(reading.fact);
  }
  const names = parts.map(({ kind, subject, device }) => `${kind} ${subject} ${device}`);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice) return { ok: false, reason: `part ${twice} is given twice` };
  if (!records.some(({ kind }) => kind === 'burnin')) {
    return parts.length > 0
      ? { ok: true, fact: { parts, finish: null } }
      : { ok: false, reason: 'there is neither a part nor a burnin record' };
  }
  const finish = readOnly(finishFact, records, 'burnin');
  return finish.ok ? { ok: true, fact: { parts, finish: finish.fact } } : finish;
}
