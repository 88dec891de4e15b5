/** Requests that make orders and may be repeated: the same `Idempotency-Key` with the same body has the same answer. */
import { createHash } from 'node:crypto';
import { giveKeyBack, keepAnswer, type RepeatableRequest, takeKey } from '../../mdb/api/idempotency.ts';
import { ApiError } from './errors.ts';
import type { ApiRoute, Asked } from './route.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/**
 * Does it once. The orders' own id comes of the key where the body gives none: what was begun and never answered, when
 * this process died, is the same orders when it is asked again.
 */
export async function doOnce(route: ApiRoute, asked: Asked): Promise<unknown> {
  const { request, reply, mdb, operator } = asked;
  const key = request.headers['idempotency-key'];
  if (key === undefined) return route.handle(asked);
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key))
    throw new ApiError('invalid', 'Idempotency-Key: is not 1 to 255 printable characters', 'Idempotency-Key');
  const name = `${route.method} ${route.path}`;
  const repeatable: RepeatableRequest = {
    ...{ operator: operator.name, route: name, key },
    body: sha256(JSON.stringify([request.params ?? null, asked.body ?? null])),
  };
  const known = await takeKey(mdb, repeatable);
  if (known === 'other')
    throw new ApiError('key-reused', 'this key was used for another request: take a new one', 'Idempotency-Key');
  const kept = known ?? (await answerNow(route, asked, repeatable));
  reply.code(kept.status);
  return kept.answer;
}

async function answerNow(route: ApiRoute, asked: Asked, repeatable: RepeatableRequest) {
  const { body, mdb, reply } = asked;
  const id = `k-${sha256(JSON.stringify([repeatable.operator, repeatable.route, repeatable.key])).slice(0, 32)}`;
  const own = typeof body === 'object' && body !== null ? { id, ...withoutEmpty(body) } : body;
  try {
    const answer = await route.handle({ ...asked, body: own });
    return await keepAnswer(mdb, repeatable, { status: reply.statusCode, answer });
  } catch (error) {
    if (error instanceof ApiError) await giveKeyBack(mdb, repeatable);
    throw error;
  }
}

/** Without what is there but undefined, which would hide the id. */
function withoutEmpty(body: object): object {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}
