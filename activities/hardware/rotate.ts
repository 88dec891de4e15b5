import { createHash } from 'node:crypto';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type ControllerRow, writeIntent } from '../../mdb/controllers/controller.ts';
import {
  beginRotation,
  isLeftOver,
  noteNewRefused,
  openRotationOf,
  type SecretRotation,
  settleRotation,
} from '../../mdb/controllers/rotation.ts';
import { type AccountAccess, inForce, readOwnAccount, withOwnSession, writePassword } from '../../redfish/accounts.ts';
import { RedfishError } from '../../redfish/errors.ts';
import type { Credentials } from '../../redfish/login.ts';
import { makePassword, passwordLength } from '../../redfish/password.ts';
import type { SecretStore } from '../../redfish/secrets.ts';
import type { Session } from '../../redfish/session.ts';

/**
 * A request that a dead worker sent may still be on its way, or be carried out slowly: only after this long does a
 * refusal of the new password mean that the old one stays.
 */
const quiet = 30_000;

export interface RotationTools {
  readonly mdb: Mdb;
  readonly secrets: SecretStore;
  readonly access: AccountAccess;
  readonly wait: (milliseconds: number) => Promise<void>;
  /** Writes down whether the controller took these credentials. */
  readonly note: (reference: string, credentials: Credentials, taken: boolean) => Promise<void>;
}

/** A rotation of the controller's password, with the sign-in claim of the controller held by the caller. */
export interface Rotating extends RotationTools {
  readonly act: Act;
  readonly controller: ControllerRow;
  /** Throws when the device is not the machine meant. */
  readonly identify: (session: Session) => Promise<void>;
}

/**
 * Gives the controller's account a new password: the new secret is in the store before anything is sent, one write,
 * one sign-in with it, and only then does the MDB refer to it. Whatever breaks off in between leaves the change open
 * in the MDB, and `resolveRotation` finds out which of the two is in force.
 */
export async function rotatePassword(rotating: Rotating): Promise<ActResult> {
  const { access, secrets, controller } = rotating;
  const old = await secrets.credentials(controller.secretRef);
  const sent = await withOwnSession(access, old, (session, transport) =>
    changeOver(rotating, old, session, transport.pin()),
  );
  if ('state' in sent) return sent;
  const settled = await decide({ ...rotating, access: { ...access, pin: sent.pin } }, sent.rotation);
  return { state: outcomes[settled.inForce], observed: settled.observed };
}

type Sent = { readonly rotation: SecretRotation; readonly pin: string | null };

/** Plans, stages, writes the intent and sends. Gives a result where nothing was sent, or it was certainly refused. */
async function changeOver(
  rotating: Rotating,
  { username }: Credentials,
  session: Session,
  pin: string | null,
): Promise<Sent | ActResult> {
  const { mdb, act, controller, secrets } = rotating;
  const own = await readOwnAccount(session, username);
  // An account that must be given a new password is shown nothing to know the machine by; the next contact looks.
  if (!own.limited) await rotating.identify(session);
  const length = passwordLength(own.limits);
  if (length === null) return notDone(`the controller allows passwords of at most ${own.limits.max} characters`);
  const [fromRef, toRef] = [controller.secretRef, referenceOf(act)];
  const command = { account: own.path, from: fromRef, to: toRef };
  if (act.dryRun) return { state: 'planned', observed: 'a dry run: nothing was sent', command };
  const { password } = await secrets.stage(toRef, { username, password: makePassword(length, username) });
  const { intentId: id, machineId, orderId, kind, fence, step, epoch } = act;
  const written = await writeIntent(mdb, { id, machineId, orderId, kind, command, fence, before: {}, step, epoch });
  if (written === 'stale' || written === 'flashing') {
    await secrets.remove(toRef);
    const why = written === 'stale' ? 'a newer order holds this machine' : 'a firmware update is under way on it';
    return notDone(`${why}; nothing was sent`);
  }
  const rotation = { id, machineId, fromRef, toRef, newRefusedAt: null, ageMs: 0 };
  if (written === 'exists' || !(await beginRotation(mdb, { ...rotation, account: own.path })))
    return { state: 'unknown', observed: 'the command was given to an earlier worker' };
  try {
    await writePassword(session, own.path, password);
  } catch (error) {
    if (!(error instanceof RedfishError) || error.carriedOut !== 'no') throw error;
    await settleRotation(mdb, rotation, 'old', error.message);
    await secrets.remove(toRef);
    return { ...notDone(error.message), command };
  }
  return { rotation, pin };
}

function notDone(observed: string): ActResult {
  return { state: 'not_done', observed };
}

/** A reference of this act's own: other controllers may share the one that is in force now. */
function referenceOf({ machineId, intentId }: Act): string {
  return `bmc-${machineId}-${createHash('sha256').update(intentId).digest('hex').slice(0, 12)}`;
}

const outcomes = { new: 'done', old: 'not_done', neither: 'unknown' } as const;

type Settled = { readonly inForce: 'new' | 'old' | 'neither'; readonly observed: string };

/**
 * Finds out which password is in force, by one sign-in with the new one, and one with the old where that was refused.
 * The caller holds the controller's sign-in claim.
 */
export async function resolveRotation(tools: RotationTools, machineId: string): Promise<Settled | null> {
  const rotation = await openRotationOf(tools.mdb, machineId);
  if (rotation === null) return null;
  if (rotation.ageMs < quiet) await tools.wait(quiet - rotation.ageMs);
  return decide(tools, rotation);
}

async function decide(tools: RotationTools, rotation: SecretRotation): Promise<Settled> {
  const { mdb, secrets } = tools;
  const { origin, pin, signal } = tools.access;
  const { fromRef, toRef } = rotation;
  const settle = async (settled: Settled): Promise<Settled> => {
    await settleRotation(mdb, rotation, settled.inForce, settled.observed);
    return settled;
  };
  // Attempts of its own, each of which the rotation's row allows once: a change that is open has to be settled.
  const takes = async (reference: string): Promise<boolean> => {
    const credentials = await secrets.credentials(reference);
    const taken = await inForce({ origin, pin, signal }, credentials);
    await tools.note(reference, credentials, taken);
    return taken;
  };
  if (rotation.newRefusedAt === null) {
    if (await takes(toRef)) {
      const settled = await settle({ inForce: 'new', observed: `it takes the password of ${toRef}` });
      if (await isLeftOver(mdb, fromRef)) await secrets.remove(fromRef);
      return settled;
    }
    await noteNewRefused(mdb, rotation.id);
  }
  return (await takes(fromRef))
    ? settle({ inForce: 'old', observed: `it refuses the new password and takes that of ${fromRef} as before` })
    : settle({
        inForce: 'neither',
        observed: `it refused the credentials ${toRef}, which it was given, and ${fromRef}`,
      });
}
