/** Queries of the birth passage. Each runs inside the transaction of one activity. */
import { and, asc, desc, eq, inArray, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type { Transaction } from './acting.ts';
import type { ImageKind, StepState } from './machine.ts';
import {
  accelerators,
  addresses,
  bmcs,
  bootFiles,
  burninParts,
  burnins,
  cpus,
  disks,
  fences,
  humanSteps,
  images,
  machines,
  networks,
  nics,
  orders,
  profiles,
  racks,
  sites,
  steps,
  switches,
  switchPorts,
  tickets,
} from './schema.ts';
import type { BootSums, StepDetail } from './values.ts';

export type MachineRow = typeof machines.$inferSelect;

/** The machine's row, locked until the transaction ends; throws when there is none. */
export async function lockMachine(tx: Transaction, machineId: string): Promise<MachineRow> {
  const [machine] = await tx.select().from(machines).where(eq(machines.id, machineId)).for('update');
  if (!machine) throw new Error(`the MDB has no machine ${machineId}`);
  return machine;
}

export async function siteOf(tx: Transaction, siteId: string): Promise<typeof sites.$inferSelect> {
  const [site] = await tx.select().from(sites).where(eq(sites.id, siteId));
  if (!site) throw new Error(`the MDB has no site ${siteId}`);
  return site;
}

export async function updateMachine(
  tx: Transaction,
  machineId: string,
  change: Partial<typeof machines.$inferInsert>,
): Promise<void> {
  await tx.update(machines).set(change).where(eq(machines.id, machineId));
}

// ── Orders and steps ────────────────────────────────────────────────────────────────────────────────────

/** Marks a waiting order as running. False when it has ended; true too for one that runs already. */
export async function beginOrder(tx: Transaction, orderId: string): Promise<boolean> {
  const [order] = await tx.select({ state: orders.state }).from(orders).where(eq(orders.id, orderId)).for('update');
  if (!order) throw new Error(`the MDB has no order ${orderId}`);
  if (order.state === 'waiting')
    await tx.update(orders).set({ state: 'running', startedAt: sql`now()` }).where(eq(orders.id, orderId));
  return order.state === 'waiting' || order.state === 'running';
}

/** Ends an order and whatever of it was still open; an order that has ended already keeps its outcome. */
export async function endOrder(
  tx: Transaction,
  orderId: string,
  state: 'done' | 'failed' | 'cancelled',
  outcome: string,
): Promise<void> {
  await tx
    .update(orders)
    .set({ state, outcome, endedAt: sql`now()` })
    .where(and(eq(orders.id, orderId), inArray(orders.state, ['waiting', 'running'])));
  await tx
    .update(steps)
    .set({ state: state === 'done' ? 'done' : 'failed', endedAt: sql`now()` })
    .where(and(eq(steps.orderId, orderId), inArray(steps.state, ['running', 'held'])));
}

export interface StepRow {
  readonly step: string;
  readonly ordinal: number;
  readonly owner: string;
  /** Milliseconds from now. */
  readonly limit: number;
}

/** Begins a step of the passage; one that ran before (the machine booted anew) begins its next attempt. */
export async function beginStep(tx: Transaction, orderId: string, row: StepRow): Promise<void> {
  const limitAt = sql`now() + ${row.limit} * interval '1 millisecond'`;
  await tx
    .insert(steps)
    .values({ orderId, name: row.step, source: 'passage', ordinal: row.ordinal, owner: row.owner, limitAt })
    .onConflictDoUpdate({
      target: [steps.orderId, steps.name],
      set: {
        state: 'running',
        startedAt: sql`now()`,
        endedAt: null,
        limitAt,
        attempt: sql`case when ${steps.state} in ('running', 'held') then ${steps.attempt} else ${steps.attempt} + 1 end`,
      },
    });
}

export async function settleStep(
  tx: Transaction,
  orderId: string,
  step: string,
  state: StepState,
  detail: StepDetail = {},
): Promise<void> {
  const ended = state === 'held' || state === 'running' ? null : sql`now()`;
  await tx
    .update(steps)
    .set({ state, endedAt: ended, detail: sql`${steps.detail} || ${JSON.stringify(detail)}::jsonb` })
    .where(and(eq(steps.orderId, orderId), eq(steps.name, step)));
}

/** Whether the machine has been through another order before this one. */
export async function hadEarlierOrder(tx: Transaction, machineId: string, orderId: string): Promise<boolean> {
  return (await tx.$count(orders, and(eq(orders.machineId, machineId), ne(orders.id, orderId)))) > 0;
}

export async function stepEnded(tx: Transaction, orderId: string, step: string): Promise<boolean> {
  const ended = and(eq(steps.orderId, orderId), eq(steps.name, step), isNotNull(steps.endedAt));
  return (await tx.$count(steps, ended)) > 0;
}

/** When the order was given: the beginning of what it takes. */
export async function orderedAt(tx: Transaction, orderId: string): Promise<Date> {
  const [order] = await tx.select({ at: orders.createdAt }).from(orders).where(eq(orders.id, orderId));
  if (!order) throw new Error(`the MDB has no order ${orderId}`);
  return order.at;
}

// ── Permits ─────────────────────────────────────────────────────────────────────────────────────────────

/** The next fencing number of this machine, higher than every one before. */
export async function raiseFence(tx: Transaction, machineId: string): Promise<number> {
  const [row] = await tx
    .insert(fences)
    .values({ machineId, fence: 1 })
    .onConflictDoUpdate({ target: fences.machineId, set: { fence: sql`${fences.fence} + 1` } })
    .returning({ fence: fences.fence });
  return row?.fence ?? 1;
}

export async function hasController(tx: Transaction, machineId: string): Promise<boolean> {
  const rows = await tx
    .select({ origin: bmcs.origin })
    .from(bmcs)
    .where(and(eq(bmcs.machineId, machineId), isNull(bmcs.quarantine)));
  return rows.length > 0;
}

// ── Position, name and address ──────────────────────────────────────────────────────────────────────────

/** The switch ports that the machine's NICs hear, each with the position it leads to where it is known. */
export async function heardPorts(tx: Transaction, machineId: string) {
  const rows = await tx
    .select({
      nic: nics.name,
      mac: nics.mac,
      chassis: nics.neighbourChassis,
      port: nics.neighbourPort,
      system: nics.neighbourName,
      rack: switchPorts.rackId,
      unit: switchPorts.unit,
    })
    .from(nics)
    .leftJoin(switches, eq(switches.chassis, nics.neighbourChassis))
    .leftJoin(switchPorts, and(eq(switchPorts.switchId, switches.id), eq(switchPorts.port, nics.neighbourPort)))
    .where(and(eq(nics.machineId, machineId), isNotNull(nics.neighbourChassis)))
    .orderBy(asc(nics.mac));
  return rows.map((row) => ({
    nic: row.nic ?? row.mac,
    chassis: row.chassis ?? '',
    port: row.port ?? '',
    system: row.system,
    position: row.rack !== null && row.unit !== null ? { rack: row.rack, unit: row.unit } : null,
  }));
}

export async function rackOf(tx: Transaction, rackId: string): Promise<typeof racks.$inferSelect | null> {
  const [rack] = await tx.select().from(racks).where(eq(racks.id, rackId));
  return rack ?? null;
}

/** Another machine that is recorded at this position, or that carries this hostname. */
export async function occupant(
  tx: Transaction,
  machineId: string,
  place: { rack: string; unit: number; hostname: string },
) {
  const [row] = await tx
    .select({ id: machines.id, hostname: machines.hostname, rack: machines.rackId, unit: machines.unit })
    .from(machines)
    .where(
      and(
        ne(machines.id, machineId),
        sql`((${machines.rackId} = ${place.rack} and ${machines.unit} = ${place.unit}) or ${machines.hostname} = ${place.hostname})`,
      ),
    )
    .limit(1);
  return row ?? null;
}

export async function mainNetwork(tx: Transaction, siteId: string): Promise<typeof networks.$inferSelect | null> {
  const [network] = await tx
    .select()
    .from(networks)
    .where(and(eq(networks.siteId, siteId), eq(networks.kind, 'main')))
    .orderBy(asc(networks.id))
    .limit(1);
  return network ?? null;
}

/** The address the machine holds on that network, if it holds one. */
export async function heldAddress(tx: Transaction, networkId: string, machineId: string): Promise<string | null> {
  const [row] = await tx
    .select({ address: addresses.address })
    .from(addresses)
    .where(and(eq(addresses.networkId, networkId), eq(addresses.machineId, machineId)));
  return row?.address ?? null;
}

/** Takes the next free address; null when the network is full. Concurrent takers get different rows. */
export async function takeNextAddress(tx: Transaction, networkId: string, machineId: string): Promise<string | null> {
  const free = tx
    .select({ address: addresses.address })
    .from(addresses)
    .where(and(eq(addresses.networkId, networkId), isNull(addresses.machineId)))
    .orderBy(asc(addresses.address))
    .limit(1)
    .for('update', { skipLocked: true });
  const [taken] = await tx
    .update(addresses)
    .set({ machineId, takenAt: sql`now()` })
    .where(inArray(addresses.address, free))
    .returning({ address: addresses.address });
  return taken?.address ?? null;
}

/** Takes one certain address; returns the machine that holds it already, or null when it was taken. */
export async function takeAddress(
  tx: Transaction,
  networkId: string,
  machineId: string,
  address: string,
): Promise<string | null> {
  await tx
    .insert(addresses)
    .values({ address, networkId, machineId, takenAt: sql`now()` })
    .onConflictDoUpdate({
      target: addresses.address,
      set: { machineId, takenAt: sql`now()` },
      setWhere: isNull(addresses.machineId),
    });
  const [row] = await tx.select({ holder: addresses.machineId }).from(addresses).where(eq(addresses.address, address));
  return row?.holder === machineId ? null : (row?.holder ?? 'nobody');
}

/** Gives back what the machine holds on networks of this kind. */
export async function giveBackAddresses(
  tx: Transaction,
  machineId: string,
  networkIds: readonly string[],
): Promise<void> {
  if (networkIds.length === 0) return;
  await tx
    .update(addresses)
    .set({ machineId: null, takenAt: null })
    .where(and(eq(addresses.machineId, machineId), inArray(addresses.networkId, [...networkIds])));
}

export async function networksOfKind(
  tx: Transaction,
  siteId: string,
  kind: 'birth' | 'main' | 'bmc',
): Promise<string[]> {
  const rows = await tx
    .select({ id: networks.id })
    .from(networks)
    .where(and(eq(networks.siteId, siteId), eq(networks.kind, kind)));
  return rows.map((row) => row.id);
}

/**
 * Whether, since the machine last became healthy and no later than its latest *ready* report for this order, the
 * birther told it to boot its own disk. By the minute, which forgives clocks that differ a little.
 */
export async function bootedLocally(tx: Transaction, machineId: string, orderId: string): Promise<boolean> {
  const { rows } = await tx.execute<{ seen: boolean }>(sql`
    select exists (
      select from boot_counts c
      where c.mac in (select mac::text from nics where machine_id = ${machineId}
          union select mac::text from machines where id = ${machineId})
        and c.state = 'healthy' and c.answer = 'local'
        and c.last_at >= date_trunc('minute', (select max(at) from state_history
          where machine_id = ${machineId} and guarded = 'boot_state' and "to" = 'healthy'))
        and c.minute <= (select max(at) from audit
          where machine_id = ${machineId} and order_id = ${orderId} and action = 'agent.ready')
    ) as seen`);
  return rows[0]?.seen === true;
}

// ── What it is made of ──────────────────────────────────────────────────────────────────────────────────

export async function presentDisks(tx: Transaction, machineId: string) {
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

// ── Burn-in ─────────────────────────────────────────────────────────────────────────────────────────────

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

export async function partsOf(tx: Transaction, burninId: string) {
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

// ── People ──────────────────────────────────────────────────────────────────────────────────────────────

export interface HumanStepRow {
  readonly id: string;
  readonly machineId: string;
  readonly orderId: string;
  readonly step: string;
  readonly owner: string;
  readonly fault: string;
  readonly reason: string;
  readonly choices: readonly string[];
  /** Milliseconds from now. */
  readonly remindAfter: number;
}

export interface TicketRow {
  readonly id: string;
  readonly machineId: string;
  readonly fault: string;
  readonly title: string;
  readonly body: string;
}

/** Opens a ticket, or finds the one that is open for this fault of this machine; returns its id. */
export async function openTicket(tx: Transaction, row: TicketRow): Promise<string> {
  const [open] = await tx
    .select({ id: tickets.id })
    .from(tickets)
    .where(and(eq(tickets.machineId, row.machineId), eq(tickets.fault, row.fault), isNull(tickets.closedAt)));
  if (open) return open.id;
  await tx.insert(tickets).values(row).onConflictDoNothing();
  return row.id;
}

/** Opens the question and its ticket. */
export async function openHumanStep(tx: Transaction, row: HumanStepRow): Promise<string> {
  const ticketId = await openTicket(tx, {
    id: `T-${row.id}`,
    machineId: row.machineId,
    fault: row.fault,
    title: `${row.machineId}: ${row.fault}`,
    body: row.reason,
  });
  await tx
    .insert(humanSteps)
    .values({
      id: row.id,
      machineId: row.machineId,
      orderId: row.orderId,
      step: row.step,
      ticketId,
      owner: row.owner,
      question: row.reason,
      choices: [...row.choices],
      remindAt: sql`now() + ${row.remindAfter} * interval '1 millisecond'`,
    })
    .onConflictDoNothing();
  return ticketId;
}

/** Writes the answer and closes the ticket; false when it had been answered already. */
export async function closeHumanStep(tx: Transaction, id: string, answer: string, by: string): Promise<boolean> {
  const [closed] = await tx
    .update(humanSteps)
    .set({ answer, answeredBy: by, answeredAt: sql`now()` })
    .where(and(eq(humanSteps.id, id), isNull(humanSteps.answeredAt)))
    .returning({ ticketId: humanSteps.ticketId });
  if (!closed) return false;
  await tx
    .update(tickets)
    .set({ closedAt: sql`now()` })
    .where(and(eq(tickets.id, closed.ticketId), isNull(tickets.closedAt)));
  return true;
}

export async function remindHumanStep(tx: Transaction, id: string, remindAfter: number): Promise<void> {
  await tx
    .update(humanSteps)
    .set({ remindAt: sql`now() + ${remindAfter} * interval '1 millisecond'` })
    .where(and(eq(humanSteps.id, id), isNull(humanSteps.answeredAt)));
}

/** Closes what a passage left open when it ended without an answer. */
export async function closeLeftOver(tx: Transaction, orderId: string, why: string): Promise<void> {
  const open = await tx
    .select({ id: humanSteps.id })
    .from(humanSteps)
    .where(and(eq(humanSteps.orderId, orderId), isNull(humanSteps.answeredAt)));
  for (const { id } of open) await closeHumanStep(tx, id, why, 'farrier');
}
