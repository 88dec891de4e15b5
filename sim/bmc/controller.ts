import { findFault } from '../faults.ts';
import type { SimMachine } from '../machine.ts';
import type { BmcAccount, ControllerState } from '../state.ts';
import type { BmcFaults } from './bmcfault.ts';
import type { Personality } from './personality.ts';
import { Guard, Sessions } from './sessions.ts';
import { Tasks } from './tasks.ts';

/** What one controller knows and does by itself; made when somebody first speaks to it. */
export class Controller {
  readonly machine: SimMachine;
  readonly personality: Personality;
  readonly sessions: Sessions;
  readonly guard = new Guard();
  readonly tasks: Tasks;
  readonly faults: BmcFaults;
  readonly #account: BmcAccount;
  /** When the last power command was taken; 0 before any. */
  lastPower = 0;
  /** An image that was verified and waits for StartUpdate. */
  staged: string | null = null;
  flashing = false;
  /** Numbers of the drives that are being erased. */
  readonly erasing = new Map<number, true>();
  /** What of it is elsewhere and does not outlive a restart. */
  restarting: () => void = () => {};
  #readyAt = 0;

  constructor(machine: SimMachine, account: BmcAccount, personality: Personality, faults: BmcFaults) {
    this.machine = machine;
    this.personality = personality;
    this.#account = account;
    this.faults = faults;
    this.sessions = new Sessions(personality.sessionSeconds);
    this.tasks = new Tasks(personality.tasks, machine.world.speed);
  }

  get ready(): boolean {
    return Date.now() >= this.#readyAt;
  }

  /** What it keeps over restarts; nothing is kept for a controller that was never changed. */
  get kept(): ControllerState {
    this.machine.state.controller ??= {};
    return this.machine.state.controller;
  }

  /** Accounts by slot or name of the resource. */
  get accounts(): Readonly<Record<string, BmcAccount>> {
    const { accountIds, slots } = this.personality;
    const id = accountIds === 'name' ? this.#account.username : slots === null ? '1' : '2';
    return this.machine.state.controller?.accounts ?? { [id]: this.#account };
  }

  setAccount(id: string, account: BmcAccount | null): void {
    const { [id]: old, ...others } = this.accounts;
    this.kept.accounts = account ? { ...others, [id]: account } : others;
    const by = account ? (old ? 'change' : 'create') : 'delete';
    if (account?.password === old?.password) this.machine.note('account-changed', { account: id });
    else this.machine.note('password-changed', { account: id, by });
    this.machine.changed();
  }

  versionOf(component: 'BMC' | 'BIOS'): string {
    const kept = this.machine.state.controller?.firmware?.[component];
    return kept ?? (component === 'BMC' ? this.personality.firmwareVersion : this.machine.hardware.model.biosVersion);
  }

  /** When it last started, by its own clock; ISO 8601. */
  get startedAt(): string {
    return this.machine.state.controller?.startedAt ?? '2026-01-01T00:00:00Z';
  }

  /** Whether the host is in POST, when some controllers take no boot settings (quirk 41). */
  get inPost(): boolean {
    return this.machine.phase === 'post';
  }

  /** Starts again: everybody is signed out, and for a while it answers nothing of use. */
  restart(by: string): void {
    const { restartSeconds, tasks } = this.personality;
    this.sessions.closeAll();
    if (tasks.volatile) this.tasks.forget();
    this.flashing = false;
    this.#readyAt = Date.now() + (restartSeconds * 1000) / this.machine.world.speed;
    this.restarting();
    this.kept.startedAt = new Date().toISOString();
    this.machine.note('bmc-reset', { by });
    this.machine.changed();
    this.#afterwards();
  }

  /** Quirk 34: what it does to the host's power, or tells of it, after it started again. */
  #afterwards(): void {
    const how = findFault(this.machine.state.faults, 'bmc-reset-power')?.how;
    if (how === 'drops') void this.machine.powerOff('bmc-reset');
    if (how !== 'misreports') return;
    this.machine.setFault({ kind: 'stale-power', seconds: this.personality.restartSeconds + 10 });
    this.machine.powerMoved = Date.now();
  }
}
