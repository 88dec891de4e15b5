import { sessionView } from '../../contract/session.ts';
import { type ApiRoute, route } from './route.ts';

export const sessionRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/session',
    tag: 'session',
    summary: 'Who asks, and in which role',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: sessionView },
    handle: ({ operator: { name, role }, temporal = null }) => ({ name, role, temporal }),
  }),
];
