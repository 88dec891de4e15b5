import type { Finding } from '../../contract/api.ts';
import { countOf } from '../words.ts';

/** What is not as it should be, each in a sentence; how much else was looked at. */
export function FindingList({ findings }: { readonly findings: readonly Finding[] }) {
  const bad = findings.filter(({ ok }) => !ok);
  const rest = findings.length - bad.length;
  return (
    <>
      {bad.length > 0 && (
        <ul className="findings">
          {bad.map(({ name, message }) => (
            <li key={`${name} ${message}`}>
              <strong>{name}</strong>: {message}
            </li>
          ))}
        </ul>
      )}
      <p role="status">{`${countOf(rest, 'other check')} ${rest === 1 ? 'is' : 'are'} well.`}</p>
    </>
  );
}
