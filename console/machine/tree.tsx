import { type ReactNode, useState } from 'react';
import type { HardwareView } from '../../contract/hardwareviews.ts';
import { formatTime } from '../time.ts';
import { countOf, plainWord } from '../words.ts';

/** What its controller told, kind by kind, to be looked through. Nothing is asked of the controller for it. */
export function Tree({ documents, records }: Pick<HardwareView, 'documents' | 'records'>) {
  const read = records.find(({ record }) => record === 'inventory');
  const trouble = read?.error ?? null;
  return (
    <>
      <p className="quiet">
        {read?.at == null ? 'It was never read yet.' : `It was last read ${formatTime(read.at)}.`}
        {trouble !== null && ` It could not be read since: ${trouble}.`}
      </p>
      {documents.map(({ kind, document, firmwareVersion, seenAt }) => (
        <Branch
          key={kind}
          name={plainWord(kind)}
          note={`seen so since ${formatTime(seenAt)}${firmwareVersion === null ? '' : `, by its firmware ${firmwareVersion}`}`}
          value={document}
        />
      ))}
    </>
  );
}

interface BranchSpec {
  readonly name: string;
  readonly value: unknown;
  readonly note?: string;
}

/** What is below is drawn once it is opened: a tree may be large. */
function Branch({ name, value, note }: BranchSpec): ReactNode {
  const [isOpen, setIsOpen] = useState(false);
  if (typeof value !== 'object' || value === null)
    return (
      <p className="leaf">
        <span className="quiet">{name}</span> {value === null ? 'nothing' : String(value)}
      </p>
    );
  const entries = Array.isArray(value)
    ? value.map((one, index) => [titleOf(one, index), one] as const)
    : Object.entries(value);
  return (
    <details className="branch" onToggle={({ currentTarget }) => setIsOpen(currentTarget.open)}>
      <summary>
        {name}{' '}
        <span className="quiet">{[countOf(entries.length, 'entry', 'entries'), note].filter(Boolean).join('; ')}</span>
      </summary>
      {isOpen && entries.map(([key, one]) => <Branch key={key} name={key} value={one} />)}
    </details>
  );
}

/** An entry of a list is called by what it calls itself, after its number. */
function titleOf(entry: unknown, index: number): string {
  if (typeof entry !== 'object' || entry === null) return String(index + 1);
  const { slot, socket, name, id, mac } = entry as Readonly<Record<string, unknown>>;
  const called = [slot, socket, name, id, mac].find((one) => typeof one === 'string' && one !== '');
  return called === undefined ? String(index + 1) : `${index + 1}: ${called}`;
}
