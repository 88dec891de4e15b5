import { type AuditFigures, type MarkFigures, streamPrefix, verifiedMark } from '../../mdb/audit/marks.ts';
import { gauge } from './gauge.ts';

/** Prometheus text of how far the audit is verified and sent. Pure. */
export function renderAuditMetrics({ rows, lastRow, marks }: AuditFigures): string[] {
  const verified = marks.find(({ id }) => id === verifiedMark);
  const streams = marks.filter(({ id }) => id.startsWith(streamPrefix));
  const each = (figure: (mark: MarkFigures) => number) =>
    streams.map((mark) => `{to=${JSON.stringify(mark.id.slice(streamPrefix.length))}} ${figure(mark)}`);
  return [
    gauge('farrier_audit_rows', 'Rows of the audit.', [` ${rows}`]),
    gauge('farrier_audit_last_row', 'Number of its last row.', [` ${lastRow}`]),
    gauge('farrier_audit_verified_row', 'Number of the row to which its chain was verified.', [
      ` ${verified?.row ?? 0}`,
    ]),
    gauge(
      'farrier_audit_whole_age_seconds',
      'Since the whole chain was last walked.',
      verified?.wholeAge == null ? [] : [` ${verified.wholeAge}`],
    ),
    gauge('farrier_audit_broken', 'Whether the chain was found broken.', [` ${verified?.trouble == null ? 0 : 1}`]),
    gauge(
      'farrier_audit_stream_lag_rows',
      'Rows that a place outside does not have yet.',
      each(({ lagRows }) => lagRows),
    ),
    gauge(
      'farrier_audit_stream_lag_seconds',
      'Age of the oldest of them.',
      each(({ lagSeconds }) => lagSeconds),
    ),
    gauge(
      'farrier_audit_stream_troubled',
      'Whether the last try to send failed.',
      each(({ trouble }) => (trouble === null ? 0 : 1)),
    ),
  ];
}
