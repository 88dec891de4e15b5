/** The tool that erases, against a drive in a file (drive.c): which commands it sends, and what it refuses. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = new URL('../../boot/image/tools', import.meta.url).pathname;
const bytes = 4 * 1024 * 1024;
const missing = spawnSync('musl-gcc', ['--version']).error !== undefined;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'farrier-erase-'));
  if (missing) return;
  const drive = new URL('drive.c', import.meta.url).pathname;
  const flags = `-static -Os -std=gnu11 -D_GNU_SOURCE -Wl,--wrap=ioctl -idirafter /usr/include -idirafter /usr/include/x86_64-linux-gnu ${drive}`;
  execFileSync('make', ['-s', '-C', source, `OUT=${folder}`, `CFLAGS=${flags}`, `${folder}/erase`]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let count = 0;
/** A disk full of somebody's words, being this kind of drive. */
function disk(drive: string) {
  count += 1;
  const path = join(folder, `disk${count}`);
  const log = join(folder, `log${count}`);
  writeFileSync(path, 'somebody’s words ');
  truncateSync(path, bytes);
  writeFileSync(log, '');
  const erase = (...words: string[]) => {
    const env = { ...process.env, DRIVE: drive, DRIVE_LOG: log };
    const { status, stdout, stderr } = spawnSync(join(folder, 'erase'), words, { env, encoding: 'utf8' });
    return { code: status, out: stdout, err: stderr.trim() };
  };
  return {
    can: (method: string) => erase('can', method, path),
    mark: () => erase('mark', path, 'order-1'),
    erase: (method: string) => erase('do', method, path),
    zero: (from: number, to: number) => erase('zero', path, String(from), String(to)),
    check: () => erase('check', path, 'order-1'),
    sent: () => readFileSync(log, 'utf8').trim().split('\n').filter(Boolean),
    content: () => readFileSync(path),
  };
}

describe.skipIf(missing)(`erase${missing ? ' (skipped: needs musl-gcc)' : ''}`, () => {
  it('finds its marks before, and none of them after', () => {
    const one = disk('');
    expect(one.mark()).toMatchObject({ code: 0 });
    expect(one.check().out).toMatch(/^blocks=0:([0-9a-f]{16}):\1,.* sampled=16 survived=16 blank=0\n$/);
    expect(one.content().includes('FARRIER ERASE order-1 0\n')).toBe(true);
    expect(one.erase('overwrite')).toMatchObject({
      code: 0,
      out: expect.stringContaining(`words ${bytes} bytes of zeros`),
    });
    expect(one.check().out).toMatch(/ sampled=16 survived=0 blank=16\n$/);
    expect(one.content().every((byte) => byte === 0)).toBe(true);
  });

  it('zeros from one byte to another and nothing beside them', () => {
    const one = disk('');
    one.mark();
    expect(one.zero(4096, bytes - 4096)).toMatchObject({ code: 0 });
    expect(one.check().out).toMatch(/ survived=2 blank=14\n$/);
  });

  it.each([
    // nsid 3; cdw10: block layout 1, metadata as it was, protection type 1 with its place, and the kind of erase.
    ['nvme format', 'user data', 'format 3 331'],
    ['nvme format crypto-format', 'cryptographic', 'format 3 531'],
  ])('formats a drive that is %s, keeping its layout: %s', (drive, words, command) => {
    const one = disk(drive);
    expect(one.can('nvme-format')).toMatchObject({ code: 0 });
    one.mark();
    expect(one.erase('nvme-format')).toMatchObject({ code: 0, out: expect.stringContaining(words) });
    expect(one.sent()).toEqual([command]);
    expect(one.check().out).toMatch(/survived=0/);
  });

  it.each([
    ['nvme sanitize-block sanitize-crypto', 'block erase', 'sanitize 0 2'],
    ['nvme sanitize-crypto', 'crypto erase', 'sanitize 0 4'],
  ])('sanitizes a drive that is %s by %s, and waits for its end', (drive, words, command) => {
    const one = disk(drive);
    expect(one.can('nvme-sanitize')).toMatchObject({ code: 0 });
    const { code, out } = one.erase('nvme-sanitize');
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/progress 25\n(.*\n)*words NVMe Sanitize/),
    });
    expect(out).toContain(words);
    expect(one.sent()).toEqual([command]);
  });

  it('waits for a Sanitize that goes on since a power cut, and sends none', () => {
    const one = disk('nvme sanitize-block going');
    expect(one.erase('nvme-sanitize')).toMatchObject({ code: 0, out: expect.stringContaining('completed') });
    expect(one.sent()).toEqual([]);
  });

  it('says that a Sanitize failed', () => {
    const one = disk('nvme sanitize-block failing');
    expect(one.erase('nvme-sanitize')).toMatchObject({ code: 1, err: expect.stringContaining('its Sanitize failed') });
  });

  it.each([
    ['ata secure', ['set-password 0 1', 'prepare 6 1', 'erase-unit 0 1'], 'normal'],
    ['ata secure enhanced', ['set-password 0 1', 'prepare 6 1', 'erase-unit 2 1'], 'enhanced'],
  ])('erases a disk that is %s with a password of its own, once', (drive, sent, words) => {
    const one = disk(drive);
    expect(one.can('ata-secure-erase')).toMatchObject({ code: 0 });
    one.mark();
    expect(one.erase('ata-secure-erase')).toMatchObject({ code: 0, out: expect.stringContaining(words) });
    expect(one.sent()).toEqual(sent);
    expect(one.check().out).toMatch(/survived=0/);
  });

  it('erases a disk that a power cut left locked with that password, without setting another', () => {
    const one = disk('ata secure locked');
    expect(one.can('ata-secure-erase')).toMatchObject({ code: 0 });
    expect(one.erase('ata-secure-erase')).toMatchObject({ code: 0 });
    expect(one.sent()).toEqual(['prepare 6 1', 'erase-unit 0 1']);
  });

  it('says what the disk refused in the middle', () => {
    const one = disk('ata secure stubborn');
    expect(one.erase('ata-secure-erase')).toMatchObject({ code: 1, err: expect.stringContaining('refuses to erase') });
  });

  it.each([
    ['nvme-format', 'ata secure', 'it is no NVMe namespace'],
    ['nvme-format', 'nvme', 'the drive knows no Format'],
    ['nvme-format', 'nvme format shared other-namespace', 'namespace 7 of the same drive along'],
    ['nvme-format', 'nvme format protected', 'its namespace is write-protected'],
    ['nvme-sanitize', 'nvme format', 'the drive knows no Sanitize'],
    ['nvme-sanitize', 'nvme sanitize-block other-namespace', 'namespace 7 of the same drive along'],
    ['ata-secure-erase', 'nvme format', 'it is no ATA disk'],
    ['ata-secure-erase', 'ata', 'the disk has no security feature set'],
    ['ata-secure-erase', 'ata secure frozen', 'frozen by the firmware'],
    ['overwrite', 'readonly', 'it is read-only'],
  ])('refuses %s of a drive that is "%s", and sends nothing', (method, drive, why) => {
    const one = disk(drive);
    const before = one.content();
    for (const refused of [one.can(method), one.erase(method)]) {
      expect(refused).toMatchObject({ code: 1, err: expect.stringContaining(why) });
    }
    expect(one.sent()).toEqual([]);
    expect(one.content().equals(before)).toBe(true);
  });

  it('formats beside another namespace where a format touches only its own', () => {
    expect(disk('nvme format other-namespace').can('nvme-format')).toMatchObject({ code: 0 });
  });
});
