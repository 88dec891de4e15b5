import { Context } from '@temporalio/activity';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { Claims } from '../../mdb/claim.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type ControllerRow, intentOf, settleIntent } from '../../mdb/controllers/controller.ts';
import { statusOf } from '../../mdb/controllers/rotation.ts';
import type { ActClock } from '../../redfish/acts/definition.ts';
import type { SecretStore } from '../../redfish/secrets.ts';
import { readSystem } from '../../redfish/system.ts';
import { noteOffer, offerOnce } from './attempt.ts';
import { withClaim } from './claim.ts';
import { QuestionError } from './question.ts';
import { admit, checkContact, checkIdentity, hold, holdingSecrets, offeringTo } from './reach.ts';
import { type Rotating, type RotationTools, resolveRotation, rotatePassword } from './rotate.ts';

/**
 * The act that changes what its own controller is signed in to with. It shares neither session nor runner with the
 * others: it alone may see the secret store, and its effect is a sign-in, which can't be repeated as a look can.
 */
export function createPasswordAct(mdb: Mdb, store: SecretStore, claims: Claims, clock: ActClock) {
  const inTurn = async (controller: ControllerRow, work: (rotating: Omit<Rotating, 'act'>) => Promise<ActResult>) => {
    checkContact(controller);
    const { machineId, origin, pin } = controller;
    const secrets = holdingSecrets(store, origin);
    const access = { origin, pin, signal: Context.current().cancellationSignal };
    const wait = (milliseconds: number) => clock.wait(milliseconds);
    const note: RotationTools['note'] = (secretRef, credentials, taken) =>
      noteOffer({ ...offeringTo(mdb, controller), secretRef }, credentials, taken);
    try {
      return await withClaim(claims, origin, async () => {
        const before = await resolveRotation({ mdb, secrets, access, wait, note }, machineId);
        const status = await statusOf(mdb, machineId);
        const now = { ...controller, secretRef: status?.secretRef ?? controller.secretRef };
        if (before?.inForce === 'neither')
          throw new QuestionError('quarantine', `Controller ${origin}: ${before.observed}`);
        await admit(mdb, now, await secrets.credentials(now.secretRef));
        return work({
          mdb,
          secrets,
          access: {
            ...access,
            gate: (credentials, attempt) => offerOnce(offeringTo(mdb, now), credentials, attempt),
          },
          wait,
          note,
          controller: now,
          identify: async (session) => checkIdentity(mdb, now, session, await readSystem(session)),
        });
      });
    } catch (error) {
      throw await hold(mdb, controller, error);
    }
  };

  return {
    /** Rotates once; a repeated call finds the intent and sends nothing. */
    rotate: (act: Act, controller: ControllerRow): Promise<ActResult> =>
      inTurn(controller, (rotating) => rotatePassword({ ...rotating, act })),

    /** What became of a rotation: by its rows, else by signing in. */
    async settle(act: Act, controller: ControllerRow): Promise<ActResult> {
      const found = await outcomeOf(mdb, store, act);
      if (found !== null) return found;
      return inTurn(controller, async () => {
        const after = await outcomeOf(mdb, store, act);
        return after ?? { state: 'unknown', observed: 'its change of the password is not on record' };
      });
    },
  };
}

/** The outcome as the intent tells it; null while only the controller can tell. */
async function outcomeOf(mdb: Mdb, store: SecretStore, { intentId, kind }: Act): Promise<ActResult | null> {
  const intent = await intentOf(mdb, intentId);
  if (intent === null) return { state: 'not_done', observed: `no intent to ${kind} was written, so nothing was sent` };
  if (intent.state === 'sent') return null;
  const observed = (intent.observed as { observed?: string } | null)?.observed ?? 'settled before';
  if (intent.state !== 'written') return { state: intent.state, observed };
  const reason = 'the worker ended before it sent anything';
  await settleIntent(mdb, intentId, 'not_done', { observed: reason });
  const { to } = intent.command as { readonly to?: string };
  if (to !== undefined) await store.remove(to);
  return { state: 'not_done', observed: reason };
}
