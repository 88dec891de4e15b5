import { hostname } from 'node:os';
import { Argument, type Command } from 'commander';
import { type DisruptionAnswer, disruptionRequests } from '../contract/permitviews.ts';
import type { Context } from './context.ts';

/** What the Dominator's `subd` reads of its tool; any other code is an error, and it tries again. */
const exitCodes: Readonly<Record<DisruptionAnswer['state'], number>> = { permitted: 0, requested: 1, denied: 2 };
const exitError = 3;

/** The tool that `subd` runs before a disruptive update: its exit code is the answer. */
export function addDisruption(program: Command, open: () => Context): void {
  program
    .command('disruption')
    .addArgument(new Argument('<request>', 'what is asked').choices(disruptionRequests))
    .argument('[machine]', 'id, hostname or MAC; this machine by default', hostname())
    .action(async (request: (typeof disruptionRequests)[number], machine: string) => {
      const { api, screen } = open();
      try {
        const answer = await api.disruption({ request, machine });
        screen.answer(answer, () => screen.line(answer.state));
        process.exitCode = exitCodes[answer.state];
      } catch (error) {
        // 1 and 2 would be answers.
        process.stderr.write(`farrier: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = exitError;
      }
    });
}
