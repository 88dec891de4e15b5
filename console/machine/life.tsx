import { useState } from 'react';
import type { TimelineEntry } from '../../contract/api.ts';
import { formatTime } from '../time.ts';
import { countOf, plainWord } from '../words.ts';

const names: Readonly<Record<string, string>> = {
  state: 'State',
  step: 'Step',
  audit: 'Audit',
  intent: 'Act',
  burnin: 'Burn-in',
  hardware: 'Hardware',
  boot: 'Boot',
  question: 'Question',
};

interface LifeSpec {
  readonly entries: readonly TimelineEntry[];
  /** Whether there is more of it than these. */
  readonly isCut: boolean;
}

/** Everything that happened to a machine in one line of time, newest first: who, why, and what came of it. */
export function Life({ entries, isCut }: LifeSpec) {
  const [kind, setKind] = useState('');
  const kinds = [...new Set(entries.map((entry) => entry.kind))].sort();
  const shown = entries.filter((entry) => kind === '' || entry.kind === kind);
  return (
    <>
      <label>
        Show{' '}
        <select value={kind} onChange={({ target }) => setKind(target.value)}>
          <option value="">everything</option>
          {kinds.map((one) => (
            <option key={one} value={one}>
              {names[one] ?? one}
            </option>
          ))}
        </select>
      </label>
      <ol className="life">
        {shown.map((entry, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: of two that are the same in all, neither is the other.
          <li key={`${entry.at} ${entry.kind} ${entry.text} ${index}`} data-kind={entry.kind}>
            <time dateTime={entry.at}>{formatTime(entry.at)}</time>
            <span className="life-kind">{names[entry.kind] ?? entry.kind}</span>
            <span>{plainWord(entry.text)}</span>
            <span className="quiet">{entry.by}</span>
          </li>
        ))}
      </ol>
      <p className="quiet">
        {isCut
          ? `The newest ${countOf(entries.length, 'entry', 'entries')}.`
          : countOf(shown.length, 'entry', 'entries')}
      </p>
    </>
  );
}
