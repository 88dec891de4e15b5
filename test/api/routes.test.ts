import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { eq } from 'drizzle-orm';
import type { InjectOptions } from 'fastify';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { describeApi } from '../../api/people/openapi.ts';
import { operatorOf } from '../../api/people/operator.ts';
import { type ApiRoute, pathOf } from '../../api/people/route.ts';
import { routes } from '../../api/people/routes.ts';
import { createPeopleApi } from '../../api/people/server.ts';
import { openAuthority } from '../../boot/authority.ts';
import { problem } from '../../contract/api.ts';
import { type Role, roles } from '../../domain/grants.ts';
import { audit } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';
import { everywhere, makeToken } from './accounts.ts';
import { least } from './rights.ts';

let base: ThrowawayMdb;
let app: Awaited<ReturnType<typeof createPeopleApi>>;
let folder: string;
const served: string[] = [];
const tokens = new Map<Role | null, string>();
/** Who asks, by a token of this role; null for nobody who is known. */
let asker: Role | null = null;
const inject = (request: InjectOptions) => {
  const token = tokens.get(asker);
  return app.inject({
    ...request,
    headers: { ...request.headers, ...(token && { authorization: `Bearer ${token}` }) },
  });
};

beforeAll(async () => {
  base = await throwawayMdb();
  folder = await mkdtemp(join(tmpdir(), 'farrier-routes-'));
  const authority = await openAuthority(join(folder, 'authority'));
  const log = pino({ level: 'silent' });
  const images = join(folder, 'images');
  app = await createPeopleApi({ mdb: base.mdb, siteId: 'home', images, authority, log, trustsLoopback: false });
  await app.ready();
  for (const role of roles) tokens.set(role, await makeToken(base.mdb, `some-${role}`, everywhere(role)));
  for (const line of app.printRoutes({ commonPrefix: false, includeHooks: false }).split('\n')) served.push(line);
  await writeSite(base.mdb);
});
afterAll(async () => {
  await app?.close();
  await base?.close();
  await rm(folder, { recursive: true });
});

const nameOf = ({ method, path }: ApiRoute) => `${method} ${path}`;

/** Asks as somebody would who has read no description: what it is for is not there, and of a body nothing is right. */
async function ask(route: ApiRoute) {
  const { consumes, method } = route;
  return inject({
    method,
    // One that may is not to be told for ever.
    url: `${pathOf(route).replace(/:\w+/g, 'absent')}${route.produces === 'text/event-stream' ? '?kinds=absent' : ''}`,
    ...(method === 'GET' || method === 'DELETE' ? {} : { payload: consumes ? 'x' : '{}' }),
    headers: { 'content-type': consumes ?? 'application/json' },
  });
}

describe('rights', () => {
  it('are those of a row for every route, and no row is of none', () => {
    const said = Object.fromEntries(routes.map((one) => [nameOf(one), one.right.role]));
    expect(said).toEqual(least);
    expect(new Set(routes.map(nameOf)).size).toBe(routes.length);
  });

  const matrix = routes.flatMap((route) => [null, ...roles].map((role) => ({ route, role, name: nameOf(route) })));
  it.each(matrix)('let $role ask for $name, or not', async ({ route, role, name }) => {
    asker = role;
    const { statusCode, headers } = await ask(route);
    const wanted = least[name] ?? 'admin';
    const order = ['anyone', ...roles];
    if (order.indexOf(role ?? 'anyone') >= order.indexOf(wanted)) expect([401, 403, 500]).not.toContain(statusCode);
    else {
      expect(statusCode).toBe(role === null ? 401 : 403);
      expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    }
  });

  it('leave one row of the audit for a write that was refused, and none for what was only read', async () => {
    const rows = () => base.mdb.select().from(audit).where(eq(audit.action, 'request.refused')).orderBy(audit.id);
    asker = null;
    const payload = { machine: 'm-1', passage: 'clean', reason: 'r' };
    const before = (await rows()).length;
    // Of one that was refused often, not every time is kept.
    const headers = { authorization: `Bearer ${await makeToken(base.mdb, 'other-viewer', everywhere('viewer'))}` };
    const answer = await inject({ method: 'POST', url: '/api/v1/orders', payload, headers });
    expect(answer.statusCode).toBe(403);
    expect((await inject({ url: '/api/v1/machines' })).statusCode).toBe(401);
    const after = await rows();
    expect(after).toHaveLength(before + 1);
    expect(after.at(-1)).toMatchObject({
      actor: 'token:other-viewer',
      detail: { request: 'POST /orders', status: 403 },
    });
  });

  it('are asked before anything of a body is read', async () => {
    asker = 'viewer';
    const url = '/api/v1/images/x?kind=compute';
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(1024 ** 3) };
    expect((await inject({ method: 'PUT', url, headers })).statusCode).toBe(403);
  });
});

describe('definitions', () => {
  it('are all that is served, besides the pages that describe the API', () => {
    const paths: string[] = [];
    const at: string[] = [];
    for (const line of served) {
      const [, indent = '', segment = '', methods] = /^([│\s]*[├└]── )(\S+)(?: \(([A-Z, ]+)\))?/.exec(line) ?? [];
      if (segment === '') continue;
      const depth = indent.length / 4 - 1;
      at.splice(depth, at.length, segment);
      if (methods === undefined) continue;
      for (const method of methods.split(', ')) paths.push(`${method} ${at.join('')}`);
    }
    const known = new Set(routes.map((one) => `${one.method} ${pathOf(one)}`));
    const others = paths.filter((path) => !known.has(path) && !/ \/docs/.test(path));
    expect(others.filter((path) => !path.startsWith('HEAD'))).toEqual(['GET /openapi.json']);
    expect([...known].filter((path) => !paths.includes(path))).toEqual([]);
  });

  it('say why where they say that they must be told, and read where they are asked by GET', () => {
    for (const one of routes) {
      expect(one.effect === 'read', nameOf(one)).toBe(one.method === 'GET');
      expect(one.summary, nameOf(one)).not.toBe('');
      const { required = [] } = z.toJSONSchema(
        one.method === 'DELETE' ? (one.query ?? z.unknown()) : (one.body ?? z.unknown()),
        {
          io: 'input',
          unrepresentable: 'any',
        },
      ) as { required?: string[] };
      expect(
        required.some((field) => field === 'reason' || field === 'why'),
        nameOf(one),
      ).toBe(one.reason === 'required');
    }
  });
});

/** Objects of a schema that let in what they do not name. */
function openObjects(schema: unknown): object[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, additionalProperties } = schema as { properties?: object; additionalProperties?: unknown };
  const own = properties !== undefined && additionalProperties !== false ? [schema] : [];
  return [...own, ...Object.values(schema).flatMap(openObjects)];
}

describe('what is asked', () => {
  it('holds no field that is not named, but where others have made the form', () => {
    const loose = routes.filter(({ query, body }) =>
      [query, body].some(
        (one) => one && openObjects(z.toJSONSchema(one, { io: 'input', unrepresentable: 'any' })).length > 0,
      ),
    );
    // The Dominator's, and those of browsers.
    expect(loose.map(nameOf)).toEqual(['POST /request', 'POST /session/passkey', 'POST /passkeys']);
  });
});

describe('the description', () => {
  it('is OpenAPI 3.1 without a complaint', async () => {
    const config = await createConfig({
      extends: ['recommended-strict'],
      rules: { 'security-defined': 'error', 'operation-operationId': 'error', 'operation-operationId-unique': 'error' },
    });
    const source = JSON.stringify(describeApi(routes));
    const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
    expect(
      problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer ?? ''}`),
    ).toEqual([]);
    asker = null;
    expect((await app.inject({ url: '/openapi.json' })).body).toBe(source);
  });

  it('describes each answer, and each with its right', () => {
    const { paths } = describeApi(routes) as {
      paths: Record<string, Record<string, { responses: Record<string, object>; 'x-farrier-right': object }>>;
    };
    const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
    expect(operations).toHaveLength(routes.length);
    for (const operation of operations) {
      expect(operation['x-farrier-right']).toMatchObject({ role: expect.any(String), of: expect.any(String) });
      for (const response of Object.values(operation.responses))
        expect('$ref' in response || 'description' in response).toBe(true);
    }
  });
});

describe('problem bodies', () => {
  const json = { 'content-type': 'application/json' };
  const cases: [string, number, string, InjectOptions][] = [
    ['a page that there is not', 404, 'not-found', { url: '/api/v1/nothing' }],
    ['a machine that there is not', 404, 'not-found', { url: '/api/v1/machines/absent' }],
    ['another method', 405, 'no-method', { method: 'DELETE', url: '/api/v1/machines/absent' }],
    [
      'another form',
      415,
      'invalid',
      { method: 'POST', url: '/api/v1/orders', payload: '<o/>', headers: { 'content-type': 'text/xml' } },
    ],
    [
      'too much',
      413,
      'too-large',
      { method: 'POST', url: '/api/v1/orders', payload: `{"a":"${'x'.repeat(70_000)}"}`, headers: json },
    ],
    ['a NUL in the address', 400, 'invalid', { url: '/api/v1/machines?rack=A%00' }],
    ...['a\\u0000', '\\ud83d'].map((text): [string, number, string, InjectOptions] => [
      `the text ${text}`,
      ...([400, 'invalid'] as const),
      { method: 'POST', url: '/api/v1/orders', payload: `{"reason":"${text}"}`, headers: json },
    ]),
    ['what is no JSON', 400, 'invalid', { method: 'POST', url: '/api/v1/orders', payload: '{', headers: json }],
    [
      'fields of the wrong type',
      400,
      'invalid',
      { method: 'POST', url: '/api/v1/orders', payload: '{"machine":7,"passage":[]}', headers: json },
    ],
    ['a path that is no text', 400, 'invalid', { url: '/api/v1/machines/%ff' }],
  ];
  it.each(cases)('answer %s', async (_what, status, code, request) => {
    asker = 'admin';
    const answer = await inject(request);
    expect(answer.statusCode).toBe(status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    const body = z.strictObject(problem.shape).parse(answer.json());
    expect(body).toMatchObject({
      status,
      code,
      type: `urn:farrier:problem:${code}`,
      error: { code, message: body.detail },
    });
    expect(body.instance).toBe(String(request.url).split('?')[0]);
  });

  it('say all that is wrong with a body', async () => {
    const payload = { machine: 7, passage: 'explode', reason: '' };
    const { errors } = (await inject({ method: 'POST', url: '/api/v1/orders', payload })).json();
    expect(errors.map(({ field }: { field: string }) => field)).toEqual(['machine', 'passage', 'reason']);
  });

  it('say of a fault that it is one, and nothing of what it was', async () => {
    const broken = { ...base.mdb, execute: () => Promise.reject(new Error('select secret from machines at line 1')) };
    const authority = await openAuthority(join(folder, 'authority'));
    const log = pino({ level: 'silent' });
    const identify = () => operatorOf('ann', everywhere('admin'), 'token');
    const other = await createPeopleApi({
      mdb: broken as never,
      siteId: 'home',
      images: folder,
      authority,
      log,
      identify,
    });
    const answer = await other.inject({ url: '/api/v1/machines' });
    expect(answer).toMatchObject({ statusCode: 500 });
    expect(answer.json()).toMatchObject({ code: 'fault', status: 500 });
    expect(answer.body).not.toMatch(/secret|at line|\.ts:/);
    await other.close();
  });
});
