import { Trouble } from '../../host/trouble.ts';
import { connectMdb } from '../../mdb/connect.ts';
import { grantToApp, hasRole, readOwnRights } from '../../mdb/roles.ts';
import { bringUpToDate } from '../up/database.ts';

/** A migration may rewrite a table that holds years. */
const statementTimeoutMs = 3_600_000;

/** Migrates as the owner and grants to the application; gives a sentence for whoever asked. */
export async function migrateOwn(url: string, app: string): Promise<string> {
  const { mdb, close } = connectMdb({ url, name: 'farrier mdb migrate', connections: 1, statementTimeoutMs });
  try {
    if (!(await hasRole(mdb, app)))
      throw new Trouble(`there is no role ${app}: \`farrier mdb roles\` prints what makes it`);
    await bringUpToDate(mdb, 'this database');
    await grantToApp(mdb, app);
    const { role, superuser } = await readOwnRights(mdb);
    const beside = superuser ? `. ${role} is a superuser: an owner that is none is enough` : '';
    return `The database is at this version, and ${app} may work with it${beside}.`;
  } finally {
    await close();
  }
}
