/** Tickets and who is on call, as the people's HTTP API has them. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { ticketAdapters } from '../domain/machine.ts';
import { fields, humanStepView, id, machineName, paged, paging, selected, sentence } from './api.ts';

const text = z.string().nullable();
const time = z.string();
const team = id;

export const ticketView = z.object({
  id: z.string(),
  machineId: z.string(),
  hostname: text,
  fault: z.string(),
  title: z.string(),
  owner: z.string(),
  openedAt: time,
  closedAt: time.nullable(),
  closedBy: text,
  closedWhy: text,
  /** The system that mirrors it, its id and page there, and why the mirror is behind; null where there is none. */
  mirror: text,
  outsideId: text,
  url: text,
  trouble: text,
});
export const ticketList = z.object({ tickets: z.array(ticketView), ...paged });
export const ticketDetail = z.object({
  ticket: ticketView,
  body: z.string(),
  notes: z.array(z.object({ at: time, by: z.string(), text: z.string(), origin: z.string() })),
  questions: z.array(humanStepView),
});
export const ticketFilter = z.strictObject({
  open: z.enum(['true', 'false']).default('true'),
  owner: team.optional(),
  machine: machineName.optional(),
  selector: selected,
  fields,
  ...paging,
});
export const ticketClose = z.strictObject({
  why: sentence,
  /** Which answer the closing gives to what is asked, where the question's own would not do. */
  answer: z.string().min(1).max(64).optional(),
});
export const ticketClosed = z.object({
  /** `answered`: its questions are answered, and it closes once their passage has taken that. */
  outcome: z.enum(['closed', 'answered']),
});
export const ticketNote = z.strictObject({
  /** Minted by the caller, so that the same note twice is one. */
  id: id.optional(),
  text: z
    .string()
    .min(1)
    .max(2000)
    .refine((value) => !/[^\P{Cc}\n\t]/u.test(value), 'holds control characters'),
});

const settings = z.record(
  z.string().regex(/^[A-Za-z]{1,40}$/, 'is not the name of a setting'),
  z
    .string()
    .max(500)
    .refine((value) => !/\p{Cc}/u.test(value), 'holds control characters'),
);
export const routeView = z.object({
  siteId: z.string(),
  team: z.string(),
  adapter: z.enum(ticketAdapters),
  secretRef: z.string(),
  settings,
  role: z.enum(['viewer', 'operator', 'admin']),
});
export const routeList = z.object({ routes: z.array(routeView) });
/** A team, or `*` for every team without a route of its own. */
export const routeTeam = z.strictObject({ team: z.union([team, z.literal('*')]) });
export const routeRequest = z.strictObject({
  adapter: z.enum(ticketAdapters),
  secretRef: id,
  settings: settings.default({}),
  role: z.enum(['viewer', 'operator', 'admin']).default('operator'),
  reason: sentence,
});
export const routeRemoval = z.strictObject({ reason: sentence });

const moment = z.iso.datetime({ offset: true, error: 'is not a time like 2026-11-21T09:00:00Z' });
export const onCallView = z.object({
  team: z.string(),
  person: z.string(),
  until: time,
  swapped: z.boolean(),
  people: z.array(z.string()),
});
export const onCallList = z.object({ oncall: z.array(onCallView) });
export const onCallQuery = z.strictObject({ team: team.optional(), at: moment.optional() });
export const onCallTeam = z.strictObject({ team });
const person = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@+-]{0,62}$/, 'is not the name of a person');
export const rotationRequest = z.strictObject({
  people: z.array(person).min(1, 'names nobody').max(100),
  first: z.iso.date('is not a day like 2026-11-23'),
  days: z.number().int().min(1).max(366).default(7),
  handover: z
    .string()
    .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time of day like 09:00')
    .default('09:00'),
  zone: z.string().max(64).refine(isZone, 'is not a time zone like Europe/Paris').default('UTC'),
});
export const swapRequest = z
  .strictObject({ person, from: moment, until: moment })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), {
    message: 'ends before it begins',
    path: ['until'],
  });

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export type TicketView = z.infer<typeof ticketView>;
export type TicketDetail = z.infer<typeof ticketDetail>;
export type RouteView = z.infer<typeof routeView>;
export type RouteRequest = z.input<typeof routeRequest>;
export type OnCallView = z.infer<typeof onCallView>;
export type RotationRequest = z.input<typeof rotationRequest>;
