import type { FleetHealthView } from '../../contract/fleetschemas.ts';
import type { MendingView } from '../../contract/mendingschemas.ts';
import { consolePages } from '../../contract/pages.ts';
import { PageLink } from '../address.tsx';
import { Table } from '../machine/table.tsx';
import { countOf, plainWord } from '../words.ts';

/** Machines by stage, state and repair state; each number leads to them. */
export function States({ states }: Pick<MendingView, 'states'>) {
  if (states.length === 0) return <p className="empty">There is no machine yet.</p>;
  return (
    <Table
      title="Machines by state"
      head={['Stage', 'State', 'Repair state', 'Machines', 'Held']}
      rows={states.map(({ stage, opState, repairState, machines, held }) => ({
        key: `${stage} ${opState} ${repairState}`,
        isMarked: repairState !== 'none' || held > 0,
        cells: [
          ...[stage, opState, repairState].map(plainWord),
          <PageLink
            key="machines"
            href={`${consolePages.fleet}?selector=${encodeURIComponent(`stage=${stage},state=${opState},repair=${repairState}`)}`}
          >
            {countOf(machines, 'machine')}
          </PageLink>,
          held,
        ],
      }))}
    />
  );
}

/** Racks that are told of at once. */
const maxRacks = 10;

/** How many machines are well, and in which racks some are not. */
export function RackHealth({
  view: { machines, healthy, becoming, held, ailing, aside, racks },
}: {
  readonly view: FleetHealthView;
}) {
  const ill = racks.filter((rack) => rack.held + rack.ailing + rack.aside + rack.unread > 0);
  return (
    <>
      <p role="status">
        {`${countOf(machines, 'machine')}: ${healthy.toLocaleString('en')} in production and well, ${becoming.toLocaleString('en')} on their way, ${held} held, ${ailing} ailing, ${aside} aside.`}
      </p>
      {ill.length > 0 && (
        <Table
          title="Racks in which not all are well"
          head={['Rack', 'Well', 'Held', 'Ailing', 'Aside', 'On their way', 'Controllers not read']}
          rows={ill.slice(0, maxRacks).map((one) => ({
            key: one.rack ?? '',
            cells: [one.rack ?? 'no rack', ...[one.healthy, one.held, one.ailing, one.aside, one.becoming, one.unread]],
          }))}
        />
      )}
      {ill.length > maxRacks && <p className="quiet">{`${ill.length - maxRacks} more racks.`}</p>}
    </>
  );
}
