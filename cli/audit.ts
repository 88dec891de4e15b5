import type { Command } from 'commander';
import type { AuditQuery, AuditState, AuditView } from '../contract/auditschemas.ts';
import { timeArgument, wholeNumber } from './arguments.ts';
import { addAuditExport } from './auditexport.ts';
import { addAuditVerify } from './auditverify.ts';
import type { Context } from './context.ts';
import { age, moment } from './format.ts';
import type { Column } from './table.ts';

const columns: Column<AuditView>[] = [
  { title: 'row', cell: ({ id }) => id, align: 'right' },
  { title: 'time', cell: ({ at }) => moment(at) },
  { title: 'who', cell: ({ actor, actorClass }) => (actorClass === 'user' ? actor : `${actor} (${actorClass})`) },
  { title: 'action', cell: ({ action }) => action },
  { title: 'machine', cell: ({ machineId }) => machineId },
  { title: 'order', cell: ({ orderId }) => orderId },
  { title: 'detail', cell: ({ detail }) => sayDetail(detail), flexible: true },
];

interface ListOptions extends Pick<AuditQuery, 'machine' | 'order' | 'actor' | 'action'> {
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
}

/** `farrier audit`: who did what, and whether the record of it is whole. */
export function addAudit(program: Command, open: () => Context): void {
  const audit = program.command('audit');
  audit
    .command('ls')
    .alias('list')
    .description('list who did what, newest first')
    .option('--machine <machine>', 'id, hostname or MAC; or the id of one that is gone')
    .option('--order <order>', 'for this order')
    .option('--actor <name>', 'by this person, or this part of Farrier')
    .option('--action <action>', 'only this action, or its beginning like "brake.*"')
    .option('--since <time>', 'from this time on: 2026-11-21T09:00:00Z, or -90m, -2h or -7d', pastArgument)
    .option('--until <time>', 'before this time', pastArgument)
    .option('--limit <count>', 'how many at most', wholeNumber(1, 1_000_000), 100)
    .action(async ({ since, limit, ...rest }: ListOptions) => {
      const { api, screen } = open();
      const entries: AuditView[] = [];
      for (let after: string | null | undefined; after !== null && entries.length < limit; ) {
        const query = { ...rest, ...(since !== undefined && { from: since }), ...(after !== undefined && { after }) };
        const page = await api.audit({ ...query, limit: Math.min(1000, limit - entries.length) });
        entries.push(...page.entries);
        after = page.next;
      }
      screen.answer(entries, () => screen.table(columns, entries, 'There is nothing of that kind.'));
    });
  audit
    .command('status')
    .description('how long the audit is, how far it was verified, and how far it was sent elsewhere')
    .action(async () => {
      const { api, screen } = open();
      const state = await api.auditState();
      screen.answer(state, () => {
        screen.facts('Audit', factsOf(state));
        for (const { to, behind, lagSeconds, trouble } of state.streams)
          screen.facts(`Sent to ${to}`, [
            ['behind', behind === 0 ? 'nothing' : `${behind} rows, the oldest for ${Math.round(lagSeconds)}s`],
            ['trouble', trouble],
          ]);
      });
    });
  addAuditVerify(audit, open);
  addAuditExport(audit, open);
}

function factsOf({ rows, lastRow, verified }: AuditState): [string, string | number | null][] {
  const { wholeAge, row, behind, fault } = verified;
  return [
    ['rows', rows],
    ['last row', lastRow],
    ['verified', row === 0 ? 'not yet' : `to row ${row}${behind === 0 ? '' : `, and ${behind} rows came since`}`],
    [
      'from its beginning',
      wholeAge === null ? null : `${age(new Date(Date.now() - wholeAge * 1000).toISOString(), Date.now())} ago`,
    ],
    ['broken', fault],
  ];
}

/** Its reason first, then the rest. */
function sayDetail({ reason, ...rest }: AuditView['detail']): string {
  const said = Object.keys(rest).length === 0 ? [] : [JSON.stringify(rest)];
  return [...(typeof reason === 'string' ? [reason] : []), ...said].join(' · ');
}

/** Reads a time, or one before now like `-2h`. */
function pastArgument(text: string): string {
  if (!/^-\d{1,5}[mhd]$/.test(text)) return timeArgument(text);
  const ahead = Date.parse(timeArgument(text.replace('-', '+')));
  return new Date(2 * Date.now() - ahead).toISOString();
}
