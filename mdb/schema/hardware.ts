import { bigint, index, jsonb, pgTable, text } from 'drizzle-orm/pg-core';
import { at, now } from './columns.ts';
import { intentState } from './enums.ts';
import { machines } from './machines.ts';
import { orders } from './orders.ts';

export const intents = pgTable(
  'intents',
  {
    id: text('id').primaryKey(),
    machineId: text('machine_id')
      .notNull()
      .references(() => machines.id),
    orderId: text('order_id').references(() => orders.id),
    kind: text('kind').notNull(),
    /** What was asked for, as its kind takes it; null for nothing. */
    parameters: jsonb('parameters').$type<Readonly<Record<string, unknown>>>(),
    /** Step of the passage at which it was. */
    step: text('step'),
    command: jsonb('command').notNull(),
    /** Fencing number of the permit under which it acts; strictly rising a machine. */
    fence: bigint('fence', { mode: 'number' }).notNull(),
    state: intentState('state').notNull().default('written'),
    /** What the device showed before the command, to compare with what it shows after. */
    before: jsonb('before'),
    /** What is worth keeping of the controller's answer to the command, like the task that it began. */
    answer: jsonb('answer'),
    observed: jsonb('observed'),
    writtenAt: at('written_at').notNull().default(now),
    sentAt: at('sent_at'),
    settledAt: at('settled_at'),
  },
  (t) => [index('intents_machine').on(t.machineId, t.writtenAt)],
);

/** The highest fence granted a machine: an intent with a lower one is refused in the statement that writes it. */
export const fences = pgTable('fences', {
  machineId: text('machine_id')
    .primaryKey()
    .references(() => machines.id),
  fence: bigint('fence', { mode: 'number' }).notNull(),
});
