import type { Dispatcher } from 'undici';
import { RedfishError } from './errors.ts';

export type Json = { readonly [key: string]: unknown };

/** Reads a body as text, and stops as soon as it is larger than allowed. */
export async function readBounded(response: Dispatcher.ResponseData, largest: number, where: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) {
      response.body.destroy();
      throw new RedfishError('too-large', `${where}: the answer is larger than ${largest} bytes`, {
        status: response.statusCode,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A body as a JSON object; null where there is none, or where an error came as something else (quirk 12). */
export function parse(text: string, deepest: number, status: number, where: string): Json | null {
  if (text.trim() === '') return null;
  if (deeperThan(text, deepest)) {
    throw new RedfishError('too-deep', `${where}: the answer is nested deeper than ${deepest} levels`, { status });
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Json;
  } catch {
    // An error's status says enough.
  }
  if (status >= 300) return null;
  throw new RedfishError('not-json', `${where}: the answer is not a JSON object`, { status });
}

/** Whether brackets outside strings nest deeper than that; looked at before anything is parsed. */
function deeperThan(text: string, deepest: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > deepest) return true;
  }
  return false;
}
