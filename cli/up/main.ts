#!/usr/bin/env node
import { upCommand } from './options.ts';
import { runUp } from './run.ts';

const stop = new AbortController();
const kill = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => (stop.signal.aborted && signal === 'SIGINT' ? kill.abort() : stop.abort()));
}
const shell = Object.fromEntries(Object.entries(process.env).flatMap(([key, value]) => (value ? [[key, value]] : [])));
const terminal = { out: process.stdout, stop: stop.signal, kill: kill.signal };

await upCommand(async (options) => {
  process.exitCode = await runUp(options, shell, terminal);
}).parseAsync();
