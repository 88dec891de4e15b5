import { calendarQuery, calendarView } from '../../contract/calendarschemas.ts';
import { listScheduled, listWindows } from '../../mdb/permits/calendar.ts';
import { type ApiRoute, route } from './route.ts';

/** Spells, and orders, that anybody reads at once. */
const limit = 2000;
const dayMs = 86_400_000;

export const calendarRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/calendar',
    tag: 'campaigns',
    summary: 'When windows are open, and which orders wait for a time',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: calendarQuery,
    answers: { 200: calendarView },
    handle: async ({ query: { from: text, days }, pools, mdb }) => {
      const from = text === undefined ? new Date() : new Date(text);
      const until = new Date(from.getTime() + days * dayMs);
      const spell = { from, until, pools, limit };
      const [windows, orders] = await Promise.all([listWindows(mdb, spell), listScheduled(mdb, spell)]);
      const isCut = windows.length === limit || orders.length === limit;
      return { from: from.toISOString(), until: until.toISOString(), windows, orders, isCut };
    },
  }),
];
