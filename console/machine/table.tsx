import type { ReactNode } from 'react';

interface TableSpec {
  /** For readers: the heading of the part says it to others. */
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly { readonly key: string; readonly cells: readonly ReactNode[]; readonly isMarked?: boolean }[];
}

/** A table of a few rows, which scrolls by itself where the page is too narrow for it. */
export function Table({ title, head, rows }: TableSpec) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard to be scrolled.
    <section className="small-table" tabIndex={0}>
      <table aria-label={title}>
        <thead>
          <tr>
            {head.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells, isMarked }) => (
            <tr key={key} className={isMarked ? 'marked' : undefined}>
              {cells.map((cell, index) => (
                <td key={head[index]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
