/** One connection to PostgreSQL, which never becomes another one. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import postgres from 'postgres';
import type { Milliseconds } from '../../domain/duration.ts';
import type { Address } from './address.ts';
import { parsers, toText } from './values.ts';

/** PostgreSQL cannot be asked: it is away, does not answer, or has no connection to spare. */
export class MdbAway extends Error {
  override readonly name = 'MdbAway';
}

export type Rows<Row> = Row[] & {
  /** Rows that a statement gave or changed. */
  readonly count: number;
  /** What the server says it did: `COMMIT`. */
  readonly command: string;
};

export interface MdbSession {
  /** Gives rows as objects. Statements that are asked at once are sent one after the other. */
  query<Row>(text: string, values?: readonly unknown[]): Promise<Rows<Row>>;
  /** The same with rows as lists. */
  list(text: string, values?: readonly unknown[]): Promise<unknown[][]>;
  /** Why the connection is gone; null while it stands. */
  readonly lost: Error | null;
  /** Whether the server keeps so much for it that another one should take its place. */
  readonly worn: boolean;
  /** Calls once, as soon as the connection is gone, whoever ended it. */
  onLost(listener: (why: Error) => void): void;
  /** Ends it now, in the middle of whatever it does. */
  cut(why: Error): void;
  /** Ends it once what was asked is answered. */
  end(): Promise<void>;
}

export interface SessionOptions {
  /** Name under which PostgreSQL lists the connection. */
  readonly name: string;
  /** Milliseconds within which the connection must stand. */
  readonly wait: Milliseconds;
  /** Milliseconds until PostgreSQL gives a statement up. */
  readonly statementTimeout: Milliseconds;
  /** Told of every `notify` on a channel that this session listens to. */
  readonly notified?: (payload: string) => void;
}

/**
 * How many times as long as PostgreSQL may take for a statement its answer is waited for: one that is later never comes,
 * as after a network lost the server without a word, and TCP would find that out in a quarter of an hour.
 */
const answerFactor = 3;

/** Milliseconds that a transaction may do nothing. */
const idleInTransactionMs = 30_000;

/** Statements that the server keeps planned for one session. */
const maxPrepared = 400;

const ignore = () => {};

/** Of a query of postgres.js. */
const oddities: PropertyDescriptorMap = {
  // To say where a query that fails was written, it would keep the text of each one for ever.
  origin: { value: '' },
  // It would have values described before it sends them, in a round trip of its own; here they are all text.
  describeFirst: { get: () => false, set: ignore },
};

/** Opens a connection. Throws within `wait` when that fails. */
export async function openMdbSession(address: Address, options: SessionOptions): Promise<MdbSession> {
  const socket = connect({ ...address.at, noDelay: true });
  const limit = options.statementTimeout * answerFactor;
  const listeners: ((why: Error) => void)[] = [];
  const prepared = new Set<string>();
  let lost: Error | null = null;
  let last: Promise<unknown> = Promise.resolve();
  /** Fails the statement under way; postgres.js leaves it unanswered where it missed the socket's end. */
  let fail: (why: Error) => void = ignore;

  const lose = (why: Error) => {
    if (lost) return;
    lost = why;
    fail(why);
    for (const listener of listeners) listener(why);
  };
  const cut = (why: Error) => {
    lose(why);
    // TLS takes all listeners away.
    socket.on('error', ignore).destroy(why);
  };
  const closed = () => lose(new MdbAway('PostgreSQL closed the connection'));
  socket.on('error', lose).on('close', closed);
  const sql = speak(socket, address, options, closed);

  // Planned once, a statement is answered in one round trip; postgres.js takes two for any other one with values.
  const prepare = (text: string) => prepared.has(text) || (prepared.size < maxPrepared && prepared.add(text).size > 0);

  async function send<Row>(text: string, values: readonly unknown[], shape: 'objects' | 'lists'): Promise<Rows<Row>> {
    if (lost) throw lost;
    const timer = setTimeout(() => cut(new MdbAway(`PostgreSQL did not answer within ${limit} ms`)), limit);
    try {
      const query = sql.unsafe(text, values.map(toText), { prepare: values.length > 0 && prepare(text) });
      Object.defineProperties(query, oddities);
      return await new Promise<Rows<Row>>((resolve, reject) => {
        fail = reject;
        (shape === 'lists' ? query.values() : query).then((rows) => resolve(rows as unknown as Rows<Row>), reject);
      });
    } catch (error) {
      throw lost ?? error;
    } finally {
      fail = ignore;
      clearTimeout(timer);
    }
  }

  /**
   * One after the other: postgres.js would send several at once, hold back what comes after a connection is lost for ever,
   * or send it on the next connection, outside of the transaction that it belongs to.
   */
  function inTurn<Row>(text: string, values: readonly unknown[] = [], shape: 'objects' | 'lists'): Promise<Rows<Row>> {
    const mine = last.then(() => send<Row>(text, values, shape));
    last = mine.then(ignore, ignore);
    return mine;
  }

  const session: MdbSession = {
    query: (text, values) => inTurn(text, values, 'objects'),
    list: (text, values) => inTurn<unknown[]>(text, values, 'lists'),
    get lost() {
      return lost;
    },
    get worn() {
      return prepared.size >= maxPrepared;
    },
    onLost: (listener) => void listeners.push(listener),
    cut,
    async end() {
      await last;
      lose(new MdbAway('the connection to PostgreSQL was ended'));
      await sql.end({ timeout: 1 });
      socket.destroy();
    },
  };
  await enter(session, options.wait);
  return session;
}

/** Waits until the server has let us in. */
async function enter(session: MdbSession, wait: Milliseconds): Promise<void> {
  const late = () => session.cut(new MdbAway(`there was no connection to PostgreSQL within ${wait} ms`));
  const timer = setTimeout(late, wait);
  try {
    await session.query('select 1');
  } catch (error) {
    session.cut(error as Error);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** postgres.js on one socket. */
function speak(socket: Socket, address: Address, options: SessionOptions, closed: () => void): postgres.Sql {
  let spoken = false;
  const connected = once(socket, 'connect');
  connected.catch(ignore);
  const settings = {
    ...{ host: 'localhost', user: address.user, password: address.password, database: address.database },
    ssl: address.tls,
    /** It would connect anew by itself; for another connection there is another session. */
    socket: async () => {
      if (spoken) throw new MdbAway('PostgreSQL closed the connection');
      spoken = true;
      await connected;
      return socket;
    },
    onclose: closed,
    onnotify: (_channel: string, payload: string) => options.notified?.(payload),
    /** It would print them. */
    onnotice: ignore,
    connection: {
      application_name: options.name,
      statement_timeout: options.statementTimeout,
      idle_in_transaction_session_timeout: idleInTransactionMs,
    },
    /** Whatever is not said here is taken from the environment. */
    ...{ max: 1, max_lifetime: null, idle_timeout: 0, connect_timeout: 0, fetch_types: false, prepare: true },
    ...{ debug: false, keep_alive: 60, backoff: () => 0, max_pipeline: 1, port: 5432 },
    ...{ target_session_attrs: undefined, publications: '' },
  };
  const sql = postgres(settings as postgres.Options<Record<string, never>>);
  // Values are text before they come here; a serializer would take the text for a value.
  for (const type of Object.keys(sql.options.serializers)) delete sql.options.serializers[Number(type)];
  for (const type of Object.keys(sql.options.parsers)) delete sql.options.parsers[Number(type)];
  Object.assign(sql.options.parsers, parsers);
  return sql;
}
