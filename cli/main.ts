#!/usr/bin/env node
import { existsSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { CommanderError } from 'commander';
import { ApiClient, ApiProblem, ApprovalAwaited } from '../client/api.ts';
import { openScreen } from './context.ts';
import type { ContextEntry, ContextFile } from './contexts.ts';
import { readEnvironment } from './environment.ts';
import { exitOf, exits } from './exits.ts';
import { createProgram } from './program.ts';
import { progressAt } from './progress.ts';
import { cleanCell } from './table.ts';

const environment = attempt(() => readEnvironment(process.env));
const { isTTY, columns } = process.stdout;
const live = isTTY === true && process.env['TERM'] !== 'dumb';
const operator = userInfo().username;
const { standardApi, entryAt } = await signIns().catch((error: Error) => fail(exits.failed, error.message));

// A reader that has seen enough (`farrier … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

const args = process.argv.slice(2);
const program = await createProgram(
  {
    standardApi: environment.api ?? standardApi,
    version: versionHere(),
    open: ({ api, output, toYaml }) => {
      if (!URL.canParse(api)) fail(exits.misused, `${JSON.stringify(api)} is not a URL like http://127.0.0.1:8470`);
      const screen = openScreen({
        output,
        colour: isTTY === true && environment.colour,
        width: isTTY ? (columns ?? 80) : null,
        write: (text) => void process.stdout.write(text),
        ...(toYaml !== undefined && { toYaml }),
        picture: live ? async () => (await import('log-update')).createLogUpdate(process.stdout) : null,
        progress: progressAt(process.stderr),
        note: (text) => console.error(cleanCell(text)),
      });
      const { token = undefined, ca = undefined } = entryAt(api) ?? {};
      const client = new ApiClient({ url: api, operator, token: environment.token ?? token, ca });
      return { api: client, operator, now: Date.now(), live, screen };
    },
    checks: {
      temporal: async () => (await import('./pollers.ts')).askTemporal(environment.temporalAddress),
      pollers: async (queues) =>
        (await import('./pollers.ts')).askPollers(environment.temporalAddress, environment.temporalNamespace, queues),
    },
    askBmcPassword: async (question) =>
      environment.bmcPassword ?? (await import('./bmc/prompt.ts')).askPassword(question),
    mdb: { ownerUrl: environment.mdbOwnerUrl, url: environment.mdbUrl },
    sourceToken: environment.sourceToken,
    signingIn: {
      file: environment.contexts,
      askToken: async () => environment.token ?? askSecret('Token: '),
      askSecret,
      isTyped: process.stdin.isTTY === true && environment.token === undefined,
      connect: ({ api: url, ...rest }) => new ApiClient({ url, operator, ...rest }),
    },
  },
  args,
);

try {
  await program.parseAsync(args, { from: 'user' });
} catch (error) {
  // Commander has written its sentence; help and version end with 0, whatever was typed wrong with 2.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? exits.done : exits.misused;
  else if (error instanceof ApprovalAwaited)
    fail(exits.awaiting, `${error.message}: farrier approval show ${error.approval.id}`);
  else if (error instanceof ApiProblem) fail(exitOf(error), withHint(error));
  else fail(exits.failed, error instanceof Error ? error.message : String(error));
}

function withHint({ code, message }: ApiProblem): string {
  if (code !== 'unreachable') return message;
  return `${message} ("farrier up" brings one up on this machine; --api, FARRIER_API or farrier login say where it is)`;
}

interface SignIns {
  /** Where commands go that do not say it. */
  readonly standardApi: string;
  readonly entryAt: (api: string) => ContextEntry | null;
}

/** Read only where there are any: to check the file takes as long as a command. */
async function signIns(): Promise<SignIns> {
  const elsewhere = 'http://127.0.0.1:8470';
  if (!existsSync(environment.contexts)) return { standardApi: elsewhere, entryAt: () => null };
  const { entryOf, readContexts } = await import('./contexts.ts');
  const file: ContextFile = readContexts(environment.contexts);
  return {
    standardApi: file.contexts[file.current ?? '']?.api ?? elsewhere,
    entryAt: (api) => entryOf(file, api),
  };
}

async function askSecret(question: string): Promise<string> {
  return (await import('./bmc/prompt.ts')).askSecret(question);
}

function versionHere(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

function attempt<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    return fail(exits.misused, (error as Error).message);
  }
}

function fail(code: number, sentence: string): never {
  console.error(`farrier: ${cleanCell(sentence)}`);
  process.exit(code);
}
