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

let piped: AsyncIterator<string> | undefined;

/** Asks for a secret, which is typed where there is a terminal; else it is the next line that is piped in. */
export async function askSecret(question: string): Promise<string> {
  const typed = await askPassword(question);
  if (typed !== null) return typed.trim();
  piped ??= createLines({ input: process.stdin })[Symbol.asyncIterator]();
  const { value, done } = await piped.next();
  if (done) throw new Error(`nothing more is on standard input, for: ${question.replace(/: $/, '')}`);
  return value.trim();
}
