import { resolve } from 'node:path';
import { CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { machineCount, parseRacks, type UpOptions, upCommand } from '../../cli/up/options.ts';

async function parse(...args: string[]): Promise<UpOptions | string> {
  let found: UpOptions | undefined;
  let said = '';
  const command = upCommand(async (options) => {
    found = options;
  });
  command.exitOverride().configureOutput({
    writeErr: (text) => {
      said += text;
    },
  });
  try {
    await command.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
  }
  return found ?? said.trim();
}

test('without options there is one simulated rack of eight', async () => {
  const options = await parse();
  expect(options).toEqual({
    data: resolve('.data'),
    sim: { racks: 1, perRack: 8 },
    vm: 0,
    firmware: 'mixed',
    interface: null,
    listen: null,
    ports: { temporal: 7233, ui: 8233, api: 8470, agent: 8443, events: 8444, boot: 8080, sim: 8480 },
    once: false,
    timeoutSeconds: 600,
    view: true,
  });
  expect(machineCount(options as UpOptions)).toBe(8);
});

test('every option is taken', async () => {
  const args =
    '--data /d --sim 4x40 --vm 2 --firmware uefi --temporal-port 1 --ui-port 2 --api-port 0 --once --timeout 9';
  const options = await parse(...args.split(' '), '--no-view');
  expect(options).toMatchObject({
    data: '/d',
    sim: { racks: 4, perRack: 40 },
    vm: 2,
    firmware: 'uefi',
    interface: null,
    listen: null,
    ports: { temporal: 1, ui: 2, api: 0 },
    once: true,
    timeoutSeconds: 9,
    view: false,
  });
  expect(machineCount(options as UpOptions)).toBe(162);
});

test('no simulated machines', () => expect(parseRacks('0')).toBeNull());

test.each([
  ['--sim', '8', /RACKSxMACHINES, for example 2x8, or 0 for none/],
  ['--sim', '-1x8', /RACKSxMACHINES/],
  ['--sim', '1x8x9', /RACKSxMACHINES/],
  ['--sim', '0x8', /count from 1; 0 alone means none/],
  ['--sim', '1x49', /room for 48 machines/],
  ['--sim', '9999x48', /10000 machines are the most/],
  ['--vm', '1.5', /--vm is a whole number from 0 to 64/],
  ['--firmware', 'coreboot', /Allowed choices are bios, uefi, mixed/],
  ['--api-port', '65536', /A port is a whole number from 0 to 65535/],
  ['--timeout', 'soon', /--timeout is a whole number/],
])('%s %s is refused in words', async (option, value, said) => {
  expect(await parse(`${option}=${value}`)).toMatch(said);
});
