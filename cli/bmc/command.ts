import { readFile, rename, writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import type { LogCursor } from '../../redfish/read/logs.ts';
import type { Session } from '../../redfish/session.ts';
import type { Context } from '../context.ts';
import { addAccounts } from './accounts.ts';
import { addBios } from './bios.ts';
import { addBoot } from './boot.ts';
import { askController, originOf } from './contact.ts';
import { addControl } from './control.ts';
import { addFirmware } from './firmware.ts';
import type { Hand } from './hand.ts';
import { addMedia } from './media.ts';
import { addPower } from './power.ts';
import { addSecureBoot } from './secureboot.ts';
import { showInventory, showLogs, showPin, showProbe, showSensors } from './show.ts';

/** The password of a controller's account: from the environment or asked for; null when there is none. */
export type AskPassword = (question: string) => Promise<string | null>;

interface Options {
  readonly user: string;
  readonly pin?: string;
  readonly system?: string;
  readonly cursor?: string;
}

/**
 * `farrier bmc …`: reads and drives one controller by hand, without API, MDB or Temporal. Nothing is written to it but
 * by commands that act, after a yes.
 */
export function addBmc(program: Command, open: () => Context, askPassword: AskPassword): void {
  const bmc = program.command('bmc');

  const add = (name: string, about: string): Command =>
    bmc
      .command(name)
      .description(about)
      .argument('<address>', 'address, name or origin of the controller, e.g. 10.0.9.12')
      .requiredOption('--user <name>', 'account on the controller; its password is FARRIER_BMC_PASSWORD, or asked for')
      .option('--pin <key>', 'SHA-256 of the key its certificate must have, base64');

  const password: Hand['password'] = async (command, address, { user }) => {
    const given = await askPassword(`Password of ${user} on ${address}: `);
    if (given !== null) return given;
    return command.error('FARRIER_BMC_PASSWORD is not set, and there is no terminal to ask on.', { exitCode: 2 });
  };
  const ask = async <T>(
    command: Command,
    address: string,
    options: Options,
    read: (session: Session) => Promise<T>,
  ) => {
    const { user, pin } = options;
    const contact = { origin: originOf(address), user, password: await password(command, address, options) };
    return askController({ ...contact, pin: pin ?? null }, read);
  };

  add('probe', 'who it is and what it offers')
    .option('--system <path>', 'the system meant, where the controller has several')
    .action(async (address: string, options: Options, command: Command) => {
      const { probeController } = await import('../../redfish/read/probe.ts');
      const { screen } = open();
      const { pin, value } = await ask(command, address, options, (session) =>
        probeController(session, options.system ?? null),
      );
      screen.answer({ pin, ...value }, () => {
        showPin(screen, pin, options.pin);
        showProbe(screen, value);
      });
    });

  add('inventory', 'what its machine is made of')
    .option('--system <path>', 'the system meant, where the controller has several')
    .action(async (address: string, options: Options, command: Command) => {
      const { gatherHardware } = await import('../../redfish/read/inventory.ts');
      const { screen } = open();
      const { pin, value } = await ask(command, address, options, (session) =>
        gatherHardware(session, options.system ?? null),
      );
      screen.answer({ pin, ...value }, () => {
        showPin(screen, pin, options.pin);
        showInventory(screen, value);
      });
    });

  add('sensors', 'temperatures, fans, voltages and power').action(
    async (address: string, options: Options, command: Command) => {
      const { readSensors } = await import('../../redfish/read/sensors.ts');
      const { screen } = open();
      const { pin, value } = await ask(command, address, options, readSensors);
      screen.answer({ pin, ...value }, () => {
        showPin(screen, pin, options.pin);
        showSensors(screen, value);
      });
    },
  );

  add('logs', 'entries of all its logs')
    .option('--cursor <file>', 'remembers in this file what was read, and gives only what is new')
    .action(async (address: string, options: Options, command: Command) => {
      const { readLogs } = await import('../../redfish/read/logs.ts');
      const { screen } = open();
      const before = options.cursor === undefined ? {} : await readCursor(options.cursor);
      const { pin, value } = await ask(command, address, options, (session) => readLogs(session, before));
      const { cursor, ...read } = value;
      screen.answer({ pin, ...read }, () => {
        showPin(screen, pin, options.pin);
        showLogs(screen, value);
      });
      // Last: what was not shown will be new again.
      if (options.cursor !== undefined) await writeCursor(options.cursor, cursor);
    });

  const hand: Hand = { open, add, ask, password };
  addPower(hand);
  addBoot(hand);
  addBios(hand);
  addFirmware(hand);
  addControl(hand);
  addMedia(hand);
  addSecureBoot(hand);
  addAccounts(hand);
}

/** What an earlier reading left; nothing when there was none. Throws when the file holds something else. */
async function readCursor(file: string): Promise<LogCursor> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  const wrong = new Error(`${file} is not a cursor that "farrier bmc logs" wrote`);
  let cursor: unknown;
  try {
    cursor = JSON.parse(text);
  } catch {
    throw wrong;
  }
  const isPrints = (prints: unknown) => Array.isArray(prints) && prints.every((one) => typeof one === 'string');
  if (typeof cursor !== 'object' || cursor === null || !Object.values(cursor).every(isPrints)) throw wrong;
  return cursor as LogCursor;
}

/** Whole or not at all: the reader of a pipe may end this process at any moment. */
async function writeCursor(file: string, cursor: LogCursor): Promise<void> {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, JSON.stringify(cursor));
  await rename(draft, file);
}
