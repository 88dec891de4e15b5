/** `--watch`: what a command shows, again whenever it changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { ApiProblem } from '../client/api.ts';
import type { ChangeKind } from '../domain/changes.ts';
import type { Context, Open } from './context.ts';

/** What changes often is shown about once in so many milliseconds, and less often where that takes long to read. */
const pauseMs = 500;

/** The action of a command that shows what changes of these kinds change. */
export function watched<Arguments extends readonly unknown[]>(
  command: Command,
  open: Open,
  kinds: readonly ChangeKind[],
  show: (context: Context, ...given: Arguments) => Promise<void>,
): Command {
  return command
    .option('-w, --watch', 'show it again whenever it changes, until Ctrl-C')
    .action(async (...given: unknown[]) => {
      const context = open();
      const { watch, ...options } = command.opts<{ watch?: true }>();
      // Behind the arguments commander gives the options and the command.
      const spread = [...given.slice(0, -2), options, command] as unknown as Arguments;
      if (watch) await follow(context, kinds, (current) => show(current, ...spread));
      else await show(context, ...spread);
    });
}

async function follow(
  context: Context,
  kinds: readonly ChangeKind[],
  show: (context: Context) => Promise<void>,
): Promise<void> {
  const ended = new AbortController();
  let waking = Promise.withResolvers<void>();
  const draw = async () => {
    while (!ended.signal.aborted) {
      await waking.promise;
      waking = Promise.withResolvers();
      const began = Date.now();
      const now = context.live ? began : context.now;
      await context.screen
        .frame(() => show({ ...context, now }))
        .catch((error: unknown) => {
          // It is followed on, and shown once the API is back.
          if (!(error instanceof ApiProblem && error.status === 0)) throw error;
        });
      await sleep(Math.max(pauseMs, 2 * (Date.now() - began)));
    }
  };
  const listen = async () => {
    for await (const _change of context.api.changes({ kinds }, ended.signal)) waking.resolve();
  };
  try {
    await Promise.race([draw(), listen()]);
  } finally {
    ended.abort();
  }
}
