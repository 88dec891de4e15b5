/** What drizzle needs of a client of postgres.js, over a pool whose sessions go back to it whatever happens. */
import type { Pool } from './pool.ts';
import type { MdbSession, Rows } from './session.ts';

/** A statement that is sent when it is awaited, as objects unless `values` is called first. */
interface Asking extends PromiseLike<Rows<unknown>> {
  values(): Promise<unknown[][]>;
}

export interface DrizzleClient {
  /** drizzle writes here how it wants times and JSON; they are text for it already (`values.ts`). */
  readonly options: { readonly parsers: object; readonly serializers: object };
  unsafe(text: string, values?: readonly unknown[]): Asking;
}

type Work<T> = (client: Savepoints) => Promise<T>;

interface Savepoints extends DrizzleClient {
  savepoint<T>(work: Work<T>): Promise<T>;
}

interface Transactions extends DrizzleClient {
  begin<T>(work: Work<T>): Promise<T>;
}

export function drizzleClient(pool: Pool): Transactions {
  return { ...asking(pool), begin: (work) => transact(pool, work) };
}

type Queries = Pick<MdbSession, 'query' | 'list'>;

/** `queries` is read at each statement: a test may put other ones there. */
function asking(queries: Queries): DrizzleClient {
  return {
    options: { parsers: {}, serializers: {} },
    unsafe: (text, values) => ({
      // biome-ignore lint/suspicious/noThenProperty: it is awaited as it is, or its `values` are.
      then: (resolve, reject) => queries.query(text, values).then(resolve, reject),
      values: () => queries.list(text, values),
    }),
  };
}

// The row of the audit that a transaction ends with makes others wait until it has committed. postgres.js sends what has less
// than a kilobyte only once this process has nothing else to do.
const commit = 'commit'.padEnd(1100);

/** Throws what the work threw, also where the rollback failed. */
async function transact<T>(pool: Pool, work: Work<T>): Promise<T> {
  const session = await pool.take();
  try {
    const opening = beginOnFirst(session);
    const done = await inside(opening.queries, work, async () => {
      if (opening.begun()) await surely(session, 'rollback');
    });
    if (!opening.begun()) return done;
    const { command } = await session.query(commit);
    // Of a transaction in which a statement failed, the server says so without an error.
    if (command !== 'COMMIT') throw new Error('nothing was committed: a statement of the transaction had failed');
    return done;
  } finally {
    pool.give(session);
  }
}

interface Opening {
  readonly queries: Queries;
  begun(): boolean;
}

/**
 * Statements of a transaction that begins with the first of them: in one message where that one has no values, which
 * saves a round trip. Where the first fails, so does whatever comes after it.
 */
function beginOnFirst(session: MdbSession): Opening {
  let first: Promise<unknown> | null = null;
  const send = <R>(text: string, hasValues: boolean, ask: (text: string) => Promise<R>): Promise<R> => {
    if (first === null && !hasValues) {
      const both = ask(`begin;${text}`).then((answers) => (answers as R[]).at(-1) as R);
      first = both;
      return both;
    }
    first ??= surely(session, 'begin');
    return first.then(() => ask(text));
  };
  return {
    queries: {
      query: <Row>(text: string, values: readonly unknown[] = []) =>
        send(text, values.length > 0, (sent) => session.query<Row>(sent, values)),
      list: (text, values = []) => send(text, values.length > 0, (sent) => session.list(sent, values)),
    },
    begun: () => first !== null,
  };
}

let savepoints = 0;

async function nest<T>(queries: Queries, work: Work<T>): Promise<T> {
  savepoints += 1;
  const name = `s${savepoints}`;
  await queries.query(`savepoint ${name}`);
  const done = await inside(queries, work, async () => {
    await queries.query(`rollback to savepoint ${name}`);
  });
  await queries.query(`release savepoint ${name}`);
  return done;
}

/** Works, and rolls back when the work throws. Whoever goes on behind its end is told so, and writes nothing. */
async function inside<T>(queries: Queries, work: Work<T>, rollback: () => Promise<void>): Promise<T> {
  let over = false;
  const open = async () => {
    if (over) throw new Error('the transaction is over');
    return queries;
  };
  const guarded: Queries = {
    query: async (text, values) => (await open()).query(text, values),
    list: async (text, values) => (await open()).list(text, values),
  };
  const savepoint = async <N>(nested: Work<N>) => nest(await open(), nested);
  try {
    return await work({ ...asking(guarded), savepoint });
  } catch (error) {
    over = true;
    await rollback().catch(() => {});
    throw error;
  } finally {
    over = true;
  }
}

/** Where this fails nobody knows the connection's state, and it is not used again. */
async function surely(session: MdbSession, statement: string): Promise<void> {
  try {
    await session.query(statement);
  } catch (error) {
    session.cut(error as Error);
    throw error;
  }
}
