import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { choosePorts, claimFolder } from '../../cli/up/folder.ts';
import { layoutOf } from '../../cli/up/layout.ts';
import type { Ports } from '../../cli/up/options.ts';
import { needSpace } from '../../host/space.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farrier-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const quiet = { note: () => {}, share: () => {} };
const layout = () => layoutOf(join(folder, 'data'));
const choose = (ports: Ports) => choosePorts(ports, layout());
const claim = () => claimFolder(layout(), 0, quiet);
const anywhere = { temporal: 0, ui: 0, api: 0, agent: 0, events: 0, boot: 0, sim: 0 };

test('a new folder is made and stamped, and can be claimed again once it was let go', async () => {
  (await claim()).release();
  expect(JSON.parse(readFileSync(layout().stamp, 'utf8'))).toMatchObject({ format: 1 });
  (await claim()).release();
});

test('a folder of a newer version is refused by that version, and let go', async () => {
  (await claim()).release();
  writeFileSync(layout().stamp, '{"format":2,"version":"9.0.0"}');
  await expect(claim()).rejects.toThrow(/was written by Farrier 9\.0\.0, which is newer than this one/);
  await expect(claim()).rejects.toThrow(/newer/);
});

test('a damaged stamp is refused in words', async () => {
  (await claim()).release();
  writeFileSync(layout().stamp, '{"format":');
  await expect(claim()).rejects.toThrow(/farrier\.json is damaged/);
});

test('a file in place of the folder is refused in words', async () => {
  writeFileSync(layout().data, '');
  await expect(claim()).rejects.toThrow(/is not a folder/);
});

test('too little space is refused with what is there and what is needed', async () => {
  await expect(needSpace(folder, 1e9)).rejects.toThrow(/has \d+ MiB free and Farrier needs 1000000000 MiB/);
});

test('free ports are found, all different, and the same the next time', async () => {
  mkdirSync(layout().data);
  const chosen = await choose(anywhere);
  const ports = Object.values(chosen);
  expect(new Set(ports).size).toBe(ports.length);
  expect(ports.every((port) => port > 0)).toBe(true);
  expect(await choose(anywhere)).toEqual(chosen);
});

test('a port that is taken is told with its option', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  await expect(choose({ ...anywhere, ui: port })).rejects.toThrow(
    `port ${port} for Temporal's Web UI is taken by another program; give another with --ui-port`,
  );
  await new Promise((resolve) => other.close(resolve));
});

test('one port for two parts is refused', async () => {
  mkdirSync(layout().data);
  const { api } = await choose(anywhere);
  await expect(choose({ ...anywhere, api, boot: api })).rejects.toThrow(`port ${api} is asked for twice`);
});
