/**
 * One virtual server and its power. Every method that acts waits until the effect is there; acts on one machine
 * follow each other in the order in which they were asked for.
 */
import { EventEmitter } from 'node:events';
import { access, copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Trouble } from '../../host/trouble.ts';
import type { VmEffect, VmJournal } from './journal.ts';
import { runProcess } from './process.ts';
import { type Bays, equip, type MachineSpec, type VmBootTarget, type VmPaths } from './qemu.ts';
import { type Host, RunningQemu } from './running.ts';

/** A one-time or standing choice of the boot device. */
export interface VmBootOverride {
  readonly target: VmBootTarget;
  readonly enabled: 'Disabled' | 'Once' | 'Continuous';
}

export const noVmOverride: VmBootOverride = { target: 'None', enabled: 'Disabled' };

export interface MachineOptions {
  readonly folder: string;
  readonly host: Host;
  readonly journal: VmJournal;
  /** Keep every frame of the NIC in `frames.pcap`. */
  readonly capture?: boolean;
}

/** Time between off and on of a power cycle: observers that poll every second shall see it. */
const cyclePauseMs = 1500;
const resetMs = 20_000;
/** Time after a start in which firmware reads the boot order; it took under a second, emulated, on an idle host. */
const settleMs = 3000;

/** Emits `on` and `off` with the power, and `changed` after anything that the BMC shows has changed. */
export class VirtualMachine extends EventEmitter<{ on: []; off: []; changed: []; reset: [] }> {
  readonly places: VmPaths;
  readonly #built: MachineSpec;
  readonly #options: MachineOptions;
  #spec: MachineSpec;
  #bays: Bays = {};
  #running: RunningQemu | null = null;
  #override = noVmOverride;
  #lastReset: Date | null = null;
  #offCause: string | null = null;
  #backOn = false;
  #settling: NodeJS.Timeout | undefined;
  #linkUp = true;
  #wanted: 'On' | 'Off' | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(spec: MachineSpec, options: MachineOptions) {
    super();
    this.#built = spec;
    this.#spec = spec;
    this.#options = options;
    this.places = placesOf(spec.id, options);
  }

  /** As it runs, or as it will when its power goes on. */
  get spec(): MachineSpec {
    return this.#spec;
  }

  get power(): 'On' | 'Off' {
    return this.#running === null ? 'Off' : 'On';
  }

  /** Power as it is to be when the rig starts again: off with the rig is not off for good. Null before the first. */
  get wanted(): 'On' | 'Off' | null {
    return this.#wanted;
  }

  get override(): VmBootOverride {
    return this.#override;
  }

  /** Last power-on or reset, by whoever; null before the first. */
  get lastReset(): Date | null {
    return this.#lastReset;
  }

  /** Whether the network cable is in. */
  get linkUp(): boolean {
    return this.#linkUp;
  }

  /** Takes up what an earlier run of the rig left. */
  restore(override: VmBootOverride, lastReset: Date | null, wanted: 'On' | 'Off' | null): void {
    this.#override = override;
    this.#wanted = wanted;
    this.#lastReset = lastReset;
  }

  /** Makes the disks and the UEFI variables that do not exist yet; existing ones are kept as they are. */
  async prepare(): Promise<void> {
    const { folder, host } = this.#options;
    await mkdir(folder, { recursive: true });
    await this.#makeDisks();
    if (this.spec.firmware === 'uefi' && host.uefi !== null && (await isAbsent(this.places.vars))) {
      await copyFile(host.uefi.vars, this.places.vars);
    }
  }

  /** Powers on; nothing happens to a machine that is on. Throws Trouble when QEMU cannot start. */
  powerOn(cause: string): Promise<void> {
    return this.#inTurn(() => this.#on(cause));
  }

  /** Takes the power away, as a pulled plug does; nothing happens to a machine that is off. */
  powerOff(cause: string): Promise<void> {
    return this.#inTurn(() => this.#off(cause));
  }

  /** Off and, after a moment, on again. */
  powerCycle(cause: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#off(cause);
      await delay(cyclePauseMs);
      await this.#on(cause);
    });
  }

  /** Resets at once, as the button does; false when the machine is off. */
  reset(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#running === null) return false;
      const happened = new Promise<void>((resolve) => this.once('reset', resolve));
      await this.#running.reset();
      await Promise.race([happened, delay(resetMs, undefined, { ref: false })]);
      return true;
    });
  }

  /**
   * Presses the power button: an operating system that listens (ACPI) shuts down, others ignore it, so this does
   * not wait. False when the machine is off.
   * @param backOn whether the machine is to be powered on again once it has shut down
   */
  askToShutDown(backOn: boolean): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#running === null) return false;
      this.#backOn = backOn;
      await this.#running.pressPowerButton();
      this.#write({ kind: 'graceful-shutdown-asked', cause: 'bmc' });
      return true;
    });
  }

  /** Chooses the boot device of the next start or of every start; a running machine follows at its next reset. */
  boot(override: VmBootOverride): Promise<void> {
    return this.#inTurn(async () => {
      this.#override = override.enabled === 'Disabled' || override.target === 'None' ? noVmOverride : override;
      await this.#running?.order(this.#override.target);
      this.#write({
        kind: 'boot-override',
        cause: 'bmc',
        detail: `${this.#override.target} ${this.#override.enabled}`,
      });
      this.emit('changed');
    });
  }

  /** Pulls the network cable out, or plugs it in again. */
  link(up: boolean): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#linkUp === up) return;
      this.#linkUp = up;
      await this.#running?.link(up);
      this.#write({ kind: 'link', cause: 'rig', detail: up ? 'up' : 'down' });
    });
  }

  /** Puts disks into its bays or takes them out; one that is on has them from its next power-on. */
  equip(bays: Bays): Promise<void> {
    return this.#inTurn(async () => {
      this.#bays = bays;
      if (this.#running === null) this.#spec = equip(this.#built, bays);
    });
  }

  async #makeDisks(): Promise<void> {
    const qemuImg = this.#options.host.tools['qemu-img'];
    for (const { name, gib } of this.#spec.disks) await createDisk(qemuImg, this.places.disk(name), gib);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }

  async #on(cause: string): Promise<void> {
    if (this.#running !== null) return;
    this.#spec = equip(this.#built, this.#bays);
    await this.#makeDisks();
    const running = await RunningQemu.start(this.#spec, this.places, this.#options.host, this.#override.target);
    this.#running = running;
    this.#offCause = null;
    this.#backOn = false;
    running.on('reset', (reason) => this.#wasReset(reason));
    running.on('watchdog', () => this.#write({ kind: 'watchdog', cause: 'watchdog' }));
    running.once('end', (how) => this.#ended(how));
    if (!this.#linkUp) await running.link(false);
    await running.begin();
    this.#lastReset = new Date();
    this.#wanted = 'On';
    this.#write({ kind: 'power-on', cause });
    this.#use();
    this.emit('on');
    this.emit('changed');
  }

  async #off(cause: string): Promise<void> {
    if (this.#running === null) return;
    this.#offCause = cause;
    await this.#running.quit();
  }

  /** A one-time override counts for one start; the usual order is put back when firmware has surely read this one. */
  #use(): void {
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => {
      // It may go off at this very moment; then there is no order to put back.
      this.#running?.order(this.#override.target).catch(() => {});
    }, settleMs);
    if (this.#override.enabled !== 'Once') return;
    this.#write({ kind: 'boot-override-used', cause: 'bmc', detail: this.#override.target });
    this.#override = noVmOverride;
  }

  #wasReset(reason: string): void {
    const since = Date.now() - (this.#lastReset?.getTime() ?? 0);
    // SeaBIOS answers every reset with a second, harder one of its own: the same start, read with the same order.
    if (reason === 'guest-reset' && since < settleMs) return;
    this.#lastReset = new Date();
    this.#write({ kind: 'reset', cause: reason.startsWith('host') ? 'bmc' : 'guest', detail: reason });
    this.#use();
    this.emit('reset');
    this.emit('changed');
  }

  #ended(how: { readonly guest: boolean; readonly words: string }): void {
    this.#running = null;
    this.#spec = equip(this.#built, this.#bays);
    clearTimeout(this.#settling);
    const cause = this.#offCause ?? (how.guest ? 'guest' : 'crash');
    if (cause !== 'rig') this.#wanted = 'Off';
    this.#write({ kind: 'power-off', cause, ...(how.words === '' ? {} : { detail: how.words }) });
    // Whoever waits for a reset of a machine that went off instead waits no longer.
    this.emit('reset');
    this.emit('off');
    this.emit('changed');
    if (this.#backOn && cause === 'guest') void this.powerOn('bmc').catch(() => {});
  }

  #write(effect: VmEffect): void {
    this.#options.journal.write(this.spec.id, effect);
  }
}

function placesOf(id: string, { folder, host, capture }: MachineOptions): VmPaths {
  return {
    qmp: join(host.runtime, `${id}.qmp`),
    lldp: join(host.runtime, `${id}.lldp`),
    tpm: join(host.runtime, `${id}.tpm`),
    tpmState: join(folder, 'tpm'),
    serialLog: join(folder, 'serial.log'),
    disk: (name) => join(folder, `${name}.qcow2`),
    vars: join(folder, 'vars.fd'),
    capture: capture === true ? join(folder, 'frames.pcap') : null,
  };
}

async function isAbsent(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    () => true,
  );
}

/** Creates an empty sparse disk unless it exists. */
async function createDisk(qemuImg: string, path: string, gib: number): Promise<void> {
  if (!(await isAbsent(path))) return;
  const { code, stderr } = await runProcess([qemuImg, 'create', '-q', '-f', 'qcow2', path, `${gib}G`]);
  if (code !== 0) throw new Trouble(`The disk ${path} could not be made: ${stderr.trim()}.`);
}
