/** To which pools and teams things belong: what a right is about. An empty list: there is no such thing. */
import { sql } from 'drizzle-orm';
import type { Belonging } from '../../domain/grants.ts';
import type { Selector } from '../../domain/selector.ts';
import type { MdbOrTransaction } from '../connect.ts';
import { findMachine } from '../machines/listing.ts';
import { selectorSql } from '../machines/selecting.ts';
import { type Row, rowsOf } from '../rows.ts';

type Found = Belonging & Row;

/** Kinds of things that belong to machines, and are called by an id. */
export type Belongings = 'order' | 'step' | 'ticket' | 'permit' | 'campaign' | 'approval';

const queries: Readonly<Record<Belongings, (id: string) => ReturnType<typeof sql>>> = {
  order: (id) =>
    sql`select m.pool, null as team from orders o join machines m on m.id = o.machine_id where o.id = ${id}`,
  step: (id) =>
    sql`select m.pool, h.owner as team from human_steps h join machines m on m.id = h.machine_id where h.id = ${id}`,
  ticket: (id) =>
    sql`select m.pool, t.owner as team from tickets t join machines m on m.id = t.machine_id where t.id = ${id}`,
  permit: (id) =>
    sql`select m.pool, null as team from permits p join machines m on m.id = p.machine_id where p.id = ${id}`,
  campaign: (id) =>
    sql`select distinct m.pool, null as team from campaign_machines c join machines m on m.id = c.machine_id
      where c.campaign_id = ${id}`,
  approval: (id) =>
    sql`select unnest(coalesce(pools, array[null])) as pool, null as team from approvals where id = ${id}`,
};

export async function belongingOf(mdb: MdbOrTransaction, kind: Belongings, id: string): Promise<Belonging[]> {
  return rowsOf<Found>(mdb, queries[kind](id));
}

/** By any of the names that a machine has. */
export async function belongingOfMachine(mdb: MdbOrTransaction, name: string): Promise<Belonging[]> {
  const id = await findMachine(mdb, name);
  if (id === null) return [];
  return rowsOf<Found>(mdb, sql`select m.pool, null as team from machines m where m.id = ${id}`);
}

/** Of all machines that a selector means. */
export async function belongingOfSelected(mdb: MdbOrTransaction, selector: Selector): Promise<Belonging[]> {
  return rowsOf<Found>(mdb, sql`select distinct m.pool, null as team from machines m where ${selectorSql(selector)}`);
}
