import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify, isAlive } from '../../host/identity.ts';
import { endLeftovers, takeLock } from '../../host/lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'farrier-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const path = () => join(folder, 'data', 'up.lock');

test('a second owner is refused while the first lives, by its process number', () => {
  const lock = takeLock(path(), '/data');
  expect(() => takeLock(path(), '/data')).toThrow(
    `/data is in use by another Farrier (process ${process.pid}); stop it or give another folder`,
  );
  lock.release();
  takeLock(path(), '/data').release();
});

test("a dead owner's lock is taken over, and what it left running is told", async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
  const leftover = identify(child.pid ?? 0);
  takeLock(path(), '/data').note(leftover ? [leftover] : []);
  const content = JSON.parse(readFileSync(path(), 'utf8'));
  // The number of this process, but of one that began at another time: the number was used again.
  writeFileSync(path(), JSON.stringify({ ...content, owner: { pid: process.pid, began: 'long ago' } }));
  const lock = takeLock(path(), '/data');
  expect(lock.leftovers).toEqual([leftover]);
  await endLeftovers(lock.leftovers);
  expect(leftover && isAlive(leftover)).toBe(false);
});

test('a process that took the number of a leftover is not touched', () => {
  const lock = takeLock(path(), '/data');
  lock.note([{ pid: process.pid, began: 'long ago' }]);
  const content = JSON.parse(readFileSync(path(), 'utf8'));
  writeFileSync(path(), JSON.stringify({ ...content, owner: { pid: process.pid, began: 'long ago' } }));
  expect(takeLock(path(), '/data').leftovers).toEqual([]);
});

test('a lock that was cut off while it was written is taken over', () => {
  takeLock(path(), '/data').release();
  writeFileSync(path(), '{"owner":{"pi');
  expect(takeLock(path(), '/data').leftovers).toEqual([]);
});

test('a file where the folder should be is told in words', () => {
  writeFileSync(join(folder, 'data'), '');
  expect(() => takeLock(path(), '/data')).toThrow(/is in the way: it is not a folder/);
});
