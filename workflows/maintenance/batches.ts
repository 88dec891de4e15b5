import type { Work } from '../../domain/requests.ts';

export type FirmwareWork = Extract<Work, { kind: 'firmware' }>;
export type Bios = Extract<Work, { kind: 'bios' }>;
export type ManualStep = Extract<Work, { kind: 'step' }>;

/** Work that one reboot applies, and the person's step that has to come after it. */
export interface Batch {
  readonly firmware: readonly FirmwareWork[];
  /** All settings of the batch, a later item's over an earlier one's. */
  readonly bios: Bios['attributes'];
  /** Null: as it is. */
  readonly secureBoot: boolean | null;
  readonly password: boolean;
  /** Whether a reboot was asked for, so that it happens even if nothing waits for one. */
  readonly reboot: boolean;
  readonly step: ManualStep | null;
}

/**
 * Puts work in the order that needs the fewest reboots: between two steps of people, whose place is kept, firmware comes
 * first, since it may put settings back to their defaults, then all settings, then one reboot for all of them.
 */
export function batchWork(work: readonly Work[]): Batch[] {
  const batches: Batch[] = [];
  let firmware: FirmwareWork[] = [];
  let bios: Bios['attributes'] = {};
  let secureBoot: boolean | null = null;
  let password = false;
  let reboot = false;
  const close = (step: ManualStep | null) => {
    const some = firmware.length > 0 || Object.keys(bios).length > 0 || secureBoot !== null || password || reboot;
    if (some || step) batches.push({ firmware, bios, secureBoot, password, reboot, step });
    firmware = [];
    bios = {};
    secureBoot = null;
    password = false;
    reboot = false;
  };
  for (const item of work) {
    if (item.kind === 'firmware') firmware.push(item);
    if (item.kind === 'bios') bios = { ...bios, ...item.attributes };
    if (item.kind === 'secure-boot') secureBoot = item.enabled;
    if (item.kind === 'password') password = true;
    if (item.kind === 'reboot') reboot = true;
    if (item.kind === 'step') close(item);
  }
  close(null);
  return batches;
}
