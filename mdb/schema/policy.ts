import { bigint, boolean, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import type { BurninLimits } from '../../domain/birth/limits.ts';
import type { ProfileMatch } from '../../domain/birth/profile.ts';
import type { FirmwareSpec, HardwareSpec } from '../../domain/drift/drift.ts';
import type { ImageLayout } from '../../domain/images.ts';
import { at, now } from './columns.ts';
import { imageKind } from './enums.ts';

export const profiles = pgTable('profiles', {
  id: text('id').primaryKey(),
  match: jsonb('match').$type<ProfileMatch>().notNull(),
  /** Higher wins when several match. */
  priority: integer('priority').notNull().default(0),
  burnin: jsonb('burnin').$type<BurninLimits>().notNull(),
  /** BIOS attributes that the controller must show, by Redfish attribute name. */
  bios: jsonb('bios').$type<Record<string, string | number | boolean>>().notNull().default({}),
  /** Versions that are to run, by component as the controller names it, e.g. `BIOS`: the baseline. */
  firmware: jsonb('firmware').$type<Readonly<Record<string, FirmwareSpec>>>().notNull().default({}),
  /** Parts that its machines must have at least. */
  hardware: jsonb('hardware').$type<HardwareSpec>().notNull().default({}),
  pool: text('pool').notNull().default('general'),
});

export const images = pgTable('images', {
  id: text('id').primaryKey(),
  kind: imageKind('kind').notNull(),
  /** Path below the image root, served at `/images/<path>`. */
  path: text('path').notNull().unique(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  sha256: text('sha256').notNull(),
  /** ECDSA P-256 over the SHA-256, base64 DER, by the site's image key. */
  signature: text('signature').notNull(),
  layout: jsonb('layout').$type<ImageLayout>().notNull(),
  /** The one that a new machine of this kind gets. */
  preferred: boolean('preferred').notNull().default(false),
  createdAt: at('created_at').notNull().default(now),
});

/** Kernel and initrd as laid for machines to fetch: agents believe these sums, not the wire. */
export const bootFiles = pgTable('boot_files', {
  /** Path below the image root, `boot/vmlinuz`. */
  path: text('path').primaryKey(),
  bytes: bigint('bytes', { mode: 'number' }).notNull(),
  sha256: text('sha256').notNull(),
  laidAt: at('laid_at').notNull().default(now),
});
