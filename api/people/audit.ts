import * as contract from '../../contract/auditschemas.ts';
import { readChain } from '../../mdb/audit/chain.ts';
import { listAudit } from '../../mdb/audit/listing.ts';
import { type AuditFigures, readAuditFigures, streamPrefix } from '../../mdb/audit/marks.ts';
import { findMachine } from '../../mdb/machines/listing.ts';
import type { App, PeopleDependencies } from './app.ts';

const tags = ['audit'];

/** Who did what, and the chain by which it can be verified that nothing of it was changed. */
export function serveAudit(app: App, { mdb }: PeopleDependencies): void {
  app.get(
    '/audit',
    {
      schema: {
        tags,
        summary: 'Who did what and why, newest first',
        querystring: contract.auditQuery,
        response: { 200: contract.auditList },
      },
    },
    async ({ query: { machine, order, from, until, ...rest } }) => {
      const machineId = machine === undefined ? undefined : ((await findMachine(mdb, machine)) ?? machine);
      const span = {
        from: from === undefined ? from : new Date(from),
        until: until === undefined ? until : new Date(until),
      };
      const entries = await listAudit(mdb, { ...rest, ...span, machineId, orderId: order });
      return { entries, next: entries.length < rest.limit ? null : (entries.at(-1)?.id ?? null) };
    },
  );
  app.get(
    '/audit/rows',
    {
      schema: {
        tags,
        summary: 'Rows of the chain, oldest first, to verify them or to keep them elsewhere',
        querystring: contract.auditRowsQuery,
        response: { 200: contract.auditRows },
      },
    },
    async ({ query: { after, limit } }) => {
      const lines = await readChain(mdb, after, limit);
      return { rows: lines.map(({ line }) => line), next: lines.at(-1)?.id ?? null };
    },
  );
  app.get(
    '/audit/state',
    {
      schema: {
        tags,
        summary: 'How far the chain is verified, and sent elsewhere',
        response: { 200: contract.auditState },
      },
    },
    async () => showState(await readAuditFigures(mdb)),
  );
}

function showState({ rows, lastRow, marks }: AuditFigures): contract.AuditState {
  const verified = marks.find(({ id }) => id === 'verified');
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
