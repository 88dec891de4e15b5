import { RedfishError, type RedfishErrorKind } from '../errors.ts';
import type { Session } from '../session.ts';
import type { Json } from '../transport.ts';
import { expandQuery } from './expand.ts';
import { CachedRequests } from './requests.ts';
import { isReference, linkedPath, list, number, object, pathKey, readText, valueAt } from './values.ts';

/** A resource that was linked and could not be read; everything else is complete without it. */
export interface Gap {
  readonly path: string;
  readonly kind: RedfishErrorKind;
  readonly reason: string;
  /** Whether it was a failure of the moment, which says nothing about what is there. */
  readonly passing: boolean;
}

/** Reads resources of one controller with as few requests as it allows; a broken resource costs only itself. */
export interface Reader {
  readonly root: Json;
  readonly gaps: readonly Gap[];
  /** Whether the service advertises to put members into collections. */
  readonly expands: boolean;
  /** Requests sent so far; the service root came with signing in. */
  requests(): number;
  /** The resource behind a link, or inlined in its place; null when there is none or it can't be read. */
  resource(value: unknown): Promise<Json | null>;
  /** The same, with what it links to inlined where the service can do that. */
  expanded(value: unknown, levels: number): Promise<Json | null>;
  /** Members of the collection behind a link; `levels` beyond 1 also asks for what the members link to. */
  members(value: unknown, levels?: number): Promise<Json[]>;
  /** One page of a collection whose members are usually shown whole anyway; null when it can't be read. */
  page(path: string): Promise<Page | null>;
}

export interface Page {
  readonly members: readonly Json[];
  readonly next: string | null;
  /** Members of the whole collection, as it says itself; null where it doesn't. */
  readonly count: number | null;
}

const maxPages = 64;
const maxMembers = 2048;

/** Failures that concern the controller and not one resource: nothing more is asked of it. */
const whole: ReadonlySet<RedfishErrorKind> = new Set([
  'unreachable',
  'timeout',
  'refused-address',
  'tls',
  'pin-changed',
  'credentials',
  'password-change',
  'session-lost',
  'session-limit',
]);

/** A resource that answers 500 is broken, and may be for good; one that is busy is not. */
function isPassing({ kind, status }: RedfishError): boolean {
  return kind === 'not-now' || kind === 'cut-short' || (kind === 'busy' && status !== 500);
}

/** Throws the first gap that is a failure of the moment, for who can't conclude anything from a part. */
export function throwPassing(gaps: readonly Gap[]): void {
  const gap = gaps.find(({ passing }) => passing);
  if (gap) throw new RedfishError(gap.kind, gap.reason, { carriedOut: 'no' });
}

/** Opens a reader over the service root, and over resources read already; throws when not even the root can be read. */
export async function openReader(session: Session, known: readonly Json[] = []): Promise<Reader> {
  const requests = new CachedRequests(session);
  for (const resource of known) {
    const path = linkedPath(resource);
    if (path !== null) requests.know(path, resource);
  }
  return new ControllerReader(requests, await session.root());
}

class ControllerReader implements Reader {
  readonly root: Json;
  readonly gaps: Gap[] = [];
  readonly expands: boolean;
  readonly #requests: CachedRequests;
  /** Null once the service turned out not to do what it advertises. */
  #expand: ((levels: number) => string) | null;

  constructor(requests: CachedRequests, root: Json) {
    this.#requests = requests;
    this.root = root;
    this.#expand = expandQuery(root);
    this.expands = this.#expand !== null;
  }

  requests(): number {
    return this.#requests.sent;
  }

  async resource(value: unknown): Promise<Json | null> {
    const path = linkedPath(value);
    if (path !== null && isReference(object(value))) return this.#optional(path);
    const inline = object(value);
    const reason = refusalIn(inline);
    if (reason === null) return inline;
    if (Object.keys(inline).length > 0)
      this.#miss({ path: path ?? 'a member', kind: 'rejected', reason, passing: false });
    return null;
  }

  async expanded(value: unknown, levels: number): Promise<Json | null> {
    const path = linkedPath(value);
    return path === null ? null : this.#expanded(path, levels);
  }

  async members(value: unknown, levels = 1): Promise<Json[]> {
    const path = linkedPath(value);
    const inline = object(value);
    const first = Array.isArray(inline.Members)
      ? await this.#completed(path, pageOf(inline), levels)
      : path === null
        ? null
        : await this.#page(path, levels);
    return first ? this.#allMembers(first) : [];
  }

  async page(path: string): Promise<Page | null> {
    const plain = await this.#optional(path);
    const observed = plain && this.#collection(path, plain);
    if (observed === null) return null;
    const { members, ...rest } = await this.#completed(path, observed, 1);
    return { members: await this.#resources(members), ...rest };
  }

  /** One more request for the whole collection costs less than one for each member. */
  async #completed(path: string | null, observed: Page, levels: number): Promise<Page> {
    const linked = observed.members.filter(isReference).length > 1;
    const whole = linked && path !== null && this.#expand !== null ? await this.#page(path, levels) : null;
    return whole ?? observed;
  }

  async #allMembers(first: Page): Promise<Json[]> {
    const all: Json[] = [];
    addNew(all, first.members);
    const seen = new Set<string>();
    for (let next = first.next; next !== null && !hasAll(first, all.length, next); ) {
      const why = seen.has(pathKey(next)) ? inCircle : tooMuch(seen.size, all.length);
      if (why !== null) {
        this.gaps.push({ path: next, ...why });
        break;
      }
      seen.add(pathKey(next));
      const more: Page | null = await this.#page(next, 1);
      addNew(all, more?.members ?? []);
      next = more?.next ?? null;
    }
    return this.#resources(all.slice(0, maxMembers));
  }

  async #resources(members: readonly Json[]): Promise<Json[]> {
    const read = await Promise.all(members.map((one) => this.resource(one)));
    return read.filter((one) => one !== null);
  }

  async #page(path: string, levels: number): Promise<Page | null> {
    const collection = await this.#expanded(path, levels);
    return collection && this.#collection(path, collection);
  }

  #collection(path: string, collection: Json): Page | null {
    // Some show null where there are none.
    if (Array.isArray(collection.Members) || collection.Members === null) return pageOf(collection);
    this.gaps.push({ path, kind: 'rejected', reason: 'the collection shows no members', passing: false });
    return null;
  }

  async #expanded(path: string, levels: number): Promise<Json | null> {
    if (this.#expand === null || path.includes('?')) return this.#optional(path);
    try {
      const expanded = await this.#requests.fetch(`${path}${this.#expand(levels)}`);
      return refusalIn(expanded) === null ? expanded : this.#optional(path);
    } catch (error) {
      degrade(error);
      // This resource is read plainly; a service that calls the query itself wrong isn't asked again.
      if (error instanceof RedfishError && (error.status === 400 || error.status === 501)) this.#expand = null;
      return this.#optional(path);
    }
  }

  async #optional(path: string): Promise<Json | null> {
    try {
      const observed = await this.#requests.fetch(path);
      const reason = refusalIn(observed);
      if (reason === null) return observed;
      this.#miss({ path, kind: 'rejected', reason, passing: false });
    } catch (error) {
      const failed = degrade(error);
      this.#miss({ path, kind: failed.kind, reason: failed.message, passing: isPassing(failed) });
    }
    return null;
  }

  #miss(gap: Gap): void {
    if (!this.gaps.some(({ path }) => path === gap.path)) this.gaps.push(gap);
  }
}

/** Why what came with 200 is no resource: some controllers answer so with an error, or with nothing; null when it is. */
function refusalIn(observed: Json): string | null {
  // Properties of every schema begin with a capital or an at sign (DSP0266); of the error alone with a small letter.
  const isError = 'error' in observed && observed['@odata.type'] === undefined;
  if (!isError && Object.keys(observed).some((name) => /^[A-Z@]/.test(name))) return null;
  const message = readText(valueAt(list(valueAt(observed, 'error', '@Message.ExtendedInfo'))[0], 'Message'));
  return message ?? readText(valueAt(observed, 'error', 'message')) ?? 'what it shows is no resource';
}

/** Whether a collection was read to its count; some count a page, and link to what comes behind it. */
function hasAll({ count }: Page, read: number, next: string): boolean {
  const skip = number(/[?&]\$?skip=(\d+)/i.exec(next)?.[1]);
  return count !== null && read >= count && (skip === null || skip < read);
}

/** Pages overlap on some controllers, and a last one may begin anew: a member that is there already is no other. */
function addNew(all: Json[], more: readonly Json[]): void {
  const there = new Set(all.map(memberKey));
  for (const one of more) {
    const key = memberKey(one);
    if (key !== null && there.has(key)) continue;
    there.add(key);
    all.push(one);
  }
}

/** With its fragment: members of arrays share the path of their resource. */
function memberKey(member: Json): string | null {
  const id = readText(member['@odata.id']);
  return id === null ? null : pathKey(id);
}

type Why = Omit<Gap, 'path'>;

export const inCircle: Why = { kind: 'cyclic', reason: 'its pages go in a circle', passing: false };

function tooMuch(pages: number, members: number): Why | null {
  if (pages < maxPages && members <= maxMembers) return null;
  const reason = `more than ${maxPages} pages or ${maxMembers} members`;
  return { kind: 'too-large', reason, passing: false };
}

function pageOf(collection: Json): Page {
  return {
    members: list(collection.Members),
    next: readText(collection['Members@odata.nextLink']),
    count: number(collection['Members@odata.count']),
  };
}

/** Why one resource is missing; throws when it is not only that resource. */
function degrade(error: unknown): RedfishError {
  if (!(error instanceof RedfishError) || whole.has(error.kind)) throw error;
  return error;
}
