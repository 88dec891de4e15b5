import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Authority } from '../../boot/authority.ts';
import type { Mdb } from '../../mdb/connect.ts';

/** The server as routes see it: bodies, queries and answers typed by their zod schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  ZodTypeProvider
>;

export interface PeopleDependencies {
  readonly mdb: Mdb;
  readonly siteId: string;
  /** Folder of the images, `<data>/images`. */
  readonly images: string;
  /** Folder of the secrets that references name; `secrets` beside the images unless told. */
  readonly secrets?: string;
  readonly authority: Pick<Authority, 'signImage'>;
}
