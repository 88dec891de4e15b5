import { z } from 'zod';
import { id } from '../../contract/api.ts';
import * as contract from '../../contract/driftschemas.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { listProfiles, setProfile } from '../../mdb/drift/profiles.ts';
import { ApiError } from './errors.ts';
import { type ApiRoute, route } from './route.ts';

/** What is wanted of machines of a kind: BIOS settings, versions, parts. */
export const profileRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/profiles',
    tag: 'profiles',
    summary: 'Profiles: the settings, versions and parts that machines should have',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.profileList },
    handle: async ({ mdb }) => ({ profiles: (await listProfiles(mdb)).map(show) }),
  }),
  route({
    method: 'GET',
    path: '/profiles/:id',
    tag: 'profiles',
    summary: 'What one profile wants',
    right: { role: 'viewer', of: 'profile' },
    effect: 'read',
    params: z.strictObject({ id }),
    answers: { 200: contract.profileView },
    intent: profileIntent,
    handle: async ({ params, mdb }) => {
      const profile = (await listProfiles(mdb)).find((one) => one.id === params.id);
      if (!profile) throw new ApiError('not-found', `there is no profile ${params.id}`, 'id');
      return show(profile);
    },
  }),
  route({
    method: 'PUT',
    path: '/profiles/:id',
    tag: 'profiles',
    summary: 'Changes the named settings and keeps the others',
    right: { role: 'admin', of: 'profile' },
    effect: 'write',
    reason: 'required',
    params: z.strictObject({ id }),
    body: contract.profileRequest,
    answers: { 200: contract.profileView },
    intent: profileIntent,
    handle: async ({ params, body: { reason, ...change }, operator, mdb }) => {
      if (Object.keys(change).length === 0) throw new ApiError('invalid', 'there is nothing to set');
      await setProfile(mdb, operator, params.id, change, reason);
      const profile = (await listProfiles(mdb)).find((one) => one.id === params.id);
      if (!profile) throw new ApiError('not-found', `profile ${params.id} is gone`);
      return show(profile);
    },
  }),
];

/** What it wants, without what is counted. */
async function profileIntent({ params, mdb }: { readonly params: { readonly id: string }; readonly mdb: Mdb }) {
  const profile = (await listProfiles(mdb)).find((one) => one.id === params.id);
  if (!profile) return null;
  const { machines: _, ...wanted } = show(profile);
  return wanted;
}

function show({ id: name, match, priority, bios, firmware, hardware, pool, machines }: Row): contract.ProfileView {
  return { id: name, match: { ...match }, priority, bios, firmware, hardware, pool, machines };
}

type Row = Awaited<ReturnType<typeof listProfiles>>[number];
