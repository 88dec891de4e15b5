import { z } from 'zod';
import type { AgentRecord } from '../../contract/records.ts';
import type { DiskErasedFact, ErasedFact } from '../../domain/agent.ts';
import { eraseMethods } from '../../domain/machine.ts';
import { type Reading, readOnly, readRecord } from './facts.ts';
import { decimal, flag, numberField, optionalText, requiredText } from './fields.ts';

const blocks = z
  .string()
  .regex(/^\d{1,16}:[0-9a-f]{16}:[0-9a-f]{16}(,\d{1,16}:[0-9a-f]{16}:[0-9a-f]{16}){0,31}$/, 'are not blocks')
  .transform((text) => text.split(','));
const count = numberField(0, 32);

const erasedDisk = z
  .object({
    serial: requiredText,
    name: requiredText,
    method: z.enum(eraseMethods, 'is not a method'),
    state: z.enum(['begun', 'done', 'refused', 'failed'], 'is neither begun, done, refused nor failed'),
    words: optionalText,
    seconds: decimal(0, 10_000_000).optional(),
    sampled: count.optional(),
    survived: count.optional(),
    blank: count.optional(),
    blocks: blocks.optional(),
    opened: flag.optional(),
    key_gone: flag.optional(),
  })
  .transform(({ serial, name, method, state, words, key_gone, ...rest }): DiskErasedFact => {
    const reported = { ...rest, words: words ?? undefined, keyGone: key_gone };
    const evidence = Object.fromEntries(Object.entries(reported).filter(([, value]) => value !== undefined));
    return { serial, name, method, state, evidence };
  });

const finished = z.object({ seq: numberField(0, 2 ** 31), seconds: decimal(0, 10_000_000) });

/** What the agent tells of disks that it erases: one record a disk, and one for the end of all. */
export function readErased(records: readonly AgentRecord[]): Reading<ErasedFact> {
  const disks: DiskErasedFact[] = [];
  for (const record of records.filter(({ kind }) => kind === 'disk')) {
    const reading = readRecord(erasedDisk, record, `disk ${disks.length + 1}`);
    if (!reading.ok) return reading;
    disks.push(reading.fact);
  }
  if (!records.some(({ kind }) => kind === 'erased')) {
    return disks.length > 0
      ? { ok: true, fact: { disks, finish: null } }
      : { ok: false, reason: 'there is neither a disk nor an erased record' };
  }
  const finish = readOnly(finished, records, 'erased');
  return finish.ok ? { ok: true, fact: { disks, finish: finish.fact } } : finish;
}
