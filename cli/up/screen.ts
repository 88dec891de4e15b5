import { stripVTControlCharacters } from 'node:util';
import { createLogUpdate } from 'log-update';
import { changes } from './changes.ts';
import { render, type UpPicture } from './view.ts';

/** Where pictures are shown. */
export interface UpScreen {
  show(picture: UpPicture): void;
  /** Prints a line that stays. */
  say(line: string): void;
  /** Leaves the last picture standing and gives the terminal back. */
  close(): void;
}

/** A picture that is redrawn on a terminal, lines about what changed anywhere else. */
export function openUpScreen(out: NodeJS.WriteStream, picture: boolean): UpScreen {
  return picture && out.isTTY ? pictureScreen(out) : lineScreen(out);
}

function pictureScreen(out: NodeJS.WriteStream): UpScreen {
  const live = createLogUpdate(out, { showCursor: false });
  const colours = out.hasColors();
  const written = (line: string) => (colours ? line : stripVTControlCharacters(line));
  let last = '';
  return {
    show(picture) {
      const frame = { columns: out.columns || 80, rows: (out.rows || 24) - 1 };
      last = render(picture, frame).map(written).join('\n');
      live(last);
    },
    say(line) {
      live.persist(written(line));
      if (last !== '') live(last);
    },
    close() {
      live.done();
      last = '';
    },
  };
}

function lineScreen(out: NodeJS.WriteStream): UpScreen {
  let before: UpPicture | null = null;
  const print = (line: string) =>
    out.write(`${new Date().toISOString().slice(11, 19)} ${stripVTControlCharacters(line)}\n`);
  return {
    show(picture) {
      for (const line of changes(before, picture)) print(line);
      before = picture;
    },
    say: print,
    close: () => {},
  };
}
