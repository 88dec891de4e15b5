/** Intent that people change: read with an ETag, changed only as it was read (`If-Match`). */
import { createHash } from 'node:crypto';
import { sql } from 'drizzle-orm';
import type { FastifyRequest } from 'fastify';
import type { Transaction } from '../../mdb/acting.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { ApiError } from './errors.ts';
import type { ApiRoute, Asked } from './route.ts';

export function etagOf(intent: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(intent)).digest('base64url').slice(0, 22)}"`;
}

/** Answers with the ETag of the intent; 304 with nothing where the caller has it. */
export async function readIntent({ intent, handle }: ApiRoute, asked: Asked): Promise<unknown> {
  const etag = etagOf(await intent?.(asked));
  asked.reply.header('etag', etag);
  if (names(asked.request.headers['if-none-match'], etag)) return asked.reply.code(304).send();
  return handle(asked);
}

/**
 * Looks whether the intent is still what the caller read, and changes it, in one transaction that no other change of
 * the same intent runs beside.
 */
export async function changeIntent(definition: ApiRoute, asked: Asked): Promise<unknown> {
  const { intent, handle } = definition;
  const { request, reply, mdb } = asked;
  const { answer, etag } = await mdb.transaction(async (tx) => {
    const own: Asked = { ...asked, mdb: tx as unknown as Mdb };
    await lockIntent(tx, definition, request.params ?? {});
    mustBeAsRead(request, await intent?.(own));
    return { answer: await handle(own), etag: etagOf(await intent?.(own)) };
  });
  reply.header('etag', etag);
  return answer;
}

/** Waits for whoever changes the same intent, to the end of the transaction. */
export async function lockIntent(
  tx: Transaction,
  { path, intentOf }: Pick<ApiRoute, 'path' | 'intentOf'>,
  params: unknown,
): Promise<void> {
  const name = intentOf ?? `${path}?${JSON.stringify(params)}`;
  await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`);
}

function mustBeAsRead({ headers }: FastifyRequest, intent: unknown): void {
  const match = headers['if-match'];
  if (match !== undefined && (intent === null || !names(match, etagOf(intent))))
    throw new ApiError('changed', 'it was changed since it was read: read it again, and see whether this still holds');
  if (headers['if-none-match'] === '*' && intent !== null)
    throw new ApiError('changed', 'it is there already, and was to be made');
}

/** Whether a header of ETags names this one; `*` is any. */
function names(header: string | undefined, etag: string): boolean {
  const given = header?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? [];
  return given.includes('*') || given.includes(etag);
}
