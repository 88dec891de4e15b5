import type { Milliseconds } from './duration.ts';

/** What can be done to the hardware of a machine. */

type Nothing = Readonly<Record<never, never>>;

/** Kinds of act, and what each takes. What an act does is in here or in its intent, never in what may change meanwhile. */
export interface ActParameters {
  readonly 'power-on': Nothing;
  /** `graceful` falls back to `forced` once the system has had `timeout` milliseconds to shut down; 120,000 if absent. */
  readonly 'power-off': { readonly how?: 'graceful' | 'forced' | 'graceful-only'; readonly timeout?: Milliseconds };
  readonly 'power-cycle': Nothing;
  /** Powers on what is off. */
  readonly restart: Nothing;
  /** A boot from the network, once, by a restart. */
  readonly 'boot-network': Nothing;
  /** `log` is the path of its service; only once all that it holds is kept. */
  readonly 'clear-log': { readonly log: string };
  /** What to boot from, without a start: at the next one or at all; `none` takes it back. */
  readonly 'set-boot': {
    readonly target: 'network' | 'pxe' | 'http' | 'disk' | 'cd' | 'usb' | 'bios' | 'none';
    readonly how?: 'once' | 'always';
    /** Where to boot from over HTTP, for controllers that take an address. */
    readonly uri?: string;
  };
  /** Attributes to make pending; those of the machine's profile if absent. */
  readonly 'set-bios': { readonly attributes?: Readonly<Record<string, string | number | boolean>> };
  /** A new password for the account that Farrier signs in with; the old one stays until the new one was seen to work. */
  readonly 'rotate-password': Nothing;
  /** An account whose name and password are behind this reference. */
  readonly 'create-account': { readonly secretRef: string; readonly role: 'Administrator' | 'Operator' | 'ReadOnly' };
  /** Never the one that Farrier signs in with. */
  readonly 'remove-account': { readonly username: string };
  /** The light to find the machine by. */
  readonly indicator: { readonly on: boolean };
  /** Starts the controller itself again. */
  readonly 'reset-bmc': Nothing;
  /**
   * Takes the mains away from the whole machine; only with the name of whoever approved of it. A host that was on is to
   * be on again: `wasOn` says so where it had to be powered off before.
   */
  readonly 'ac-cycle': { readonly approvedBy: string; readonly wasOn?: boolean };
  /** The order of the firmware as it was, put back if it is still `instead`. */
  readonly 'boot-order': { readonly order: readonly string[]; readonly instead: readonly string[] };
  /** In force from the next start on, if at all: read it then. */
  readonly 'secure-boot': { readonly enabled: boolean };
  readonly 'secure-boot-keys': { readonly reset: 'ResetAllKeysToDefault' | 'DeleteAllKeys' | 'DeletePK' };
  /** `slot` is the drive's resource, the best fitting one if absent; `secretRef` is for the image's server. */
  readonly 'insert-media': { readonly image: string; readonly slot?: string; readonly secretRef?: string };
  /** Ejects what is in `slot`, or in the first drive that holds anything. */
  readonly 'eject-media': { readonly slot?: string };
  /** By the controller; `method` as Redfish's SanitizationType, and never another one than this. */
  readonly 'erase-drive': {
    readonly serial: string;
    readonly method?: 'BlockErase' | 'CryptographicErase' | 'Overwrite';
    readonly approvedBy: string;
  };
  /** Everything back to its default. */
  readonly 'reset-bios': Nothing;
  /** One component's firmware, followed to the version that is read back. */
  readonly 'update-firmware': FirmwareUpdate;
  /** Flashes what was uploaded and verified before, where that takes a command of its own. */
  readonly 'start-firmware': Pick<FirmwareUpdate, 'component' | 'version'>;
}

/** Which version of a component's firmware is wanted, and the image that brings it. */
export interface FirmwareUpdate {
  /** As the controller's inventory names it: `BIOS`, `BMC`, `iDRAC.Embedded.1-1`. */
  readonly component: string;
  readonly version: string;
  /** Path below `files/` of the site's image server. */
  readonly image: string;
  /** Of the whole image, in hexadecimal: checked before anything is sent. */
  readonly sha256: string;
}

/** Acts that take up to hours: the limits of their activities are longer. */
export function takesLong(kind: ActKind): boolean {
  return kind === 'update-firmware' || kind === 'start-firmware' || kind === 'erase-drive';
}

export type ActKind = keyof ActParameters;
