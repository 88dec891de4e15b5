import type { HardwareView } from '../../contract/hardwareviews.ts';
import { plainWord } from '../words.ts';
import { rowsOfParts } from './history.ts';
import { Table } from './table.tsx';

/** By slot, with what came, went and was swapped there. */
export function PartHistory({ hardware }: { readonly hardware: HardwareView }) {
  const rows = rowsOfParts(hardware);
  if (rows.length === 0) return <p className="quiet">Its controller has told of no part yet.</p>;
  return (
    <Table
      title="Parts as its controller shows them"
      head={['Part', 'Slot', 'What it is', 'Serial number', 'Firmware', 'History']}
      rows={rows.map(({ kind, place, model, serial, version, isThere, history }) => ({
        key: `${kind} ${place}`,
        isMarked: !isThere,
        cells: [
          plainWord(kind),
          place,
          isThere ? (model ?? '–') : 'not there any more',
          serial ?? '–',
          version ?? '–',
          history.length === 0 ? '–' : <History key="history" lines={history} />,
        ],
      }))}
    />
  );
}

function History({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul className="findings">
      {lines.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
