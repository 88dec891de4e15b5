/** The table of docs/passages.md is made from the definitions that the workers run. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describedPassages } from '../../workflows/described.ts';
import { definitions } from '../../workflows/passages.ts';

const file = new URL('../../docs/passages.md', import.meta.url);

function duration(milliseconds: number): string {
  const minutes = milliseconds / 60_000;
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${minutes / 60} h` : `${minutes / 60 / 24} days`;
}

function table(): string {
  const rows = Object.values(definitions).flatMap(({ passage, steps }) =>
    steps.map(({ name, does, owner, limit, undo }, index) => {
      const fallback = typeof limit === 'number' ? duration(limit) : 'as the order or its pool says';
      return `| ${index === 0 ? `**${passage}**` : ''} | ${name} | ${does} | ${owner} | ${fallback} | ${undo} |`;
    }),
  );
  const titles = '| passage | step | what is done | whose questions | fallback after | what undoes it |';
  return [titles, '|---|---|---|---|---|---|', ...rows].join('\n');
}

it('docs/passages.md shows every step of every passage as it is defined', () => {
  const observed = /<!-- steps -->\n([\s\S]*?)\n\n/.exec(readFileSync(file, 'utf8'))?.[1];
  expect(observed).toBe(table());
});

it('every step of every passage says what it does, whose it is and what undoes it, as a sentence goes on', () => {
  for (const { passage, steps } of describedPassages) {
    for (const { name, does, owner, undo, limitSeconds } of steps) {
      const where = `${passage}/${name}`;
      expect(does, where).toMatch(/^[a-z].{20,}[^.]$/);
      expect(undo, where).toMatch(/^[a-z].{20,}[^.]$/);
      expect(owner, where).toMatch(/^[a-z]+$/);
      expect(limitSeconds === null || limitSeconds > 0, where).toBe(true);
    }
  }
});
