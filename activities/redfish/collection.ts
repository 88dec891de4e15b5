import { RedfishError, type RedfishErrorKind } from './errors.ts';
import { link, ownPath } from './links.ts';
import type { Session } from './session.ts';
import type { Json } from './transport.ts';

/** More pages than any recorded collection has by far; one page of logs is 50 entries on most controllers. */
const mostPages = 200;

/**
 * Links of a collection's members, at most `most`, over all its pages. A page that was there before is told as an error
 * and not followed for ever.
 */
export async function readMembers(session: Session, path: string, most: number): Promise<string[]> {
  const members: string[] = [];
  const seen = new Set<string>();
  for (let next: string | null = path; next !== null && members.length < most; ) {
    const page: string = ownPath(next);
    if (seen.has(page) || seen.size >= mostPages)
      throw new RedfishError('cyclic', `${page}: the pages of this collection don't end`);
    seen.add(page);
    const collection: Json = await session.get(page);
    members.push(...links(collection));
    const following: unknown = collection['Members@odata.nextLink'];
    next = typeof following === 'string' && following !== '' ? following : null;
  }
  return members.slice(0, most);
}

function links(collection: Json): string[] {
  const list = Array.isArray(collection.Members) ? collection.Members : [];
  return list.flatMap((member) => link(member) ?? []);
}

/** Failures of one resource, that say nothing about the others (quirks 13 and 70). */
const ofOne: ReadonlySet<RedfishErrorKind> = new Set(['missing', 'rejected', 'not-json', 'unsupported', 'forbidden']);

/** A resource that the rest can do without; null when it can't be read. */
export async function readOptional(session: Session, path: string): Promise<Json | null> {
  return session.get(path).catch((error: unknown) => {
    if (error instanceof RedfishError && ofOne.has(error.kind)) return null;
    throw error;
  });
}
