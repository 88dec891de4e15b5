import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { type NewToken, showNewToken, tokenOptions } from '../token.ts';

interface RoleOptions {
  readonly owner: string;
  readonly app: string;
}

/** Where the MDB is, for who works on it and not through the API. */
export interface MdbPlace {
  readonly ownerUrl?: string | undefined;
  readonly url?: string | undefined;
}

/** `farrier mdb`: for a PostgreSQL of your own, which `farrier up` has by itself; and for the first token. */
export function addMdb(program: Command, open: () => Context, { ownerUrl, url }: MdbPlace): void {
  const mdb = program.command('mdb');
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
  tokenOptions(
    mdb
      .command('token')
      .description('make a token without the API, which does not serve others before there is one')
      .argument('<name>', 'what to call it'),
  ).action(async (name: string, options: NewToken) => {
    if (url === undefined) throw new Error('FARRIER_MDB_URL is missing: the URL of the MDB, as the API has it');
    const { screen, operator } = open();
    const { createFirst } = await import('./token.ts');
    showNewToken(screen, await createFirst(url, operator, name, options));
  });
}
