import { cleanCell } from './table.ts';

type Out = Pick<NodeJS.WriteStream, 'write' | 'isTTY' | 'columns'>;

/** Says what is waited for: one line that changes on a terminal, elsewhere a line for each change. */
export function progressAt(out: Out): (text: string) => void {
  let said = '';
  return (text) => {
    if (text === said) return;
    said = text;
    const line = text === '' ? '' : cleanCell(text);
    if (out.isTTY) out.write(`\r\u001b[2K${line.slice(0, Math.max(1, (out.columns || 80) - 1))}`);
    else if (line !== '') out.write(`${line}\n`);
  };
}
