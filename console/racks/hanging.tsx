import { useQuery } from '@tanstack/react-query';
import type { ImpactView } from '../../contract/places.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { PagePart } from '../frame/part.tsx';
import { outOfDateWith } from '../live.ts';
import { Table } from '../machine/table.tsx';
import { countOf, plainWord, shownName } from '../words.ts';
import { fetchImpact } from './asking.ts';

interface HangingSpec {
  readonly kind: 'switch' | 'feed';
  readonly name: string;
}

/** Machines that are listed at once. */
const maxMachines = 200;

/** What hangs on a switch or a feed, and what each pool would lose with it. */
export function Hanging({ kind, name }: HangingSpec) {
  const impact = useQuery({
    queryKey: ['impact', kind, name],
    queryFn: ({ signal }) => fetchImpact(kind, name, signal),
    ...outOfDateWith('machine'),
  });
  return (
    <PagePart title={`What hangs on ${kind} ${name}`} query={impact}>
      {(view) => <Losses view={view} />}
    </PagePart>
  );
}

function Losses({ view: { machines, pools } }: { readonly view: ImpactView }) {
  if (machines.length === 0) return <p className="quiet">No machine hangs on it.</p>;
  return (
    <>
      <ul className="findings">
        {pools.map(({ pool, inProduction, hanging }) => (
          <li
            key={pool}
          >{`Pool ${pool} would lose ${hanging.toLocaleString('en')} of ${countOf(inProduction, 'machine')} in production.`}</li>
        ))}
      </ul>
      <Table
        title="Machines that hang on it"
        head={['Machine', 'Rack', 'Unit', 'Pool', 'State', 'Port', 'Other ways']}
        rows={machines.slice(0, maxMachines).map((one) => ({
          key: `${one.machineId} ${one.port ?? ''}`,
          cells: [
            <PageLink key="machine" href={machineAddress(one.machineId)}>
              {shownName({ id: one.machineId, hostname: one.hostname })}
            </PageLink>,
            one.rack ?? '–',
            one.unit ?? '–',
            one.pool,
            `${plainWord(one.stage)}, ${plainWord(one.opState)}`,
            one.port ?? '–',
            one.others,
          ],
        }))}
      />
      {machines.length > maxMachines && (
        <p className="quiet">{`The first ${maxMachines} of ${countOf(machines.length, 'machine')}.`}</p>
      )}
    </>
  );
}
