import type { BeltView } from '../../contract/beltschemas.ts';
import { machineAddress, PageLink } from '../address.tsx';
import { useNow } from '../frame/now.ts';
import { Table } from '../machine/table.tsx';
import { formatAgo } from '../time.ts';
import { plainWord, shownName } from '../words.ts';

/** Steps that take longer than they may, the longest first. */
export function Stuck({ stuck }: Pick<BeltView, 'stuck'>) {
  const nowMs = useNow();
  if (stuck.length === 0) return <p className="quiet">No step is past its limit.</p>;
  return (
    <Table
      title="Past their limit"
      head={['Machine', 'Rack', 'Passage', 'Step', 'Team', 'Limit', 'Held']}
      rows={stuck.map(({ machineId, hostname, rack, passage, step, owner, limitAt, held }) => ({
        key: `${machineId} ${passage} ${step}`,
        cells: [
          <PageLink key="machine" href={machineAddress(machineId)}>
            {shownName({ id: machineId, hostname })}
          </PageLink>,
          rack ?? '–',
          passage,
          plainWord(step),
          owner,
          formatAgo(limitAt, nowMs),
          held ?? '–',
        ],
      }))}
    />
  );
}
