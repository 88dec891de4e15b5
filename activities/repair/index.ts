import type { BoardAccept, BoardAccepted } from '../../contract/board.ts';
import type { MachineState, PassageReference } from '../../contract/passage.ts';
import type { AttemptEnd, AttemptInput, Bundle, BundleInput, HandOn, PartAnswer } from '../../contract/repair.ts';
import type { OrderSpec } from '../../domain/orders.ts';
import type { AttemptVerdict } from '../../domain/repair/budget.ts';
import { judgeAttempt } from '../../domain/repair/budget.ts';
import { missingDisks } from '../../domain/repair/missing.ts';
import { summarise } from '../../domain/repair/summary.ts';
import { standardRequests } from '../../domain/requests.ts';
import { acting, record } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { insertOrder } from '../../mdb/orders/orders.ts';
import * as passage from '../../mdb/orders/passage.ts';
import * as repairs from '../../mdb/orders/repairs.ts';
import { actorOf, stateOf } from '../passage/order.ts';
import { acceptBoard, liftQuarantine } from './board.ts';

/** The repair's transactions on the MDB. Each may run more than once; none touches hardware. */
export function createRepairActivities(mdb: Mdb) {
  return {
    /** What the machine had and its controller shows no more, in sentences; reads the MDB only. */
    missingParts({ machineId }: PassageReference): Promise<string[]> {
      return mdb.transaction(async (tx) => {
        const { known, observed, left } = await repairs.gatherDisks(tx, machineId);
        return missingDisks(known, observed, left);
      });
    },

    /** Keeps what is known of the machine, and notes how sick it is taken to be. */
    keepBundle(input: BundleInput): Promise<Bundle> {
      const { id, machineId, orderId, fault, evidence, seen, reset, missing, repairState } = input;
      return acting(mdb, actorOf(input), orderId, async (tx) => {
        const machine = await passage.lockMachine(tx, machineId);
        const known = await repairs.gatherEvidence(tx, machineId);
        await repairs.writeBundle(tx, {
          id,
          machineId,
          orderId,
          fault,
          document: { evidence, seen, reset, missing, ...known },
        });
        if (machine.repairState !== repairState) await passage.updateMachine(tx, machineId, { repairState });
        await record(tx, { actor: actorOf(input), action: 'repair.bundle', machineId, orderId, detail: { id, fault } });
        return { id, summary: summarise({ evidence, seen, reset, missing, ...known }) };
      });
    },

    /** Begins an attempt, where its budget allows that. */
    beginAttempt(input: AttemptInput): Promise<AttemptVerdict> {
      const { machineId, orderId, fault, attempt, byHand = false } = input;
      return acting(mdb, actorOf(input), orderId, async (tx) => {
        await passage.lockMachine(tx, machineId);
        const history = await repairs.attempted(tx, { machineId, orderId, fault, attempt });
        const escalations = history.map((one) => ({ attempt: one.attempt, at: one.at.getTime() }));
        const escalate = byHand ? { may: true as const, wait: 0 } : judgeAttempt(attempt, escalations, Date.now());
        if (escalate.may) await repairs.beginAttempt(tx, { machineId, orderId, fault, attempt });
        return escalate;
      });
    },

    endAttempt(input: AttemptEnd): Promise<void> {
      const { machineId, orderId, fault, attempt, outcome, seen } = input;
      return acting(mdb, actorOf(input), orderId, async (tx) => {
        await repairs.endAttempt(tx, { machineId, orderId, fault, attempt }, outcome, seen);
        const detail = { attempt, outcome, seen };
        await record(tx, { actor: actorOf(input), action: 'repair.attempt', machineId, orderId, detail });
      });
    },

    /** The machine goes to its repair, or comes back from it: stage, state and sickness together. */
    moveToRepair(input: PassageReference): Promise<MachineState> {
      const { machineId, orderId } = input;
      return acting(mdb, actorOf(input), orderId, async (tx) => {
        const machine = await passage.lockMachine(tx, machineId);
        const change = { stage: 'repair', repairState: 'failing' } as const;
        await passage.updateMachine(tx, machineId, change);
        return stateOf({ ...machine, ...change });
      });
    },

    /** Another order goes on from here, once this one has ended: by its burn-in the repair is verified. */
    handOn(input: HandOn): Promise<string> {
      const { machineId, orderId, to, fault, why } = input;
      const id = `${to}-of-${orderId}`.slice(0, 63);
      return acting(mdb, actorOf(input), orderId, async (tx) => {
        await passage.lockMachine(tx, machineId);
        if (await passage.isOrdered(tx, id)) return id;
        const passageRequest: OrderSpec['passageRequest'] =
          to === 'rebirth'
            ? { passage: 'rebirth', request: { ...standardRequests.rebirth, power: 'cycle', verifies: fault } }
            : { passage: 'retire', request: standardRequests.retire };
        const none = { dryRun: false, reviewed: null, notBefore: null, deadline: null };
        await insertOrder(tx, actorOf(input), id, { machineId, passageRequest, reason: why, class: 'repair', ...none });
        await record(tx, { actor: actorOf(input), action: `order.${to}`, machineId, orderId: id, detail: { why } });
        return id;
      });
    },

    /** A part goes back to its maker: the machine waits for the new one. */
    sendPart(input: PartAnswer): Promise<void> {
      const { machineId, orderId, fault, number, by, part = null, serial = null } = input;
      return acting(mdb, { class: 'user', name: by, epoch: input.epoch }, orderId, async (tx) => {
        await passage.lockMachine(tx, machineId);
        const row = { id: number, machineId, orderId, fault, openedBy: by, part, sentSerial: serial };
        await repairs.openReplacement(tx, row);
        await passage.updateMachine(tx, machineId, { repairState: 'awaiting_parts' });
        const reason = [`return ${number}`, part, serial].filter((one) => one !== null).join(' ');
        const detail = { number, fault, part, serial, reason };
        await record(tx, {
          actor: { class: 'user', name: by },
          action: 'repair.part-sent',
          machineId,
          orderId,
          detail,
        });
      });
    },

    /** Another mainboard is the machine's from now on. */
    acceptBoard: (input: BoardAccept): Promise<BoardAccepted> => acceptBoard(mdb, input),

    /** The controller is the machine's own after all. */
    endQuarantine: (input: PassageReference & { by: string }): Promise<void> => liftQuarantine(mdb, input),

    /** The new part is in. */
    fitPart(input: PartAnswer): Promise<void> {
      const { machineId, orderId, fault, number, by } = input;
      return acting(mdb, { class: 'user', name: by, epoch: input.epoch }, orderId, async (tx) => {
        await passage.lockMachine(tx, machineId);
        await repairs.fitReplacement(tx, { orderId, serial: number, by });
        await passage.updateMachine(tx, machineId, { repairState: 'awaiting_human' });
        const detail = { serial: number, fault, reason: `serial number ${number}` };
        await record(tx, {
          actor: { class: 'user', name: by },
          action: 'repair.part-fitted',
          machineId,
          orderId,
          detail,
        });
      });
    },
  };
}

export type RepairActivities = ReturnType<typeof createRepairActivities>;
