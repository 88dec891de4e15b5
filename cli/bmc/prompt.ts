import { createInterface as createLines } from 'node:readline';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Asks for a password on the terminal without showing it; null where there is no terminal to ask on. */
export async function askPassword(question: string): Promise<string | null> {
  if (!process.stdin.isTTY) return null;
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const asking = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  process.stderr.write(question);
  try {
    return await asking.question('');
  } finally {
    asking.close();
    process.stderr.write('\n');
  }
}

/** Asks for a yes on the terminal; null where there is none to ask on. */
export async function askYes(question: string): Promise<boolean | null> {
  if (!process.stdin.isTTY) return null;
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}

/** Asks for a token, which is typed where there is a terminal; else it is the first line that is piped in. */
export async function askToken(): Promise<string> {
  const typed = await askPassword('Token: ');
  if (typed !== null) return typed.trim();
  for await (const line of createLines({ input: process.stdin })) return line.trim();
  throw new Error('there is no token on standard input');
}
