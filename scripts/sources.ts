import { globSync } from 'node:fs';

/** The TypeScript files of the checkout, relative to it; run from its top. */
export function sourceFiles(): string[] {
  return globSync('**/*.{ts,tsx}', { exclude: (path) => /^(node_modules|\.data|\.git)(\/|$)/.test(String(path)) })
    .map((path) => path.replaceAll('\\', '/'))
    .sort();
}
