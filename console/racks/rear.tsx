import { useQuery } from '@tanstack/react-query';
import type { RackCabling, RackView } from '../../contract/api.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { ProblemBox } from '../frame/problem.tsx';
import { outOfDateWith } from '../live.ts';
import { shownName } from '../words.ts';
import { fetchCabling } from './asking.ts';

type Port = RackCabling['ports'][number];

/** Its units from the top down, as one stands behind it: which switch port leads where. */
export function Rear({ rack }: { readonly rack: RackView }) {
  const cabling = useQuery({
    queryKey: ['cabling', rack.id],
    queryFn: ({ signal }) => fetchCabling(rack.id, signal),
    ...outOfDateWith('machine'),
  });
  if (cabling.error !== null) return <ProblemBox error={cabling.error} onRetry={() => void cabling.refetch()} />;
  if (cabling.data === undefined) return <p className="quiet">Loading …</p>;
  const byUnit = Map.groupBy(cabling.data, ({ unit }) => unit);
  const top = Math.max(rack.units, ...byUnit.keys());
  return (
    <>
      <p className="quiet">
        {rack.feed === null ? 'It hangs on no feed that is known.' : `All of it hangs on feed ${rack.feed}.`}
      </p>
      <ol className="elevation" reversed>
        {Array.from({ length: top }, (_, index) => top - index).map((unit) => (
          <li key={unit} value={unit}>
            <span className="unit">{unit}</span>
            {(byUnit.get(unit) ?? []).map((port) => (
              <Cable key={`${port.switch} ${port.port}`} port={port} />
            ))}
          </li>
        ))}
      </ol>
    </>
  );
}

function Cable({ port: { switchName, port, slot, machineId, hostname } }: { readonly port: Port }) {
  const where = `${switchName} ${port}${slot === null ? '' : ` (${slot})`}`;
  if (machineId === null) return <span className="slot">{`${where}: no machine`}</span>;
  return (
    <PageLink className="slot" data-tone="good" href={machineAddress(machineId)}>
      {`${where}: ${shownName({ id: machineId, hostname })}`}
    </PageLink>
  );
}
