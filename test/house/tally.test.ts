import { expect, test } from 'vitest';
import { addUp, readSuiteReport } from '../../scripts/reports.ts';

function report(
  ...files: { status?: string; message?: string; tests: [status: string, fullName: string][] }[]
): string {
  const testResults = files.map(({ status = 'passed', message = '', tests }, index) => ({
    name: `${process.cwd()}/test/${index}.test.ts`,
    status,
    message,
    assertionResults: tests.map(([of, fullName]) => ({
      status: of,
      fullName,
      failureMessages:
        of === 'failed'
          ? ['Error: no answer\n    at deep (node_modules/x.js:1:1)\n    at land (test/0.test.ts:3:1)']
          : [],
    })),
  }));
  return JSON.stringify({ testResults });
}

test('tests are counted by how they went, what failed says what, and what was skipped says why', () => {
  const text = report(
    {
      tests: [
        ['passed', 'a'],
        ['failed', 'b'],
      ],
      status: 'failed',
    },
    {
      tests: [
        ['skipped', 'machines (skipped: needs root) boot'],
        ['pending', 'machines (skipped: needs root) stop'],
      ],
    },
  );
  expect(readSuiteReport(text, 1)).toEqual({
    passed: 1,
    failed: 1,
    skipped: 2,
    remarks: [
      'failed: test/0.test.ts: b: Error: no answer\n      at land (test/0.test.ts:3:1)',
      'skipped: 2 of test/1.test.ts: needs root',
    ],
  });
});

test('a file that broke before its tests is a failure', () => {
  const text = report({ tests: [], status: 'failed', message: 'cannot find x\n at y' });
  expect(readSuiteReport(text, 1)).toMatchObject({
    failed: 1,
    remarks: ['failed: test/0.test.ts outside of its tests: cannot find x'],
  });
});

test('a run that failed although no test did is a failure', () => {
  expect(readSuiteReport(report({ tests: [['passed', 'a']] }), 1)).toMatchObject({ passed: 1, failed: 1 });
});

test('a run that left no report is a failure', () => {
  expect(readSuiteReport(null, 137)).toMatchObject({ passed: 0, failed: 1, skipped: 0 });
});

test('sums are over everything', () => {
  expect(
    addUp([
      { passed: 1, failed: 2, skipped: 3 },
      { passed: 10, failed: 20, skipped: 30 },
    ]),
  ).toEqual({ passed: 11, failed: 22, skipped: 33 });
});
