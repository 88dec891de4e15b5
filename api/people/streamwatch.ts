/** Ends what somebody follows when they may no longer ask: a stream is one request, and a token is revoked behind it. */
import type { FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';
import type { Identify } from './operator.ts';
import type { EventStream } from './stream.ts';

/** Watches over a stream that answers a request. */
export type StreamWatch = (request: FastifyRequest, stream: Pick<EventStream, 'end' | 'onEnd'>) => void;

export function watchStreams(identify: Identify, everyMs: number): StreamWatch {
  const isGone = async (request: FastifyRequest): Promise<boolean> => {
    try {
      return (await identify(request)) === null;
    } catch (error) {
      // While the MDB is away nobody is told that they may not; nor are there changes to tell them.
      return error instanceof ApiError && error.code === 'unauthenticated';
    }
  };
  return (request, stream) => {
    const timer = setInterval(async () => {
      if (await isGone(request)) stream.end();
    }, everyMs);
    stream.onEnd(() => clearInterval(timer));
  };
}
