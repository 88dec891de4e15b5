import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = new URL('../../boot/image/tools', import.meta.url).pathname;
let built: string | null = null;

/** The folder with the image's static tools, compiled once a run. */
export function buildTools(): string {
  if (!built) {
    built = mkdtempSync(join(tmpdir(), 'farrier-tools-'));
    execFileSync('make', ['-s', '-C', source, `OUT=${built}`]);
  }
  return built;
}

export interface ToolEnd {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

/** Runs one of the tools without blocking this process, which may be the server it talks to. */
export function runTool(name: string, words: readonly string[], input = ''): Promise<ToolEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(buildTools(), name), words);
    const out: Buffer[] = [];
    let err = '';
    child.stdout.on('data', (chunk) => out.push(chunk));
    child.stderr.on('data', (chunk) => (err += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out: Buffer.concat(out), err }));
    // Most tools never read it.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
