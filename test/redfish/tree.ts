import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';

/** The recorded trees, which stay outside the repository; null where they are not there. */
const folder = resolve(process.env.FARRIER_SHARED ?? '../shared', 'redfish/fixtures');
export const treesAbsent = existsSync(folder) ? null : `skipped: no recorded Redfish trees at ${folder}`;

/** Names of the recorded controllers. */
export function treeNames(): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Every text that a recorded resource shows under this name. */
export function everyRecorded(name: string): Set<string> {
  const found = new Set<string>();
  const look = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key === name && typeof inner === 'string') found.add(inner);
      look(inner);
    }
  };
  for (const tree of treeNames())
    for (const file of readdirSync(join(folder, tree, 'redfish'), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('index.json')) look(JSON.parse(readFileSync(join(folder, tree, 'redfish', file), 'utf8')));
  return found;
}

interface Fault {
  readonly status: number;
  readonly body: string;
}

/** A recorded controller, played back over HTTP. */
export interface TreeServer {
  readonly origin: string;
  /** Paths and queries of all reads so far. */
  readonly requests: string[];
  /** Answers in place of resources, by path. */
  readonly faults: Map<string, Fault>;
  /** Set to answer every query with 501. */
  refuseQueries: boolean;
  /** How many sessions are open. */
  sessions(): number;
  close(): Promise<void>;
}

export type RedfishResource = Record<string, unknown>;

export function serveTree(name: string): Promise<TreeServer> {
  return serveResources(loadTree(name));
}

/** Resources by path, in the spelling that links use. */
export function serveTable(table: Readonly<Record<string, RedfishResource>>): Promise<TreeServer> {
  const sessions = { Links: { Sessions: { '@odata.id': '/redfish/v1/SessionService/Sessions' } } };
  const places = new Map(Object.entries(table).map(([path, resource]) => [keyOf(path), resource]));
  places.set('/redfish/v1', { ...sessions, ...places.get('/redfish/v1') });
  return serveResources((path) => places.get(keyOf(path)));
}

async function serveResources(find: (path: string) => RedfishResource | undefined): Promise<TreeServer> {
  const requests: string[] = [];
  const faults = new Map<string, Fault>();
  let sessions = 0;
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://controller');
    if (request.method === 'POST') {
      sessions += 1;
      response.setHeader('x-auth-token', 'token');
      return answer(response, 201, { '@odata.id': '/redfish/v1/SessionService/Sessions/1' });
    }
    if (request.method === 'DELETE') {
      sessions -= 1;
      return answer(response, 204, null);
    }
    requests.push(decodeURIComponent(`${url.pathname}${url.search}`));
    const fault = faults.get(keyOf(url.pathname));
    if (fault) return response.writeHead(fault.status, { 'content-type': 'application/json' }).end(fault.body);
    if (served.refuseQueries && url.search !== '') return answer(response, 501, {});
    if (!allowed(request, url)) return answer(response, 401, { error: { message: 'no session' } });
    const resource = find(url.pathname);
    if (!resource) return answer(response, 404, { error: { message: 'no such resource' } });
    answer(response, 200, expand(find, resource, url.searchParams.get('$expand')));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const served: TreeServer = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    faults,
    sessions: () => sessions,
    refuseQueries: false,
    close: () => new Promise((done) => server.close(() => done())),
  };
  return served;
}

/** Quirk 4: only the service root is readable without signing in. */
function allowed(request: IncomingMessage, url: URL): boolean {
  return keyOf(url.pathname) === '/redfish/v1' || request.headers['x-auth-token'] === 'token';
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body === null ? '' : JSON.stringify(body));
}

/** Quirk 14: recorded links differ from the recorded places in case and trailing slashes. */
function keyOf(path: string): string {
  return decodeURIComponent(path).toLowerCase().replace(/\/+$/, '');
}

/** Paths of all resources of a recorded controller. */
export function treePaths(name: string): string[] {
  const files = readdirSync(join(folder, name, 'redfish'), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('index.json'))
    .map((file) => `/redfish/${file.replace(/\/?index\.json$/, '')}`);
}

/** Finds a resource of a recorded controller, in whatever spelling it is linked. */
export function loadTree(name: string): (path: string) => RedfishResource | undefined {
  const places = new Map(treePaths(name).map((path) => [keyOf(path), join(folder, name, path, 'index.json')]));
  return (path) => {
    const place = places.get(keyOf(path));
    return place === undefined ? undefined : (JSON.parse(readFileSync(place, 'utf8')) as RedfishResource);
  };
}

/** `$expand` as the service root of the tree advertises it; what is not advertised is refused. */
function expand(
  find: (path: string) => RedfishResource | undefined,
  resource: RedfishResource,
  query: string | null,
): unknown {
  if (query === null) return resource;
  const features = (find('/redfish/v1')?.ProtocolFeaturesSupported ?? {}) as { ExpandQuery?: Record<string, unknown> };
  const { ExpandAll, NoLinks, Levels, MaxLevels } = features.ExpandQuery ?? {};
  const [, kind, levels] = /^([.*])(?:\(\$levels=(\d)\))?$/.exec(query) ?? [];
  const offered = (kind === '*' && ExpandAll) || (kind === '.' && NoLinks);
  if (!offered || (levels !== undefined && (!Levels || Number(levels) > Number(MaxLevels ?? 1))))
    throw new Error(`the tree does not offer $expand=${query}`);
  return inline(find, resource, Number(levels ?? 1), kind === '*');
}

function inline(
  find: (path: string) => RedfishResource | undefined,
  value: unknown,
  levels: number,
  links: boolean,
): unknown {
  if (Array.isArray(value)) return value.map((one) => inlineLink(find, one, levels, links));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) =>
    name === 'Links' && !links ? [name, inner] : [name, inlineLink(find, inner, levels, links)],
  );
  return Object.fromEntries(entries);
}

function inlineLink(
  find: (path: string) => RedfishResource | undefined,
  value: unknown,
  levels: number,
  links: boolean,
): unknown {
  const { '@odata.id': path, ...rest } = (value ?? {}) as RedfishResource;
  if (typeof path !== 'string' || Object.keys(rest).length > 0) return inline(find, value, levels, links);
  const target = path.includes('#') || levels === 0 ? undefined : find(path);
  return target === undefined ? value : inline(find, target, levels - 1, links);
}
