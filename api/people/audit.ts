import * as contract from '../../contract/auditschemas.ts';
import { readChain } from '../../mdb/audit/chain.ts';
import { countAudit, listAudit } from '../../mdb/audit/listing.ts';
import { type AuditFigures, readAuditFigures, streamPrefix, verifiedMark } from '../../mdb/audit/marks.ts';
import { findMachine } from '../../mdb/machines/listing.ts';
import { readPage } from './cursors.ts';
import { type ApiRoute, route } from './route.ts';

/** Who did what, and the chain by which it can be verified that nothing of it was changed. */
export const auditRoutes: readonly ApiRoute[] = [
  route({
    method: 'GET',
    path: '/audit',
    tag: 'audit',
    summary: 'Who did what and why, newest first',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    narrows: true,
    query: contract.auditQuery,
    answers: { 200: contract.auditList },
    handle: async ({ query: { machine, order, from, until, limit, after, actor, action }, pools, mdb, cursors }) => {
      const wanted = {
        machineId: machine === undefined ? undefined : ((await findMachine(mdb, machine)) ?? machine),
        orderId: order,
        from: from === undefined ? from : new Date(from),
        until: until === undefined ? until : new Date(until),
        ...{ actor, action, pools },
      };
      const { rows, ...page } = await readPage(
        cursors,
        'audit',
        { after, limit },
        async ({ after: before, ...of }) => {
          const entries = await listAudit(mdb, {
            ...wanted,
            ...of,
            before: before === undefined ? before : Number(before),
          });
          return entries.map((entry) => ({ id: String(entry.id), entry }));
        },
        () => countAudit(mdb, wanted),
      );
      return { entries: rows.map(({ entry }) => entry), ...page };
    },
  }),
  route({
    method: 'GET',
    path: '/audit/rows',
    tag: 'audit',
    summary: 'Rows of the chain, oldest first, to verify them or to keep them elsewhere',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    query: contract.auditRowsQuery,
    answers: { 200: contract.auditRows },
    handle: async ({ query: { after, limit }, mdb }) => {
      const lines = await readChain(mdb, after, limit);
      return { rows: lines.map(({ line }) => line), next: lines.at(-1)?.id ?? null };
    },
  }),
  route({
    method: 'GET',
    path: '/audit/state',
    tag: 'audit',
    summary: 'How far the chain is verified, and sent elsewhere',
    right: { role: 'viewer', of: 'fleet' },
    effect: 'read',
    answers: { 200: contract.auditState },
    handle: async ({ mdb }) => showState(await readAuditFigures(mdb)),
  }),
];

function showState({ rows, lastRow, marks }: AuditFigures): contract.AuditState {
  const verified = marks.find(({ id }) => id === verifiedMark);
  return {
    rows,
    lastRow,
    verified: {
      row: verified?.row ?? 0,
      behind: verified?.lagRows ?? rows,
      wholeAge: verified?.wholeAge ?? null,
      fault: verified?.trouble ?? null,
    },
    streams: marks
      .filter(({ id }) => id.startsWith(streamPrefix))
      .map(({ id, row, lagRows, lagSeconds, trouble }) => ({
        ...{ to: id.slice(streamPrefix.length), row, behind: lagRows, lagSeconds, trouble },
      })),
  };
}
