/** Boards: what a machine is known by, and the one that a person accepted in place of another. */

import { and, eq, inArray, isNull, ne, or, sql } from 'drizzle-orm';
import type { BoardChange } from '../../domain/identity/boardanswer.ts';
import type { Transaction } from '../acting.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { bmcs, boards, controllerDocuments, humanSteps, machines, nics, signIns } from '../schema.ts';

/** By what a machine is known: columns of its own, its controller's, and what that told of its case. */
export async function readKnownBoard(mdb: MdbOrTransaction, machineId: string) {
  const [row] = await mdb
    .select({
      uuid: machines.systemUuid,
      serial: machines.serial,
      boardSerial: machines.boardSerial,
      sku: machines.sku,
      keyStore: machines.keyStore,
      keyFingerprint: machines.keyFingerprint,
      bootMac: machines.mac,
      bmcMac: bmcs.mac,
      key: bmcs.pin,
      quarantine: bmcs.quarantine,
      chassisSerial: sql<string | null>`(select ${controllerDocuments.document} ->> 'chassisSerial'
        from ${controllerDocuments}
        where ${controllerDocuments.machineId} = ${machines.id} and ${controllerDocuments.kind} = 'identity')`,
    })
    .from(machines)
    .leftJoin(bmcs, eq(bmcs.machineId, machines.id))
    .where(eq(machines.id, machineId));
  if (!row) throw new Error(`the MDB has no machine ${machineId}`);
  const ports = await mdb.select({ mac: nics.mac }).from(nics).where(eq(nics.machineId, machineId));
  const macs = [...new Set([row.bootMac, ...ports.map(({ mac }) => mac)])];
  return { ...row, macs, serials: [row.serial, row.boardSerial, row.sku, row.chassisSerial] };
}

/** Says whose it is, where what is shown belongs to another machine; null where it does not. */
export async function ownerOfIdentity(
  mdb: MdbOrTransaction,
  machineId: string,
  { uuid, macs }: { readonly uuid: string | null; readonly macs: readonly string[] },
): Promise<string | null> {
  const none = sql`false`;
  const [twin] = await mdb
    .select({ id: machines.id })
    .from(machines)
    .where(
      and(
        ne(machines.id, machineId),
        // One that looks like this machine, and that nobody has settled yet, may be this very machine with its new board.
        or(isNull(machines.resembles), ne(machines.resembles, machineId)),
        or(
          uuid === null ? none : eq(machines.systemUuid, uuid),
          macs.length === 0 ? none : inArray(machines.mac, [...macs]),
        ),
      ),
    )
    .limit(1);
  if (twin) return `its system UUID or the port it boots from is that of ${twin.id}`;
  return null;
}

/** Whether this very acceptance was written before. */
export async function isAccepted(tx: Transaction, id: string): Promise<{ keysLost: boolean } | null> {
  const [row] = await tx.select({ keysLost: boards.keysLost }).from(boards).where(eq(boards.id, id));
  return row ?? null;
}

/** The machine is who its new board says, from now on: identity, pin and quarantine together. */
export async function writeBoard(
  tx: Transaction,
  row: Omit<typeof boards.$inferInsert, 'after' | 'keysLost'>,
  change: BoardChange & { readonly keysLost: boolean },
): Promise<void> {
  const { machineId } = row;
  const { uuid, serial, boardSerial, mac, macs, bmcMac, key, keysLost } = change;
  await tx
    .update(machines)
    .set({
      systemUuid: uuid,
      serial,
      boardSerial,
      mac,
      ...(keysLost && { keyStore: null, keyFingerprint: null }),
    })
    .where(eq(machines.id, machineId));
  if (macs.length > 0)
    await tx
      .insert(nics)
      .values(macs.map((one) => ({ mac: one, machineId })))
      .onConflictDoNothing();
  await tx
    .update(bmcs)
    .set({ mac: bmcMac, pin: key, quarantine: null, quarantineFor: null, probe: null })
    .where(eq(bmcs.machineId, machineId));
  await tx.delete(signIns).where(and(eq(signIns.machineId, machineId), ne(signIns.state, 'accepted')));
  await tx.insert(boards).values({ ...row, after: change, keysLost });
}

/** Lets a controller be talked to again that shows the machine's own identity after all. */
export async function endQuarantine(tx: Transaction, machineId: string): Promise<string | null> {
  const [bmc] = await tx.select().from(bmcs).where(eq(bmcs.machineId, machineId)).for('update');
  if (!bmc || bmc.quarantine === null) return null;
  await tx.update(bmcs).set({ quarantine: null, quarantineFor: null }).where(eq(bmcs.machineId, machineId));
  return bmc.quarantine;
}

/** Open questions about machines that look like this one. */
export async function questionsOfLookalikes(mdb: MdbOrTransaction, machineId: string) {
  return mdb
    .select({ step: humanSteps.id, choices: humanSteps.choices })
    .from(humanSteps)
    .innerJoin(machines, eq(machines.id, humanSteps.machineId))
    .where(and(eq(machines.resembles, machineId), isNull(humanSteps.answeredAt)));
}
