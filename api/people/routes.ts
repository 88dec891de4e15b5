/** Every route of the people's API. What is not here is not served, and has no right that says who may. */
import { accountRoutes } from './accounts.ts';
import { adoptionRoutes } from './adoptions.ts';
import { approvalRoutes } from './approvals.ts';
import { auditRoutes } from './audit.ts';
import { beltRoutes } from './belt.ts';
import { calendarRoutes } from './calendar.ts';
import { campaignRoutes } from './campaigns.ts';
import { changeRoutes } from './changes.ts';
import { dominatorRoutes } from './dominator.ts';
import { driftRoutes } from './drift.ts';
import { exportRoutes } from './exports.ts';
import { fleetRoutes } from './fleet.ts';
import { flowRoutes } from './flows.ts';
import { guardRoutes, poolRoutes } from './guards.ts';
import { hardwareRoutes } from './hardware.ts';
import { doctorRoutes, monitoringRoutes } from './health.ts';
import { holdRoutes } from './hold.ts';
import { imageRoutes } from './images.ts';
import { imageSystemRoutes } from './imagesystem.ts';
import { importRoutes } from './imports.ts';
import { machineRoutes } from './machines.ts';
import { manyOrdersRoutes } from './many.ts';
import { onCallRoutes } from './oncall.ts';
import { humanStepRoutes, orderRoutes } from './orders.ts';
import { passkeyRoutes } from './passkeys.ts';
import { personRoutes } from './persons.ts';
import { placeRoutes } from './places.ts';
import { policyRoutes } from './policies.ts';
import { profileRoutes } from './profiles.ts';
import { providerRoutes } from './provider.ts';
import { rehydrateRoutes } from './rehydrate.ts';
import { releaseRoutes, vouchingRoutes } from './release.ts';
import type { ApiRoute } from './route.ts';
import { semaphoreRoutes } from './semaphores.ts';
import { sessionRoutes } from './session.ts';
import { tagRoutes } from './tags.ts';
import { mirrorRoutes, ticketingRoutes } from './tickets.ts';

export const routes: readonly ApiRoute[] = [
  ...monitoringRoutes,
  ...dominatorRoutes,
  ...machineRoutes,
  ...hardwareRoutes,
  ...holdRoutes,
  ...releaseRoutes,
  ...vouchingRoutes,
  ...rehydrateRoutes,
  ...orderRoutes,
  ...manyOrdersRoutes,
  ...campaignRoutes,
  ...calendarRoutes,
  ...driftRoutes,
  ...profileRoutes,
  ...guardRoutes,
  ...poolRoutes,
  ...semaphoreRoutes,
  ...humanStepRoutes,
  ...tagRoutes,
  ...ticketingRoutes,
  ...mirrorRoutes,
  ...onCallRoutes,
  ...placeRoutes,
  ...adoptionRoutes,
  ...importRoutes,
  ...exportRoutes,
  ...imageRoutes,
  ...imageSystemRoutes,
  ...doctorRoutes,
  ...auditRoutes,
  ...changeRoutes,
  ...sessionRoutes,
  ...beltRoutes,
  ...flowRoutes,
  ...fleetRoutes,
  ...policyRoutes,
  ...accountRoutes,
  ...approvalRoutes,
  ...personRoutes,
  ...passkeyRoutes,
  ...providerRoutes,
];
