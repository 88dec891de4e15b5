import type { Command } from 'commander';
import type { Finding } from '../contract/api.ts';
import type { Context } from './context.ts';

export interface DoctorChecks {
  /** Whether Temporal answers; asked by the CLI, since the API never waits for it. */
  readonly temporal: () => Promise<Finding>;
  /** Whether somebody polls each of these task queues. */
  readonly pollers?: (queues: readonly string[]) => Promise<Finding[]>;
}

export function addDoctor(program: Command, open: () => Context, checks: DoctorChecks): void {
  program.command('doctor').action(async () => {
    const { api, screen } = open();
    const unreachable = (error: unknown): Finding[] => [{ name: 'api', ok: false, message: (error as Error).message }];
    const [health, temporal] = await Promise.all([
      api.doctor().catch((error: unknown) => ({ findings: unreachable(error), queues: [] })),
      checks.temporal(),
    ]);
    const pollers = temporal.ok && checks.pollers ? await checks.pollers(health.queues) : [];
    const findings = [...health.findings, temporal, ...pollers];
    const ok = findings.every((finding) => finding.ok);
    screen.answer({ ok, findings }, () =>
      screen.table(
        [
          { title: 'check', cell: ({ name }) => name },
          { title: 'ok', cell: (finding) => (finding.ok ? 'ok' : 'no') },
          { title: 'finding', cell: ({ message }) => message, flexible: true },
        ],
        findings,
        '',
      ),
    );
    if (!ok) process.exitCode = 1;
  });
}
