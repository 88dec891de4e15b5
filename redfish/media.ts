import { RedfishError } from './errors.ts';
import { text } from './links.ts';
import { strings } from './probe/action.ts';
import type { MediaOffer } from './probe.ts';
import { known } from './read/identity.ts';
import { named, valueAt } from './read/values.ts';
import type { Session } from './session.ts';
import type { Json } from './transport.ts';

/** One drive for media as it is now. */
export interface MediaReading {
  readonly path: string;
  readonly types: readonly string[];
  readonly inserted: boolean;
  readonly image: string | null;
  /** Null where it is done by a PATCH instead; some show the action only while there is something to eject. */
  readonly insertTarget: string | null;
  readonly ejectTarget: string | null;
}

export async function readMedia(session: Session, path: string): Promise<MediaReading> {
  const observed = await session.get(path);
  const image = imageIn(observed.Image);
  // An answer that says nothing of what is in the drive is none of an empty one.
  if (observed.Image === undefined && typeof observed.Inserted !== 'boolean')
    throw new RedfishError('not-json', `${path} does not tell what is in the drive`, { carriedOut: 'no' });
  return {
    path,
    types: strings(observed.MediaTypes),
    // An image without a word about its insertion is inserted; `Inserted` alone may be stale (quirk 64).
    inserted: observed.Inserted === true || (observed.Inserted !== false && image !== null),
    image,
    insertTarget: text(valueAt(observed, 'Actions', '#VirtualMedia.InsertMedia', 'target')),
    ejectTarget: text(valueAt(observed, 'Actions', '#VirtualMedia.EjectMedia', 'target')),
  };
}

/** The image that a drive shows; null for what firmware prints where there is none. */
function imageIn(value: unknown): string | null {
  return known(value) === null || named(value) === null ? null : text(value);
}

/**
 * The drive to put an image into: one for CDs unless the image is a disk's, with an action of its own before one that is
 * patched, the system's before the manager's, which newer controllers keep for old clients. Null where none fits.
 */
export function chooseMedia(offers: readonly MediaOffer[], image: string): MediaOffer | null {
  const wanted = /\.(img|raw)$/i.test(URL.parse(image)?.pathname ?? '') ? ['USBStick'] : ['CD', 'DVD'];
  const fitting = offers.filter(({ types }) => types.length === 0 || types.some((type) => wanted.includes(type)));
  const rank = ({ insert, of }: MediaOffer) => (insert === null ? 2 : 0) + (of === 'system' ? 0 : 1);
  return [...fitting].sort((a, b) => rank(a) - rank(b))[0] ?? null;
}

/** Schemes that Redfish has a name for, and an image may come by. */
const protocols = new Map([
  ['http:', 'HTTP'],
  ['https:', 'HTTPS'],
  ['nfs:', 'NFS'],
  ['cifs:', 'CIFS'],
  ['smb:', 'CIFS'],
]);

/** What is wrong with the address of an image; null for nothing. Passwords are never a part of it. */
export function wrongImage(image: string): string | null {
  const url = URL.parse(image);
  if (url === null || !protocols.has(url.protocol) || url.hostname === '')
    return `an image is an address by ${[...new Set(protocols.values())].join(', ')}`;
  return url.username !== '' || url.password !== '' ? 'the address of an image has no user or password in it' : null;
}

interface Access {
  readonly username: string;
  readonly password: string;
}

/**
 * Inserts an image. Where the controller certainly refused a form of the request, the next is tried, each once
 * (quirk 64): the image alone, with its protocol, with how it is read, with what is the default anyway.
 */
export async function insertImage(
  session: Session,
  { path, insertTarget }: MediaReading,
  image: string,
  access: Access | null,
): Promise<void> {
  const own = { Image: image, ...(access && { UserName: access.username, Password: access.password }) };
  const protocol = { TransferProtocolType: protocols.get(new URL(image).protocol) };
  const usual = { Inserted: true, WriteProtected: true };
  const streamed = { ...protocol, TransferMethod: 'Stream' };
  const forms: readonly Json[] =
    insertTarget === null
      ? [{ ...own, ...usual }, { ...own, Inserted: true }, own, { ...own, ...streamed, ...usual }]
      : [
          own,
          protocol,
          streamed,
          { TransferMethod: 'Stream' },
          usual,
          { ...protocol, ...usual },
          { ...streamed, ...usual },
        ].map((more) => ({ ...own, ...more }));
  await firstTaken(forms, (form) =>
    insertTarget === null ? session.write('PATCH', path, form) : session.write('POST', insertTarget, form),
  );
}

export async function ejectImage(session: Session, { path, ejectTarget }: MediaReading): Promise<void> {
  const forms: readonly Json[] =
    ejectTarget === null ? [{ Image: null, Inserted: false }, { Inserted: false }, { Image: null }] : [{}];
  await firstTaken(forms, (form) =>
    ejectTarget === null ? session.write('PATCH', path, form) : session.write('POST', ejectTarget, form),
  );
}

/** Sends forms of one request until one is taken; only a promise that nothing was done leads to the next. */
async function firstTaken(forms: readonly Json[], send: (form: Json) => Promise<unknown>): Promise<void> {
  const last = forms.length - 1;
  for (const [index, form] of forms.entries()) {
    try {
      await send(form);
      return;
    } catch (error) {
      const wrongForm = error instanceof RedfishError && error.kind === 'rejected' && error.carriedOut === 'no';
      if (!wrongForm || index === last) throw error;
    }
  }
}

/** In one spelling: a host in small letters, without the port that goes without saying. */
function sameAddress(one: string, other: string): boolean {
  const url = URL.parse(one);
  return url !== null && url.href === URL.parse(other)?.href;
}

/** Whether a drive holds this image: some show only its name, or the path below the host. */
export function holdsImage({ inserted, image }: MediaReading, wanted: string): boolean {
  if (!inserted || image === null) return false;
  const name = (address: string) => address.split(/[?#]/)[0]?.split('/').at(-1) ?? '';
  // `host:/path` is how NFS writes a place, and no address.
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(image)) return image === wanted || sameAddress(image, wanted);
  return image === wanted || (name(wanted) !== '' && name(image) === name(wanted));
}
