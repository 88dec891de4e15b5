/** The description of the API, OpenAPI 3.1, made of the definitions of its routes. Pure. */
import { z } from 'zod';
import * as contract from '../../contract/api.ts';
import { campaignView } from '../../contract/campaignschemas.ts';
import { ticketView } from '../../contract/tickets.ts';
import { type ApiRoute, answersOf, pathOf } from './route.ts';

type Json = Readonly<Record<string, unknown>>;
interface Schema {
  readonly properties?: Readonly<Record<string, Json>>;
  readonly required?: readonly string[];
}

/** What is described once, and named where it is part of an answer. */
const named = z.registry<{ readonly id: string }>();
named.add(contract.problem, { id: 'Problem' });
named.add(contract.machineSummary, { id: 'MachineSummary' });
named.add(contract.orderView, { id: 'Order' });
named.add(contract.stepView, { id: 'Step' });
named.add(contract.humanStepView, { id: 'Question' });
named.add(ticketView, { id: 'Ticket' });
named.add(campaignView, { id: 'Campaign' });

const meanings: Readonly<Record<number, string>> = {
  200: 'What was asked for',
  201: 'It was made',
  202: 'It is kept, and will be done',
  304: 'It is what the caller has',
  503: 'Not yet, or not any more',
};

const tagTexts: Readonly<Record<string, string>> = {
  accounts: 'Who may ask, and for what',
  approvals: 'What waits for a second person',
  audit: 'Who did what and why',
  boots: 'Boot requests and their answers',
  campaigns: 'One order over many machines',
  changes: 'What changes, as it does',
  dominator: "For the Dominator's own programs",
  drift: 'What machines are other than wanted',
  fleet: 'The fleet as a whole: conformance, consumption, health',
  guards: 'What must stay in service',
  hardware: 'What controllers tell of their machines',
  health: 'How Farrier and its fleet are',
  'human steps': 'What waits for a person',
  images: 'What is installed',
  'image system': 'What installs it',
  machines: 'Machines, and where they stand',
  'on call': 'Who is on call',
  orders: 'Passages that are asked for',
  places: 'Racks, networks, switches and controllers',
  pools: 'Policies of pools',
  profiles: 'Profiles: the settings, versions and parts that machines should have',
  rehydrate: 'Workflows that were lost, and bringing them back',
  semaphores: 'How many machines of a group may be out of service',
  session: 'Who asks, and signing in',
  tags: 'What machines are called',
  tickets: 'What is wrong with machines, and who is told',
};

const ways = [{ token: [] }, { session: [] }, { loopback: [] }];

export function describeApi(routes: readonly ApiRoute[]): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  const schemas: Record<string, Json> = {};
  for (const one of routes) {
    const path = pathOf(one).replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: describeRoute(one, schemas) };
  }
  const refusal = describeProblem(schemas);
  const used = [...new Set(routes.map(({ tag }) => tag))].sort();
  return {
    openapi: '3.1.0',
    info: {
      title: 'Farrier',
      version: '1',
      summary: 'Bare-metal servers from first power-on to useful work, and back.',
      description: 'Every refusal is a problem body (RFC 9457). Times are ISO 8601 in UTC.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: 'Where this description came from' }],
    tags: used.map((name) => ({ name, description: tagTexts[name] ?? name })),
    security: ways,
    paths,
    components: {
      schemas: sortKeys(schemas),
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'A token, as POST /tokens or POST /session makes it.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: 'farrier-PORT',
          description: 'The cookie of a browser, by POST /session; over TLS its name begins with `__Host-`.',
        },
        loopback: {
          type: 'apiKey',
          in: 'header',
          name: 'x-farrier-operator',
          description:
            'On a loopback address that is trusted whoever asks is its administrator; the name is for the audit, and may be left out.',
        },
      },
      responses: { Problem: refusal },
    },
  };
}

function describeProblem(schemas: Record<string, Json>): Json {
  return {
    description: 'Why it was not done',
    content: { 'application/problem+json': { schema: answerSchema(contract.problem, schemas) } },
  };
}

function describeRoute(one: ApiRoute, schemas: Record<string, Json>): Json {
  const { tag, summary, right, effect, reason } = one;
  return {
    operationId: operationId(one),
    tags: [tag],
    summary,
    security: right.role === 'anyone' ? [{}] : ways,
    'x-farrier-right': { role: right.role, of: right.of },
    'x-farrier-effect': effect,
    ...(reason && { 'x-farrier-reason': reason }),
    parameters: [...parametersOf(one.params, 'path'), ...parametersOf(one.query, 'query'), ...headersOf(one)],
    ...describeBody(one),
    responses: { ...describeAnswers(one, schemas), ...problemsOf(one) },
  };
}

/** `GET /machines/:name/timeline` is `getMachinesByNameTimeline`. */
function operationId({ method, path }: ApiRoute): string {
  const words = path.split(/[/.-]/).filter((word) => word !== '');
  const name = words.map((word) => (word.startsWith(':') ? `By${capital(word.slice(1))}` : capital(word))).join('');
  return `${method.toLowerCase()}${name}`;
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function parametersOf(schema: z.ZodType | undefined, place: 'path' | 'query'): Json[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = inputSchema(schema) as Schema;
  return Object.entries(properties).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: property,
  }));
}

const text = { type: 'string' };

function headersOf({ intent, effect, repeatable }: ApiRoute): Json[] {
  const header = (name: string, description: string) => ({
    name,
    in: 'header',
    required: false,
    description,
    schema: text,
  });
  return [
    ...(intent && effect === 'read' ? [header('If-None-Match', 'The ETag that the caller has')] : []),
    ...(intent && effect !== 'read'
      ? [
          header('If-Match', 'The ETag that was read: nothing is changed where it is another now'),
          header('If-None-Match', '`*`: nothing is changed where it is there already'),
        ]
      : []),
    ...(repeatable ? [header('Idempotency-Key', 'The same key with the same body has the same answer')] : []),
  ];
}

function describeBody({ body, consumes, method }: ApiRoute): Json {
  if (consumes !== undefined)
    return { requestBody: { content: { [consumes]: { schema: { type: 'string', format: 'binary' } } } } };
  if (body === undefined || method === 'GET') return {};
  return { requestBody: { required: true, content: { 'application/json': { schema: inputSchema(body) } } } };
}

function describeAnswers(one: ApiRoute, schemas: Record<string, Json>): Json {
  const { produces, producesToo, intent, effect } = one;
  const answers = answersOf(one);
  const type = produces === 'application/json as text' ? 'application/json' : (produces ?? 'application/json');
  return Object.fromEntries(
    Object.entries({ ...answers, ...(intent && effect === 'read' && { 304: answers[200] }) }).map(
      ([status, schema]) => {
        const description = meanings[Number(status)] ?? 'It was done';
        const empty = status === '304';
        return [
          status,
          {
            description,
            ...(intent && { headers: { ETag: { description: 'Of what is wanted', schema: text } } }),
            ...(empty
              ? {}
              : {
                  content: {
                    [type]: { schema: answerSchema(schema as z.ZodType, schemas) },
                    ...(producesToo && { [producesToo]: { schema: text } }),
                  },
                }),
          },
        ];
      },
    ),
  );
}

/** By which statuses a route refuses; the rest, as of a fault, is said by `default`. */
function problemsOf({ params, query, body, right, effect, consumes, intent, repeatable }: ApiRoute): Json {
  const statuses = [
    ...(params || query || body ? [400] : []),
    ...(right.role === 'anyone' ? [] : [401, 403, 429]),
    ...(params || query || body ? [404] : []),
    ...(effect === 'read' ? [] : [409]),
    ...(intent && effect !== 'read' ? [412] : []),
    ...(body || consumes ? [413, 415] : []),
    ...(repeatable ? [422] : []),
    ...(right.role === 'anyone' ? [] : [429]),
  ];
  const problem = { $ref: '#/components/responses/Problem' };
  return { ...Object.fromEntries(statuses.map((status) => [status, problem])), '4XX': problem, '5XX': problem };
}

function inputSchema(schema: z.ZodType): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    metadata: z.registry(),
  });
  return rest;
}

/** What is named in it goes to the components, and is told by reference. */
function answerSchema(schema: z.ZodType, schemas: Record<string, Json>): Json {
  const {
    $schema: _,
    $defs = {},
    ...rest
  } = moveReferences(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any', metadata: named })) as Json & {
    $defs?: Record<string, Json>;
  };
  for (const [name, { id: _id, ...own }] of Object.entries($defs)) schemas[name] = own;
  const id = named.get(schema)?.id;
  if (id === undefined) return rest;
  if (!('$ref' in rest)) {
    const { id: _id, ...own } = rest;
    schemas[id] = own;
  }
  return { $ref: `#/components/schemas/${id}` };
}

function moveReferences(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(moveReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === '$ref' && typeof inner === 'string'
        ? [key, inner.replace('#/$defs/', '#/components/schemas/')]
        : [key, moveReferences(inner)],
    ),
  );
}

function sortKeys(schemas: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => a.localeCompare(b)));
}
