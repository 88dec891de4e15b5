/** Keeps what takes a second person instead of doing it. */
import { approvalHeader } from '../../../contract/apiheader.ts';
import { actsThatWait } from '../../../domain/approvals.ts';
import type { Mdb } from '../../../mdb/connect.ts';
import { keepApproval, readApprovalPolicy } from '../../../mdb/people/approvals.ts';
import { granted } from '../errors.ts';
import { poolsOf } from '../rights.ts';
import type { ApiRoute, Asked } from '../route.ts';
import { hashOfAsked } from './eyes.ts';

export const nameOfRoute = ({ method, path }: Pick<ApiRoute, 'method' | 'path'>) => `${method} ${path}`;

/** Does it, or keeps it where a second person has to see it first. */
export async function doOrAsk(definition: ApiRoute, asked: Asked): Promise<unknown> {
  const { mdb, reply } = asked;
  const policy = await readApprovalPolicy(mdb);
  const eyes = policy.acts.length === 0 ? null : await definition.eyes?.(asked);
  const acts = actsThatWait(policy, eyes?.acts ?? []);
  if (!eyes || acts.length === 0) return definition.handle(asked);
  await tryOut(definition, asked);
  const params = fieldsOf(asked.params);
  const body = fieldsOf(asked.body);
  const route = nameOfRoute(definition);
  const { what, plan, rehearse = null, machineIds } = eyes;
  const [machineId = null] = machineIds.length === 1 ? machineIds : [];
  const kept = {
    ...{ route, params, body, acts, what, plan, machineId },
    reason: String(body['reason'] ?? body['why'] ?? body['note'] ?? what),
    pools: await poolsOf(mdb, definition, asked.request),
    hash: hashOfAsked(route, params, body, plan),
  };
  const { operator } = asked;
  const asking = { asker: operator, asked: kept, hours: policy.hours, rehearse };
  const id = granted(await keepApproval(mdb, asking));
  reply.code(202).header(approvalHeader, id);
  return { approval: { id, what, acts } };
}

/** Thrown to leave everything as it was. */
class TriedOut extends Error {}

/** Throws what it would be refused for as things stand, and does nothing. */
async function tryOut(definition: ApiRoute, asked: Asked): Promise<void> {
  try {
    await asked.mdb.transaction(async (tx) => {
      await definition.handle({ ...asked, mdb: tx as unknown as Mdb });
      throw new TriedOut();
    });
  } catch (error) {
    if (!(error instanceof TriedOut)) throw error;
  }
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
