import { count, eq } from 'drizzle-orm';
import type { BurninLimits } from '../../domain/birth/limits.ts';
import type { NetworkPlace, Places } from '../../domain/places/places.ts';
import type { SitePolicy } from '../../domain/places/site.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { definePlaces } from '../../mdb/places/places.ts';
import { profiles, sites } from '../../mdb/schema.ts';

export const homeSite = 'home';

/** To be watched: an operator's own profile, of a higher priority, runs for hours. */
const quickBurnin: BurninLimits = { capSeconds: 600, stressSeconds: 2, peerShare: 0.5, minPeers: 5, floors: {} };

/** Farrier's own addresses in the networks, where a real wire leads to it: in the virtual machines' network. */
export const homeGateways = ['10.77.0.1/16', '10.1.0.1/16'] as const;

// The controllers of simulated and of virtual machines are processes on this machine.
const bmcNetworks = ['127.0.0.0/8'];

/**
 * Makes sure of a site that machines can be born in: networks, a profile that fits all, a policy. Whatever a person
 * has changed of an existing site stays; only the room for addresses grows with the machines.
 * Racks, switches and controllers are announced by whoever has them.
 */
export async function defineHome(mdb: Mdb, expected: number): Promise<void> {
  const [known] = await mdb.select({ sites: count() }).from(sites).where(eq(sites.id, homeSite));
  const [profiled] = await mdb.select({ profiles: count() }).from(profiles);
  const places: Places = { siteId: homeSite, networks: homeNetworks(expected) };
  const site = { name: 'Home', domain: 'home.farrier.internal', policy: homePolicy(expected) };
  await definePlaces(
    mdb,
    { class: 'system', name: 'up' },
    {
      ...places,
      ...(known?.sites ? {} : { site }),
      ...(profiled?.profiles ? {} : { profiles: [{ id: 'quick', burnin: quickBurnin }] }),
    },
  );
}

function homePolicy(expected: number): SitePolicy {
  return {
    autoBirth: true,
    wipe: 'blank',
    bmcNetworks,
    bootstrapLimit: 5,
    // Everything that was asked for is powered on at once, and is no storm.
    unknownMachinesPerMinute: Math.max(600, expected * 2),
    hostname: '{rack}-u{unit}',
    imageSystem: 'archive',
  };
}

function homeNetworks(expected: number): NetworkPlace[] {
  // A temporary address is lent for the time of a birth; twice the machines leaves room for a repeat.
  const lent = Math.min(65_000, Math.max(1000, expected * 2));
  const last = lent + 9;
  return [
    {
      id: 'home-birth',
      kind: 'birth',
      cidr: '10.77.0.0/16',
      gateway: '10.77.0.1',
      pool: { first: '10.77.0.10', last: `10.77.${Math.floor(last / 256)}.${last % 256}` },
    },
    { id: 'home-main', kind: 'main', cidr: '10.1.0.0/16', gateway: '10.1.0.1', assignment: 'position' },
  ];
}
