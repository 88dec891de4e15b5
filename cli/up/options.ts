import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Seconds } from '../../domain/duration.ts';

export interface RackPlan {
  readonly racks: number;
  readonly perRack: number;
}

export const firmwares = ['bios', 'uefi', 'mixed'] as const;
export type FirmwareChoice = (typeof firmwares)[number];

export interface Ports {
  readonly temporal: number;
  readonly ui: number;
  readonly api: number;
  readonly agent: number;
  readonly events: number;
  readonly boot: number;
  readonly sim: number;
}

export interface UpOptions {
  /** Absolute path of the folder that holds everything that lasts. */
  readonly data: string;
  /** Simulated machines; null for none. */
  readonly sim: RackPlan | null;
  /** Real machines under QEMU. */
  readonly vm: number;
  readonly firmware: FirmwareChoice;
  /** Network interface at which real machines are served; null for none. */
  readonly interface: string | null;
  /** Address besides the loopback one at which people and programs are served, over TLS and signed in; null for none. */
  readonly listen: string | null;
  /** 0 asks for a free one. */
  readonly ports: Ports;
  /** End when every machine is in service. */
  readonly once: boolean;
  /** Seconds that `once` waits. */
  readonly timeoutSeconds: number;
  readonly view: boolean;
}

// A rack of the MDB has 48 units by default, and one process was built to hold some thousands of machines.
const maxPerRack = 48;
const maxMachines = 10_000;

/** Reads `4x40` or `0`. Throws InvalidArgumentError with a sentence for anything else. */
export function parseRacks(text: string): RackPlan | null {
  if (text === '0') return null;
  const match = /^(\d{1,4})x(\d{1,4})$/i.exec(text);
  if (!match) throw new InvalidArgumentError('It reads RACKSxMACHINES, for example 2x8, or 0 for none.');
  const [racks, perRack] = [Number(match[1]), Number(match[2])];
  if (racks === 0 || perRack === 0)
    throw new InvalidArgumentError('Racks and machines count from 1; 0 alone means none.');
  if (perRack > maxPerRack) throw new InvalidArgumentError(`A rack has room for ${maxPerRack} machines.`);
  if (racks * perRack > maxMachines) throw new InvalidArgumentError(`${maxMachines} machines are the most.`);
  return { racks, perRack };
}

function whole(what: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`${what} is a whole number from ${min} to ${max}.`);
  };
}

function port(name: string, flag: string, standard: number): Option {
  return new Option(`${flag} <port>`, `${name}; 0 for any free one`)
    .default(standard)
    .argParser(whole('A port', 0, 65_535));
}

/** An address of this machine that others reach: each but these, at which the loopback one would be taken too. */
function addressArgument(text: string): string {
  if (isIP(text) !== 0 && !/^(0\.0\.0\.0|::|127\..*|::1)$/.test(text)) return text;
  throw new InvalidArgumentError('It is the address of one of the network interfaces, like 192.168.1.5.');
}

/** The command `up` with its options; `run` gets them checked. */
export function upCommand(run: (options: UpOptions) => Promise<void>): Command {
  return new Command('up')
    .description('bring up a whole Farrier on this machine, with simulated or virtual servers to give birth to')
    .option('--data <folder>', 'folder for everything that lasts', '.data')
    .addOption(
      new Option('--sim <racks>', 'simulated machines as RACKSxMACHINES, 0 for none')
        .default({ racks: 1, perRack: 8 }, '1x8')
        .argParser(parseRacks),
    )
    .option('--vm <count>', 'real machines under QEMU that boot from the network', whole('--vm', 0, 64), 0)
    .addOption(new Option('--firmware <kind>', 'firmware of the QEMU machines').choices(firmwares).default('mixed'))
    .option('--interface <name>', 'network interface at which real machines boot (Linux, root)')
    .option('--listen <address>', 'serve people elsewhere too, over TLS, once there is a token', addressArgument)
    .addOption(port('Temporal server', '--temporal-port', 7233))
    .addOption(port('Temporal Web UI', '--ui-port', 8233))
    .addOption(port('HTTP API for people and programs', '--api-port', 8470))
    .addOption(port('HTTPS API for agents', '--agent-port', 8443))
    .addOption(port('HTTPS receiver of events of controllers', '--events-port', 8444))
    .addOption(port('birther: boot scripts and files', '--boot-port', 8080))
    .addOption(port('simulated controllers and their control API', '--sim-port', 8480))
    .option('--once', 'end when every machine is in service', false)
    .option('--timeout <seconds>', 'longest time that --once waits', whole('--timeout', 1, 86_400), 600)
    .option('--no-view', 'print lines instead of a picture')
    .action(async (given) => run(checked(given)));
}

interface Given {
  readonly data: string;
  readonly sim: RackPlan | null;
  readonly vm: number;
  readonly firmware: FirmwareChoice;
  readonly interface?: string;
  readonly listen?: string;
  readonly temporalPort: number;
  readonly uiPort: number;
  readonly apiPort: number;
  readonly agentPort: number;
  readonly eventsPort: number;
  readonly bootPort: number;
  readonly simPort: number;
  readonly once: boolean;
  readonly timeout: Seconds;
  readonly view: boolean;
}

function checked(given: Given): UpOptions {
  const { sim, vm, firmware, once, view, timeout } = given;
  const ports = {
    temporal: given.temporalPort,
    ui: given.uiPort,
    api: given.apiPort,
    agent: given.agentPort,
    events: given.eventsPort,
    boot: given.bootPort,
    sim: given.simPort,
  };
  const served = given.interface ?? null;
  return {
    data: resolve(given.data),
    sim,
    vm,
    firmware,
    interface: served,
    listen: given.listen ?? null,
    ports,
    once,
    timeoutSeconds: timeout,
    view,
  };
}

export function machineCount(options: Pick<UpOptions, 'sim' | 'vm'>): number {
  return (options.sim ? options.sim.racks * options.sim.perRack : 0) + options.vm;
}
