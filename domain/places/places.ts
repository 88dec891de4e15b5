/** Places as an operator, an import or a simulator announces them. */
import type { BurninLimits } from '../birth/limits.ts';
import type { ProfileMatch } from '../birth/profile.ts';
import type { SitePolicy } from './site.ts';

export interface SitePlace {
  readonly name: string;
  readonly domain: string;
  readonly policy: SitePolicy;
}

/** First and last address that Farrier may hand out, both included. */
export interface PoolRange {
  readonly first: string;
  readonly last: string;
}

export interface NetworkPlace {
  readonly id: string;
  readonly kind: 'birth' | 'main' | 'bmc';
  readonly cidr: string;
  readonly gateway?: string | null;
  readonly dns?: readonly string[];
  readonly vlan?: number | null;
  /** `position` by default for a main network, `pool` for a birth network. */
  readonly assignment?: 'position' | 'pool';
  /** The whole network by default. */
  readonly pool?: PoolRange;
}

export interface RackPlace {
  readonly id: string;
  readonly row?: string | null;
  readonly feed?: string | null;
  readonly az?: string | null;
  /** Height in rack units, 48 by default. */
  readonly units?: number;
  /** Dense number within the site; the lowest free one by default. Never changes: addresses follow from it. */
  readonly ordinal?: number;
  /** Free tags, which its machines have too; those of an earlier announcement stay where none are given. */
  readonly tags?: Readonly<Record<string, string>>;
}

export interface PortPlace {
  readonly port: string;
  readonly rack: string;
  readonly unit: number;
  /** Which of several machines in one case it leads to: one to four letters or digits. */
  readonly slot?: string;
}

export interface SwitchPlace {
  readonly id: string;
  /** LLDP chassis id: a MAC in any notation, or what the switch says. */
  readonly chassis: string;
  readonly name?: string;
  readonly ports: readonly PortPlace[];
}

export interface ProfilePlace {
  readonly id: string;
  readonly match?: ProfileMatch;
  readonly priority?: number;
  readonly burnin?: BurninLimits;
  readonly bios?: Readonly<Record<string, string | number | boolean>>;
  readonly pool?: string;
}

/** A controller that is expected, by a factor that its machine will show: boot MAC, serial number or both. */
export interface BmcPlace {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly mac?: string;
  readonly serial?: string;
  readonly secretRef: string;
}

export interface Places {
  readonly siteId: string;
  /** Absent when the site is in the MDB already and only its places are to be added. */
  readonly site?: SitePlace;
  readonly networks?: readonly NetworkPlace[];
  readonly racks?: readonly RackPlace[];
  readonly switches?: readonly SwitchPlace[];
  readonly profiles?: readonly ProfilePlace[];
  readonly bmcs?: readonly BmcPlace[];
}

/** Short enough to watch, long enough to find a broken part: an operator's profile runs for hours. */
export const standardBurnin: BurninLimits = {
  capSeconds: 600,
  stressSeconds: 20,
  peerShare: 0.7,
  minPeers: 3,
  floors: {},
};
