import type { BeltView } from '../../contract/beltschemas.ts';
import { consolePages } from '../../contract/pages.ts';
import type { Stage } from '../../domain/machine.ts';
import { PageLink } from '../address.tsx';
import { countOf, plainWord } from '../words.ts';
import { type BeltCount, rowsOfBelt, selectorOfCell, shownStages, sumBelt } from './count.ts';

const fleet = (selector: string) => `${consolePages.fleet}?selector=${encodeURIComponent(selector)}`;

/** Stages across, racks down; each number leads to the machines that it counts. */
export function Stages({ cells }: Pick<BeltView, 'cells'>) {
  if (cells.length === 0) return <p className="empty">There is no machine yet.</p>;
  const shown = shownStages(cells);
  const sums = sumBelt(cells);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard to be scrolled.
    <section className="belt" tabIndex={0}>
      <table aria-label="Stages by rack">
        <thead>
          <tr>
            <th scope="col">Rack</th>
            {shown.map((stage) => (
              <th key={stage} scope="col">
                {plainWord(stage)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <tr className="sum">
            <th scope="row">All</th>
            {shown.map((stage) => (
              <Cell key={stage} count={sums.get(stage)} selector={`stage=${stage}`} where={plainWord(stage)} />
            ))}
          </tr>
          {rowsOfBelt(cells).map(({ rack, counts }) => (
            <tr key={rack ?? ''}>
              <th scope="row">{rack ?? 'no rack'}</th>
              {shown.map((stage: Stage) => (
                <Cell
                  key={stage}
                  count={counts.get(stage)}
                  selector={selectorOfCell(rack, stage)}
                  where={`${plainWord(stage)}, ${rack ?? 'no rack'}`}
                />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

interface CellSpec {
  readonly count: BeltCount | undefined;
  readonly selector: string;
  /** For readers: what the number is of. */
  readonly where: string;
}

function Cell({ count, selector, where }: CellSpec) {
  if (count === undefined || count.machines === 0) return <td className="none">·</td>;
  const { machines, held, late } = count;
  const notes = [held > 0 ? `${held} held` : null, late > 0 ? `${late} past the limit` : null].filter(Boolean);
  return (
    <td className={late > 0 ? 'late' : held > 0 ? 'held' : undefined}>
      <PageLink
        href={fleet(selector)}
        aria-label={`${countOf(machines, 'machine')} ${where}${notes.length > 0 ? `, ${notes.join(', ')}` : ''}`}
      >
        {machines.toLocaleString('en')}
      </PageLink>
      {notes.length > 0 && <span className="notes">{notes.join(', ')}</span>}
    </td>
  );
}
