/**
 * The text form in which the agent and the agent API talk: one record a line, `kind key=value key=value`.
 * It can be written by printf and read by a POSIX shell, which JSON cannot. Values are percent-encoded for every
 * byte outside `[A-Za-z0-9._:/+@,-]`; an empty value is written as `key=`.
 */
export interface AgentRecord {
  readonly kind: string;
  readonly fields: Readonly<Record<string, string>>;
}

export interface RecordLimits {
  readonly maxBytes: number;
  readonly maxRecords: number;
  readonly maxFields: number;
}

export const recordLimits: RecordLimits = { maxBytes: 64 * 1024, maxRecords: 2000, maxFields: 32 };

/** Thrown for text that is not records; the message names the line. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

const word = /^[a-z][a-z0-9_]{0,31}$/;
const plain = /[^A-Za-z0-9._:/+@,-]/gu;

function encode(value: string): string {
  return value.replace(plain, (character) =>
    Array.from(
      new TextEncoder().encode(character),
      (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
    ).join(''),
  );
}

function decode(value: string, line: number): string {
  if (/[^A-Za-z0-9._:/+@,%-]/.test(value)) throw new RecordError(`line ${line}: a value holds an unencoded character`);
  try {
    return decodeURIComponent(value);
  } catch {
    throw new RecordError(`line ${line}: a value is not percent-encoded UTF-8`);
  }
}

export function formatRecords(records: readonly AgentRecord[]): string {
  return records
    .map(({ kind, fields }) =>
      [kind, ...Object.entries(fields).map(([key, value]) => `${key}=${encode(value)}`)].join(' ').concat('\n'),
    )
    .join('');
}

/** Reads records; throws RecordError for anything malformed, over a limit, or with a key given twice. */
export function parseRecords(text: string, limits: RecordLimits = recordLimits): AgentRecord[] {
  if (text.length > limits.maxBytes) throw new RecordError(`more than ${limits.maxBytes} bytes`);
  const lines = text.split('\n');
  const records: AgentRecord[] = [];
  for (const [index, line] of lines.entries()) {
    if (line.trim() === '') continue;
    if (records.length === limits.maxRecords) throw new RecordError(`more than ${limits.maxRecords} records`);
    records.push(parseRecord(line, index + 1, limits));
  }
  return records;
}

/**
 * Reads records line by line: one that is malformed is told and passed over, and bytes that are no UTF-8 become U+FFFD.
 * Throws RecordError where the whole is over a limit.
 */
export function parseRecordsLeniently(
  text: string,
  limits: RecordLimits = recordLimits,
): { records: AgentRecord[]; unreadable: string[] } {
  if (text.length > limits.maxBytes) throw new RecordError(`more than ${limits.maxBytes} bytes`);
  const records: AgentRecord[] = [];
  const unreadable: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    if (records.length + unreadable.length === limits.maxRecords)
      throw new RecordError(`more than ${limits.maxRecords} records`);
    try {
      records.push(parseRecord(replaceBytes(line), index + 1, limits));
    } catch (error) {
      if (!(error instanceof RecordError)) throw error;
      unreadable.push(`${error.message}: left out`);
    }
  }
  return { records, unreadable };
}

/** Writes bytes that are no UTF-8 as the sign for such. */
function replaceBytes(line: string): string {
  return line.replace(/(?:%[0-9a-f]{2})+/gi, (run) =>
    encode(Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8')),
  );
}

function parseRecord(line: string, number: number, limits: RecordLimits): AgentRecord {
  const [kind = '', ...pairs] = line.trim().split(/ +/);
  if (!word.test(kind)) throw new RecordError(`line ${number}: it does not begin with a record kind`);
  if (pairs.length > limits.maxFields) throw new RecordError(`line ${number}: more than ${limits.maxFields} fields`);
  const fields: Record<string, string> = Object.create(null);
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(equals, 0));
    if (!word.test(key)) throw new RecordError(`line ${number}: a field is not key=value`);
    if (key in fields) throw new RecordError(`line ${number}: ${key} is given twice`);
    fields[key] = decode(pair.slice(equals + 1), number);
  }
  return { kind, fields };
}
