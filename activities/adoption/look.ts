import { Context } from '@temporalio/activity';
import type { AdoptionLook, AdoptionSeen } from '../../domain/adoption.ts';
import { openClaims } from '../../mdb/claim.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { earlierSignIn, noteSignIn, readAdoptionContact } from '../../mdb/identity/adopting.ts';
import { bootNetwork } from '../../redfish/acts/boot.ts';
import { isPlan } from '../../redfish/acts/definition.ts';
import { RedfishError } from '../../redfish/errors.ts';
import { type Credentials, type Login, verdictOn } from '../../redfish/login.ts';
import type { SessionPool } from '../../redfish/pool.ts';
import { openProbe, type Probe } from '../../redfish/probe.ts';
import { readBoard } from '../../redfish/read/board.ts';
import type { SecretStore } from '../../redfish/secrets.ts';
import type { Session } from '../../redfish/session.ts';
import type { SystemReading } from '../../redfish/system.ts';
import { versionOf } from '../hardware/attempt.ts';
import { withClaim } from '../hardware/claim.ts';
import { QuestionError } from '../hardware/question.ts';
import { checkAddress, holdingSecrets } from '../hardware/reach.ts';

/** Reads that failed in passing are tried again by Temporal; then whoever asked is told. */
const maxReads = 4;
const usualRequests = 256;

type Contact = Awaited<ReturnType<typeof readAdoptionContact>>;

/** Who is behind the address of a controller that no machine has. It reads, and sends nothing but its own session. */
export function createAdoptionLook(mdb: Mdb, store: SecretStore, pool: SessionPool) {
  const claims = openClaims(mdb.$client);
  return {
    async lookAtController({ adoptionId }: { readonly adoptionId: string }): Promise<AdoptionSeen> {
      const contact = await readAdoptionContact(mdb, adoptionId);
      try {
        return { look: await look(contact) };
      } catch (error) {
        if (error instanceof QuestionError) return { why: error.message };
        if (!(error instanceof RedfishError)) throw error;
        if (error.retryable && Context.current().info.attempt < maxReads) throw error;
        return { why: `Controller ${contact.origin}: ${error.message}` };
      }
    },
  };

  async function look(contact: Contact): Promise<AdoptionLook> {
    const { origin, siteId, bmcRequests, bmcNetworks, secretRef } = contact;
    checkAddress(origin, bmcNetworks);
    const credentials = await holdingSecrets(store, origin).credentials(secretRef);
    const gate = (attempt: () => Promise<Login>) =>
      withClaim(claims, origin, () => offerOnce(contact, credentials, attempt));
    const site = { id: siteId, max: bmcRequests ?? usualRequests };
    const signal = Context.current().cancellationSignal;
    return pool.use({ origin, pin: null, credentials, site, gate, signal }, async (session, key) => {
      const { probe, system } = await openProbe(session, {});
      const { uuid, serial, boardSerial, macs, bmcMacs } = await readBoard(session, system);
      const { vendor, product, sku, power } = system;
      const command = await commandOf(session, system, probe);
      return { vendor, product, uuid, serial, boardSerial, sku, macs, bmcMacs, power, key, command };
    });
  }

  /** One attempt for each version of the credentials, as at controllers of machines: some lock the account after three. */
  async function offerOnce(contact: Contact, credentials: Credentials, attempt: () => Promise<Login>): Promise<Login> {
    const { id, origin, secretRef, salt } = contact;
    const version = await versionOf(credentials, salt);
    const before = await earlierSignIn(mdb, origin, version);
    if (before !== null && before !== 'accepted') {
      const was = before === 'refused' ? 'refused' : 'never said whether it takes';
      const message = `Controller ${origin} ${was} the credentials ${secretRef} before; others are tried as soon as the secret holds them`;
      throw new QuestionError('credentials', message);
    }
    await noteSignIn(mdb, id, version, before ?? 'trying');
    try {
      const login = await attempt();
      await noteSignIn(mdb, id, version, 'accepted');
      return login;
    } catch (error) {
      const verdict = verdictOn(error);
      // What was right before is no guess when its answer is lost.
      if (verdict !== 'unknown' || before === null) await noteSignIn(mdb, id, version, verdict);
      throw error;
    }
  }
}

/** The command that a birth would begin with, as the controller offers it; nothing of it is sent. */
async function commandOf(session: Session, system: SystemReading, probe: Probe): Promise<AdoptionLook['command']> {
  const clock = {
    wait: (milliseconds: number) => Context.current().sleep(milliseconds),
    since: (time: number) => Date.now() - time,
  };
  const plan = await bootNetwork.plan({ session, system, probe, clock }, {});
  if (isPlan(plan)) return { ...plan.command, ...(plan.next && { next: plan.next.kind }) };
  throw new QuestionError('unsupported', `it cannot be booted from the network: ${plan.observed}`);
}
