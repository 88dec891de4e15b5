import { logTail } from './child.ts';

/** The fields of a line `{"msg":"ready", …}`, or null for any other line. */
export function parseReady(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.includes('"ready"')) return null;
  const fields = parseObject(line);
  return fields?.['msg'] === 'ready' ? fields : null;
}

/** What a log that began at `from` said last that means something to a person, in at most 300 characters. */
export async function lastWords(path: string, from: number): Promise<string> {
  return meaningfulLine((await logTail(path, from).catch(() => '')).split('\n'));
}

// A stack trace's first line says what happened; its frames and Node's closing lines say nothing to a person.
const noise = /^\s*(at |[{}^[\]]|Node\.js v|file:\/\/|node:|throw |$)/;
const named = /^\s*(\[?\w*(Error|Trouble)\b).*:/;

export function meaningfulLine(lines: readonly string[]): string {
  const error = lines.findLast((line) => named.test(line));
  const spoken = error ?? lines.findLast((line) => line.startsWith('{"') || !noise.test(line)) ?? '';
  return unwrap(spoken.trim()).slice(0, 300);
}

function unwrap(line: string): string {
  const fields = parseObject(line);
  if (fields === null) return line;
  const cause = fields['err'];
  const reason = typeof cause === 'object' && cause !== null && 'message' in cause ? cause.message : fields['error'];
  return [fields['msg'], reason].filter((part) => typeof part === 'string').join(': ') || line;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const fields: unknown = JSON.parse(line);
    return typeof fields === 'object' && fields !== null && !Array.isArray(fields) ? { ...fields } : null;
  } catch {
    return null;
  }
}
