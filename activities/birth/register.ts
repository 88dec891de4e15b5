import type { Registered, RegisterResult } from '../../contract/birth.ts';
import type { PassageReference, StepStart } from '../../contract/passage.ts';
import { addressAt } from '../../domain/address.ts';
import { confirmedBy, disksHeld, pairDisks } from '../../domain/birth/disks.ts';
import { hostnameAt, type Position, placeOf, readPlace } from '../../domain/birth/place.ts';
import { matchProfile } from '../../domain/birth/profile.ts';
import { wipeHeld } from '../../domain/birth/wipe.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import { acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { confirmDisks, fittedParts, forgetGone, unconfirmedDisks } from '../../mdb/machines/fitted.ts';
import * as parts from '../../mdb/machines/parts.ts';
import * as passage from '../../mdb/orders/passage.ts';
import * as position from '../../mdb/places/position.ts';
import { actorOf } from '../passage/order.ts';

type RegisterAnswer = { readonly answer: string; readonly by: string };
type Site = Awaited<ReturnType<typeof passage.siteOf>>;

const fixable = ['retry', 'abandon'];

/**
 * Gives the machine its position, hostname, permanent address and profile, in one transaction, or says what has to be
 * settled first. Run again on a registered machine it returns the same, unless the machine was moved.
 */
export function registerMachine(
  mdb: Mdb,
  input: PassageReference & { next: StepStart; answer?: RegisterAnswer },
): Promise<RegisterResult> {
  const { machineId, siteId, orderId, next, answer } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    const site = await passage.siteOf(tx, siteId);
    await passage.beginStep(tx, orderId, { ...next, step: 'register', ordinal: next.ordinal - 10 });
    await passage.settleStep(tx, orderId, 'rack', 'done');

    const changed = await checkDisks(tx, machine, input, answer);
    if (changed) return { question: changed };
    const disks = await parts.readPresentDisks(tx, machineId);
    if (answer?.answer === 'wipe') machine.wipeReason = `${answer.by} said so`;
    const question = disks.length === 0 ? noDisk() : wipeHeld(disks, machine, site.policy.wipe);
    if (question) return { question };

    const given = answer ? readPlace(answer.answer) : null;
    const placed = await place(tx, machine, site, given);
    if ('question' in placed) return placed;

    const profile = await profileOf(tx, machine);
    if (profile === null) {
      return {
        question: {
          fault: 'register/no-profile',
          reason: `No profile matches ${machine.vendor ?? '?'} ${machine.product ?? '?'}.`,
          choices: fixable,
        },
      };
    }
    await passage.updateMachine(tx, machineId, {
      ...placed,
      stage: 'registered',
      // It runs the bootstrap image: whatever it was, it serves nobody now.
      opState: 'disabled',
      wipeReason: machine.wipeReason,
      profileId: profile.id,
      pool: profile.pool,
      held: null,
    });
    await passage.settleStep(tx, orderId, 'register', 'done', { decision: { ...placed, profile: profile.id } });
    await passage.beginStep(tx, orderId, next);
    return { registered: await registered(tx, machine, placed, profile.pool) };
  });
}

/** Other disks than the machine was last in service with need a person's word, who may have given it beforehand. */
async function checkDisks(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
  input: PassageReference,
  answer: RegisterAnswer | undefined,
): Promise<OperatorQuestion | null> {
  const { id: machineId } = machine;
  if (machine.inServiceAt === null) await forgetGone(tx, machineId);
  const { gone, come } = await unconfirmedDisks(tx, machine);
  const changes = pairDisks(gone, come);
  if (changes.length === 0) return null;
  const by = answer?.answer === 'accept' ? answer.by : confirmedBy(changes, await fittedParts(tx, machineId));
  if (by === null) return disksHeld(changes);
  await confirmDisks(tx, machineId, changes, by);
  const actor = { class: 'user', name: by } as const;
  await record(tx, { actor, action: 'disks.accepted', machineId, orderId: input.orderId, detail: { changes } });
  return null;
}

interface Placement {
  readonly rackId: string;
  readonly unit: number;
  readonly slot: string | null;
  readonly placedPort: string | null;
  readonly hostname: string;
  readonly address: string;
}

async function place(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
  site: Site,
  answered: Position | null,
): Promise<Placement | { question: OperatorQuestion }> {
  const recorded = recordedAt(machine);
  const neighbours = await position.readNeighbourPorts(tx, machine.id);
  // A machine that was never deployed has nothing that ties it to a position it was once recorded at.
  const movable =
    machine.stage === 'racked' ||
    machine.stage === 'registered' ||
    machine.stage === 'configured' ||
    machine.stage === 'profiled';
  const known = neighbours.some((port) => port.position !== null);
  const port = neighbours[0] ? `${neighbours[0].chassis} ${neighbours[0].port}` : null;
  // Where a person has placed it at this very port, or announced it, that is their word still.
  const said = answered !== null || machine.hostname === null || (port !== null && port === machine.placedPort);
  const found = placeOf(neighbours, answered ?? (movable && known ? null : recorded), said);
  if ('question' in found) return found;
  const slot = found.position;

  const rack = await position.rackOf(tx, slot.rack);
  if (rack === null || slot.unit < 1 || slot.unit > rack.units) {
    return hold('register/no-such-slot', `There is no unit ${slot.unit} in a rack ${slot.rack} of this site.`, [
      'retry',
      'place:RACK/UNIT',
      'place:RACK/UNIT.SLOT',
      'abandon',
    ]);
  }
  const hostname = hostnameAt(site.policy.hostname, slot);
  if (hostname === null) {
    return hold(
      'register/hostname',
      `The site's hostname rule "${site.policy.hostname}" gives no valid name for ${slot.rack} u${slot.unit}.`,
    );
  }
  const other = await position.occupant(tx, machine.id, { ...slot, hostname });
  if (other) {
    const where = `${slot.rack} u${slot.unit}${slot.slot === undefined ? '' : ` slot ${slot.slot}`} (${hostname})`;
    const reason = `Its place is ${where}, where the MDB has ${other.id} already. Several machines in one case have a slot each.`;
    return hold('register/slot-taken', reason, ['retry', 'place:RACK/UNIT.SLOT', 'abandon']);
  }
  const address = await addressOf(tx, machine, site, rack, slot);
  if (typeof address !== 'string') return address;
  const { unit, slot: part = null } = slot;
  return { rackId: slot.rack, unit, slot: part, placedPort: known ? null : port, hostname, address };
}

function recordedAt({ rackId, unit, slot }: passage.OrderedMachineRow): Position | null {
  return rackId === null || unit === null ? null : { rack: rackId, unit, ...(slot !== null && { slot }) };
}

async function addressOf(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
  site: Site,
  rack: { readonly id: string; readonly ordinal: number; readonly units: number },
  { unit, slot }: Position,
): Promise<string | { question: OperatorQuestion }> {
  const network = await position.mainNetwork(tx, site.id);
  if (network === null)
    return hold('register/no-network', `Site ${site.id} has no main network to give addresses from.`);
  const current = await position.heldAddress(tx, network.id, machine.id);
  if (network.assignment === 'pool') {
    const address = current ?? (await position.takeNextAddress(tx, network.id, machine.id));
    return address ?? hold('register/pool-full', `Network ${network.id} (${network.cidr}) has no free address left.`);
  }
  // Machines that share a unit cannot all have its address: the first takes it, the others spare ones of their rack.
  const units = [unit, ...(slot === undefined ? [] : await position.spareUnits(tx, rack))];
  const computed = units.map((one) => addressAt(network.cidr, rack.ordinal, one));
  const wrong = computed.find((one) => !one.ok);
  if (wrong && !computed[0]?.ok) return hold('register/address', wrong.reason);
  const candidates = computed.flatMap((one) => (one.ok ? [one.address] : []));
  if (current !== null && candidates.includes(current)) return current;
  if (current !== null) await position.releaseAddresses(tx, machine.id, [network.id]);
  let holder: string | null = null;
  for (const address of candidates) {
    holder = await position.takeAddress(tx, network.id, machine.id, address);
    if (holder === null) return address;
  }
  return hold('register/address-taken', `Its address ${candidates[0]} is held by ${holder}.`);
}

async function profileOf(tx: Transaction, machine: passage.OrderedMachineRow) {
  const profiles = await parts.allProfiles(tx);
  return matchProfile(profiles, {
    vendor: machine.vendor,
    product: machine.product,
    cpuThreads: await parts.cpuThreads(tx, machine.id),
    memoryMib: machine.memoryMib ?? 0,
  });
}

async function registered(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
  placement: Placement,
  pool: string,
): Promise<Registered> {
  return {
    hostname: placement.hostname,
    address: placement.address,
    rack: placement.rackId,
    unit: placement.unit,
    ...(placement.slot !== null && { slot: placement.slot }),
    pool,
    sku: machine.sku,
    controller: await passage.hasController(tx, machine.id),
  };
}

function noDisk(): OperatorQuestion {
  return {
    fault: 'register/no-disk',
    reason: 'It shows no disk at all, so nothing can be installed on it.',
    choices: fixable,
  };
}

function hold(fault: string, reason: string, choices = fixable): { question: OperatorQuestion } {
  return { question: { fault, reason, choices } };
}
