import { randomInt } from 'node:crypto';
import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/people.ts';
import { mayGrant } from '../../domain/grants.ts';
import { doubtPassword } from '../../domain/passwords.ts';
import {
  createPerson,
  givePassword,
  listPeople,
  type PersonRow,
  setDisabled,
  setGrants,
} from '../../mdb/people/persons.ts';
import { showGrant } from './accounts.ts';
import { ApiError, granted } from './errors.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

const right = { role: 'admin', of: 'account' } as const;

/** People with accounts, as their administrators see them. */
export const personRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/people',
    tag: 'accounts',
    summary: 'People with accounts; of an admin of some pools, those whose account they could change',
    right,
    effect: 'read',
    answers: { 200: contract.personList },
    handle: async ({ operator, mdb }) => {
      const rows = await listPeople(mdb);
      return { people: rows.filter(({ grants }) => mayGrant(operator.grants, grants)).map(showPerson) };
    },
  }),
  route({
    method: 'POST',
    path: '/people',
    tag: 'accounts',
    summary: 'Gives somebody an account; its first password is shown this once, unless it is told',
    right,
    effect: 'write',
    reason: 'optional',
    body: contract.personRequest,
    answers: { 201: contract.personCreated },
    handle: async ({ body: { name, grants, password: told, reason = null }, operator, mdb, signIn }) => {
      const password = mustBePassword(told ?? drawPassword(), name);
      const passwordHash = await signIn.passwords.hash(password);
      const row = granted(await createPerson(mdb, operator, { name, grants, passwordHash, reason }));
      return { person: showPerson(row), password: told === undefined ? password : null };
    },
  }),
  route({
    method: 'PUT',
    path: '/people/:name/grants',
    tag: 'accounts',
    summary: 'Gives a person these roles in place of theirs, from the next request on',
    right,
    effect: 'write',
    reason: 'optional',
    params: contract.personName,
    body: contract.personGrants,
    answers: { 200: accepted },
    handle: async ({ params: { name }, body: { grants, reason = null }, operator, mdb }) => {
      granted(await setGrants(mdb, operator, name, { grants, reason }));
      return acceptance;
    },
  }),
  route({
    method: 'PUT',
    path: '/people/:name/password',
    tag: 'accounts',
    summary: 'Gives a person another password, signs them out and forgets their passkeys',
    right,
    effect: 'write',
    reason: 'optional',
    params: contract.personName,
    body: contract.personPassword,
    answers: { 200: contract.givenPassword },
    handle: async ({ params: { name }, body: { password: told, reason = null }, operator, mdb, signIn }) => {
      const password = mustBePassword(told ?? drawPassword(), name);
      const passwordHash = await signIn.passwords.hash(password);
      granted(await givePassword(mdb, operator, name, { passwordHash, reason }));
      return { password: told === undefined ? password : null };
    },
  }),
  ...([true, false] as const).map((disabled) =>
    route({
      method: 'POST',
      path: `/people/:name/${disabled ? 'disable' : 'enable'}`,
      tag: 'accounts',
      summary: disabled
        ? 'Lets a person sign in no more, and signs them out; what they did stays theirs'
        : 'Lets a person who was disabled sign in again',
      right,
      effect: 'write',
      reason: 'required',
      params: contract.personName,
      body: contract.personChange,
      answers: { 200: accepted },
      handle: async ({ params: { name }, body: { reason }, operator, mdb }) => {
        granted(await setDisabled(mdb, operator, name, { disabled, reason }));
        return acceptance;
      },
    }),
  ),
];

function showPerson({ id, name, grants, issuer, passwordHash, ...row }: PersonRow): contract.PersonView {
  const { createdBy, createdAt, disabledAt, disabledBy } = row;
  return {
    ...{ id, name, grants: grants.map(showGrant), provider: issuer, password: passwordHash !== null },
    ...{ createdBy, createdAt: createdAt.toISOString() },
    ...{ disabledAt: disabledAt?.toISOString() ?? null, disabledBy },
  };
}

/** The password, where it is one that can be taken. Throws ApiError. */
export function mustBePassword(password: string, name: string): string {
  const doubt = doubtPassword(password, name);
  if (doubt !== null) throw new ApiError('invalid', `password: ${doubt}`, 'password');
  return password;
}

// None that are taken for another when they are read aloud.
const letters = 'abcdefghijkmnpqrstuvwxyz23456789';

/** 100 random bits, in groups that can be read aloud. */
function drawPassword(): string {
  const group = () => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
  return [group(), group(), group(), group()].join('-');
}
