import type { Command } from 'commander';
import type { Session } from '../../redfish/session.ts';
import type { Context } from '../context.ts';

export interface HandOptions {
  readonly user: string;
  readonly pin?: string;
  readonly system?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** What commands about one controller share. */
export interface Hand {
  readonly open: () => Context;
  /** A command `farrier bmc <name> <address>` with the options by which a controller is contacted. */
  add(name: string, about: string): Command;
  /** The password of the account; ends the command where there is none to be had. */
  password(command: Command, address: string, options: HandOptions): Promise<string>;
  /** Signs in, works, signs out. Gives the key that the controller showed along with what the work gave. */
  ask<T>(
    command: Command,
    address: string,
    options: HandOptions,
    work: (session: Session) => Promise<T>,
  ): Promise<{ readonly pin: string | null; readonly value: T }>;
}

export const systemOption = ['--system <path>', 'the system meant, where the controller has several'] as const;
export const dryRunOption = ['--dry-run', 'read for real, say what would be sent, and send nothing'] as const;
export const yesOption = ['--yes', 'act without asking; needed where there is no terminal'] as const;
