/**
 * The rig: a network with a switch, and virtual servers in it, each with its BMC. All that must survive a restart
 * is in one folder: disks, UEFI variables, TPM states, the BMCs' addresses and certificates, the effect journal.
 */
import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { chooseAccelerator, type QemuAccelerator } from './accelerator.ts';
import { VirtualBmc } from './bmc.ts';
import { openCertificate } from './certificate.ts';
import { type FirmwareMix, nthMachine } from './identity.ts';
import { VmJournal } from './journal.ts';
import type { PortFace } from './lldp.ts';
import { VirtualMachine } from './machine.ts';
import { keeper, recall } from './memory.ts';
import { createNetwork, type RigNetwork } from './network.ts';
import type { MachineSpec } from './qemu.ts';
import type { Host } from './running.ts';
import { openSecret } from './secret.ts';
import { VirtualSwitch } from './switch.ts';
import { findTool, requireTools, requireUefi } from './tools.ts';

export interface RigOptions {
  /** Folder of the rig; made if absent. */
  readonly folder: string;
  /** Folder of BMC secrets, one JSON file a reference. */
  readonly secrets: string;
  /** Folder of what is worth keeping between rigs (the verdict on KVM). */
  readonly cache: string;
  readonly count: number;
  readonly firmware: FirmwareMix;
  readonly memoryMib: number;
  readonly tpm: boolean;
  /** The bridge's addresses with prefix length, e.g. the gateways of the site's networks. */
  readonly addresses?: readonly string[];
  /** Prefix of the namespace's name; `farrier` by default. */
  readonly prefix?: string;
  /** Changes the machines that follow from the numbers: other disks, another boot order. */
  readonly adapt?: (spec: MachineSpec) => MachineSpec;
  /** BMCs speak plain HTTP. */
  readonly plain?: boolean;
  /** Keep every frame of every NIC in a pcap file. */
  readonly capture?: boolean;
  /** Instead of what the probe chooses. */
  readonly accelerator?: QemuAccelerator;
}

/** What others need to know of one machine. */
export interface MachineFacts {
  readonly id: string;
  readonly firmware: 'bios' | 'uefi';
  readonly mac: string;
  readonly uuid: string;
  readonly serial: string;
  readonly bmc: { readonly origin: string; readonly mac: string; readonly secretRef: string };
  readonly port: { readonly switch: string; readonly chassis: string; readonly port: string; readonly unit: number };
  readonly serialLog: string;
}

export interface RigMachine {
  readonly machine: VirtualMachine;
  readonly facts: MachineFacts;
  /** What its port of the switch says while no fault is injected. */
  readonly face: PortFace;
  /** Power before the last stop of the rig; null for a machine that was never on. */
  readonly before: 'On' | 'Off' | null;
}

export interface Rig {
  readonly network: RigNetwork;
  readonly switch: VirtualSwitch;
  readonly accelerator: QemuAccelerator;
  readonly machines: readonly RigMachine[];
  /** File of the effect journal. */
  readonly journal: string;
  /** Takes the power from all machines, stops the BMCs and removes the network. Disks stay. */
  close(): Promise<void>;
}

export const rigRack = 'V01';
export const rigSwitch = { id: 'vm-switch', chassis: '00:1c:73:fa:00:00', name: 'vm-switch' } as const;

const portName = (number: number) => `Ethernet${number}`;
const hex = (number: number) => number.toString(16).padStart(2, '0');

function faceOf(number: number): PortFace {
  const description = `rack ${rigRack} u${String(number).padStart(2, '0')}`;
  return { chassis: rigSwitch.chassis, port: portName(number), description, system: rigSwitch.name, pvid: 1 };
}

async function openHost(options: RigOptions, specs: readonly MachineSpec[], network: RigNetwork): Promise<Host> {
  const tools = await requireTools(['qemu-system-x86_64', 'qemu-img', 'setpriv']);
  const wantsTpm = specs.some(({ tpm }) => tpm);
  const swtpm = wantsTpm ? (await requireTools(['swtpm'])).swtpm : await findTool('swtpm');
  const uefi = specs.some(({ firmware }) => firmware === 'uefi') ? await requireUefi() : null;
  const verdict = join(options.cache, 'kvm.json');
  const accelerator = options.accelerator ?? (await chooseAccelerator(tools['qemu-system-x86_64'], verdict));
  return { tools, swtpm, uefi, accelerator, runtime: network.runtime, command: network.command };
}

interface Shared {
  readonly options: RigOptions;
  readonly folder: string;
  readonly host: Host;
  readonly journal: VmJournal;
  readonly port: VirtualSwitch;
}

async function openMachine(
  shared: Shared,
  spec: MachineSpec,
  number: number,
): Promise<RigMachine & { bmc: VirtualBmc }> {
  const { options, host, journal } = shared;
  const folder = join(shared.folder, spec.id);
  const machine = new VirtualMachine(spec, { folder, host, journal, capture: options.capture ?? false });
  await machine.prepare();
  const file = join(folder, 'bmc.json');
  const memory = await recall(file);
  machine.restore(memory.override, memory.lastReset === null ? null : new Date(memory.lastReset), memory.power);

  const face = faceOf(number);
  shared.port.addPort(spec.id, face, `00:1c:73:fa:00:${hex(number)}`);
  machine.on('on', () => shared.port.linkUp(spec.id, machine.places.lldp));

  const secretRef = `bmc-${spec.id}`;
  const mac = `52:54:00:fb:${spec.nic.mac.slice(12)}`;
  const certificate = options.plain === true ? null : await openCertificate(folder, `bmc-${spec.id}`);
  const credentials = await openSecret(options.secrets, secretRef);
  const facts = { spec, mac, uuid: spec.uuid };
  const bmc = new VirtualBmc({ machine, facts, credentials, journal, certificate, port: memory.port });
  const port = await bmc.listen();
  const keep = keeper(file);
  const keepNow = () => {
    const { override, lastReset, wanted } = machine;
    return keep({ port, override, lastReset: lastReset?.toISOString() ?? null, power: wanted });
  };
  machine.on('changed', () => void keepNow().catch(() => {}));
  // Its address is known to others from here on.
  await keepNow();
  const origin = `${certificate === null ? 'http' : 'https'}://127.0.0.1:${port}`;
  return {
    bmc,
    machine,
    face,
    before: memory.power,
    facts: {
      id: spec.id,
      firmware: spec.firmware,
      mac: spec.nic.mac,
      uuid: spec.uuid,
      serial: spec.serial,
      bmc: { origin, mac, secretRef },
      port: { switch: rigSwitch.id, chassis: face.chassis, port: face.port, unit: number },
      serialLog: machine.places.serialLog,
    },
  };
}

/** Builds the rig; all machines are off. Throws Trouble with one sentence for what a person must mend. */
export async function openRig(options: RigOptions): Promise<Rig> {
  const numbers = Array.from({ length: options.count }, (_, index) => index + 1);
  const adapt = options.adapt ?? ((spec: MachineSpec) => spec);
  const specs = numbers.map((number) => adapt(nthMachine(options, number)));
  await mkdir(options.folder, { recursive: true });
  const folder = await realpath(options.folder);
  const network = await createNetwork({
    folder,
    taps: specs.map(({ nic }) => nic.tap),
    ...(options.prefix === undefined ? {} : { prefix: options.prefix }),
    ...(options.addresses === undefined ? {} : { addresses: options.addresses }),
  });
  const port = new VirtualSwitch();
  const opened: (RigMachine & { bmc: VirtualBmc })[] = [];
  const journalFile = join(folder, 'journal.jsonl');
  const close = async () => {
    await Promise.all(opened.map(({ machine }) => machine.powerOff('rig')));
    await Promise.all(opened.map(({ bmc }) => bmc.close()));
    port.close();
    await network.remove();
  };
  try {
    const host = await openHost(options, specs, network);
    const shared = { options, folder, host, journal: new VmJournal(journalFile), port };
    for (const [index, spec] of specs.entries()) opened.push(await openMachine(shared, spec, index + 1));
    return { network, switch: port, accelerator: host.accelerator, machines: opened, journal: journalFile, close };
  } catch (error) {
    await close();
    throw error;
  }
}
