import { z } from 'zod';
import type { ActParameters } from '../../domain/acts.ts';
import { type Account, dropAccount, isGone, makeAccount, readAccounts } from '../accounts.ts';
import type { Credentials } from '../login.ts';
import type { PasswordLimits } from '../password.ts';
import { type ActContext, type ActDefinition, notDone } from './definition.ts';

/** Whose account is made: its password is asked for when it is sent, and is in no command. */
export interface Newcomer {
  readonly username: string;
  password(limits: PasswordLimits): Promise<string>;
}

const watch = { totalMs: 20_000, intervalMs: 2000 };

export function createAccount(newcomer: Newcomer): ActDefinition<ActParameters['create-account']> {
  return {
    parameters: z.strictObject({
      secretRef: z.string().max(128),
      role: z.enum(['Administrator', 'Operator', 'ReadOnly']),
    }),
    plan: async ({ session }, { role, secretRef }) => {
      const { username } = newcomer;
      const reading = await readAccounts(session);
      const taken = reading.accounts.some((account) => account.username.toLowerCase() === username.toLowerCase());
      if (taken) return notDone(`the controller has an account ${username} already`);
      return {
        command: { username, role, secretRef, at: reading.free[0] ?? reading.path },
        before: {},
        send: async () => {
          const password = await newcomer.password(reading.limits);
          await makeAccount(session, reading, { username, password }, role);
          return null;
        },
      };
    },
    observe: async (context, { command: { role, username } }) => {
      const made = await find(context, String(username));
      const wrong = made === undefined ? 'it shows no such account' : wrongOf(made, String(role));
      return wrong === null
        ? { state: 'done', observed: `it has an account ${username}, ${role}` }
        : { state: 'unknown', observed: `account ${username}: ${wrong}` };
    },
    watch,
  };
}

/** Takes an account away, but never the one that `own` signs in with. */
export function removeAccount(own: Pick<Credentials, 'username'>): ActDefinition<ActParameters['remove-account']> {
  return {
    parameters: z.strictObject({ username: z.string().min(1).max(64) }),
    plan: async (context, { username }) => {
      if (username.toLowerCase() === own.username.toLowerCase())
        return notDone(`${username} is the account that signs in here: it stays`);
      const { accounts, free, whole } = await readAccounts(context.session);
      const account = accounts.find((one) => one.username === username);
      if (account === undefined && !whole)
        return notDone(`no account ${username} is shown, but not all of the controller's accounts can be read`);
      if (account === undefined) return { state: 'done', observed: `there is no account ${username}` };
      return {
        command: { username, at: account.path },
        before: {},
        send: async () => {
          await dropAccount(context.session, account, free.length > 0);
          return null;
        },
      };
    },
    observe: async ({ session }, { command }) =>
      (await isGone(session, String(command.at), String(command.username)))
        ? { state: 'done', observed: `there is no account ${command.username}` }
        : { state: 'unknown', observed: `it still shows the account ${command.username}` },
    watch,
  };
}

/** How an account is another one than was asked for, in words; null where it is as asked for. */
function wrongOf({ enabled, locked, role: made }: Account, role: string): string | null {
  if (made?.toLowerCase() !== role.toLowerCase()) return `it was made with ${made ?? 'no role'}, and not as ${role}`;
  if (!enabled) return 'it is not enabled';
  return locked ? 'it is locked' : null;
}

async function find({ session }: ActContext, username: string) {
  return (await readAccounts(session)).accounts.find((account) => account.username === username);
}
