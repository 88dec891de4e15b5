import { accepted } from '../../contract/api.ts';
import * as contract from '../../contract/approvals.ts';
import type { Mdb } from '../../mdb/connect.ts';
import {
  countApprovals,
  countSeconds,
  type FoundApproval,
  linesOf,
  listApprovals,
  listTogether,
  readApprovalPolicy,
  setApprovalPolicy,
} from '../../mdb/people/approvals.ts';
import { readPage } from './cursors.ts';
import { ApiError } from './errors.ts';
import { decline, giveApproval, mustBeKnown, refuseDecision, togetherFor } from './eyes/deciding.ts';
import { hashTogether } from './eyes/eyes.ts';
import { eyesOfPolicy } from './eyes/guards.ts';
import { onlyOf } from './names.ts';
import { type ApiRoute, type Asked, acceptance, route } from './route.ts';

/** What waits for a second person, and what such a one says to it. */
export const approvalRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/approvals',
    tag: 'approvals',
    summary: 'What was asked and takes a second person, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: contract.approvalFilter,
    fieldsOf: 'approvals',
    answers: { 200: contract.approvalList },
    handle: async ({ query: { state, machine, limit, after }, pools, mdb, cursors }) => {
      const { machineId } = await onlyOf(mdb, machine, undefined);
      const wanted = { state, machineId, pools };
      const { rows, ...page } = await readPage(
        cursors,
        'approvals',
        { after, limit },
        async (of) => (await listApprovals(mdb, { ...wanted, ...of })).map(show),
        () => countApprovals(mdb, wanted),
      );
      return { approvals: [...rows], ...page };
    },
  }),
  route({
    method: 'GET',
    path: '/approvals/:id',
    tag: 'approvals',
    summary: 'One of them: the plan that would run, and what would be done with it',
    right: { role: 'viewer', of: 'approval' },
    effect: 'read',
    params: contract.approvalName,
    answers: { 200: contract.approvalDetail },
    handle: (asked) => showDetail(asked, asked.params.id),
  }),
  route({
    method: 'POST',
    path: '/approvals/:id/approve',
    tag: 'approvals',
    summary: 'Does what was asked, by the plan that was seen; for somebody else than who asked, with the role for it',
    right: { role: 'operator', of: 'approval' },
    effect: 'destructive',
    params: contract.approvalName,
    body: contract.approvalGiven,
    answers: { 200: contract.approvalDone },
    handle: async (asked) => {
      const { params, body, mdb } = asked;
      const ids = await giveApproval(asked, params.id, body.plan, body.note ?? null);
      const found = (await Promise.all(ids.map((id) => listApprovals(mdb, { id, limit: 1 })))).flat();
      return { done: found.map((one) => ({ approval: show(one), outcome: one.row.outcome })) };
    },
  }),
  ...(['refuse', 'withdraw'] as const).map((how) =>
    route({
      method: 'POST',
      path: `/approvals/:id/${how}`,
      tag: 'approvals',
      summary: how === 'refuse' ? 'Says that it is not to be done' : 'Takes back what one asked oneself',
      right: { role: 'operator', of: 'approval' },
      effect: 'write',
      reason: 'required',
      params: contract.approvalName,
      body: contract.approvalRefused,
      answers: { 200: accepted },
      handle: async (asked) => {
        await decline(asked, asked.params.id, how === 'refuse' ? 'refused' : 'withdrawn', asked.body.reason);
        return acceptance;
      },
    }),
  ),
  route({
    method: 'GET',
    path: '/approval-policy',
    tag: 'approvals',
    summary: 'What takes a second person',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.approvalPolicyView },
    intent: ({ mdb }) => readApprovalPolicy(mdb),
    handle: ({ mdb }) => showPolicy(mdb),
  }),
  route({
    method: 'PUT',
    path: '/approval-policy',
    tag: 'approvals',
    summary: 'Sets what takes a second person',
    right: { role: 'admin', of: 'fleet' },
    effect: 'destructive',
    reason: 'required',
    body: contract.approvalPolicyRequest,
    answers: { 200: contract.approvalPolicyView },
    intent: ({ mdb }) => readApprovalPolicy(mdb),
    eyes: eyesOfPolicy,
    handle: async ({ body: { reason, ...policy }, operator, mdb }) => {
      if (policy.acts.length > 0 && (await countSeconds(mdb, operator.person)) === 0)
        throw new ApiError(
          'conflict',
          'nobody else who could be the second person is admin of the whole fleet: give somebody an account first',
          'acts',
        );
      await setApprovalPolicy(mdb, operator, policy, reason);
      return showPolicy(mdb);
    },
  }),
];

async function showPolicy(mdb: Mdb): Promise<contract.ApprovalPolicyView> {
  const { acts, hours } = await readApprovalPolicy(mdb);
  return { acts: [...acts], hours };
}

const iso = (at: Date | null) => at?.toISOString() ?? null;

function show({ row, state, hostname }: FoundApproval): contract.ApprovalView {
  const { id, what, route: request, acts, machineId, reason, askedBy, decidedBy, why } = row;
  return {
    ...{ id, what, request, acts, machineId, hostname, reason, askedBy, state, decidedBy, why },
    askedAt: row.askedAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    decidedAt: iso(row.decidedAt),
  };
}

async function showDetail(asked: Asked, id: string): Promise<contract.ApprovalDetail> {
  const { mdb } = asked;
  const known = await mustBeKnown(mdb, id);
  const { row, state } = known;
  const waiting = state === 'waiting';
  const { machineId } = row;
  const all = waiting && machineId !== null ? await listTogether(mdb, [machineId]) : [known];
  const together = await togetherFor(asked, id, all);
  const lines = (one: FoundApproval) => linesOf(one).map((each) => ({ ...each }));
  return {
    approval: show(known),
    body: { ...row.body },
    plan: { hash: waiting ? hashTogether(together) : null, lines: lines(known), missing: missingOf(together) },
    together: together.filter((one) => one.row.id !== id).map((one) => ({ approval: show(one), lines: lines(one) })),
    refused: waiting ? await refuseDecision(asked, known) : null,
    outcome: row.outcome,
  };
}

function missingOf(together: readonly FoundApproval[]): string | null {
  const late = together.find(({ row, planned }) => row.rehearsal !== null && planned === null);
  if (!late) return null;
  const { state = 'gone', outcome = null } = late.rehearsed ?? {};
  return `the dry run ${late.row.rehearsal} is ${state}${outcome === null ? '' : `: ${outcome}`}`;
}
