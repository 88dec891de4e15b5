import { z } from 'zod';
import { exportName, exportQuery } from '../../contract/exportschemas.ts';
import { renderers } from '../../integrations/inventory/write.ts';
import { readExported } from '../../mdb/machines/exporting.ts';
import { mustSelect } from './names.ts';
import { type ApiRoute, route } from './route.ts';

/** The fleet in the words of those who read it. */
export const exportRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/exports/:format',
    tag: 'inventory',
    summary: 'The fleet as JSON or CSV, for Ansible, or for discovery by Prometheus',
    right: { role: 'viewer', of: 'fleet' },
    narrows: true,
    effect: 'read',
    params: exportName,
    query: exportQuery,
    answers: { 200: z.unknown() },
    produces: 'application/json as text',
    producesToo: 'text/csv',
    handle: async ({ params: { format }, query: { selector, port }, pools, mdb, reply }) => {
      const wanted = { pools, ...(selector !== undefined && { selector: await mustSelect(mdb, selector) }) };
      const fleet = await readExported(mdb, wanted);
      return reply
        .type(format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/json; charset=utf-8')
        .header('cache-control', 'no-cache')
        .send(renderers[format](fleet, { port }));
    },
  }),
];
