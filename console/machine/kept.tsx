import type { ConsoleTail, MachineBoots } from '../../contract/hardwareviews.ts';
import { formatTime } from '../time.ts';
import { plainWord } from '../words.ts';
import { Table } from './table.tsx';

/** Its boot requests and what they were answered, by minute. */
export function BootsTable({ boots }: MachineBoots) {
  if (boots.length === 0) return <p className="quiet">It has asked for no boot lately.</p>;
  return (
    <Table
      title="Boot requests"
      head={['Last asked', 'MAC', 'State', 'Answer', 'Requests', 'Answered']}
      rows={boots.map(({ mac, lastAt, state, answer, requests, answers }) => ({
        key: `${mac} ${lastAt} ${state} ${answer}`,
        cells: [formatTime(lastAt), mac, plainWord(state), answer, requests, answers],
      }))}
    />
  );
}

/** The last lines of its console, as they were kept. */
export function ConsoleLines({ tail: { readAt, lines, missing } }: { readonly tail: ConsoleTail }) {
  if (readAt === null)
    return <p className="quiet">It was never read: a repair reads it, where the controller keeps it.</p>;
  return (
    <>
      <p className="quiet">{`As it was at ${formatTime(readAt)}.`}</p>
      {missing === null ? (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard to be scrolled.
        <pre className="console" tabIndex={0}>
          {lines.join('\n')}
        </pre>
      ) : (
        <p>{`There is none: ${missing}.`}</p>
      )}
    </>
  );
}
