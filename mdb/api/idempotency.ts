/** Keys by which callers repeat requests. */
import { and, eq, isNull, sql } from 'drizzle-orm';
import type { MdbOrTransaction } from '../connect.ts';
import { idempotencyKeys } from '../schema.ts';

export interface RepeatableRequest {
  readonly operator: string;
  /** Method and path of the route. */
  readonly route: string;
  readonly key: string;
  /** SHA-256 of the body, in hex. */
  readonly body: string;
}

export interface KeptAnswer {
  readonly status: number;
  readonly answer: unknown;
}

const keptHours = 24;

const ofKey = ({ operator, route, key }: RepeatableRequest) =>
  and(eq(idempotencyKeys.operator, operator), eq(idempotencyKeys.route, route), eq(idempotencyKeys.key, key));

/** Takes the key: what was answered before, `other` where it was another request's, null where it is to be done now. */
export async function takeKey(mdb: MdbOrTransaction, request: RepeatableRequest): Promise<KeptAnswer | 'other' | null> {
  // Few at a time: what is over is over whoever asks next.
  await mdb.execute(sql`delete from idempotency_keys where ctid in (
    select ctid from idempotency_keys where created_at < now() - make_interval(hours => ${keptHours})
    order by created_at limit 100 for update skip locked)`);
  await mdb.insert(idempotencyKeys).values(request).onConflictDoNothing();
  const [row] = await mdb.select().from(idempotencyKeys).where(ofKey(request));
  if (row && row.body !== request.body) return 'other';
  return row?.status == null ? null : { status: row.status, answer: row.answer };
}

/** Keeps what was answered; of several that were done at once the first counts, and is what all of them say. */
export async function keepAnswer(
  mdb: MdbOrTransaction,
  request: RepeatableRequest,
  { status, answer }: KeptAnswer,
): Promise<KeptAnswer> {
  await mdb
    .update(idempotencyKeys)
    .set({ status, answer })
    .where(and(ofKey(request), isNull(idempotencyKeys.status)));
  const [row] = await mdb.select().from(idempotencyKeys).where(ofKey(request));
  return row?.status == null ? { status, answer } : { status: row.status, answer: row.answer };
}

/** Gives a key back whose request was refused: nothing was done, and the next may ask for something else. */
export async function giveKeyBack(mdb: MdbOrTransaction, request: RepeatableRequest): Promise<void> {
  await mdb.delete(idempotencyKeys).where(and(ofKey(request), isNull(idempotencyKeys.status)));
}
