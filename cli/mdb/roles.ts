import { Trouble } from '../../host/trouble.ts';

/** What a superuser runs once in the MDB's database; may be repeated, also where the tables are there and another's. */
export function rolesSql(owner: string, app: string): string {
  for (const name of [owner, app])
    if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name))
      throw new Trouble(`${JSON.stringify(name)}: here the name of a role is small letters, digits and underscores`);
  if (owner === app) throw new Trouble('the owner of the tables and the application are two roles');
  return `-- Two roles for Farrier, for a superuser to run in the database of the MDB:
--   createdb farrier && farrier mdb roles | psql farrier
-- Then give both a password, by \\password in psql, and migrate:
--   FARRIER_MDB_OWNER_URL=postgres://${owner}:…@host/farrier farrier mdb migrate
do $$
declare
  name text;
  statement text;
begin
  foreach name in array array['${owner}', '${app}'] loop
    if not exists (select from pg_roles where rolname = name) then
      execute format('create role %I login', name);
    end if;
    execute format('alter role %I nosuperuser nocreatedb nocreaterole noreplication nobypassrls', name);
  end loop;
  execute format('alter database %I owner to ${owner}', current_database());
  alter schema public owner to ${owner};
  revoke create on schema public from public;
  -- What is there already was made by another role, a superuser perhaps, and becomes the owner's.
  for statement in
    select 'alter schema drizzle owner to ${owner}' where to_regnamespace('drizzle') is not null
    union all
    select format('alter table %s owner to ${owner}', c.oid::regclass) from pg_class c
      where c.relkind in ('r', 'p') and c.relnamespace in ('public'::regnamespace, to_regnamespace('drizzle'))
    union all
    select format('alter function %s owner to ${owner}', p.oid::regprocedure) from pg_proc p
      where p.pronamespace = 'public'::regnamespace
    union all
    select format('alter type %s owner to ${owner}', t.oid::regtype) from pg_type t
      where t.typnamespace = 'public'::regnamespace and t.typtype = 'e'
  loop
    execute statement;
  end loop;
end $$;
`;
}
