/** What the workers of each kind do, with the one boundary around all of it. */
import type { WorkerOptions } from '@temporalio/worker';
import type { ConnectionStore } from '../integrations/http/connection.ts';
import type { Mdb } from '../mdb/connect.ts';
import type { ImageSource } from '../redfish/acts/firmware.ts';
import type { SessionPool } from '../redfish/pool.ts';
import type { SecretStore } from '../redfish/secrets.ts';
import { createAdoptionActivities } from './adoption/index.ts';
import { createAdoptionLook } from './adoption/look.ts';
import { createBirthActivities } from './birth/index.ts';
import { boundary } from './boundary.ts';
import { createCampaignActivities } from './campaign/index.ts';
import { createCleanActivities } from './clean/index.ts';
import { createDrainActivities } from './drain/index.ts';
import { createHardwareActivities } from './hardware/index.ts';
import { createOrderActivities } from './orders/index.ts';
import { createOutageActivities } from './outage/index.ts';
import { createPassageActivities } from './passage/index.ts';
import { createPermitActivities } from './permits/index.ts';
import { createReconcileActivities } from './reconcile/index.ts';
import { createRecordActivities } from './records/index.ts';
import { createRepairActivities } from './repair/index.ts';
import { createRetireActivities } from './retire/index.ts';

/** What the activities of a site's hardware work with, besides the MDB. */
export interface HardwareMeans {
  readonly secrets: SecretStore;
  readonly connections: ConnectionStore;
  readonly sessions: SessionPool;
  readonly images: ImageSource;
  /** Where controllers send their events; null where none is to. */
  readonly receiver: string | null;
}

type WorkerActivities = Required<Pick<WorkerOptions, 'activities' | 'interceptors'>>;

/** The activities of a worker: those of a site's hardware where its means are given, else the transactions on the MDB. */
export function createActivities(mdb: Mdb, hardware: HardwareMeans | null = null): WorkerActivities {
  const activities = hardware === null ? transactions(mdb) : hardwareActivities(mdb, hardware);
  return { activities, interceptors: { activity: [boundary] } };
}

function hardwareActivities(mdb: Mdb, { secrets, connections, sessions, images, receiver }: HardwareMeans) {
  return {
    ...createHardwareActivities(mdb, secrets, sessions, { images }),
    ...createAdoptionLook(mdb, secrets, sessions),
    ...createDrainActivities(mdb, connections),
    ...createRecordActivities(mdb, secrets, sessions, { receiver }),
  };
}

function transactions(mdb: Mdb) {
  return {
    ...createAdoptionActivities(mdb),
    ...createOrderActivities(mdb),
    ...createPassageActivities(mdb),
    ...createRepairActivities(mdb),
    ...createRetireActivities(mdb),
    ...createOutageActivities(mdb),
    ...createBirthActivities(mdb),
    ...createCleanActivities(mdb),
    ...createPermitActivities(mdb),
    ...createCampaignActivities(mdb),
    ...createReconcileActivities(mdb),
  };
}
