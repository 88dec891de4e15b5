/** Whether a right is had for what a request is about, where somebody has it for some pools or teams only. */
import type { FastifyRequest } from 'fastify';
import { type Belonging, type Grant, isEnough, type Role, roleFor, roles, wholeFleet } from '../../domain/grants.ts';
import type { Mdb } from '../../mdb/connect.ts';
import { type Belongings, belongingOf, belongingOfMachine, belongingOfSelected } from '../../mdb/people/belonging.ts';
import { ApiError } from './errors.ts';
import { mustSelect } from './names.ts';
import type { Operator } from './operator.ts';
import type { ApiRoute } from './route.ts';

type Asked = Pick<FastifyRequest, 'params' | 'query' | 'body'>;

/** What a request is about. */
interface Subject {
  /** Of none of it is more than nothing known: the handler says so. */
  readonly belongings: readonly Belonging[];
  /** As a refusal calls it. */
  readonly what: string;
  /** What is said to who does not see it, exactly as where there is none; null where that is no secret. */
  readonly absent: string | null;
  readonly field?: string;
}

const fleet: Subject = { belongings: [wholeFleet], what: 'the whole fleet', absent: null };

/**
 * Who asks, with the role that they have for what is asked. Throws ApiError: 404 for what they do not see, and 403 where
 * they may not.
 */
export async function mustHaveRight(mdb: Mdb, route: ApiRoute, operator: Operator, asked: Asked): Promise<Operator> {
  const { role: least } = route.right;
  if (least === 'anyone' || operator.grants.some((grant) => isEverywhere(grant, operator.role))) return operator;
  const subject = await subjectOf(mdb, route, asked);
  // Its handler shows and changes no more than is the caller's.
  if (subject === null) return operator;
  const { belongings, what, absent, field } = subject;
  const role = lowest(belongings.map((one) => roleFor(operator.grants, one)));
  if (role === null && absent !== null) throw new ApiError('not-found', absent, field);
  if (isEnough(role, least)) return { ...operator, role: role ?? operator.role };
  const has = role === null ? 'has none' : `is ${role}`;
  throw new ApiError('forbidden', `this takes the role ${least} for ${what}, and ${operator.name} ${has} there`);
}

const isEverywhere = ({ pools, teams, role }: Grant, highest: Role) =>
  pools === null && teams === null && role === highest;

function lowest(had: readonly (Role | null)[]): Role | null {
  if (had.length === 0 || had.includes(null)) return null;
  return roles.find((role) => had.includes(role)) ?? null;
}

/** The pools whose machines a request is about; null: all of the fleet, or what belongs to none alone. */
export async function poolsOf(mdb: Mdb, route: ApiRoute, asked: Asked): Promise<string[] | null> {
  const subject = await subjectOf(mdb, route, asked);
  const pools = subject?.belongings.map(({ pool }) => pool) ?? [null];
  return pools.includes(null) || pools.length === 0 ? null : [...new Set(pools as string[])];
}

async function subjectOf(mdb: Mdb, { right, narrows }: ApiRoute, asked: Asked): Promise<Subject | null> {
  const params = fieldsOf(asked.params);
  const { machine, selector, MDB } = fieldsOf(asked.body);
  const id = String(params['id'] ?? '');
  switch (right.of) {
    case 'machine':
      return ofMachine(mdb, params['name'] ?? machine ?? fieldsOf(MDB)['Hostname']);
    case 'selector':
      return ofSelected(mdb, selector, machine);
    case 'order':
    case 'step':
    case 'ticket':
    case 'permit':
    case 'campaign':
    case 'approval':
      return ofKind(mdb, right.of, id);
    case 'pool':
      return { belongings: [{ pool: id, team: null }], what: `pool ${id}`, absent: `there is no pool ${id}` };
    case 'team':
      return {
        belongings: [{ pool: null, team: String(params['team']) }],
        what: `team ${params['team']}`,
        absent: null,
      };
    case 'account':
      return null;
    case 'fleet': {
      if (!narrows) return fleet;
      const named = fieldsOf(asked.query)['machine'];
      return named === undefined ? null : ofMachine(mdb, named);
    }
    default:
      return fleet;
  }
}

async function ofMachine(mdb: Mdb, named: unknown): Promise<Subject> {
  const name = String(named);
  const belongings = await belongingOfMachine(mdb, name);
  return { belongings, what: describe(belongings), absent: `there is no machine ${name}`, field: 'machine' };
}

async function ofKind(mdb: Mdb, kind: Belongings, id: string): Promise<Subject> {
  const belongings = await belongingOf(mdb, kind, id);
  return { belongings, what: describe(belongings), absent: `there is no ${kind} ${id}` };
}

/** All that a request could mean: whichever of the two its handler takes. */
async function ofSelected(mdb: Mdb, selector: unknown, machine: unknown): Promise<Subject | null> {
  if (selector === undefined) return machine === undefined ? fleet : ofMachine(mdb, machine);
  const belongings = await belongingOfSelected(mdb, await mustSelect(mdb, String(selector)));
  if (machine !== undefined) belongings.push(...(await ofMachine(mdb, machine)).belongings);
  // Nobody has anything to lose by what means nothing, and the handler says that it does.
  if (belongings.length === 0) return null;
  return { belongings, what: 'every machine that the selector means', absent: null };
}

function describe(belongings: readonly Belonging[]): string {
  const places = belongings.map(({ pool, team }) => `pool ${pool}${team === null ? '' : ` and team ${team}`}`);
  return places.join(', ');
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
