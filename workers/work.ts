/** What the workers of each kind do, with the one boundary at which all of it fails. */
import type { WorkerOptions } from '@temporalio/worker';
import { createBirthActivities } from '../activities/birth/index.ts';
import { boundary } from '../activities/boundary.ts';
import { createCampaignActivities } from '../activities/campaign/index.ts';
import { createCleanActivities } from '../activities/clean/index.ts';
import { createOrderActivities } from '../activities/orders/index.ts';
import { createOutageActivities } from '../activities/outage/index.ts';
import { createPassageActivities } from '../activities/passage/index.ts';
import { createPermitActivities } from '../activities/permits/index.ts';
import { createReconcileActivities } from '../activities/reconcile/index.ts';
import { createRepairActivities } from '../activities/repair/index.ts';
import { createRetireActivities } from '../activities/retire/index.ts';
import type { Mdb } from '../mdb/connect.ts';

type Work = Required<Pick<WorkerOptions, 'activities' | 'interceptors'>>;

export function bounded(activities: object): Work {
  return { activities, interceptors: { activity: [boundary] } };
}

export function lifecycleWork(mdb: Mdb): Work {
  return bounded({
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
  });
}
