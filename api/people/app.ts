import type { Authority } from '../../boot/authority.ts';
import type { Mdb } from '../../mdb/connect.ts';

/** What the handlers of the people's API work with. */
export interface PeopleDependencies {
  readonly mdb: Mdb;
  readonly siteId: string;
  /** Folder of the images, `<data>/images`. */
  readonly images: string;
  /** Folder of the secrets that references name; `secrets` beside the images by default. */
  readonly secrets?: string;
  readonly authority: Pick<Authority, 'signImage'>;
  /** Whether whoever reaches it by a loopback address is its administrator; they are unless told. */
  readonly trustsLoopback?: boolean;
  /** Temporal's Web UI, where people find a machine's workflows; none is linked unless told. */
  readonly temporal?: { readonly ui: string; readonly namespace: string };
}
