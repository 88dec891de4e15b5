/** The proof of erased disks, as the people's API tells it. Times are ISO 8601 in UTC. */
import { z } from 'zod';

const text = z.string().nullable();
const count = z.number().nullable();

export const erasureView = z.object({
  orderId: z.string(),
  serial: z.string(),
  /** As the kernel called the disk then, e.g. `nvme0n1`. */
  name: z.string(),
  /** `none` for a disk that a person answered for. */
  method: z.string(),
  /** `begun`, `done`, `refused`, `failed` or `vouched`. */
  state: z.string(),
  /** The disk's own words, or who answers for it. */
  words: text,
  sampled: count,
  survived: count,
  blank: count,
  /** `<byte>:<hash before>:<hash after>` of each marked block. */
  blocks: z.array(z.string()),
  seconds: count,
  begunAt: z.string(),
  endedAt: text,
});
export const erasureList = z.object({ machineId: z.string(), erasures: z.array(erasureView) });
export type ErasureView = z.infer<typeof erasureView>;
