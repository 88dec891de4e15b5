/**
 * Vitest's set-up of each file: drops what Temporal's SDK says below an error. It warns of every activity that a test
 * makes fail, some twenty lines each, and a run's failures are to be found in its record.
 */
import { stripVTControlCharacters } from 'node:util';

const write = process.stderr.write.bind(process.stderr);
const chatter = /^\d{4}-\d\d-\d\dT[\d:.]+Z \[(TRACE|DEBUG|INFO|WARN)\] /;

process.stderr.write = ((text: string | Uint8Array, ...more: []) => {
  if (typeof text === 'string' && chatter.test(stripVTControlCharacters(text))) return true;
  return write(text, ...more);
}) as typeof process.stderr.write;
