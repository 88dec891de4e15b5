/**
 * Every vendor word of the client, as data: the rest asks what a controller can do. A row says what it deviates in, on
 * whom, and the row of the evidence list that it comes from (`docs/redfish.md` tells what became of the others).
 */
import type { RedfishErrorKind } from './errors.ts';

/** How the boot override is written. */
export interface BootForm {
  /** `triple` sends target, enabled and mode together, `differing` only what is not so already. */
  readonly write: 'triple' | 'differing';
  readonly mode: 'send' | 'omit';
}

/** Words of the old `IndicatorLED` for a light that is to be found, and one that is not. */
interface LedWords {
  readonly on: string;
  readonly off: string;
}

/** How a form with an image is taken. */
interface UploadForm {
  /** Whether it is only verified, and flashed by a second command. */
  readonly starts: boolean;
  /** What the form has to say, by component. */
  readonly parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

interface FamilyRow {
  /** Number in the list, or the recording that shows it. */
  readonly evidence: number | string;
  readonly what: string;
  readonly vendor: RegExp;
  /** The system's model, where only some of a vendor's are so. */
  readonly model?: RegExp;
  readonly boot?: Partial<BootForm>;
  readonly led?: LedWords;
  readonly restart?: Quirks['restart'];
  readonly upload?: UploadForm;
}

/** A form of Supermicro's: the settings that are there are kept (fwupd, plugins/redfish). */
function preserving(target: string, component: string, kept: readonly string[]) {
  const flags = Object.fromEntries(kept.map((name) => [name, true]));
  return {
    Targets: [target],
    '@Redfish.OperationApplyTime': 'OnStartUpdateRequest',
    Oem: { Supermicro: { [component]: flags } },
  };
}

const families: readonly FamilyRow[] = [
  {
    evidence: 40,
    what: 'setting the mode it already has queues a BIOS job and another restart',
    vendor: /\bdell\b/i,
    boot: { write: 'differing' },
  },
  {
    evidence: 41,
    what: 'the boot mode is not writable',
    vendor: /\bhpe?\b|hewlett/i,
    boot: { mode: 'omit' },
  },
  {
    evidence: 32,
    what: 'a forced restart may hang the host: it is powered off, and on again',
    vendor: /\blenovo\b/i,
    model: /\bSR675\b/i,
    restart: 'off-then-on',
  },
  {
    evidence: 'F:dell',
    what: 'the light is Lit when nobody looks for it, and Blinking when somebody does',
    vendor: /\bdell\b/i,
    led: { on: 'Blinking', off: 'Lit' },
  },
  {
    evidence: 56,
    what: 'an uploaded image is only verified: a second command flashes it',
    vendor: /supermicro/i,
    upload: {
      starts: true,
      parameters: {
        BIOS: preserving('/redfish/v1/Systems/1/Bios', 'BIOS', ['PreserveME', 'PreserveNVRAM', 'PreserveSMBIOS']),
        BMC: preserving('/redfish/v1/Managers/1', 'BMC', ['PreserveCfg', 'PreserveSdr', 'PreserveSsl']),
      },
    },
  },
];

export interface Quirks {
  readonly boot: BootForm;
  readonly led: LedWords;
  readonly restart: 'reset' | 'off-then-on';
  /** Null where a form with an image is taken as the standard says. */
  readonly upload: UploadForm | null;
  /** The rows in force, for people. */
  readonly inForce: readonly string[];
}

/** What deviates on a controller whose service root and system name these makers, of a machine of this model. */
export function quirksOf(makers: readonly (string | null)[], product: string | null = null): Quirks {
  const named = makers.filter((maker) => maker !== null).join(' ');
  const rows = families.filter(({ vendor, model }) => vendor.test(named) && (model?.test(product ?? '') ?? true));
  // The whole triple by default: some controllers drop or revert what a partial one leaves out (quirks 36 and 37).
  const boot: BootForm = Object.assign({ write: 'triple', mode: 'send' }, ...rows.map((row) => row.boot));
  return {
    boot,
    led: rows.find(({ led }) => led)?.led ?? { on: 'Lit', off: 'Off' },
    restart: rows.find(({ restart }) => restart)?.restart ?? 'reset',
    upload: rows.find(({ upload }) => upload)?.upload ?? null,
    inForce: rows.map(({ evidence, what }) => `${what} (quirk ${evidence})`),
  };
}

interface AcCycleRow {
  readonly evidence: number;
  /** Name of the vendor's action. */
  readonly action: string;
  readonly at: 'system' | 'chassis';
  readonly body: Readonly<Record<string, string>>;
  /** Whether it is only taken while the host is off. */
  readonly offFirst: boolean;
}

/** Actions that take the mains away from the machine, the controller included. */
export const acCycles: readonly AcCycleRow[] = [
  {
    evidence: 33,
    action: '#DellOemChassis.ExtendedReset',
    at: 'chassis',
    body: { ResetType: 'PowerCycle', FinalPowerState: 'On' },
    offFirst: false,
  },
  {
    evidence: 33,
    action: '#HpeComputerSystemExt.SystemReset',
    at: 'system',
    body: { ResetType: 'AuxCycle' },
    offFirst: true,
  },
  {
    evidence: 33,
    action: '#LenovoComputerSystem.SystemReset',
    at: 'system',
    body: { ResetType: 'ACPowerCycle' },
    offFirst: false,
  },
  {
    evidence: 33,
    action: '#NvidiaChassis.AuxPowerReset',
    at: 'chassis',
    body: { ResetType: 'AuxPowerCycle' },
    offFirst: false,
  },
];

interface MessageRow {
  readonly evidence: number;
  readonly kind: RedfishErrorKind;
  /** Set where the vendor's word means that a write was not taken, whatever the status says. */
  readonly notTaken?: true;
}

/** Vendors' own message keys (the last part of a MessageId) and what they mean. */
export const vendorMessages: Readonly<Record<string, MessageRow>> = {
  RAC0218: { evidence: 1, kind: 'session-limit' },
  SYS518: { evidence: 16, kind: 'busy', notTaken: true },
  InvalidOperationForSystemState: { evidence: 31, kind: 'not-now' },
  OperationSupportedInFutureStateURI: { evidence: 38, kind: 'elsewhere' },
  UnableToModifyDuringSystemPOST: { evidence: 41, kind: 'not-now' },
  ResourceNotReadyRetry: { evidence: 70, kind: 'busy' },
};
