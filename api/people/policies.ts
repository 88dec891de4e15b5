import * as contract from '../../contract/policyschemas.ts';
import { listPolicies, listVersions, type PolicyVersion, restorePolicy } from '../../mdb/policies/versions.ts';
import { ApiError, granted } from './errors.ts';
import { eyesOfRestore } from './eyes/guards.ts';
import { type ApiRoute, route } from './route.ts';

/** What people wrote as policy, in all its versions. */
export const policyRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/policies',
    tag: 'policies',
    summary: 'The newest version of each policy that was ever changed',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    query: contract.policyQuery,
    answers: { 200: contract.policyList },
    handle: async ({ query: { kind }, mdb }) => ({ policies: (await listPolicies(mdb, kind)).map(show) }),
  }),
  route({
    method: 'GET',
    path: '/policies/:kind/:subject',
    tag: 'policies',
    summary: 'All versions of one policy, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    params: contract.policyParameters,
    answers: { 200: contract.policyHistory },
    handle: async ({ params: { kind, subject }, mdb }) => {
      const versions = await listVersions(mdb, kind, subject);
      if (versions.length === 0) throw new ApiError('not-found', `no change of ${kind} ${subject} was kept`, 'subject');
      return { versions: versions.map(show) };
    },
  }),
  route({
    method: 'POST',
    path: '/policies/:kind/:subject/restore',
    tag: 'policies',
    summary: 'Brings an earlier version back, as a new one',
    right: { role: 'admin', of: 'fleet' },
    effect: 'write',
    reason: 'required',
    params: contract.policyParameters,
    body: contract.policyRestore,
    eyes: eyesOfRestore,
    answers: { 200: contract.policyVersionView },
    handle: async ({ params, body, operator, mdb }) =>
      show(granted(await restorePolicy(mdb, operator, { ...params, ...body }))),
  }),
];

function show({ at, actor, value, ...rest }: PolicyVersion): contract.PolicyVersionView {
  return { ...rest, at: at.toISOString(), by: actor, value: value === null ? null : { ...value } };
}
