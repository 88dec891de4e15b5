import { randomUUID } from 'node:crypto';
import { written } from './console.ts';
import type { Fault, FaultKind } from './faults.ts';
import { findFault } from './faults.ts';
import { bootOnce } from './firmware.ts';
import type { Hardware } from './hardware.ts';
import type { Entry, SimEffect } from './journal.ts';
import { type BootOverride, noOverride, type Phase, type SimState } from './state.ts';
import { bootDisk } from './system.ts';
import { type Body, pass, type World } from './world.ts';

/** The ways to move a machine's power, by Redfish's names. */
export const simResetTypes = [
  'On',
  'ForceOn',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'PowerCycle',
  'PushPowerButton',
] as const;
export type SimResetType = (typeof simResetTypes)[number];

/** How long a shutdown takes an operating system, in seconds. */
const shutdownSeconds = 2;

/** What a machine's own logs hold, and how much of it. */
const logged: ReadonlySet<SimEffect> = new Set([
  'power-on',
  'power-off',
  'reset',
  'bios-applied',
  'firmware-flashed',
  'password-changed',
  'locked-out',
  'bmc-reset',
  'test-event',
]);
const maxLogged = 32;
const nothing: readonly Entry[] = [];
/** Lines of a console that are kept. */
const maxLines = 64;
const blank: readonly string[] = [];

/** One simulated server: its power, and whatever runs while it is on. */
export class SimMachine implements Body {
  hardware: Hardware;
  readonly state: SimState;
  readonly world: World;
  bootId: string = randomUUID();
  phase: Phase = 'off';
  /** The last events, for logs of its controller; since the simulator started. */
  events: readonly Entry[] = nothing;
  /** The last lines of its console, for controllers that log it; since the simulator started. */
  console: readonly string[] = blank;
  /** When the power last went on or off, by this process's clock; 0 before. */
  powerMoved = 0;
  /** Told of every event; set by its controller, once there is one. */
  onEffect: ((entry: Entry) => void) | null = null;
  #power: AbortController | null = null;
  #life: Promise<void> = Promise.resolve();

  constructor(hardware: Hardware, state: SimState, world: World) {
    this.hardware = state.uuid === undefined ? hardware : { ...hardware, uuid: state.uuid };
    this.state = state;
    this.world = world;
  }

  get id(): string {
    return this.hardware.id;
  }

  enter(phase: Phase): void {
    this.phase = phase;
    this.print(...written(phase, this.hardware));
  }

  print(...lines: readonly string[]): void {
    if (lines.length > 0) this.console = [...this.console, ...lines].slice(-maxLines);
  }

  note(effect: SimEffect, detail?: Readonly<Record<string, unknown>>): void {
    const entry = this.world.journal.write(this.id, effect, detail);
    if (effect === 'power-on' || effect === 'power-off') this.powerMoved = Date.now();
    if (!logged.has(effect)) return;
    this.events = [...this.events, entry].slice(-maxLogged);
    this.onEffect?.(entry);
  }

  changed(): void {
    this.world.touch(this.hardware.rackId);
  }

  /** Takes up life where the state left it: a running system runs on, anything else that was on boots afresh. */
  resume(): void {
    if (this.state.power === 'off') return;
    if (this.state.running && bootDisk(this) !== undefined) {
      this.#power = new AbortController();
      this.enter('system');
    } else {
      this.state.power = 'off';
      this.powerOn('mains');
    }
  }

  powerOn(by: string): void {
    if (this.state.power === 'on') return;
    this.state.power = 'on';
    this.#restarted();
    this.note('power-on', { by });
    this.#start();
  }

  async powerOff(by: string): Promise<void> {
    if (this.state.power === 'off') return;
    this.state.power = 'off';
    this.note('power-off', { by });
    await this.#stop();
    this.changed();
  }

  /** Starts again from POST, memory lost, disks kept. */
  async restart(by: string): Promise<void> {
    if (this.state.power === 'off') return;
    this.note('reset', { by });
    await this.#stop();
    this.#restarted();
    this.#start();
  }

  #restarted(): void {
    this.state.lastReset = new Date().toISOString();
    this.state.boots += 1;
    this.bootId = randomUUID();
    this.changed();
  }

  #start(): void {
    const power = new AbortController();
    this.#power = power;
    this.#life = this.#live(power.signal);
  }

  async #stop(): Promise<void> {
    this.#power?.abort(new DOMException('the power went', 'AbortError'));
    this.#power = null;
    this.state.running = false;
    this.enter('off');
    await this.#life;
  }

  async #live(signal: AbortSignal): Promise<void> {
    try {
      while ((await bootOnce(this, signal)) !== 'off') {
        this.note('reset', { by: 'host' });
        this.#restarted();
      }
      this.state.power = 'off';
      this.note('power-off', { by: 'host' });
      this.enter('off');
      this.changed();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /**
   * A command of the controller. Resolves once it is taken, before its effect where that takes time; false when the
   * power state does not allow it.
   */
  async reset(type: SimResetType, by: string): Promise<boolean> {
    const on = this.state.power === 'on';
    const wanted = type === 'PushPowerButton' ? (on ? 'GracefulShutdown' : 'On') : type;
    if (!on && (wanted === 'GracefulRestart' || wanted === 'ForceRestart' || wanted === 'GracefulShutdown'))
      return false;
    if (findFault(this.state.faults, 'lying-power')) {
      this.note('power-ignored', { command: type, by });
      return true;
    }
    const slow = findFault(this.state.faults, 'slow-power');
    if (slow) void this.#later(slow.seconds, () => this.#act(wanted, by));
    else await this.#act(wanted, by);
    return true;
  }

  async #later(seconds: number, act: () => Promise<void>): Promise<void> {
    await pass(this.world, seconds, new AbortController().signal);
    await act();
  }

  async #act(type: Exclude<SimResetType, 'PushPowerButton'>, by: string): Promise<void> {
    switch (type) {
      case 'On':
      case 'ForceOn':
        return this.powerOn(by);
      case 'ForceOff':
        return this.powerOff(by);
      case 'ForceRestart':
        return this.restart(by);
      case 'PowerCycle':
        await this.powerOff(by);
        return this.powerOn(by);
      case 'GracefulShutdown':
      case 'GracefulRestart':
        return this.#shutDown(type, by);
    }
  }

  /** Only an operating system hears the request; firmware and a hung machine do not. */
  async #shutDown(type: 'GracefulShutdown' | 'GracefulRestart', by: string): Promise<void> {
    if (this.phase !== 'system') {
      this.note('power-ignored', { command: type, by, phase: this.phase });
      return;
    }
    const power = this.#power;
    void this.#later(shutdownSeconds, async () => {
      if (this.#power !== power) return;
      await (type === 'GracefulShutdown' ? this.powerOff(by) : this.restart(by));
    });
  }

  setOverride(override: BootOverride, by: string): void {
    this.state.override = override.enabled === 'Disabled' ? { ...noOverride, mode: override.mode } : override;
    this.note('boot-override', { ...this.state.override, by });
    this.changed();
  }

  setPendingBios(attributes: SimState['bios'], by: string): void {
    this.state.pendingBios = { ...this.state.pendingBios, ...attributes };
    this.note('bios-pending', { ...attributes, by });
    this.changed();
  }

  /** Adds a fault, in place of one of the same kind. It works from where the machine next meets it. */
  setFault(fault: Fault): void {
    this.state.faults = [...this.state.faults.filter(({ kind }) => kind !== fault.kind), fault];
    if (fault.kind === 'foreign-disk') this.state.disks[fault.disk] = { content: fault.content };
    this.note('fault-set', fault);
    this.changed();
  }

  /** Mends one fault, or all of them. What a fault has left on the disks stays there. */
  clearFault(kind?: FaultKind): void {
    this.state.faults = kind ? this.state.faults.filter((fault) => fault.kind !== kind) : [];
    this.note('fault-cleared', kind ? { kind } : {});
    this.changed();
  }

  /** Somebody puts in another mainboard: another system UUID, and no keys in its NVRAM. Case and cards stay. */
  async replaceBoard(): Promise<void> {
    await this.powerOff('hands');
    this.state.uuid = randomUUID();
    delete this.state.keyFingerprint;
    this.hardware = { ...this.hardware, uuid: this.state.uuid };
    this.note('board-replaced', { uuid: this.state.uuid });
    this.changed();
  }

  /** Ends everything that runs on it and leaves the state as it is: the simulator stops, not the machine. */
  async freeze(): Promise<void> {
    const { power, running } = this.state;
    this.#power?.abort(new DOMException('the simulator stops', 'AbortError'));
    await this.#life;
    Object.assign(this.state, { power, running });
  }
}
