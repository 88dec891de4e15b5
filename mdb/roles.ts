/**
 * Two roles in PostgreSQL: the owner of the tables, who migrates, and the application, which works with their rows. The
 * application can neither change what is written once and for all, nor reach the guards that keep it so.
 */
import { sql } from 'drizzle-orm';
import type { Mdb, MdbOrTransaction } from './connect.ts';

export const appRole = 'farrier_app';

/** Written once: rows are added, and none is changed or removed. */
const appended = ['audit', 'state_history', 'policy_versions'];
/** Of migrations alone: which moves are legal. */
const readOnly = ['legal_edges'];

/** What the application may do, a statement each; for tables as they are now, so that it is said anew after a migration. */
export function grantStatements(role: string): string[] {
  return [
    `revoke all on all tables in schema public from ${role}`,
    `revoke all on all sequences in schema public from ${role}`,
    `revoke create on schema public from public`,
    `grant usage on schema public, drizzle to ${role}`,
    // Whether the tables are of this version is looked at before anything is served.
    `grant select on all tables in schema drizzle to ${role}`,
    `grant select, insert, update, delete on all tables in schema public to ${role}`,
    `grant usage, select on all sequences in schema public to ${role}`,
    `revoke update, delete on ${appended.join(', ')} from ${role}`,
    `revoke insert, update, delete on ${readOnly.join(', ')} from ${role}`,
  ];
}

/** Lets the application's role do its work. Needs the owner of the tables; may be repeated. */
export async function grantToApp(mdb: Mdb, role: string): Promise<void> {
  const name = quoted(role);
  await mdb.transaction(async (tx) => {
    for (const statement of grantStatements(name)) await tx.execute(sql.raw(statement));
  });
}

export interface AppRole {
  readonly role: string;
  /** Hexadecimal digits. */
  readonly password: string;
}

/** Makes the role if there is none, gives it this password, and lets it do its work. Needs a superuser. */
export async function admitApp(mdb: Mdb, { role, password }: AppRole): Promise<void> {
  if (!/^[0-9a-f]{32,}$/.test(password))
    throw new Error('the password of the application role is drawn, in hex digits');
  const name = quoted(role);
  if (!(await hasRole(mdb, role))) await mdb.execute(sql.raw(`create role ${name}`));
  const may = 'login nosuperuser nocreatedb nocreaterole noreplication nobypassrls';
  await mdb.execute(sql.raw(`alter role ${name} ${may} password '${password}'`));
  await grantToApp(mdb, role);
}

export async function hasRole(mdb: MdbOrTransaction, role: string): Promise<boolean> {
  return (await mdb.execute(sql`select from pg_roles where rolname = ${role}`)).length > 0;
}

function quoted(role: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(role)) throw new Error(`${JSON.stringify(role)} is not the name of a role`);
  return `"${role}"`;
}

export interface OwnRights {
  readonly role: string;
  readonly superuser: boolean;
  /** Whether it owns the audit, or is a member of who does: guards could be dropped. */
  readonly owner: boolean;
  /** Whether rows of the audit can be changed, as far as rights go. */
  readonly changes: boolean;
}

/** What the role of this connection could do to the audit. */
export async function readOwnRights(mdb: MdbOrTransaction): Promise<OwnRights> {
  const [row] = await mdb.execute<{ [Key in keyof OwnRights]: OwnRights[Key] }>(sql`
    select current_user::text as role, r.rolsuper as superuser, pg_has_role(c.relowner, 'member') as owner,
      has_table_privilege(c.oid, 'update, delete, truncate, trigger') as changes
    from pg_roles r, pg_class c where r.rolname = current_user and c.oid = 'public.audit'::regclass`);
  if (!row) throw new Error('the role of this connection is not in pg_roles');
  return row;
}
