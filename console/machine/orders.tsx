import type { OrderView } from '../../contract/api.ts';
import { formatTime } from '../time.ts';
import { plainWord } from '../words.ts';
import { Table } from './table.tsx';

/** What was asked of it, newest first. */
export function OrdersTable({ orders }: { readonly orders: readonly OrderView[] }) {
  if (orders.length === 0) return <p className="quiet">Nothing was ordered for it yet.</p>;
  return (
    <Table
      title="Orders"
      head={['Passage', 'State', 'By', 'Why', 'Ordered', 'Ended']}
      rows={orders.map((order) => ({
        key: order.id,
        cells: [
          `${order.passage}${order.dryRun ? ', dry run' : ''}`,
          describeState(order),
          order.requester,
          order.reason,
          formatTime(order.createdAt),
          order.endedAt === null ? '–' : formatTime(order.endedAt),
        ],
      }))}
    />
  );
}

function describeState({ state, outcome, pausedBy, takenOverBy, notBefore }: OrderView): string {
  const said = [plainWord(state)];
  if (outcome !== null) said.push(outcome);
  if (takenOverBy !== null) said.push(`taken over by ${takenOverBy}`);
  if (pausedBy !== null) said.push(`paused by ${pausedBy}`);
  if (state === 'waiting' && notBefore !== null) said.push(`not before ${formatTime(notBefore)}`);
  return said.join(', ');
}
