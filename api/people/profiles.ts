import { z } from 'zod';
import { id } from '../../contract/api.ts';
import * as contract from '../../contract/driftschemas.ts';
import { listProfiles, setProfile } from '../../mdb/drift/profiles.ts';
import type { App, PeopleDependencies } from './app.ts';
import { ApiError } from './errors.ts';

const tags = ['profiles'];

/** What is wanted of machines of a kind: BIOS settings, versions, parts. */
export function serveProfiles(app: App, { mdb }: PeopleDependencies): void {
  app.get(
    '/profiles',
    { schema: { tags, summary: 'What is wanted of machines', response: { 200: contract.profileList } } },
    async () => ({ profiles: (await listProfiles(mdb)).map(show) }),
  );
  app.put(
    '/profiles/:id',
    {
      schema: {
        tags,
        summary: 'Sets what is named and leaves the rest',
        params: z.strictObject({ id }),
        body: contract.profileRequest,
        response: { 200: contract.profileView },
      },
    },
    async ({ params, body: { reason, ...change }, operator }) => {
      if (Object.keys(change).length === 0) throw new ApiError('invalid', 'there is nothing to set');
      await setProfile(mdb, operator, params.id, change, reason);
      const profile = (await listProfiles(mdb)).find((one) => one.id === params.id);
      if (!profile) throw new ApiError('not-found', `profile ${params.id} is gone`);
      return show(profile);
    },
  );
}

function show({ id: name, match, priority, bios, firmware, hardware, pool, machines }: Row): contract.ProfileView {
  return { id: name, match: { ...match }, priority, bios, firmware, hardware, pool, machines };
}

type Row = Awaited<ReturnType<typeof listProfiles>>[number];
