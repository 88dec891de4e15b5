import { sessionView } from '../../contract/session.ts';
import { showGrant } from './accounts.ts';
import { type ApiRoute, route } from './route.ts';

export const sessionRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/session',
    tag: 'session',
    summary: 'Who asks, and what they may',
    right: { role: 'viewer', of: 'account' },
    effect: 'read',
    answers: { 200: sessionView },
    handle: ({ operator: { name, by, role, grants, expiresAt }, temporal = null }) => ({
      ...{ name, by, role, grants: grants.map(showGrant), expiresAt: expiresAt?.toISOString() ?? null, temporal },
    }),
  }),
];
