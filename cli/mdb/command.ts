import type { Command } from 'commander';
import type { Context } from '../context.ts';

interface RoleOptions {
  readonly owner: string;
  readonly app: string;
}

/** `farrier mdb`: for a PostgreSQL of your own; `farrier up` does both by itself. */
export function addMdb(program: Command, open: () => Context, ownerUrl: string | undefined): void {
  const mdb = program.command('mdb').description('the machine database on a PostgreSQL of your own');
  mdb
    .command('roles')
    .description(
      'print the SQL that makes the two roles, for a superuser to read and to run in the database of the MDB',
    )
    .option('--owner <role>', 'owns the tables and migrates them', 'farrier_owner')
    .option('--app <role>', "Farrier's processes", 'farrier_app')
    .action(async ({ owner, app }: RoleOptions) => {
      const { rolesSql } = await import('./roles.ts');
      open().screen.line(rolesSql(owner, app));
    });
  mdb
    .command('migrate')
    .description("bring the database to this version, and let Farrier's processes work with it; may be repeated")
    .option('--app <role>', "the role of Farrier's processes", 'farrier_app')
    .addHelpText(
      'after',
      '\nFARRIER_MDB_OWNER_URL says where it is, with the owner of the tables: postgres://farrier_owner:…@host/farrier',
    )
    .action(async ({ app }: Pick<RoleOptions, 'app'>) => {
      if (ownerUrl === undefined)
        throw new Error('FARRIER_MDB_OWNER_URL is missing: the URL of the MDB with the owner of its tables');
      const { migrateOwn } = await import('./migrate.ts');
      open().screen.line(await migrateOwn(ownerUrl, app));
    });
}
