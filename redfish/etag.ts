import type { Json, RedfishResponse } from './transport.ts';

/** How often the tag as shown is tried: the resource may change between reading and writing (quirk 20). */
const freshTries = 3;

/** Asks without throwing on a status: of a resource, or of a write with this `If-Match`, null for none. */
interface Exchange {
  read(): Promise<RedfishResponse>;
  write(tag: string | null): Promise<RedfishResponse>;
}

/**
 * Writes a resource with the ETag that was just read, as some controllers demand (quirks 19, 20 and 25). Where they
 * refuse the tag, the next form of it is tried, each once: as shown, plain, the body's own, none (quirks 8 and 21–23).
 * A refusal (412, 428) is a promise that nothing was written; what is already as wanted is not written again.
 */
export async function writeTagged(exchange: Exchange, wanted: Json): Promise<RedfishResponse> {
  const tried = new Set<string | null>();
  for (let current = await exchange.read(), refusal: RedfishResponse | null = null; ; ) {
    const tag = nextTag(tagsOf(current), tried);
    if (tag === undefined) return refusal ?? current;
    tried.add(tag);
    refusal = await exchange.write(tag);
    if (refusal.status !== 412 && refusal.status !== 428) return refusal;
    current = await exchange.read();
    if (current.status < 300 && current.body !== null && containsValues(current.body, wanted)) return current;
  }
}

/** The first form not tried; one that changes with every reading is given up for the others, and they at last. */
function nextTag(forms: (string | null)[], tried: ReadonlySet<string | null>): string | null | undefined {
  if (tried.size >= freshTries + 4) return undefined;
  return forms.find((form, attempt) => !tried.has(form) && (attempt > 0 || form === null || tried.size < freshTries));
}

/** The forms of a resource's ETag to try, in order; the last is always none. */
export function tagsOf({ status, headers, body }: RedfishResponse): (string | null)[] {
  if (status >= 300) return [null];
  const observed = typeof headers.etag === 'string' ? headers.etag : '';
  const own = typeof body?.['@odata.etag'] === 'string' ? body['@odata.etag'] : '';
  const forms = [observed, plain(observed), own, plain(own)].filter((form) => form.replaceAll('"', '') !== '');
  return [...new Set(forms), null];
}

/** Strong, quoted once, without what compression adds. */
function plain(tag: string): string {
  const inner = tag
    .replace(/^W\//, '')
    .replaceAll('"', '')
    .replace(/[-;]gzip$/, '');
  return inner === '' ? '' : `"${inner}"`;
}

/** Whether a resource already shows everything that is wanted of it. */
export function containsValues(observed: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return observed === wanted;
  if (typeof observed !== 'object' || observed === null) return false;
  return Object.entries(wanted).every(([name, value]) => containsValues((observed as Json)[name], value));
}
