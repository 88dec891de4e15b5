import * as contract from '../../contract/api.ts';
import { readImageSystem, setImageSystem } from '../../mdb/places/imagesystem.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';

const tags = ['image system'];

/** What installs the images of this site's machines. A birth keeps the one it began to install for. */
export function serveImageSystem(app: App, { mdb, siteId }: PeopleDependencies): void {
  const known = <T>(system: T | null): T => {
    if (system === null) throw new ApiError('not-found', `there is no site ${siteId} yet`);
    return system;
  };
  app.get(
    '/image-system',
    { schema: { tags, summary: "The site's image system", response: { 200: contract.imageSystemView } } },
    async () => known(await readImageSystem(mdb, siteId)),
  );
  app.put(
    '/image-system',
    {
      schema: {
        tags,
        summary: 'Chooses the image system for the births to come',
        body: contract.imageSystemRequest,
        response: { 200: contract.imageSystemView },
      },
    },
    async ({ body: { reason, ...wish }, operator }) => known(await setImageSystem(mdb, operator, siteId, wish, reason)),
  );
}
