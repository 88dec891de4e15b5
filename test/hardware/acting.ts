import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createHardwareActivities, type HardwareActivities } from '../../activities/hardware/index.ts';
import type { Act, ActResult } from '../../contract/hardware.ts';
import type { ActKind, ActParameters } from '../../domain/acts.ts';
import { bmcs, fences, machines } from '../../mdb/schema.ts';
import type { ActClock } from '../../redfish/acts/definition.ts';
import type { ImageSource } from '../../redfish/acts/firmware.ts';
import { openSessionPool } from '../../redfish/pool.ts';
import { secretFolder } from '../../redfish/secrets.ts';
import type { BmcFault } from '../../sim/bmc/bmcfault.ts';
import type { PersonalityChoice } from '../../sim/bmc/personalities.ts';
import { createFleet } from '../../sim/fleet.ts';
import { listenFor } from '../../sim/listen.ts';
import type { SimMachine } from '../../sim/machine.ts';
import type { ThrowawayMdb } from '../support/mdb.ts';

/**
 * Time for a client that is as much faster as the simulator it speaks to. What passes is what it waited, not what the
 * clock says: the time limit counts looks then, and a laden machine does not use it up.
 */
export function clockAt(speed: number): ActClock {
  const born = Date.now();
  const waits: { readonly at: number; readonly milliseconds: number }[] = [];
  return {
    wait: (milliseconds) => {
      waits.push({ at: Date.now(), milliseconds });
      return sleep(milliseconds / speed);
    },
    since: (time) =>
      waits.reduce((sum, { at, milliseconds }) => sum + (at >= time ? milliseconds : 0), 0) +
      Math.max(0, born - time) * speed,
  };
}

export interface Acting {
  readonly machineId: string;
  readonly machine: SimMachine;
  readonly activities: HardwareActivities;
  /** Acts on the machine under an intent of its own, of which it gives the id. */
  act<K extends ActKind>(kind: K, parameters?: ActParameters[K], more?: Partial<Act>): Promise<ActResult>;
  settle<K extends ActKind>(kind: K, more?: Partial<Act>): Promise<ActResult>;
  /** Makes answers of its controller go wrong. */
  bmcFault(fault: Partial<BmcFault> & { path: string }): void;
  effects(...names: string[]): Promise<string[]>;
  /** The system as its controller shows it. */
  system(): Promise<Record<string, unknown>>;
  /** Puts a secret into the store. */
  secret(reference: string, credentials: { readonly username: string; readonly password: string }): Promise<void>;
  close(): Promise<void>;
}

let count = 0;

/** A simulated machine with such a controller that the MDB knows, and the activities that act on it. */
export async function actingOn(
  db: ThrowawayMdb,
  personality: PersonalityChoice,
  { speed = 50, images }: { readonly speed?: number; readonly images?: ImageSource } = {},
): Promise<Acting> {
  const folder = await mkdtemp(join(tmpdir(), 'farrier-acting-'));
  await writeFile(join(folder, 'good'), JSON.stringify({ username: 'admin', password: 'simulated' }));
  count += 1;
  // Nothing answers there: the machine only ever finds no boot device.
  const fleet = createFleet({
    racks: 1,
    perRack: 1,
    folder,
    speed,
    // Other hardware for each: what two machines of an MDB have in common identifies neither.
    seed: count,
    bootUrl: 'http://127.0.0.1:9',
    ca: '',
    personality,
  });
  const listening = await listenFor(fleet, '127.0.0.1:0', 'ports');
  const machine = fleet.machines[0] as SimMachine;
  // Serial numbers of simulated machines come again with other seeds.
  machine.hardware = { ...machine.hardware, serial: `${machine.hardware.serial}N${count}` };
  const id = `m-acting-${count}`;
  const { hardware } = machine;
  const mac = `02:dd:00:00:00:${count.toString(16).padStart(2, '0')}`;
  await db.mdb.insert(machines).values({ id, siteId: 'home', mac, systemUuid: hardware.uuid, serial: hardware.serial });
  await db.mdb.insert(bmcs).values({ machineId: id, origin: listening.originOf(hardware), secretRef: 'good' });
  await db.mdb.insert(fences).values({ machineId: id, fence: 7 });
  const pool = openSessionPool();
  const activities = createHardwareActivities(db.mdb, secretFolder(folder), pool, {
    clock: clockAt(speed),
    ...(images && { images }),
  });
  const run = (name: 'act' | 'settle', act: object): Promise<ActResult> =>
    new MockActivityEnvironment().run(activities[name] as (input: unknown) => Promise<ActResult>, act);
  const base = (kind: ActKind) => ({
    machineId: id,
    siteId: 'home',
    orderId: null,
    intentId: `${id}-${kind}`,
    fence: 7,
    kind,
  });
  return {
    machineId: id,
    machine,
    activities,
    act: (kind, parameters, more) => run('act', { ...base(kind), ...(parameters && { parameters }), ...more }),
    settle: (kind, more) => run('settle', { ...base(kind), ...more }),
    bmcFault: (fault) => fleet.bmcOf(machine).faults.set({ times: 1, ...fault }),
    effects: async (...names) =>
      (await fleet.journal.read()).map(({ effect }) => effect).filter((effect) => names.includes(effect)),
    system: async () => {
      const get = async (path: string) => {
        const authorization = `Basic ${Buffer.from('admin:simulated').toString('base64')}`;
        const answer = await fetch(`${listening.originOf(hardware)}${path}`, { headers: { authorization } });
        return (await answer.json()) as Record<string, unknown>;
      };
      const { Members } = (await get('/redfish/v1/Systems')) as { Members: { '@odata.id': string }[] };
      return get(Members.at(-1)?.['@odata.id'] ?? '');
    },
    secret: (reference, credentials) => writeFile(join(folder, reference), JSON.stringify(credentials)),
    async close() {
      await pool.close();
      await listening.close();
      await fleet.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
