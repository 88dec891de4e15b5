/** A powered machine: one QEMU process (and its TPM), from power-on to power-off. */
import { type ChildProcess, spawn } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { access, mkdir, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Trouble } from '../../host/trouble.ts';
import type { QemuAccelerator } from './accelerator.ts';
import { ended } from './process.ts';
import { bootDevices, type MachineSpec, qemuArguments, type VmBootTarget, type VmPaths } from './qemu.ts';
import { Qmp, type QmpEvent } from './qmp.ts';
import type { UefiFirmware } from './tools.ts';

/** What the machines of a rig share. */
export interface Host {
  readonly tools: { readonly 'qemu-system-x86_64': string; readonly 'qemu-img': string; readonly setpriv: string };
  /** Path of swtpm; null where no machine has a TPM. */
  readonly swtpm: string | null;
  readonly uefi: UefiFirmware | null;
  readonly accelerator: QemuAccelerator;
  readonly runtime: string;
  command(argv: readonly string[]): string[];
}

const monitorMs = 20_000;
// An emulated machine on a loaded host can be slow to let QEMU's main loop run.
const quitMs = 10_000;
// Boot indexes taken by one change of the order: QEMU refuses an index in use, even by the same device.
const indexBlock = 16;

interface Emitted {
  /** QEMU's reason, e.g. `guest-reset`, `host-qmp-system-reset`. */
  reset: [string];
  watchdog: [];
  /** The process is gone; `words` are its last on standard error, empty if it went in order. */
  end: [{ readonly guest: boolean; readonly words: string }];
}

export class RunningQemu extends EventEmitter<Emitted> {
  readonly #spec: MachineSpec;
  readonly #child: ChildProcess;
  #qmp: Qmp | null = null;
  #words = '';
  #guest = false;
  #quitting = false;
  #index = indexBlock;

  private constructor(spec: MachineSpec, child: ChildProcess, tpm: ChildProcess | null) {
    super();
    this.#spec = spec;
    this.#child = child;
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-2000);
    });
    child.on('error', (error) => {
      this.#words += error.message;
    });
    child.on('exit', (code) => {
      tpm?.kill('SIGTERM');
      this.#qmp?.close();
      this.emit('end', { guest: this.#guest, words: code === 0 || this.#quitting ? '' : this.#words.trim() });
    });
  }

  /** Powers on with this boot device first; resolves when the machine has begun, throws Trouble when it cannot. */
  static async start(spec: MachineSpec, places: VmPaths, host: Host, target: VmBootTarget): Promise<RunningQemu> {
    await Promise.all([places.qmp, places.lldp, places.tpm].map((socket) => rm(socket, { force: true })));
    const tpm = spec.tpm ? await startTpm(places, host) : null;
    // A rig that is killed must not leave machines running: they die with it.
    const bound = [host.tools.setpriv, '--pdeathsig', 'KILL', host.tools['qemu-system-x86_64']];
    const [file = '', ...rest] = host.command([...bound, ...qemuArguments(spec, places, host, target)]);
    const running = new RunningQemu(spec, spawn(file, rest, { stdio: ['ignore', 'ignore', 'pipe'] }), tpm);
    try {
      const qmp = await Qmp.connect(places.qmp, monitorMs, () => running.#alive);
      running.#qmp = qmp;
      qmp.on('event', (event) => running.#take(event));
    } catch {
      running.#child.kill('SIGKILL');
      await ended(running.#child, quitMs);
      throw new Trouble(`${spec.id} did not start: ${running.#words.trim() || 'QEMU said nothing'}`);
    }
    return running;
  }

  /** Lets the processor run; before this nothing of the machine has happened. */
  async begin(): Promise<void> {
    await this.#execute('cont');
  }

  /** Which device firmware tries first, from the next reset on. */
  async order(target: VmBootTarget): Promise<void> {
    const base = this.#index;
    this.#index += indexBlock;
    for (const [rank, device] of bootDevices(this.#spec, target).entries()) {
      const path = `/machine/peripheral/${device}`;
      await this.#execute('qom-set', { path, property: 'bootindex', value: base + rank });
    }
  }

  /** Asks for a reset; that it happened is told by the `reset` event. */
  async reset(): Promise<void> {
    await this.#execute('system_reset');
  }

  async pressPowerButton(): Promise<void> {
    await this.#execute('system_powerdown');
  }

  async link(up: boolean): Promise<void> {
    await this.#execute('set_link', { name: 'net0', up });
  }

  /** Takes the power away; resolves when the process is gone. */
  async quit(): Promise<void> {
    this.#quitting = true;
    // The connection may end before the answer does; the process is what counts.
    this.#execute('quit').catch(() => {});
    if (await ended(this.#child, quitMs)) return;
    this.#child.kill('SIGKILL');
    await ended(this.#child, quitMs);
  }

  get #alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async #execute(command: string, args: Record<string, unknown> = {}): Promise<void> {
    if (this.#qmp === null) throw new Error(`${command} before the monitor is attached`);
    await this.#qmp.execute(command, args);
  }

  #take({ event, data }: QmpEvent): void {
    if (event === 'RESET') this.emit('reset', String(data.reason ?? ''));
    if (event === 'WATCHDOG') this.emit('watchdog');
    if (event === 'SHUTDOWN') this.#guest = data.guest === true;
  }
}

async function startTpm(places: VmPaths, host: Host): Promise<ChildProcess> {
  if (host.swtpm === null) throw new Trouble('A machine with a TPM needs swtpm: install the package swtpm.');
  // swtpm takes its state folder from its own working folder unless the path is absolute.
  await mkdir(places.tpmState, { recursive: true, mode: 0o700 });
  const argv = ['socket', '--tpm2', '--tpmstate', `dir=${places.tpmState}`, '--ctrl', `type=unixio,path=${places.tpm}`];
  const child = spawn(host.tools.setpriv, ['--pdeathsig', 'KILL', host.swtpm, ...argv, '--terminate'], {
    stdio: 'ignore',
  });
  child.on('error', () => {});
  await waitForSocket(places.tpm, child);
  return child;
}

async function waitForSocket(path: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + monitorMs;
  while (Date.now() < deadline && child.exitCode === null) {
    if (await isThere(path)) return;
    await delay(20);
  }
  child.kill('SIGKILL');
  throw new Trouble('The TPM did not start: look at its state folder, or run without a TPM.');
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
