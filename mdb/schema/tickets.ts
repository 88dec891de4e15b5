import { sql } from 'drizzle-orm';
import { bigint, bigserial, foreignKey, index, integer, jsonb, pgTable, primaryKey, text } from 'drizzle-orm/pg-core';
import { ticketAdapters } from '../../domain/machine.ts';
import { at, now } from './columns.ts';
import { tickets } from './orders.ts';
import { sites } from './places.ts';

/** What was said at a ticket, by Farrier, by people at Farrier, and by people at the system that mirrors it. */
export const ticketNotes = pgTable(
  'ticket_notes',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    ticketId: text('ticket_id')
      .notNull()
      .references(() => tickets.id),
    /** De-duplication id: the same note twice is one. */
    key: text('key').notNull().unique(),
    at: at('at').notNull().default(now),
    by: text('by').notNull(),
    text: text('text').notNull(),
    /** `outside`: received from the mirror, so never sent to it. */
    origin: text('origin', { enum: ['farrier', 'outside'] }).notNull(),
  },
  (t) => [index('ticket_notes_ticket').on(t.ticketId, t.id)],
);

/** Which system mirrors the tickets of a team at a site; team `*` is every team without a route of its own. */
export const ticketRoutes = pgTable(
  'ticket_routes',
  {
    siteId: text('site_id').notNull(),
    team: text('team').notNull(),
    adapter: text('adapter', { enum: ticketAdapters }).notNull(),
    /** Name of the secret with the system's address and credentials. */
    secretRef: text('secret_ref').notNull(),
    /** Project, labels and the like. No secret. */
    settings: jsonb('settings').$type<Readonly<Record<string, string>>>().notNull().default({}),
    /** Whose word a closing at that system is worth; `viewer` answers nothing. */
    role: text('role', { enum: ['viewer', 'operator', 'admin'] })
      .notNull()
      .default('operator'),
  },
  (t) => [primaryKey({ columns: [t.siteId, t.team] }), foreignKey({ columns: [t.siteId], foreignColumns: [sites.id] })],
);

/** The other end of a ticket, and the work that is due on it. A row holds the route as it was when it was made. */
export const ticketMirrors = pgTable(
  'ticket_mirrors',
  {
    ticketId: text('ticket_id')
      .primaryKey()
      .references(() => tickets.id),
    adapter: text('adapter', { enum: ticketAdapters }).notNull(),
    secretRef: text('secret_ref').notNull(),
    settings: jsonb('settings').$type<Readonly<Record<string, string>>>().notNull(),
    role: text('role', { enum: ['viewer', 'operator', 'admin'] }).notNull(),
    /** Its id at the system; null until it is there. */
    outsideId: text('outside_id'),
    url: text('url'),
    /** When its making was last begun: until the system's search is sure to show it, it is not made again. */
    triedAt: at('tried_at'),
    /** The last note that was sent to it. */
    lastNoteSent: bigint('last_note_sent', { mode: 'number' }).notNull().default(0),
    /** Set when both ends are closed: nothing is left to do. */
    doneAt: at('done_at'),
    nextAt: at('next_at').notNull().default(now),
    attempts: integer('attempts').notNull().default(0),
    error: text('error'),
    createdAt: at('created_at').notNull().default(now),
  },
  (t) => [
    index('ticket_mirrors_due').on(t.nextAt).where(sql`done_at is null`),
    index('ticket_mirrors_outside').on(t.secretRef, t.outsideId),
  ],
);

/** Ids of messages from ticket systems that were taken, so that none is taken twice. */
export const hookDeliveries = pgTable(
  'hook_deliveries',
  {
    id: text('id').primaryKey(),
    at: at('at').notNull().default(now),
  },
  (t) => [index('hook_deliveries_at').on(t.at)],
);
