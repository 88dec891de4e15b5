import { sql } from 'drizzle-orm';
import { check, index, inet, integer, jsonb, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core';
import type { SitePolicy } from '../../domain/places/site.ts';

export const sites = pgTable('sites', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  /** DNS domain that hostnames of this site end in. */
  domain: text('domain').notNull(),
  policy: jsonb('policy').$type<SitePolicy>().notNull(),
  /** Salt of the versions of credentials (`sign_ins`); no secret, and of use to nobody who doesn't guess here. */
  credentialSalt: uuid('credential_salt').notNull().defaultRandom(),
});

export const networks = pgTable(
  'networks',
  {
    id: text('id').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    /** `birth` lends temporary addresses, `main` holds permanent ones, `bmc` is where controllers may be. */
    kind: text('kind', { enum: ['birth', 'main', 'bmc'] }).notNull(),
    cidr: text('cidr').notNull(),
    gateway: inet('gateway'),
    dns: text('dns').array().notNull().default(sql`'{}'`),
    vlan: integer('vlan'),
    /** `position`: the address follows from rack and unit. `pool`: the next free one of the network. */
    assignment: text('assignment', { enum: ['position', 'pool'] })
      .notNull()
      .default('pool'),
  },
  (t) => [check('networks_vlan', sql`${t.vlan} between 1 and 4094`)],
);

export const racks = pgTable(
  'racks',
  {
    id: text('id').primaryKey(),
    siteId: text('site_id')
      .notNull()
      .references(() => sites.id),
    row: text('row'),
    feed: text('feed'),
    az: text('az'),
    /** Height in rack units. */
    units: integer('units').notNull().default(48),
    /** Dense number within the site, from which addresses by position are computed. */
    ordinal: integer('ordinal').notNull(),
    /** Free tags, which its machines have too unless they have one of that name themselves. */
    tags: jsonb('tags').$type<Readonly<Record<string, string>>>().notNull().default({}),
  },
  (t) => [unique('racks_ordinal').on(t.siteId, t.ordinal), check('racks_units', sql`${t.units} between 1 and 64`)],
);

export const switches = pgTable('switches', {
  id: text('id').primaryKey(),
  siteId: text('site_id')
    .notNull()
    .references(() => sites.id),
  /** LLDP chassis id, normalised when it is a MAC. */
  chassis: text('chassis').notNull().unique(),
  name: text('name').notNull(),
});

export const switchPorts = pgTable(
  'switch_ports',
  {
    switchId: text('switch_id')
      .notNull()
      .references(() => switches.id),
    port: text('port').notNull(),
    rackId: text('rack_id')
      .notNull()
      .references(() => racks.id),
    unit: integer('unit').notNull(),
    /** Which of several machines in one case it leads to. */
    slot: text('slot'),
  },
  (t) => [primaryKey({ columns: [t.switchId, t.port] }), index('switch_ports_slot').on(t.rackId, t.unit)],
);
