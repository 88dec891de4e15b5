import { z } from 'zod';

/** What can be wrong with a simulated machine, by control API or by the faults file. */
const disk = z.int().min(0).max(63).default(0).describe('number of the disk, from 0');

export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('dead-disk'), disk, how: z.enum(['io', 'missing']).default('io') }),
  z.strictObject({ kind: z.literal('slow-disk'), disk, share: z.number().positive().max(1).default(0.3) }),
  z.strictObject({ kind: z.literal('bad-dimm'), slot: z.int().min(0).max(63).default(0) }),
  z.strictObject({ kind: z.literal('foreign-disk'), disk, content: z.string().min(1).max(32).default('ext4') }),
  z.strictObject({ kind: z.literal('erase-refused'), disk }),
  z.strictObject({ kind: z.literal('erase-fails'), disk }),
  z.strictObject({ kind: z.literal('erase-lies'), disk }),
  z.strictObject({ kind: z.literal('erase-cut'), disk }),
  z.strictObject({ kind: z.literal('no-boot') }),
  z.strictObject({ kind: z.literal('boot-loop'), seconds: z.number().positive().default(3) }),
  z.strictObject({ kind: z.literal('silent-agent') }),
  z.strictObject({ kind: z.literal('wrong-port'), port: z.string().min(1).max(64).default('Ethernet999') }),
  z.strictObject({ kind: z.literal('duplicate-slot'), of: z.string().min(1).max(32) }),
  z.strictObject({ kind: z.literal('nonsense-inventory') }),
  z.strictObject({ kind: z.literal('lying-power') }),
  z.strictObject({ kind: z.literal('slow-power'), seconds: z.number().positive().max(3600).default(10) }),
  z.strictObject({ kind: z.literal('stale-power'), seconds: z.number().positive().max(3600).default(60) }),
  z.strictObject({ kind: z.literal('password-expired') }),
  z.strictObject({ kind: z.literal('events-lost'), share: z.number().positive().max(1).default(1) }),
  z.strictObject({ kind: z.literal('events-repeated'), times: z.int().min(1).max(10).default(1) }),
  z.strictObject({
    kind: z.literal('events-garbage'),
    how: z.enum(['text', 'deep', 'large', 'shapeless']).default('text'),
  }),
  z.strictObject({ kind: z.literal('password-ignored') }),
  z.strictObject({ kind: z.literal('stuck-media') }),
  z.strictObject({ kind: z.literal('bmc-reset-power'), how: z.enum(['drops', 'misreports']).default('drops') }),
  z.strictObject({
    kind: z.literal('bad-flash'),
    how: z.enum(['critical', 'exception', 'stuck', 'unchanged']).default('critical'),
  }),
]);

export type Fault = z.infer<typeof faultSchema>;
export type FaultKind = Fault['kind'];
export type FaultOf<K extends FaultKind> = Extract<Fault, { kind: K }>;

export function findFault<K extends FaultKind>(faults: readonly Fault[], kind: K): FaultOf<K> | undefined {
  return faults.find((fault): fault is FaultOf<K> => fault.kind === kind);
}
