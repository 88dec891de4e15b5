import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type PersonalityChoice, personalityFor } from './bmc/personalities.ts';
import { defaultBios } from './bmc/personality.ts';
import { SimulatedBmc } from './bmc/service.ts';
import { draw } from './chance.ts';
import type { FaultFile } from './faultfile.ts';
import { buildHardware, type Hardware, machineIdOfHardware, rackIdOf } from './hardware.ts';
import { Journal } from './journal.ts';
import { SimMachine } from './machine.ts';
import type { BmcAccount } from './state.ts';
import { freshState } from './state.ts';
import { Store } from './store.ts';
import { FleetWire, type WireOptions } from './wire.ts';
import type { World } from './world.ts';

export interface FleetOptions extends WireOptions {
  readonly racks: number;
  readonly perRack: number;
  /** Folder for states and journal. */
  readonly folder: string;
  /** The same seed gives the same machines, figures and chosen faults. */
  readonly seed?: number;
  /** How many times faster than life; 1 by default. */
  readonly speed?: number;
  /** Seconds that a burn-in takes at most; 5 by default. */
  readonly maxBurninSeconds?: number;
  readonly faults?: FaultFile;
  readonly account?: BmcAccount;
  /** Which vendor's controllers they have; `standard` by default. */
  readonly personality?: PersonalityChoice;
  /** Machines powered on a second of real time, as a power distributor would; 200 by default. */
  readonly powerRate?: number;
  /** Told of what the simulator itself cannot do: a full disk, say. */
  readonly failed?: (error: unknown) => void;
}

export interface Rack {
  readonly id: string;
  readonly machines: readonly SimMachine[];
}

export interface Fleet {
  readonly racks: readonly Rack[];
  readonly machines: readonly SimMachine[];
  readonly journal: Journal;
  /** By id of the simulator (`s001-u03`) or of the MDB (`m-…`). */
  find(id: string): SimMachine | undefined;
  bmcOf(machine: SimMachine): SimulatedBmc;
  /** Tells where controllers can be reached, once somebody listens for them. */
  placeBmcs(addressOf: (hardware: Hardware) => string | null): void;
  /** Takes machines up where they stood; new ones are powered on or left off. */
  start(power: 'on' | 'off'): Promise<void>;
  /** Stops the simulation, not the machines: a later fleet on the same folder takes them up where they stood. */
  stop(): Promise<void>;
}

/** Makes a fleet in this process. Nothing runs before `start`. */
export function createFleet(options: FleetOptions): Fleet {
  const { racks: rackCount, perRack, folder, seed = 1, personality = 'standard' } = options;
  const { account = { username: 'admin', password: 'simulated' }, failed = (error) => console.error(error) } = options;
  const journal = new Journal(join(folder, 'journal.jsonl'));
  const store = new Store(folder, failed);
  const wire = new FleetWire(options);
  const byId = new Map<string, SimMachine>();
  const bmcs = new Map<SimMachine, SimulatedBmc>();
  let bmcAddressOf: (hardware: Hardware) => string | null = () => null;
  const world: World = {
    seed,
    speed: options.speed ?? 1,
    maxBurninSeconds: options.maxBurninSeconds ?? 5,
    wire,
    journal,
    touch: (rackId) => store.touch(rackId),
    placeOf: (machine) => byId.get(machine)?.hardware,
    bmcAddressOf: (hardware) => bmcAddressOf(hardware),
  };
  const fresh = new Set<SimMachine>();
  const racks = Array.from({ length: rackCount }, (_, rack): Rack => {
    const machines = Array.from({ length: perRack }, (_, index) => makeMachine(rack, index + 1));
    return { id: rackIdOf(rack), machines };
  });
  const machines = racks.flatMap((rack) => rack.machines);
  placeFaults(options.faults ?? [], fresh, (id) => byId.get(id), seed);

  function makeMachine(rack: number, unit: number): SimMachine {
    const hardware = buildHardware(seed, rack, unit);
    let isFresh = false;
    const state = store.open(hardware.rackId, hardware.id, () => {
      isFresh = true;
      return freshState(defaultBios(personalityFor(hardware, personality), hardware.model.firmware), new Date());
    });
    const machine = new SimMachine(hardware, state, world);
    if (isFresh) fresh.add(machine);
    byId.set(hardware.id, machine);
    byId.set(machineIdOfHardware(hardware), machine);
    return machine;
  }

  let stopping = false;
  return {
    racks,
    machines,
    journal,
    find: (id) => byId.get(id),
    bmcOf(machine) {
      const bmc =
        bmcs.get(machine) ?? new SimulatedBmc(machine, account, personalityFor(machine.hardware, personality));
      bmcs.set(machine, bmc);
      return bmc;
    },
    placeBmcs(addressOf) {
      bmcAddressOf = addressOf;
    },
    async start(power) {
      const pauseMs = 1000 / (options.powerRate ?? 200);
      // Who subscribed in an earlier run goes on being told.
      for (const machine of machines) if (machine.state.controller?.subscriptions) this.bmcOf(machine);
      for (const machine of machines) {
        if (stopping) return;
        if (machine.state.power === 'off' && !(power === 'on' && fresh.has(machine))) continue;
        if (machine.state.power === 'on') machine.resume();
        else machine.powerOn('mains');
        if (!machine.state.running) await delay(pauseMs);
      }
    },
    async stop() {
      stopping = true;
      for (const bmc of bmcs.values()) bmc.close();
      await Promise.all(machines.map((machine) => machine.freeze()));
      await store.flush();
      await journal.close();
      await wire.close();
    },
  };
}

/** Gives new machines their faults; those of earlier runs keep what they have. */
function placeFaults(
  file: FaultFile,
  fresh: ReadonlySet<SimMachine>,
  find: (id: string) => SimMachine | undefined,
  seed: number,
): void {
  for (const [index, entry] of file.entries()) {
    if ('machine' in entry) {
      const machine = find(entry.machine);
      if (!machine) throw new Error(`the faults file names machine ${entry.machine}, which is not simulated`);
      if (fresh.has(machine)) machine.setFault(entry.fault);
      continue;
    }
    for (const machine of fresh)
      if (draw(seed, 'fault', index, machine.id) < entry.share) machine.setFault(entry.fault);
  }
}
