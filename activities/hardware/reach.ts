import { BlockList, isIP } from 'node:net';
import type { Held } from '../../contract/birth.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type Controller, pinController, quarantineController } from '../../mdb/controller.ts';
import { RedfishError } from '../redfish/errors.ts';
import { type Session, withSession } from '../redfish/session.ts';
import { readSystem, type SystemReading } from '../redfish/system.ts';
import { openTransport, type Transport } from '../redfish/transport.ts';
import { sameMachine } from './identity.ts';
import type { SecretStore } from './secrets.ts';

/** A controller that must not be talked to, or whose answer has to be looked at by a person. */
export class HeldError extends Error {
  override readonly name = 'HeldError';
  readonly held: Held;

  constructor(fault: string, reason: string, choices: readonly string[] = ['retry', 'skip', 'abandon']) {
    super(reason);
    this.held = { fault: `configure/${fault}`, reason, choices };
  }
}

/**
 * Signs in to the controller, makes sure that the right machine is behind it, and works. What only a person can settle
 * is thrown as HeldError: an address outside the site's controller networks, a changed certificate, refused
 * credentials (one attempt, then quarantine: quirk 6), another machine behind the address.
 */
export async function reach<T>(
  mdb: Mdb,
  secrets: SecretStore,
  controller: Controller,
  work: (session: Session, system: SystemReading) => Promise<T>,
): Promise<T> {
  const { machineId, origin } = controller;
  if (controller.quarantine !== null)
    throw new HeldError('quarantine', `Controller ${origin} is in quarantine: ${controller.quarantine}`);
  checkAddress(origin, controller.bmcNetworks);
  const credentials = await secrets.credentials(controller.secretRef).catch((error: Error) => {
    throw new HeldError('no-secret', `Controller ${origin}: ${error.message}`);
  });
  const transport = open(controller);
  try {
    return await withSession(transport, credentials, async (session) => {
      const system = await readSystem(session, true);
      await checkIdentity(mdb, controller, system);
      const seen = transport.pin();
      if (controller.pin === null && seen !== null) await pinController(mdb, machineId, seen);
      return work(session, system);
    });
  } catch (error) {
    throw await hold(mdb, controller, error);
  } finally {
    await transport.close();
  }
}

function open({ origin, pin }: Controller): Transport {
  try {
    return openTransport(origin, pin);
  } catch (error) {
    throw error instanceof RedfishError ? new HeldError('address', error.message) : error;
  }
}

/** Attack A20: only literal addresses inside the site's controller networks are ever contacted as controllers. */
function checkAddress(origin: string, networks: readonly string[]): void {
  const host = URL.canParse(origin) ? new URL(origin).hostname.replace(/^\[|\]$/g, '') : '';
  const family = isIP(host);
  const allowed = new BlockList();
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    allowed.addSubnet(address, Number(prefix), isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  if (family === 0 || !allowed.check(host, family === 6 ? 'ipv6' : 'ipv4')) {
    throw new HeldError(
      'address',
      `Controller address ${origin} is not within the site's controller networks (${networks.join(', ') || 'none'}).`,
    );
  }
}

async function checkIdentity(mdb: Mdb, controller: Controller, system: SystemReading): Promise<void> {
  const verdict = sameMachine(
    {
      uuid: controller.uuid,
      serials: [controller.serial, controller.boardSerial, controller.sku],
      bootMac: controller.mac,
      macs: controller.macs,
    },
    { uuid: system.uuid, serials: [system.serial, system.sku], macs: system.macs },
  );
  if (verdict.same) return;
  const reason = `Behind ${controller.origin} is not ${controller.machineId}: ${verdict.reason}.`;
  // Too few factors to be certain is a reason to wait for more, not to shut the controller out.
  if (verdict.other) await quarantineController(mdb, controller.machineId, reason);
  throw new HeldError('identity', reason, ['retry', 'abandon']);
}

async function hold(mdb: Mdb, controller: Controller, error: unknown): Promise<unknown> {
  if (!(error instanceof RedfishError)) return error;
  const reason = `Controller ${controller.origin}: ${error.message}`;
  if (error.kind === 'credentials') {
    await quarantineController(mdb, controller.machineId, `it refused the credentials ${controller.secretRef}`);
    return new HeldError('credentials', reason);
  }
  if (error.kind === 'pin-changed') {
    await quarantineController(mdb, controller.machineId, 'it shows another certificate than the pinned one');
    return new HeldError('pin-changed', reason);
  }
  return error.retryable ? error : new HeldError(error.kind, reason);
}
