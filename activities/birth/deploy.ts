import { imageSystemOf, imageSystems } from '../../boot/imagesystem/index.ts';
import type { DeployResult } from '../../contract/birth.ts';
import type { PassageReference, StepStart } from '../../contract/passage.ts';
import { parseCidr } from '../../domain/address.ts';
import { chooseDisk } from '../../domain/birth/image.ts';
import type { Directive } from '../../domain/directive.ts';
import type { OperatorQuestion } from '../../domain/question.ts';
import { acting, record, type Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import * as parts from '../../mdb/machines/parts.ts';
import * as passage from '../../mdb/orders/passage.ts';
import * as position from '../../mdb/places/position.ts';
import { actorOf } from '../passage/order.ts';

type Image = NonNullable<Awaited<ReturnType<typeof parts.imageById>>>;

const mib = 1024 * 1024;
/** Partition table, boot loader and the mark at the disk's ends. */
const margin = 8 * mib;

/** What the agent needs to install this image on this machine, as the site's image system has it. */
export async function installDirective(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
  image: Image,
): Promise<{ directive: Directive } | { question: OperatorQuestion }> {
  const site = await passage.siteOf(tx, machine.siteId);
  const network = await position.mainNetwork(tx, machine.siteId);
  const plan = imageSystems[site.policy.imageSystem].plan(image);
  if ('question' in plan) return plan;
  const disks = await parts.readPresentDisks(tx, machine.id);
  const needed = image.layout.bootMib * mib + plan.rootBytes + margin;
  const disk = chooseDisk(disks, needed);
  if (disk === null) {
    const largest = Math.max(0, ...disks.map((one) => one.bytes));
    const reason = `No disk holds the image ${image.id}: it needs ${Math.ceil(needed / mib)} MiB, the largest disk has ${Math.floor(largest / mib)} MiB.`;
    return { question: { fault: 'profile/disk-too-small', reason, choices: ['retry', 'abandon'] } };
  }
  const boot = await parts.bootSums(tx);
  if (boot === null) {
    const reason =
      'The kernel and initrd that machines start with are not registered; scripts/up does it when it lays them. Answer "retry" then.';
    return { question: { fault: 'profile/no-boot-files', reason, choices: ['retry', 'abandon'] } };
  }
  if (network === null || machine.hostname === null || machine.address === null) {
    throw new Error(`machine ${machine.id} is not registered: it has no hostname or address`);
  }
  const parsed = parseCidr(network.cidr);
  if (typeof parsed === 'string') throw new Error(parsed);
  return {
    directive: {
      do: 'install',
      image: image.id,
      imageKind: image.kind,
      ...plan.part,
      hostname: machine.hostname,
      address: `${machine.address}/${parsed.prefix}`,
      gateway: network.gateway,
      dns: network.dns,
      mark: machine.mark,
      disk: disk.serial,
      layout: image.layout,
      boot,
      imageSystem: site.policy.imageSystem,
    },
  };
}

/** Changes the machine and gives the agent a directive that is new even when its words are those of the last one. */
export async function directTo(
  tx: Transaction,
  machine: passage.OrderedMachineRow,
  change: Parameters<typeof passage.updateMachine>[2],
  directive: Directive,
): Promise<void> {
  // The number rises only with a changed directive, so a repeated one goes through `wait`.
  if (machine.directive.do === directive.do) await passage.updateMachine(tx, machine.id, { directive: { do: 'wait' } });
  await passage.updateMachine(tx, machine.id, { ...change, directive });
}

/** Tells the agent once more to install what was chosen, after a person had the fault mended. */
export function directInstall(mdb: Mdb, input: PassageReference): Promise<void> {
  const { machineId, orderId } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    const image = machine.requiredImage === null ? null : await parts.imageById(tx, machine.requiredImage);
    if (image === null) throw new Error(`machine ${machineId} has no image chosen`);
    const made = await installDirective(tx, machine, image);
    if ('question' in made) throw new Error(made.question.reason);
    await directTo(tx, machine, { held: null }, made.directive);
  });
}

/**
 * The registration update: hostname, address, image and boot state *healthy* become true together, and only then may
 * the agent hand over, in the way of the image system it installed for. A second identical call changes nothing.
 */
export function acceptInstall(
  mdb: Mdb,
  input: PassageReference & { next: StepStart },
): Promise<DeployResult | { question: OperatorQuestion }> {
  const { machineId, orderId, next } = input;
  return acting(mdb, actorOf(input), orderId, async (tx) => {
    const machine = await passage.lockMachine(tx, machineId);
    const { hostname, address, requiredImage } = machine;
    if (hostname === null || address === null || requiredImage === null)
      throw new Error(`machine ${machineId} was never registered`);
    const imageSystem = imageSystemOf(machine.directive, (await passage.siteOf(tx, machine.siteId)).policy);
    const { handover, readiness } = imageSystems[imageSystem];
    const result = { hostname, image: requiredImage, limit: readiness.limit, mayRestart: readiness.mayRestart };
    if (machine.stage === 'deployed') return result;
    await passage.updateMachine(tx, machineId, {
      stage: 'deployed',
      bootState: 'healthy',
      bootstraps: 0,
      held: null,
      directive: { do: 'handover', hostname, address, imageSystem, how: handover.how },
    });
    await passage.settleStep(tx, orderId, 'deploy', 'done');
    await passage.beginStep(tx, orderId, { ...next, limit: readiness.limit ?? next.limit });
    await record(tx, {
      actor: actorOf(input),
      action: 'machine.deployed',
      machineId,
      orderId,
      detail: { hostname, address, image: requiredImage, imageSystem, firstFetch: handover.firstFetch },
    });
    return result;
  });
}
