/** Prints every import of the checkout that points the wrong way; exits 1 when there is one. */
import { readFileSync } from 'node:fs';
import { findViolations } from './directions.ts';
import { readImports } from './imports.ts';
import { sourceFiles } from './sources.ts';

const violations = findViolations(sourceFiles().flatMap((path) => readImports(path, readFileSync(path, 'utf8'))));
for (const violation of violations) console.error(violation);
process.exitCode = violations.length === 0 ? 0 : 1;
