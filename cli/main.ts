#!/usr/bin/env node
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CommanderError } from 'commander';
import { z } from 'zod';
import { ApiClient, ApiProblem, ApprovalAwaited } from '../client/api.ts';
import type { Finding } from '../contract/api.ts';
import { askPassword } from './bmc/prompt.ts';
import { openScreen } from './context.ts';
import { type ContextFile, entryOf, readContexts } from './contexts.ts';
import { createProgram } from './program.ts';
import { cleanCell } from './table.ts';
import { upCommand } from './up/options.ts';

const environment = z.object({
  FARRIER_API: z.url({ protocol: /^https?$/, error: 'FARRIER_API is not a URL like http://127.0.0.1:8470' }).optional(),
  FARRIER_TOKEN: z.string().min(1, 'FARRIER_TOKEN is empty').optional(),
  FARRIER_CONTEXTS: z
    .string()
    .min(1, 'FARRIER_CONTEXTS is empty')
    .default(() => join(process.env['XDG_CONFIG_HOME'] || join(homedir(), '.config'), 'farrier', 'contexts.json')),
  FARRIER_MDB_URL: z.string().optional(),
  TEMPORAL_ADDRESS: z.string().default('127.0.0.1:7233'),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  NO_COLOR: z.string().default(''),
  FARRIER_MDB_OWNER_URL: z
    .string()
    .startsWith('postgres', 'FARRIER_MDB_OWNER_URL is not a URL like postgres://farrier_owner:…@host/farrier')
    .optional(),
  FARRIER_IMPORT_TOKEN: z.string().min(1, 'FARRIER_IMPORT_TOKEN is empty').optional(),
  FARRIER_BMC_PASSWORD: z.string().min(1, 'FARRIER_BMC_PASSWORD is empty').optional(),
});

const read = environment.safeParse(process.env);
if (!read.success) fail(2, read.error.issues[0]?.message ?? 'the environment is wrong');
const {
  FARRIER_API,
  FARRIER_TOKEN,
  FARRIER_CONTEXTS,
  FARRIER_MDB_URL,
  TEMPORAL_ADDRESS,
  TEMPORAL_NAMESPACE,
  NO_COLOR,
  FARRIER_BMC_PASSWORD,
  FARRIER_IMPORT_TOKEN,
  FARRIER_MDB_OWNER_URL,
} = read.data;

const { isTTY, columns } = process.stdout;
const operator = userInfo().username;
const contexts = signIns();
const program = createProgram(
  FARRIER_API ?? contexts.contexts[contexts.current ?? '']?.api ?? 'http://127.0.0.1:8470',
  ({ api, json }) => {
    if (!URL.canParse(api)) fail(2, `${JSON.stringify(api)} is not a URL like http://127.0.0.1:8470`);
    const screen = openScreen({
      json,
      colour: isTTY === true && NO_COLOR === '',
      width: isTTY ? (columns ?? 80) : null,
      write: (text) => void process.stdout.write(text),
    });
    const { token = undefined, ca = undefined } = entryOf(contexts, api) ?? {};
    const client = new ApiClient({ url: api, operator, token: FARRIER_TOKEN ?? token, ca });
    return { api: client, operator, now: Date.now(), screen };
  },
  {
    temporal: () => askTemporal(TEMPORAL_ADDRESS),
    pollers: async (queues) => (await import('./pollers.ts')).askPollers(TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, queues),
  },
  async (question) => FARRIER_BMC_PASSWORD ?? askPassword(question),
  {
    mdb: { ownerUrl: FARRIER_MDB_OWNER_URL, url: FARRIER_MDB_URL },
    sourceToken: FARRIER_IMPORT_TOKEN,
    signingIn: {
      file: FARRIER_CONTEXTS,
      askToken: async () => FARRIER_TOKEN ?? (await askToken()),
      connect: ({ api: url, ...rest }) => new ApiClient({ url, operator, ...rest }),
    },
  },
);
program.addCommand(upCommand(bringUp).exitOverride());

// A reader that has seen enough (`farrier … | head`) is no fault.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await program.parseAsync();
} catch (error) {
  // Commander has written its sentence; help and version end with 0, whatever was typed wrong with 2.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof ApprovalAwaited) fail(5, `${error.message}: farrier approval show ${error.approval.id}`);
  else if (error instanceof ApiProblem) fail(1, error.message);
  else fail(1, error instanceof Error ? error.message : String(error));
}

function signIns(): ContextFile {
  try {
    return readContexts(FARRIER_CONTEXTS);
  } catch (error) {
    return fail(1, (error as Error).message);
  }
}

/** Typed where there is a terminal, else the first line that is piped in. */
async function askToken(): Promise<string> {
  const typed = await askPassword('Token: ');
  if (typed !== null) return typed.trim();
  for await (const line of createInterface({ input: process.stdin })) return line.trim();
  throw new Error('there is no token on standard input');
}

function fail(code: number, sentence: string): never {
  console.error(`farrier: ${cleanCell(sentence)}`);
  process.exit(code);
}

async function askTemporal(address: string): Promise<Finding> {
  const { Connection } = await import('@temporalio/client');
  try {
    const connection = await Connection.connect({ address, connectTimeout: '3s' });
    await connection.close();
    return { name: 'temporal', ok: true, message: `Temporal answers at ${address}` };
  } catch {
    return {
      name: 'temporal',
      ok: false,
      message: `Temporal does not answer at ${address}; orders wait in the outbox meanwhile`,
    };
  }
}

type Up = Parameters<Parameters<typeof upCommand>[0]>[0];

/** `farrier up`: loaded when it is asked for, since it brings half of Farrier with it. */
async function bringUp(options: Up): Promise<void> {
  const { upHere } = await import('./up/terminal.ts');
  await upHere(options);
}
