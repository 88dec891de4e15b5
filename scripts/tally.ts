/** Prints one line that sums what a run's reports say, after what was skipped and what failed; exits 1 on a failure. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addUp, readSuiteReport, type Tally } from './reports.ts';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('usage: node scripts/tally.ts <folder of reports>');

function readStatus(name: string): number {
  return Number(readFileSync(join(folder ?? '', name), 'utf8'));
}

const names = readdirSync(folder);
const remarks: string[] = [];
const checks = names.filter((name) => name === 'check.json');
const suites = names.filter((name) => name.endsWith('.status')).map((name) => name.replace(/\.status$/, ''));
const tallies: Tally[] = [
  ...checks.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as Tally),
  ...suites.map((suite) => {
    const file = `${suite}.json`;
    const text = names.includes(file) ? readFileSync(join(folder, file), 'utf8') : null;
    const report = readSuiteReport(text, readStatus(`${suite}.status`));
    remarks.push(...report.remarks);
    return report;
  }),
];
if (names.includes('check.json.said'))
  remarks.push(
    `failed: ${readFileSync(join(folder, 'check.json.said'), 'utf8').trim().split('\n').slice(-25).join('\n  ')}`,
  );
const failed = remarks.filter((line) => line.startsWith('failed:'));
for (const line of remarks) if (!failed.includes(line)) console.log(line);
for (const line of failed) console.log(line);
// Of many, the names once more: only a log's last lines may be to be seen.
if (failed.length > 3) for (const line of failed) console.log(line.split('\n')[0]);
const sum = addUp(tallies);
console.log(`${sum.passed} passed, ${sum.failed} failed${sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''}`);
process.exitCode = sum.failed > 0 ? 1 : 0;
