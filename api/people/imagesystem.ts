import * as contract from '../../contract/api.ts';
import { readImageSystem, setImageSystem } from '../../mdb/places/imagesystem.ts';
import { ApiError } from './errors.ts';
import { type ApiRoute, route } from './route.ts';

/** What installs the images of this site's machines. A birth keeps the one it began to install for. */
export const imageSystemRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/image-system',
    tag: 'image system',
    summary: "The site's image system",
    right: { role: 'viewer', of: 'site' },
    effect: 'read',
    answers: { 200: contract.imageSystemView },
    intent: ({ mdb, siteId }) => readImageSystem(mdb, siteId),
    handle: async ({ mdb, siteId }) => known(await readImageSystem(mdb, siteId), siteId),
  }),
  route({
    method: 'PUT',
    path: '/image-system',
    tag: 'image system',
    summary: 'Chooses the image system for the births to come',
    right: { role: 'admin', of: 'site' },
    effect: 'write',
    reason: 'required',
    body: contract.imageSystemRequest,
    answers: { 200: contract.imageSystemView },
    intent: ({ mdb, siteId }) => readImageSystem(mdb, siteId),
    handle: async ({ body: { reason, ...wanted }, operator, mdb, siteId }) =>
      known(await setImageSystem(mdb, operator, siteId, wanted, reason), siteId),
  }),
];

function known<T>(system: T | null, siteId: string): T {
  if (system === null) throw new ApiError('not-found', `there is no site ${siteId} yet`);
  return system;
}
