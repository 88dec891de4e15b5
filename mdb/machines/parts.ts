/** What a machine is made of, how its burn-in went, and the images it may get. Inside the transaction of one activity. */

import { and, asc, desc, eq, isNotNull, ne, sql } from 'drizzle-orm';
import type { BootSums } from '../../domain/images.ts';
import type { ImageKind } from '../../domain/machine.ts';
import type { Transaction } from '../acting.ts';
import { accelerators, bootFiles, burninParts, burnins, cpus, disks, images, profiles } from '../schema.ts';

export async function readPresentDisks(tx: Transaction, machineId: string) {
  return tx
    .select()
    .from(disks)
    .where(and(eq(disks.machineId, machineId), eq(disks.present, true)))
    .orderBy(asc(disks.name));
}

export async function cpuThreads(tx: Transaction, machineId: string): Promise<number> {
  const [row] = await tx
    .select({ threads: sql<number>`coalesce(sum(${cpus.threads}), 0)::int` })
    .from(cpus)
    .where(eq(cpus.machineId, machineId));
  return row?.threads ?? 0;
}

export async function acceleratorCount(tx: Transaction, machineId: string): Promise<number> {
  return tx.$count(accelerators, eq(accelerators.machineId, machineId));
}

export async function allProfiles(tx: Transaction) {
  return tx.select().from(profiles);
}

export async function preferredImage(tx: Transaction, kind: ImageKind): Promise<typeof images.$inferSelect | null> {
  const [image] = await tx
    .select()
    .from(images)
    .where(eq(images.kind, kind))
    .orderBy(desc(images.preferred), desc(images.createdAt))
    .limit(1);
  return image ?? null;
}

export async function imageById(tx: Transaction, id: string): Promise<typeof images.$inferSelect | null> {
  const [image] = await tx.select().from(images).where(eq(images.id, id));
  return image ?? null;
}

/** What the site's kernel and initrd must be; null until both were registered. */
export async function bootSums(tx: Transaction): Promise<BootSums | null> {
  const laid = await tx.select().from(bootFiles);
  const sumOf = (path: string) => laid.find((file) => file.path === path)?.sha256;
  const [kernel, initrd] = [sumOf('boot/vmlinuz'), sumOf('boot/initrd')];
  return kernel === undefined || initrd === undefined ? null : { kernel, initrd };
}

export async function burninOf(tx: Transaction, orderId: string) {
  const [burnin] = await tx.select().from(burnins).where(eq(burnins.orderId, orderId));
  return burnin ?? null;
}

export async function openBurnin(
  tx: Transaction,
  row: { id: string; machineId: string; orderId: string; profileId: string },
): Promise<void> {
  await tx.insert(burnins).values(row).onConflictDoNothing();
}

export async function burninPartsOf(tx: Transaction, burninId: string) {
  return tx
    .select()
    .from(burninParts)
    .where(eq(burninParts.burninId, burninId))
    .orderBy(asc(burninParts.subject), asc(burninParts.device));
}

/**
 * Benchmark figures of passed burn-ins of the same product, by `subject/unit`: the latest thousand, without the given
 * burn-in itself.
 */
export async function peerFigures(
  tx: Transaction,
  product: string,
  burninId: string,
): Promise<Record<string, number[]>> {
  const rows = await tx
    .select({ subject: burninParts.subject, unit: burninParts.unit, value: burninParts.value })
    .from(burninParts)
    .innerJoin(burnins, eq(burnins.id, burninParts.burninId))
    .where(
      and(
        eq(burninParts.product, product),
        eq(burninParts.kind, 'benchmark'),
        eq(burnins.verdict, 'pass'),
        ne(burnins.id, burninId),
        isNotNull(burninParts.value),
      ),
    )
    .orderBy(desc(burnins.endedAt))
    .limit(1000);
  const peers: Record<string, number[]> = {};
  for (const row of rows) {
    const figure = `${row.subject}/${row.unit ?? ''}`;
    peers[figure] = [...(peers[figure] ?? []), row.value as number];
  }
  return peers;
}

export async function settleBurnin(
  tx: Transaction,
  id: string,
  verdict: 'pass' | 'fail' | 'below' | 'cut',
  finding: string | null,
): Promise<void> {
  await tx
    .update(burnins)
    .set({ verdict, finding, endedAt: sql`coalesce(${burnins.endedAt}, now())` })
    .where(eq(burnins.id, id));
}
