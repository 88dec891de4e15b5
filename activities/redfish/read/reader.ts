import { RedfishError, type RedfishErrorKind } from '../errors.ts';
import type { Session } from '../session.ts';
import type { Json } from '../transport.ts';
import { at, isReference, link, list, number, object, pathKey, text } from './values.ts';

/** A resource that was linked and could not be read; everything else is complete without it. */
export interface Gap {
  readonly path: string;
  readonly reason: string;
}

/** Reads resources of one controller with as few requests as it allows; a broken resource costs only itself. */
export interface Reader {
  readonly root: Json;
  readonly gaps: readonly Gap[];
  /** Whether the service advertises to put members into collections. */
  readonly expands: boolean;
  /** Requests sent so far, that for the service root included. */
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
}

export const rootPath = '/redfish/v1/';
/** Quirk 4: controllers have few sessions and little memory; more at once are not answered sooner. */
const atOnce = 4;
const mostPages = 64;
const mostMembers = 2048;

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

/** Reads the service root; throws what `session.get` throws when even that fails. */
export async function openReader(session: Session): Promise<Reader> {
  const slots = createSlots(atOnce);
  const known = new Map<string, Promise<Json>>();
  const gaps: Gap[] = [];
  let sent = 0;
  const fetch = (path: string): Promise<Json> => {
    const key = pathKey(path);
    const held = known.get(key);
    if (held) return held;
    const fresh = slots(() => {
      sent += 1;
      return session.get(path);
    });
    known.set(key, fresh);
    return fresh;
  };
  const optional = async (path: string): Promise<Json | null> => {
    try {
      return await fetch(path);
    } catch (error) {
      const reason = degrade(error);
      if (!gaps.some((gap) => gap.path === path)) gaps.push({ path, reason });
      return null;
    }
  };
  const root = await fetch(rootPath);
  const expand = expandQuery(root);
  let expands = expand !== null;
  const expandedPath = async (path: string, levels: number): Promise<Json | null> => {
    if (expand === null || !expands || path.includes('?')) return optional(path);
    try {
      return await fetch(`${path}${expand(levels)}`);
    } catch (error) {
      degrade(error);
      // Advertised and not done: this resource is read plainly, and a service that calls the query wrong isn't asked again.
      if (error instanceof RedfishError && (error.status === 400 || error.status === 501)) expands = false;
      return optional(path);
    }
  };
  const resource = async (value: unknown): Promise<Json | null> => {
    const path = link(value);
    if (path !== null && isReference(object(value))) return optional(path);
    return Object.keys(object(value)).length > 0 ? object(value) : null;
  };
  const page = async (path: string, levels = 1): Promise<Page | null> => {
    const collection = await expandedPath(path, levels);
    return collection && collectionOf(path, collection);
  };
  /** Some controllers answer an optional collection with 200 and an error. */
  const collectionOf = (path: string, collection: Json): Page | null => {
    if (Array.isArray(collection.Members)) return pageOf(collection);
    const message = text(at(list(at(collection, 'error', '@Message.ExtendedInfo'))[0], 'Message'));
    gaps.push({ path, reason: message ?? 'the collection shows no members' });
    return null;
  };
  const membersOf = async (first: Page): Promise<Json[]> => {
    const all = [...first.members];
    const seen = new Set<string>();
    for (let next = first.next; next !== null && !seen.has(pathKey(next)); ) {
      seen.add(pathKey(next));
      if (seen.size > mostPages || all.length > mostMembers) {
        gaps.push({ path: next, reason: `more than ${mostPages} pages or ${mostMembers} members` });
        break;
      }
      const more: Page | null = await page(next);
      all.push(...(more?.members ?? []));
      next = more?.next ?? null;
    }
    const read = await Promise.all(all.slice(0, mostMembers).map(resource));
    return read.filter((one) => one !== null);
  };
  return {
    root,
    gaps,
    expands: expand !== null,
    requests: () => sent,
    resource,
    expanded: async (value, levels) => {
      const path = link(value);
      return path === null ? null : expandedPath(path, levels);
    },
    members: async (value, levels = 1) => {
      const inline = object(value);
      const path = link(value);
      if (Array.isArray(inline.Members)) {
        const shown = pageOf(inline);
        // One more request for the whole collection costs less than one for each member.
        const linked = shown.members.filter(isReference).length > 1 && path !== null && expands && expand !== null;
        return membersOf((linked ? await page(path, levels) : null) ?? shown);
      }
      const first = path === null ? null : await page(path, levels);
      return first ? membersOf(first) : [];
    },
    page: async (path) => {
      const plain = await optional(path);
      if (plain === null) return null;
      const shown = collectionOf(path, plain);
      const linked = shown !== null && shown.members.filter(isReference).length > 1 && expands && expand !== null;
      const whole = linked ? ((await page(path)) ?? shown) : shown;
      if (whole === null) return null;
      const members = await Promise.all(whole.members.map(resource));
      return { members: members.filter((one) => one !== null), next: whole.next };
    },
  };
}

function pageOf(collection: Json): Page {
  return { members: list(collection.Members), next: text(collection['Members@odata.nextLink']) };
}

/** Why one resource is missing; throws when it is not only that resource. */
function degrade(error: unknown): string {
  if (!(error instanceof RedfishError) || whole.has(error.kind)) throw error;
  return error.message;
}

/**
 * How this service is asked to put members into the answer; null where it does not offer that. Only what is
 * advertised is asked for, since others answer a query they do not know with an error or with anything.
 */
function expandQuery(root: Json): ((levels: number) => string) | null {
  const features = at(root, 'ProtocolFeaturesSupported', 'ExpandQuery');
  const kind = at(features, 'NoLinks') === true ? '.' : at(features, 'ExpandAll') === true ? '*' : null;
  if (kind === null) return null;
  if (at(features, 'Levels') !== true) return () => `?$expand=${kind}`;
  const most = number(at(features, 'MaxLevels')) ?? 1;
  return (levels) => `?$expand=${kind}($levels=${Math.max(1, Math.min(levels, most))})`;
}

function createSlots(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
