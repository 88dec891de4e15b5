import type { ImageSystemName } from '../machine.ts';

/** What holds at a site. */
export interface SitePolicy {
  /** Whether a MAC that nobody announced is born by itself. */
  readonly autoBirth: boolean;
  /** `blank`: only blank or Farrier-marked disks may be wiped unasked. `any`: everything on the birth network may. */
  readonly wipe: 'blank' | 'any';
  /** Networks in CIDR notation that hold management controllers; nothing else is ever contacted as one. */
  readonly bmcNetworks: readonly string[];
  /** Cap on requests at once to controllers of this site, for each process; 256 if absent. */
  readonly bmcRequests?: number;
  /** Bootstrap images served one machine for one intent before it is quarantined. */
  readonly bootstrapLimit: number;
  /** Unknown machines recorded a minute before further ones only get a *wait* answer. */
  readonly unknownMachinesPerMinute: number;
  /** Template of hostnames by position; knows `{rack}` and `{unit}` (two digits). */
  readonly hostname: string;
  readonly imageSystem: ImageSystemName;
  /** Pools whose machines in service get no updates from the image system; a debug image never gets any. */
  readonly updatesOff?: readonly string[];
}
