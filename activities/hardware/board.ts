import { Context } from '@temporalio/activity';
import type { BoardLook, BoardObservation } from '../../contract/board.ts';
import type { BoardObserved } from '../../domain/identity/board.ts';
import { judgeSwap } from '../../domain/identity/board.ts';
import { isSystemOf } from '../../domain/identity/samemachine.ts';
import type { Claims } from '../../mdb/claim.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type ControllerRow, controllerOf } from '../../mdb/controllers/controller.ts';
import { statusOf } from '../../mdb/controllers/rotation.ts';
import { ownerOfIdentity, readKnownBoard } from '../../mdb/identity/boards.ts';
import { RedfishError } from '../../redfish/errors.ts';
import type { SessionPool } from '../../redfish/pool.ts';
import { openProbe } from '../../redfish/probe.ts';
import { readBoard } from '../../redfish/read/board.ts';
import type { SecretStore } from '../../redfish/secrets.ts';
import { offerOnce } from './attempt.ts';
import { withClaim } from './claim.ts';
import { QuestionError } from './question.ts';
import { admit, checkAddress, holdingSecrets, offeringTo } from './reach.ts';

/**
 * A supervised look at a controller that may be on another board: past a quarantine for another identity, and past the
 * pinned certificate where a person named the key that is there now. It reads, and changes nothing in the MDB: what is
 * accepted, a person's word and its transaction write (`activities/repair`).
 */
export function createBoardLook(mdb: Mdb, store: SecretStore, pool: SessionPool, claims: Claims) {
  return async (look: BoardLook): Promise<BoardObservation> => {
    const controller = await controllerOf(mdb, look.machineId);
    if (controller === null) return { state: 'none' };
    try {
      const observed = await readObserved(controller, look.key ?? controller.pin);
      return await judge(mdb, controller, observed);
    } catch (error) {
      if (error instanceof QuestionError) return { state: 'unread', reason: error.message };
      if (!(error instanceof RedfishError)) throw error;
      if (error.kind === 'pin-changed' && error.pointer !== null) return { state: 'key', key: error.pointer };
      if (error.retryable && Context.current().info.attempt < maxReads) throw error;
      return { state: 'unread', reason: error.message };
    }
  };

  async function readObserved(controller: ControllerRow, pin: string | null): Promise<BoardObserved> {
    const { origin, machineId, siteId, bmcRequests, bmcNetworks, secretRef } = controller;
    checkAddress(origin, bmcNetworks);
    if ((await statusOf(mdb, machineId))?.rotation)
      throw new QuestionError('rotation', `The password of ${origin} is being changed.`);
    const credentials = await holdingSecrets(store, origin).credentials(secretRef);
    await admit(mdb, controller, credentials);
    const gate: Parameters<SessionPool['use']>[0]['gate'] = (attempt) =>
      withClaim(claims, origin, () => offerOnce(offeringTo(mdb, controller), credentials, attempt));
    const site = { id: siteId, max: bmcRequests ?? usualRequests };
    const signal = Context.current().cancellationSignal;
    return pool.use({ origin, pin, credentials, site, gate, signal }, async (session, key) => {
      const { system } = await openProbe(session, { isMeant: isSystemOf(controller) });
      return { ...(await readBoard(session, system)), key };
    });
  }
}

/** Reads that failed in passing are tried again by Temporal; then a person is told. */
const maxReads = 4;
const usualRequests = 256;

async function judge(mdb: Mdb, controller: ControllerRow, observed: BoardObserved): Promise<BoardObservation> {
  const verdict = judgeSwap(await readKnownBoard(mdb, controller.machineId), observed);
  const owner = await ownerOfIdentity(mdb, controller.machineId, observed);
  if (owner !== null) return { state: 'other', reason: owner };
  switch (verdict.is) {
    case 'same':
      return { state: 'same', quarantined: controller.quarantine !== null };
    case 'swapped': {
      const { agree, differ, bootPortGone } = verdict;
      return { state: 'swapped', observed, agree, differ, bootPortGone };
    }
    case 'other':
      return { state: 'other', reason: verdict.reason };
    case 'unclear':
      return { state: 'unread', reason: verdict.reason };
  }
}
