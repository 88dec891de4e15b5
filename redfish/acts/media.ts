import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { RedfishError } from '../errors.ts';
import { chooseMedia, ejectImage, holdsImage, insertImage, readMedia, wrongImage } from '../media.ts';
import type { MediaOffer } from '../probe.ts';
import { pathKey } from '../read/values.ts';
import { type ActContext, type ActDefinition, type ActPlan, notDone, type Observation } from './definition.ts';

/** Who the server of an image is told it is; resolved from a reference before, so that no intent has the password. */
export interface ImageAccess {
  readonly username: string;
  readonly password: string;
}

const watch = { totalMs: 60_000, intervalMs: 2000 };
/** A drive that was emptied takes a moment before it takes the next image. */
const emptyFor = 2000;
const slot = z.string().max(512).exactOptional();

/** Puts an image into a virtual drive; what is in it is ejected first, by an act of its own. */
export function insertMedia(access: ImageAccess | null): ActDefinition<ActParameters['insert-media']> {
  return {
    parameters: z.strictObject({ image: z.string().max(2048), slot, secretRef: z.string().max(128).exactOptional() }),
    plan: async (context, parameters) => {
      const { image } = parameters;
      const wrong = wrongImage(image);
      if (wrong !== null) return notDone(wrong);
      const offers = await context.probe.offer('media');
      const chosen = parameters.slot === undefined ? chooseMedia(offers, image) : named(offers, parameters.slot);
      if (chosen === null) return notDone(`the controller offers no virtual drive for this: ${listed(offers)}`);
      const media = await readMedia(context.session, chosen.path);
      if (holdsImage(media, image)) return { state: 'done', observed: `${chosen.path} holds this image already` };
      // An image that is still in there makes some skip the insertion (quirk 64).
      if (media.inserted || media.image !== null)
        return emptying(context, chosen.path, {
          kind: 'insert-media',
          parameters: { ...parameters, slot: chosen.path },
          afterMs: emptyFor,
        });
      return {
        command: { at: chosen.path, image },
        before: { inserted: media.inserted },
        send: async () => {
          await insertImage(context.session, media, image, access);
          return null;
        },
      };
    },
    observe: async (context, sent) => {
      if (sent.command.next !== undefined) return observeEmpty(context, String(sent.command.at));
      const media = await readMedia(context.session, String(sent.command.at));
      if (holdsImage(media, String(sent.command.image)))
        return { state: 'done', observed: `${media.path} holds ${media.image}`, facts: { image: media.image } };
      return { state: 'unknown', observed: `${media.path} holds ${media.image ?? 'nothing'}` };
    },
    watch,
  };
}

export const ejectMedia: ActDefinition<ActParameters['eject-media']> = {
  parameters: z.strictObject({ slot }),
  plan: async (context, parameters) => {
    const offers = await context.probe.offer('media');
    const chosen =
      parameters.slot === undefined ? offers : [named(offers, parameters.slot)].filter((one) => one !== null);
    if (chosen.length === 0) return notDone(`the controller offers no such virtual drive: ${listed(offers)}`);
    const unread: RedfishError[] = [];
    for (const { path } of chosen) {
      const media = await readMedia(context.session, path).catch((error: unknown) => {
        if (!(error instanceof RedfishError)) throw error;
        unread.push(error);
        return null;
      });
      if (media !== null && (media.inserted || media.image !== null)) return emptying(context, path);
    }
    // What can't be read may hold something.
    if (unread[0]) throw unread[0];
    return { state: 'done', observed: 'nothing is inserted' };
  },
  observe: (context, { command }) => observeEmpty(context, String(command.at)),
  watch,
};

function emptying({ session }: ActContext, path: string, next?: ActPlan['next']): ActPlan {
  return {
    command: { at: path, eject: true },
    before: {},
    send: async () => {
      await ejectImage(session, await readMedia(session, path));
      return null;
    },
    ...(next && { next }),
  };
}

async function observeEmpty({ session }: ActContext, path: string): Promise<Observation> {
  const { inserted, image } = await readMedia(session, path);
  return inserted || image !== null
    ? { state: 'unknown', observed: `${path} still holds ${image ?? 'something'}` }
    : { state: 'done', observed: `${path} is empty` };
}

function named(offers: readonly MediaOffer[], path: string): MediaOffer | null {
  return offers.find((one) => pathKey(one.path) === pathKey(path)) ?? null;
}

function listed(offers: readonly MediaOffer[]): string {
  return offers.map(({ path, types }) => `${path} (${types.join(', ')})`).join(', ') || 'it has none';
}
