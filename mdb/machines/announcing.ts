/** What people announce: each in one transaction with its audit row and the message to the workflow. */

import { and, eq, sql } from 'drizzle-orm';
import { normaliseMac } from '../../domain/machine.ts';
import { portKey } from '../../domain/places/ports.ts';
import { isRefused, type Refused } from '../../domain/refused.ts';
import { checkTags } from '../../domain/tags.ts';
import { type Actor, acting, record, type Transaction } from '../acting.ts';
import type { Mdb } from '../connect.ts';
import { freeId, ownerOf } from '../identity/unknown.ts';
import { lock } from '../locks.ts';
import { expectedBmcs, machines, nics, racks, sites, switches, switchPorts } from '../schema.ts';
import { insertTags } from './tagging.ts';

export interface Announcement {
  readonly mac: string;
  readonly rack?: string | undefined;
  readonly unit?: number | undefined;
  /** Which of several machines in one case. */
  readonly slot?: string | undefined;
  readonly switch?: string | undefined;
  readonly port?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly bmc?:
    | { readonly origin: string; readonly secretRef: string; readonly serial?: string | undefined }
    | undefined;
}

/** Writes a machine that nobody has seen yet, so that its first boot is expected. */
export async function announceMachine(
  mdb: Mdb,
  operator: Actor,
  siteId: string,
  spec: Announcement,
): Promise<{ id: string } | Refused> {
  return acting(mdb, operator, null, async (tx) => {
    const mac = normaliseMac(spec.mac);
    if (mac === null) return { code: 'invalid', message: `${spec.mac} is not the MAC of a machine`, field: 'mac' };
    const [problem] = checkTags(spec.tags ?? {});
    if (problem !== undefined) return { code: 'invalid', message: problem, field: 'tags' };
    const [site] = await tx.select({ id: sites.id }).from(sites).where(eq(sites.id, siteId));
    if (!site) return { code: 'not-found', message: `site ${siteId} is not in the MDB` };
    const place = await findPlace(tx, siteId, spec);
    if (isRefused(place)) return place;
    const taken = await findTaken(tx, mac, place, spec.bmc?.origin);
    if (taken) return taken;
    const id = await freeId(tx, mac);
    await tx
      .insert(machines)
      .values({ id, siteId, mac, rackId: place?.rack ?? null, unit: place?.unit ?? null, slot: place?.slot ?? null });
    await tx.insert(nics).values({ mac, machineId: id });
    await insertTags(tx, id, spec.tags ?? {});
    if (spec.bmc) {
      const { origin, secretRef, serial } = spec.bmc;
      await tx.insert(expectedBmcs).values({ origin, secretRef, serial: serial ?? null, siteId, mac });
    }
    const detail = { mac, ...place, ...(spec.bmc && { bmc: spec.bmc.origin }), ...(spec.tags && { tags: spec.tags }) };
    await record(tx, { actor: operator, action: 'machine.announce', machineId: id, detail });
    return { id };
  });
}

interface Place {
  readonly rack: string;
  readonly unit: number;
  readonly slot: string | null;
}

/** The place that is meant, whether or not it is free; null where none is. */
export async function findPlace(
  tx: Transaction,
  siteId: string,
  spec: Omit<Announcement, 'mac'>,
): Promise<Place | null | Refused> {
  if (spec.switch !== undefined) {
    const ports = await tx
      .select({ port: switchPorts.port, rack: switchPorts.rackId, unit: switchPorts.unit, slot: switchPorts.slot })
      .from(switchPorts)
      .innerJoin(switches, eq(switches.id, switchPorts.switchId))
      .where(and(eq(switches.id, spec.switch), eq(switches.siteId, siteId)));
    const port = ports.find((one) => portKey(one.port) === portKey(spec.port ?? ''));
    return (
      (port && { rack: port.rack, unit: port.unit, slot: spec.slot?.toUpperCase() ?? port.slot }) ?? {
        code: 'not-found',
        message: `switch ${spec.switch} has no port ${spec.port} in the MDB`,
        field: 'port',
      }
    );
  }
  if (spec.rack === undefined || spec.unit === undefined) return null;
  const [rack] = await tx
    .select()
    .from(racks)
    .where(and(eq(racks.id, spec.rack), eq(racks.siteId, siteId)));
  if (!rack) return { code: 'not-found', message: `there is no rack ${spec.rack}`, field: 'rack' };
  if (spec.unit > rack.units)
    return { code: 'invalid', message: `rack ${rack.id} has ${rack.units} units`, field: 'unit' };
  return { rack: spec.rack, unit: spec.unit, slot: spec.slot?.toUpperCase() ?? null };
}

async function findTaken(tx: Transaction, mac: string, place: Place | null, origin?: string): Promise<Refused | null> {
  await lock(tx, 'registration');
  const owner = await ownerOf(tx, mac);
  if (owner !== null) return { code: 'conflict', message: `MAC ${mac} belongs to ${owner}`, field: 'mac' };
  if (place) {
    const slot = sql`${machines.slot} is not distinct from ${place.slot}`;
    const here = and(eq(machines.rackId, place.rack), eq(machines.unit, place.unit), slot);
    const [other] = await tx.select({ id: machines.id }).from(machines).where(here);
    if (other) {
      return {
        code: 'conflict',
        message: `unit ${place.unit} of rack ${place.rack} holds ${other.id}: several machines in one case have a slot each`,
        field: 'unit',
      };
    }
  }
  if (origin === undefined) return null;
  const [bmc] = await tx
    .select({ origin: expectedBmcs.origin })
    .from(expectedBmcs)
    .where(eq(expectedBmcs.origin, origin));
  return bmc ? { code: 'conflict', message: `the controller ${origin} is announced already`, field: 'bmc' } : null;
}
