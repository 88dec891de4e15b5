import * as contract from '../../contract/accounts.ts';
import { accepted } from '../../contract/api.ts';
import { mayGrant } from '../../domain/grants.ts';
import { createToken, listTokens, revokeToken, type TokenRow } from '../../mdb/people/tokens.ts';
import { granted } from './errors.ts';
import { type ApiRoute, acceptance, route } from './route.ts';

/** Tokens that administrators have made. */
export const accountRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/tokens',
    tag: 'accounts',
    summary: 'Tokens by name, also those that have ended; of an admin of some pools, those that they could make',
    right: { role: 'admin', of: 'account' },
    effect: 'read',
    answers: { 200: contract.tokenList },
    handle: async ({ operator, mdb }) => {
      const rows = await listTokens(mdb);
      return { tokens: rows.filter(({ grants }) => mayGrant(operator.grants, grants)).map(showToken) };
    },
  }),
  route({
    method: 'POST',
    path: '/tokens',
    tag: 'accounts',
    summary: 'Makes a token, which is shown this once; good for no more than its maker is admin of',
    right: { role: 'admin', of: 'account' },
    effect: 'write',
    reason: 'optional',
    body: contract.tokenRequest,
    answers: { 201: contract.tokenCreated },
    handle: async ({ body: { name, grants, expiresAt, person, reason = null }, operator, mdb }) => {
      const spec = { name, grants, expiresAt: new Date(expiresAt), person, reason };
      const { row, token } = granted(await createToken(mdb, operator, operator.grants, spec));
      return { view: showToken(row), token };
    },
  }),
  route({
    method: 'DELETE',
    path: '/tokens/:id',
    tag: 'accounts',
    summary: 'Revokes a token by its id or name, from the next request on',
    right: { role: 'admin', of: 'account' },
    effect: 'write',
    reason: 'required',
    params: contract.tokenName,
    query: contract.tokenRevocation,
    answers: { 200: accepted },
    handle: async ({ params: { id }, query: { reason }, operator, mdb }) => {
      granted(await revokeToken(mdb, operator, operator.grants, id, reason));
      return acceptance;
    },
  }),
];

function showToken({
  grants,
  createdAt,
  expiresAt,
  lastUsedAt,
  revokedAt,
  maker: _,
  ...row
}: TokenRow): contract.TokenView {
  return {
    ...row,
    grants: grants.map(showGrant),
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
    revokedAt: revokedAt?.toISOString() ?? null,
  };
}

export function showGrant({ role, pools, teams }: TokenRow['grants'][number]): contract.TokenView['grants'][number] {
  return { role, pools: pools && [...pools], teams: teams && [...teams] };
}
