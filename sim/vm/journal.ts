import { appendFileSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * What happened to a machine, as the hardware saw it. An effect is journalled when it is observed, not when it is
 * asked for, so that a test can count how often something was really done.
 */
export interface VmEffect {
  readonly kind:
    | 'power-on'
    | 'power-off'
    | 'reset'
    | 'graceful-shutdown-asked'
    | 'watchdog'
    | 'boot-override'
    | 'boot-override-used'
    | 'link'
    | 'login-refused';
  /** `bmc`, `guest`, `watchdog`, `rig`, or `crash` with QEMU's last words in `detail`. */
  readonly cause: string;
  readonly detail?: string;
}

/** Appends effects to a file of JSON lines: `time` (ISO 8601), `machine`, and the effect. */
export class VmJournal {
  readonly #file: string;

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#file = file;
  }

  // Synchronous on purpose: an effect is on record before anyone can ask about it.
  write(machine: string, effect: VmEffect): void {
    appendFileSync(this.#file, `${JSON.stringify({ time: new Date().toISOString(), machine, ...effect })}\n`);
  }
}
