import { eq, inArray, sql } from 'drizzle-orm';
import { normaliseMac } from '../../domain/machine.ts';
import { checkPlaces } from '../../domain/places/checks.ts';
import { type Places, standardBurnin } from '../../domain/places/places.ts';
import { PlacesError, refuseProblems } from '../../domain/places/problems.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { lock } from '../locks.ts';
import { expectedBmcs, profiles, sites } from '../schema.ts';
import { writeNetworks } from './networks.ts';
import { writeRacks, writeSwitches } from './racks.ts';

/**
 * Writes places as given, in one transaction; may be repeated, and what is there already is brought up to date.
 * Nothing is ever removed. Throws PlacesError, with nothing written, for places that cannot be right.
 */
export async function definePlaces(mdb: Mdb, actor: Actor, places: Places): Promise<void> {
  refuseProblems(checkPlaces(places));
  await acting(mdb, actor, null, async (tx) => {
    // Two definitions at once would take the same free rack numbers.
    await lock(tx, 'places');
    await writeSite(tx, places);
    await writeNetworks(tx, places);
    await writeRacks(tx, places);
    await writeSwitches(tx, places);
    await writeProfiles(tx, places);
    await writeBmcs(tx, places);
    const { siteId, site, ...lists } = places;
    const counts = Object.entries(lists).map(([what, list]) => [what, list.length]);
    const detail = { site: siteId, ...(site && { policy: site.policy }), ...Object.fromEntries(counts) };
    await record(tx, { actor, action: 'places.define', detail });
  });
}

async function writeSite(tx: Transaction, { siteId, site }: Places): Promise<void> {
  if (site) {
    const { name, domain, policy } = site;
    const values = { name, domain, policy };
    await tx
      .insert(sites)
      .values({ id: siteId, ...values })
      .onConflictDoUpdate({ target: sites.id, set: values });
    return;
  }
  const known = await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, siteId));
  if (known.length === 0) throw new PlacesError([`site ${siteId} is not in the MDB`]);
}

async function writeProfiles(tx: Transaction, { profiles: given = [] }: Places): Promise<void> {
  for (const profile of given) {
    const { match = {}, priority = 0, burnin = standardBurnin, bios = {}, pool = 'general' } = profile;
    const values = { match, priority, burnin, bios, pool };
    await tx
      .insert(profiles)
      .values({ id: profile.id, ...values })
      .onConflictDoUpdate({ target: profiles.id, set: values });
  }
}

async function writeBmcs(tx: Transaction, { siteId, bmcs: given = [] }: Places): Promise<void> {
  for (let at = 0; at < given.length; at += 2000) {
    const rows = given.slice(at, at + 2000).map(({ origin, mac, serial, secretRef }) => ({
      origin: new URL(origin).origin,
      siteId,
      mac: mac ? normaliseMac(mac) : null,
      serial: serial ?? null,
      secretRef,
    }));
    // A controller that is announced at another origin has moved: its old row would hold the MAC and the serial.
    await tx.delete(expectedBmcs).where(sql`${expectedBmcs.siteId} = ${siteId} and (
      ${inArray(
        expectedBmcs.origin,
        rows.map((row) => row.origin),
      )}
      or ${inArray(
        sql`${expectedBmcs.mac}::text`,
        rows.map((row) => row.mac ?? ''),
      )}
      or ${inArray(
        sql`coalesce(${expectedBmcs.serial}, '')`,
        rows.map((row) => row.serial ?? '-'),
      )})`);
    await tx.insert(expectedBmcs).values(rows);
  }
}
