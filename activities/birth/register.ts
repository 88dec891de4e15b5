import type { Errand, Held, Registered, RegisterResult, StepStart } from '../../contract/birth.ts';
import { acting, type Transaction } from '../../mdb/acting.ts';
import { addressAt } from '../../mdb/address.ts';
import * as rows from '../../mdb/birth.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { birthActor, stepRow } from './course.ts';
import { matchProfile } from './match.ts';
import { hostnameAt, type Position, placeOf, readPlace } from './place.ts';
import { wipeHeld } from './wipe.ts';

type Ruling = { readonly answer: string; readonly by: string };
type Site = Awaited<ReturnType<typeof rows.siteOf>>;

const fixable = ['retry', 'abandon'];

/**
 * Gives the machine its position, hostname, permanent address and profile, in one transaction, or says what has to be
 * settled first. Run again on a registered machine it returns the same, unless the machine was moved.
 */
export function register(mdb: Mdb, input: Errand & { next: StepStart; ruling?: Ruling }): Promise<RegisterResult> {
  const { machineId, siteId, orderId, next, ruling } = input;
  return acting(mdb, birthActor, orderId, async (tx) => {
    const machine = await rows.lockMachine(tx, machineId);
    const site = await rows.siteOf(tx, siteId);
    await rows.beginStep(tx, orderId, { ...stepRow(next), step: 'register', ordinal: stepRow(next).ordinal - 10 });
    await rows.settleStep(tx, orderId, 'rack', 'done');

    const disks = await rows.presentDisks(tx, machineId);
    if (ruling?.answer === 'wipe') machine.wipeReason = `${ruling.by} said so`;
    const held = disks.length === 0 ? noDisk() : wipeHeld(disks, machine, site.policy.wipe);
    if (held) return { held };

    const given = ruling ? readPlace(ruling.answer) : null;
    const placed = await place(tx, machine, site, given);
    if ('held' in placed) return placed;

    const profile = await profileOf(tx, machine);
    if (profile === null) {
      return {
        held: {
          fault: 'register/no-profile',
          reason: `No profile matches ${machine.vendor ?? '?'} ${machine.product ?? '?'}.`,
          choices: fixable,
        },
      };
    }
    await rows.updateMachine(tx, machineId, {
      ...placed,
      stage: 'registered',
      wipeReason: machine.wipeReason,
      profileId: profile.id,
      pool: profile.pool,
      held: null,
    });
    await rows.settleStep(tx, orderId, 'register', 'done', { decision: { ...placed, profile: profile.id } });
    await rows.beginStep(tx, orderId, stepRow(next));
    return { registered: await registered(tx, machine, placed, profile.pool) };
  });
}

interface Placement {
  readonly rackId: string;
  readonly unit: number;
  readonly hostname: string;
  readonly address: string;
}

async function place(
  tx: Transaction,
  machine: rows.MachineRow,
  site: Site,
  ruled: Position | null,
): Promise<Placement | { held: Held }> {
  const recorded =
    machine.rackId !== null && machine.unit !== null ? { rack: machine.rackId, unit: machine.unit } : null;
  const heard = await rows.heardPorts(tx, machine.id);
  // A machine that was never deployed has nothing that ties it to a position it was once recorded at.
  const movable =
    machine.stage === 'racked' ||
    machine.stage === 'registered' ||
    machine.stage === 'configured' ||
    machine.stage === 'profiled';
  const known = heard.some((port) => port.position !== null);
  const found = placeOf(heard, ruled ?? (movable && known ? null : recorded));
  if ('held' in found) return found;
  const { position } = found;

  const rack = await rows.rackOf(tx, position.rack);
  if (rack === null || position.unit < 1 || position.unit > rack.units) {
    return hold('register/no-such-slot', `There is no unit ${position.unit} in a rack ${position.rack} of this site.`, [
      'retry',
      'place:RACK/UNIT',
      'abandon',
    ]);
  }
  const hostname = hostnameAt(site.policy.hostname, position);
  if (hostname === null) {
    return hold(
      'register/hostname',
      `The site's hostname rule "${site.policy.hostname}" gives no valid name for ${position.rack} u${position.unit}.`,
    );
  }
  const other = await rows.occupant(tx, machine.id, { ...position, hostname });
  if (other) {
    const where = `${position.rack} u${position.unit} (${hostname})`;
    return hold('register/slot-taken', `Its switch port says ${where}, where the MDB has ${other.id} already.`);
  }
  const address = await addressOf(tx, machine, site, rack.ordinal, position.unit);
  return typeof address === 'string' ? { rackId: position.rack, unit: position.unit, hostname, address } : address;
}

async function addressOf(
  tx: Transaction,
  machine: rows.MachineRow,
  site: Site,
  ordinal: number,
  unit: number,
): Promise<string | { held: Held }> {
  const network = await rows.mainNetwork(tx, site.id);
  if (network === null)
    return hold('register/no-network', `Site ${site.id} has no main network to give addresses from.`);
  const current = await rows.heldAddress(tx, network.id, machine.id);
  if (network.assignment === 'pool') {
    const address = current ?? (await rows.takeNextAddress(tx, network.id, machine.id));
    return address ?? hold('register/pool-full', `Network ${network.id} (${network.cidr}) has no free address left.`);
  }
  const computed = addressAt(network.cidr, ordinal, unit);
  if (!computed.ok) return hold('register/address', computed.reason);
  if (current === computed.address) return current;
  if (current !== null) await rows.giveBackAddresses(tx, machine.id, [network.id]);
  const holder = await rows.takeAddress(tx, network.id, machine.id, computed.address);
  return holder === null
    ? computed.address
    : hold('register/address-taken', `Its address ${computed.address} is held by ${holder}.`);
}

async function profileOf(tx: Transaction, machine: rows.MachineRow) {
  const profiles = await rows.allProfiles(tx);
  return matchProfile(profiles, {
    vendor: machine.vendor,
    product: machine.product,
    cpuThreads: await rows.cpuThreads(tx, machine.id),
    memoryMib: machine.memoryMib ?? 0,
  });
}

async function registered(
  tx: Transaction,
  machine: rows.MachineRow,
  placement: Placement,
  pool: string,
): Promise<Registered> {
  return {
    hostname: placement.hostname,
    address: placement.address,
    rack: placement.rackId,
    unit: placement.unit,
    pool,
    sku: machine.sku,
    controller: await rows.hasController(tx, machine.id),
  };
}

function noDisk(): Held {
  return {
    fault: 'register/no-disk',
    reason: 'It shows no disk at all, so nothing can be installed on it.',
    choices: fixable,
  };
}

function hold(fault: string, reason: string, choices = fixable): { held: Held } {
  return { held: { fault, reason, choices } };
}
