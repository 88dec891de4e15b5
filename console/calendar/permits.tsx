import type { PermitView, SemaphoreDetail } from '../../contract/permitviews.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { describeWindow } from '../campaigns/words.ts';
import { useNow } from '../frame/now.ts';
import { Steer, type SteeringAct } from '../frame/steer.tsx';
import { Table } from '../machine/table.tsx';
import { formatAgo } from '../time.ts';
import { countOf, shownName } from '../words.ts';
import { evict } from './asking.ts';

/** Permits in use, and the queue in the order in which they were asked for. */
export function PermitTables({ detail: { semaphore, policy, holders, queue } }: { readonly detail: SemaphoreDetail }) {
  const nowMs = useNow(10_000);
  const capacity = policy.percent === null ? String(policy.capacity) : `${policy.percent} % of the group`;
  return (
    <>
      <p>
        {`${countOf(semaphore.held, 'permit')} in use of ${semaphore.capacity ?? capacity}, ${semaphore.waiting} waiting. `}
        {policy.windows.length > 0 && `Open ${policy.windows.map(describeWindow).join('; ')}.`}
        {semaphore.gate !== null && ` Those in front wait: ${semaphore.gate}.`}
      </p>
      {holders.length > 0 && (
        <Table
          title="Permits in use"
          head={['Machine', 'Class', 'Order', 'Since', 'Fence', 'Overdue']}
          rows={holders.map((permit) => ({
            key: permit.id,
            isMarked: permit.overdue !== null,
            cells: [
              <Holder key="machine" permit={permit} />,
              permit.class,
              permit.orderId ?? '–',
              formatAgo(permit.grantedAt, nowMs),
              permit.fence ?? '–',
              permit.overdue ?? '–',
            ],
          }))}
        />
      )}
      {holders.map((permit) =>
        permit.overdue === null ? null : (
          <Steer
            key={permit.id}
            what={`permit of ${permit.hostname ?? permit.machineId}`}
            acts={[actOnPermit(permit)]}
          />
        ),
      )}
      {queue.length > 0 && (
        <Table
          title="Queue"
          head={['Place', 'Machine', 'Class', 'Order', 'Asked']}
          rows={queue.map((permit, index) => ({
            key: permit.id,
            cells: [
              index + 1,
              <Holder key="machine" permit={permit} />,
              permit.class,
              permit.orderId ?? '–',
              formatAgo(permit.requestedAt, nowMs),
            ],
          }))}
        />
      )}
    </>
  );
}

/** A permit of which nobody gives a sign any more. */
function actOnPermit({ id }: PermitView): SteeringAct {
  return {
    title: 'Take it away',
    means: 'Whoever looked knows that the machine is up: its permit goes to the next in line.',
    act: (reason) => evict(id, reason),
  };
}

function Holder({ permit: { machineId, hostname } }: { readonly permit: PermitView }) {
  return <PageLink href={machineAddress(machineId)}>{shownName({ id: machineId, hostname })}</PageLink>;
}
