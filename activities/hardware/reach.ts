import { isDeepStrictEqual } from 'node:util';
import { Context } from '@temporalio/activity';
import { mayBeController } from '../../domain/controllers.ts';
import { normaliseUuid, serialKey } from '../../domain/identity/identity.ts';
import { cleanSerials, type Factors, isSystemOf, sameMachine } from '../../domain/identity/samemachine.ts';
import type { Claims } from '../../mdb/claim.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type ControllerRow, pinController, quarantineController } from '../../mdb/controllers/controller.ts';
import { addToProbe, forgetProbe, keepProbe } from '../../mdb/controllers/probes.ts';
import { statusOf } from '../../mdb/controllers/rotation.ts';
import { tieIdentityAnswer } from '../../mdb/identity/vouching.ts';
import { RedfishError } from '../../redfish/errors.ts';
import type { Credentials, Login } from '../../redfish/login.ts';
import type { SessionPool } from '../../redfish/pool.ts';
import { type Memory, openProbe, type Probe, type ProbeRecord } from '../../redfish/probe.ts';
import { pathKey } from '../../redfish/read/values.ts';
import type { SecretStore } from '../../redfish/secrets.ts';
import type { Session } from '../../redfish/session.ts';
import { readChassisSerials, readMacs, readOwnMacs, type SystemReading } from '../../redfish/system.ts';
import { checkOffer, noteOffer, type Offering, offerOnce } from './attempt.ts';
import { withClaim } from './claim.ts';
import { QuestionError } from './question.ts';
import { resolveRotation } from './rotate.ts';

export { QuestionError } from './question.ts';

/** Requests at once to the controllers of a site whose policy names no number. */
const usualRequests = 256;

export type Reach = <T>(
  controller: ControllerRow,
  work: (session: Session, system: SystemReading, probe: Probe) => Promise<T>,
) => Promise<T>;

/**
 * Signs in to the controller, makes sure that the right machine is behind it, and works. What only a person can settle
 * is thrown as HeldError: an address outside the site's controller networks, a changed certificate, refused
 * credentials (one attempt of all workers, then quarantine: quirk 6), another machine behind the address.
 */
export function createReach(mdb: Mdb, store: SecretStore, pool: SessionPool, claims: Claims): Reach {
  return async (known, work) => {
    checkContact(known);
    const secrets = holdingSecrets(store, known.origin);
    try {
      const controller = await settled(mdb, secrets, claims, known);
      const { machineId, origin, pin } = controller;
      const site = { id: controller.siteId, max: controller.bmcRequests ?? usualRequests };
      const credentials = await secrets.credentials(controller.secretRef);
      await admit(mdb, controller, credentials);
      const gate = (attempt: () => Promise<Login>) => signInOnce(mdb, claims, controller, credentials, attempt);
      const signal = Context.current().cancellationSignal;
      return await pool.use({ origin, pin, credentials, site, gate, signal }, async (shared, seen) => {
        const memory = memoryOf(mdb, controller);
        const session = forgetting(mdb, machineId, shared, memory.kept);
        const isMeant = isSystemOf(controller);
        const { probe, system } = await openProbe(session, { memory, isMeant });
        await checkIdentity(mdb, controller, session, system);
        if (pin === null && seen !== null && (await pinController(mdb, machineId, seen)) !== seen) {
          const message = `${origin} shows another certificate than another worker saw at the same time`;
          throw new RedfishError('pin-changed', message, { carriedOut: 'no' });
        }
        return await work(session, system, probe).catch(async (error: unknown) => {
          if (!session.lost() || !isMissing(error)) throw error;
          // Nothing was written yet: what is kept of the controller was of yesterday, and it is asked anew.
          const again = await openProbe(shared, { memory: { ...memory, kept: null }, isMeant });
          await checkIdentity(mdb, controller, shared, again.system);
          return work(forgetting(mdb, machineId, shared, null), again.system, again.probe);
        });
      });
    } catch (error) {
      throw await hold(mdb, known, error);
    }
  };
}

const isMissing = (error: unknown) => error instanceof RedfishError && error.kind === 'missing';

/**
 * What is written to and isn't there is not where it was, nor is a kept resource that can't be read: what is kept of the
 * controller is found out anew. `lost` is whether that came to light before anything was written.
 */
function forgetting(
  mdb: Mdb,
  machineId: string,
  session: Session,
  kept: ProbeRecord | null,
): Session & { lost(): boolean } {
  const places = new Set(kept === null ? [] : pathsIn(kept.offers));
  let written = false;
  let lost = false;
  const forgets = async (path: string, error: unknown) => {
    if (!isMissing(error)) return;
    lost ||= !written && places.has(pathKey(path));
    if (written || lost) await forgetProbe(mdb, machineId);
  };
  return {
    ...session,
    lost: () => lost && !written,
    get: async (path) => {
      try {
        return await session.get(path);
      } catch (error) {
        if (places.has(pathKey(path))) await forgets(path, error);
        throw error;
      }
    },
    write: async (...request) => {
      written = true;
      try {
        return await session.write(...request);
      } catch (error) {
        await forgets(request[1], error);
        throw error;
      }
    },
    upload: async (...request) => {
      written = true;
      return session.upload(...request);
    },
  };
}

/** Paths of resources that what is offered names. */
function pathsIn(value: unknown): string[] {
  if (typeof value === 'string') return value.startsWith('/redfish/') ? [pathKey(value)] : [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}

function memoryOf(mdb: Mdb, { machineId, probe }: ControllerRow): Memory {
  return {
    kept: probe as ProbeRecord | null,
    keep: (kept) => keepProbe(mdb, machineId, { ...kept }, kept.basis.firmware),
    add: (section, offer, { firmware }) => addToProbe(mdb, machineId, section, offer, firmware),
  };
}

export function offeringTo(mdb: Mdb, { machineId, origin, credentialSalt: salt, secretRef }: ControllerRow): Offering {
  return { mdb, machineId, origin, salt, secretRef };
}

/** Lets nobody in with the credentials that shut the controller out; others are offered to it. */
export async function admit(mdb: Mdb, controller: ControllerRow, credentials: Credentials): Promise<void> {
  const { quarantine, quarantineFor } = controller;
  if (quarantine !== null && quarantineFor === 'credentials')
    await checkOffer(offeringTo(mdb, controller), credentials, quarantine);
}

/** A secret that is missing or malformed is a person's to put right. */
export function holdingSecrets(store: SecretStore, origin: string): SecretStore {
  return {
    ...store,
    credentials: (reference) =>
      store.credentials(reference).catch((error: Error) => {
        throw new QuestionError('no-secret', `Controller ${origin}: ${error.message}`);
      }),
  };
}

/** Nothing is sent where a person said so, or to an address that no controller of the site can have. */
export function checkContact(controller: ControllerRow): void {
  checkQuarantine(controller, controller);
  checkAddress(controller.origin, controller.bmcNetworks);
}

/** The controller with the credentials that are in force: a change that a dead worker left open is settled first. */
async function settled(mdb: Mdb, secrets: SecretStore, claims: Claims, known: ControllerRow): Promise<ControllerRow> {
  const { machineId, origin, pin } = known;
  let status = await statusOf(mdb, machineId);
  if (status?.rotation) {
    const context = Context.current();
    const access = { origin, pin, signal: context.cancellationSignal };
    const wait = (milliseconds: number) => context.sleep(milliseconds);
    const note = (secretRef: string, credentials: Credentials, taken: boolean) =>
      noteOffer({ ...offeringTo(mdb, known), secretRef }, credentials, taken);
    await withClaim(claims, origin, () => resolveRotation({ mdb, secrets, access, wait, note }, machineId));
    status = await statusOf(mdb, machineId);
    if (status) checkQuarantine(known, status);
  }
  return status ? { ...known, ...status } : known;
}

type Status = Pick<ControllerRow, 'quarantine' | 'quarantineFor'>;

/** That of credentials depends on which ones are offered (`admit`). */
function checkQuarantine({ origin }: ControllerRow, { quarantine, quarantineFor }: Status): void {
  if (quarantine !== null && quarantineFor !== 'credentials')
    throw new QuestionError('quarantine', `Controller ${origin} is in quarantine: ${quarantine}`);
}

/**
 * One attempt at a time of all processes, and none after one that was refused: the quarantine is read and written
 * while no other worker can be signing in.
 */
async function signInOnce(
  mdb: Mdb,
  claims: Claims,
  controller: ControllerRow,
  credentials: Credentials,
  attempt: () => Promise<Login>,
): Promise<Login> {
  const { machineId, origin, secretRef } = controller;
  return withClaim(claims, origin, async () => {
    const status = await statusOf(mdb, machineId);
    if (status) checkQuarantine(controller, status);
    if (status?.secretRef !== secretRef || status.rotation !== null)
      throw new RedfishError('busy', `${origin}: its password is being changed`, { carriedOut: 'no' });
    return offerOnce(offeringTo(mdb, controller), credentials, attempt);
  });
}

/** Attack A20: only literal addresses inside the site's controller networks are ever contacted as controllers. */
export function checkAddress(origin: string, networks: readonly string[]): void {
  if (!mayBeController(origin, networks))
    throw new QuestionError(
      'address',
      `Controller address ${origin} is not within the site's controller networks (${networks.join(', ') || 'none'}).`,
    );
}

export async function checkIdentity(
  mdb: Mdb,
  controller: ControllerRow,
  session: Session,
  system: SystemReading,
): Promise<void> {
  const known: Factors = {
    uuid: controller.uuid,
    serials: [controller.serial, controller.boardSerial, controller.sku],
    bootMac: controller.mac,
    macs: controller.macs,
    bmcMacs: controller.bmcMac === null ? [] : [controller.bmcMac],
  };
  const base: Factors = { uuid: system.uuid, serials: [system.serial, system.sku], macs: [] };
  // What follows takes requests of its own, and can only speak for the machine: it is read where the rest is too little.
  if (sameMachine(known, base).same) return;
  const observed = { ...base, serials: [...base.serials, ...(await readChassisSerials(session, system))] };
  if (sameMachine(known, observed).same || (await isVouchedFor(mdb, controller, known, observed))) return;
  const bmcMacs = await readOwnMacs(session, system);
  const isEnough = (macs: readonly string[]) => sameMachine(known, { ...observed, macs, bmcMacs }).same;
  const verdict = sameMachine(known, { ...observed, macs: await readMacs(session, system, isEnough), bmcMacs });
  if (verdict.same) return;
  const reason = `Behind ${controller.origin} is not ${controller.machineId}: ${verdict.reason}.`;
  // Too few factors to be certain is a reason to wait for more, not to shut the controller out.
  if (verdict.other) await quarantineController(mdb, controller.machineId, 'identity', reason);
  const way = verdict.other
    ? ''
    : ` Whoever knows that it is this machine's says so with: farrier machine vouch ${controller.machineId} --reason TEXT`;
  throw new QuestionError('identity', `${reason}${way}`, ['retry', 'abandon']);
}

/** Whether a person's word stands for what is missing: it lifts no contradiction, and it is for what was shown then. */
async function isVouchedFor(
  mdb: Mdb,
  { machineId, identityAnswer }: ControllerRow,
  known: Factors,
  observed: Factors,
): Promise<boolean> {
  const verdict = sameMachine(known, observed);
  if (identityAnswer === null || (!verdict.same && verdict.other)) return false;
  const facts = { uuid: normaliseUuid(observed.uuid), serials: cleanSerials(observed.serials).map(serialKey).sort() };
  if (identityAnswer.observed === null) await tieIdentityAnswer(mdb, machineId, facts);
  return identityAnswer.observed === null || isDeepStrictEqual({ ...identityAnswer.observed }, facts);
}

export async function hold(mdb: Mdb, controller: ControllerRow, error: unknown): Promise<unknown> {
  if (!(error instanceof RedfishError)) return error;
  const reason = `Controller ${controller.origin}: ${error.message}`;
  if (error.kind === 'credentials') return new QuestionError('credentials', reason);
  if (error.kind === 'password-change') {
    const account = error.pointer ?? 'the account';
    return new QuestionError('password-change', `${reason} — give ${account} a new password first`);
  }
  if (error.kind === 'pin-changed') {
    const why = 'it shows another certificate than the pinned one';
    await quarantineController(mdb, controller.machineId, 'certificate', why);
    return new QuestionError('pin-changed', reason);
  }
  return error.retryable ? error : new QuestionError(error.kind, reason);
}
