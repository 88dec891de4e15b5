/** Prints every name of the checkout that breaks a rule for names; exits 1 when there is one. */
import { readFileSync } from 'node:fs';
import { findDuplicates } from './duplicates.ts';
import { findDurations } from './durations.ts';
import { sourceFiles } from './sources.ts';

const files = sourceFiles().map((path) => ({ path, source: readFileSync(path, 'utf8') }));
const found = [...findDuplicates(files), ...files.flatMap(findDurations)];
for (const sentence of found) console.error(sentence);
process.exitCode = found.length === 0 ? 0 : 1;
