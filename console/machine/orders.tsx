import type { OrderView } from '../../contract/api.ts';
import { Steer } from '../frame/steer.tsx';
import { actsOnOrder } from '../ordering/steering.ts';
import { formatTime } from '../time.ts';
import { plainWord } from '../words.ts';
import { Table } from './table.tsx';

/** What was asked of it, newest first. */
export function OrdersTable({ orders }: { readonly orders: readonly OrderView[] }) {
  if (orders.length === 0) return <p className="quiet">Nothing was ordered for it yet.</p>;
  const live = orders.filter((order) => actsOnOrder(order).length > 0);
  return (
    <>
      {live.map((order) => (
        <Steer key={order.id} what={`${order.passage} ${order.id}`} acts={actsOnOrder(order)} />
      ))}
      <OrderRows orders={orders} />
    </>
  );
}

function OrderRows({ orders }: { readonly orders: readonly OrderView[] }) {
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
