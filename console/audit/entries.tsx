import type { AuditView } from '../../contract/auditschemas.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { Table } from '../machine/table.tsx';
import { formatTime } from '../time.ts';

/** Who did what, of which machine and order, and why. */
export function AuditEntries({ entries }: { readonly entries: readonly AuditView[] }) {
  return (
    <Table
      title="Who did what"
      head={['Row', 'When', 'Who', 'What', 'Machine', 'Order', 'Why', 'More']}
      rows={entries.map(({ id, at, actor, actorClass, action, machineId, orderId, detail }) => ({
        key: String(id),
        isMarked: action === 'request.refused',
        cells: [
          id,
          formatTime(at),
          `${actor} (${actorClass})`,
          action,
          machineId === null ? (
            '–'
          ) : (
            <PageLink key="machine" href={machineAddress(machineId)}>
              {machineId}
            </PageLink>
          ),
          orderId ?? '–',
          typeof detail['reason'] === 'string' ? detail['reason'] : '–',
          <span key="more" className="detail">
            {describeDetail(detail)}
          </span>,
        ],
      }))}
    />
  );
}

/** What else is told, `name value` each. */
function describeDetail(detail: AuditView['detail']): string {
  const told = Object.entries(detail).filter(([name, value]) => name !== 'reason' && value !== null);
  return (
    told.map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : value}`).join(', ') ||
    '–'
  );
}
