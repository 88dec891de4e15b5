import { useNow } from '../frame/now.ts';
import { Table } from '../machine/table.tsx';
import { formatAgo } from '../time.ts';
import { countOf } from '../words.ts';
import type { WishesView } from './asking.ts';

/** Racks that are told of at once. */
const maxRacks = 10;

/** How many machines are as their profiles want them, in which racks some are not, and what most are other in. */
export function Conformance({ view: { summary, racks, differences } }: { readonly view: WishesView }) {
  const nowMs = useNow(10_000);
  const { conformant, drifting, unknown, plansWaiting, comparedAt } = summary;
  const other = racks.filter((rack) => rack.drifting > 0);
  return (
    <>
      <p role="status">
        {`${countOf(conformant, 'machine')} as wanted, ${drifting.toLocaleString('en')} other than wanted, of ${unknown.toLocaleString('en')} it is not known; `}
        {comparedAt === null ? 'never compared yet.' : `compared ${formatAgo(comparedAt, nowMs)}.`}
        {plansWaiting > 0 &&
          ` ${countOf(plansWaiting, 'plan')} against drift ${plansWaiting === 1 ? 'waits' : 'wait'} for a person.`}
      </p>
      {differences.length > 0 && (
        <Table
          title="What is other than wanted"
          head={['Kind', 'Name', 'Wanted', 'Machines', 'Not known of']}
          rows={differences.map((one) => ({
            key: `${one.kind} ${one.name} ${one.want}`,
            cells: [one.kind, one.name, one.want, one.machines, one.unknown],
          }))}
        />
      )}
      {other.length > 0 && (
        <Table
          title="Racks in which some are other than wanted"
          head={['Rack', 'As wanted', 'Other', 'Not known']}
          rows={other.slice(0, maxRacks).map((one) => ({
            key: one.rack ?? '',
            cells: [one.rack ?? 'no rack', one.conformant, one.drifting, one.unknown],
          }))}
        />
      )}
    </>
  );
}
