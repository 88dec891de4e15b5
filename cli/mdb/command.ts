import { Command } from 'commander';
import { z } from 'zod';

interface RoleOptions {
  readonly owner: string;
  readonly app: string;
}

/** `farrier mdb`: for a PostgreSQL of your own; `farrier up` does both by itself. */
export function mdbCommand(write: (text: string) => void): Command {
  const mdb = new Command('mdb').description('the machine database on a PostgreSQL of your own').exitOverride();
  mdb
    .command('roles')
    .exitOverride()
    .description(
      'print the SQL that makes the two roles, for a superuser to read and to run in the database of the MDB',
    )
    .option('--owner <role>', 'owns the tables and migrates them', 'farrier_owner')
    .option('--app <role>', "Farrier's processes", 'farrier_app')
    .action(async ({ owner, app }: RoleOptions) => {
      const { rolesSql } = await import('./roles.ts');
      write(rolesSql(owner, app));
    });
  mdb
    .command('migrate')
    .exitOverride()
    .description("bring the database to this version, and let Farrier's processes work with it; may be repeated")
    .option('--app <role>', "the role of Farrier's processes", 'farrier_app')
    .addHelpText(
      'after',
      '\nFARRIER_MDB_OWNER_URL says where it is, with the owner of the tables: postgres://farrier_owner:…@host/farrier',
    )
    .action(async ({ app }: Pick<RoleOptions, 'app'>) => {
      const said = 'FARRIER_MDB_OWNER_URL is missing: the URL of the MDB with the owner of its tables, postgres://…';
      const url = z.string(said).startsWith('postgres', said).safeParse(process.env['FARRIER_MDB_OWNER_URL']);
      if (!url.success) throw new Error(url.error.issues[0]?.message);
      const { migrateOwn } = await import('./migrate.ts');
      write(`${await migrateOwn(url.data, app)}\n`);
    });
  return mdb;
}
