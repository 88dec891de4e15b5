import { relative } from 'node:path';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export interface SuiteReport extends Tally {
  /** A line for each file with skipped tests, and what each failure said: a long log's end is all that some see. */
  readonly remarks: readonly string[];
}

/** The part of vitest's JSON report that is summed. */
interface VitestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages?: readonly string[] | null;
    }[];
  }[];
}

/**
 * Sums one run of vitest from its JSON report and exit code. A file that broke before its tests, a run without a
 * report and a run that failed for no test's sake (an unhandled error) count as one failure each.
 */
export function readSuiteReport(text: string | null, exitCode: number): SuiteReport {
  if (text === null)
    return {
      passed: 0,
      failed: 1,
      skipped: 0,
      remarks: [`failed: the suites ended with exit code ${exitCode} and no report`],
    };
  const files = (JSON.parse(text) as VitestReport).testResults.map(readFile);
  const sum = addUp(files);
  const remarks = files.flatMap((file) => file.remarks);
  if (exitCode === 0 || sum.failed > 0) return { ...sum, remarks };
  return { ...sum, failed: 1, remarks: [...remarks, 'failed: an error outside of any test, see above'] };
}

function readFile(file: VitestReport['testResults'][number]): SuiteReport {
  const count = (...statuses: string[]) =>
    file.assertionResults.filter(({ status }) => statuses.includes(status)).length;
  const name = relative(process.cwd(), file.name);
  const [passed, failed, skipped] = [count('passed'), count('failed'), count('skipped', 'pending', 'todo', 'disabled')];
  const remarks = [
    ...(skipped > 0 ? [`skipped: ${skipped} of ${name}: ${reasons(file)}`] : []),
    ...file.assertionResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => `failed: ${name}: ${fullName}: ${excerpt(failureMessages?.[0])}`),
  ];
  if (file.status === 'failed' && failed === 0) {
    return {
      passed,
      failed: 1,
      skipped,
      remarks: [...remarks, `failed: ${name} outside of its tests: ${file.message.split('\n')[0]}`],
    };
  }
  return { passed, failed, skipped, remarks };
}

/** As much of a failure's message as tells it: its first lines, with where in our code it was raised. */
function excerpt(message = 'no reason given'): string {
  const lines = message.split('\n');
  const said = lines.filter((line) => !line.trimStart().startsWith('at ')).slice(0, 12);
  const where = lines.filter((line) => /^\s+at /.test(line) && !/node_modules|<anonymous>/.test(line)).slice(0, 3);
  return [...said, ...where].map((line) => line.slice(0, 300)).join('\n  ');
}

/** Suites that skip themselves say why in a title, `… (skipped: needs root)`; else the titles have to do. */
function reasons(file: VitestReport['testResults'][number]): string {
  const names = file.assertionResults
    .filter(({ status }) => status !== 'passed' && status !== 'failed')
    .map(({ fullName }) => fullName);
  const causes = new Set(names.flatMap((name) => /\(skipped: ([^)]*)\)/.exec(name)?.[1] ?? []));
  if (causes.size > 0) return [...causes].join('; ');
  return names.length > 3 ? `${names.slice(0, 3).join('; ')} …` : names.join('; ');
}

export function addUp(tallies: readonly Tally[]): Tally {
  const sum = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped') };
}
