import { basename, dirname } from 'node:path';
import { Argument, type Command, Option } from 'commander';
import type { Account, AccountAccess } from '../../redfish/accounts.ts';
import type { Credentials } from '../../redfish/login.ts';
import type { PasswordLimits } from '../../redfish/password.ts';
import type { Screen } from '../context.ts';
import type { Column } from '../table.ts';
import { actByHand } from './act.ts';
import { originOf } from './contact.ts';
import { dryRunOption, type Hand, type HandOptions, yesOption } from './hand.ts';
import { askYes } from './prompt.ts';
import { showPin } from './show.ts';

type AccountOptions = HandOptions & { readonly secret?: string; readonly role?: Role };
type Role = 'Administrator' | 'Operator' | 'ReadOnly';

const columns: Column<Account>[] = [
  { title: 'id', cell: ({ id }) => id },
  { title: 'user', cell: ({ username }) => username },
  { title: 'role', cell: ({ role }) => role },
  { title: 'enabled', cell: ({ enabled }) => (enabled ? 'yes' : 'no') },
  { title: 'locked', cell: ({ locked }) => (locked ? 'yes' : null) },
  { title: 'new password', cell: ({ mustChange }) => (mustChange ? 'wanted' : null) },
];

/** `farrier bmc accounts ADDRESS [rotate --secret FILE | create NAME --secret FILE | remove NAME]`. */
export function addAccounts(hand: Hand): void {
  hand
    .add('accounts', 'its accounts: a new password for the one that signs in, others made or taken away')
    .addArgument(
      new Argument('[verb]', 'what to do; lists the accounts without').choices(['rotate', 'create', 'remove']),
    )
    .argument('[name]', 'whose account is created or removed')
    .option('--secret <file>', 'rotate, create: where the user and the new password are written; the file must be new')
    .addOption(
      new Option('--role <role>', 'create: what it may do')
        .choices(['Administrator', 'Operator', 'ReadOnly'])
        .default('Administrator'),
    )
    .option(...yesOption)
    .option(...dryRunOption)
    .action(
      async (
        address: string,
        verb: Verb | undefined,
        name: string | undefined,
        options: AccountOptions,
        command: Command,
      ) => {
        if (verb === undefined) return list(hand, command, address, options);
        if (verb !== 'rotate') return change(hand, command, address, { ...options, verb, name });
        const { dryRun = false, secret, yes } = options;
        if (secret === undefined) command.error('rotate wants --secret <file> for the new password.', { exitCode: 2 });
        if (yes !== true && !dryRun) {
          const word = await askYes(`Give ${options.user} on ${address} a new password, written to ${secret}?`);
          if (word === null) command.error('There is no terminal to ask on: give --yes to act.', { exitCode: 2 });
          if (!word) return;
        }
        const password = await hand.password(command, address, options);
        const door = { origin: originOf(address), pin: options.pin ?? null };
        const outcome = await rotate(door, { username: options.user, password }, secret, dryRun);
        const { screen } = hand.open();
        screen.answer(outcome, () => showOutcome(screen, outcome, options.pin));
        if (outcome.state !== 'done' && outcome.state !== 'planned') process.exitCode = 1;
      },
    );
}

type Verb = 'rotate' | 'create' | 'remove';
type Spec = AccountOptions & { readonly verb: Verb; readonly name: string | undefined };

async function change(hand: Hand, command: Command, address: string, spec: Spec): Promise<void> {
  const { name, role = 'Administrator', secret, user, verb } = spec;
  if (name === undefined) command.error(`${verb} wants the name of an account.`, { exitCode: 2 });
  const { createAccount, removeAccount } = await import('../../redfish/acts/accounts.ts');
  if (verb === 'remove') {
    const about = `Take the account ${name} away`;
    const kind = removeAccount({ username: user });
    return actByHand(hand, command, address, spec, { kind, parameters: { username: name }, about });
  }
  if (secret === undefined) command.error('create wants --secret <file> for the password.', { exitCode: 2 });
  const kind = createAccount({ username: name, password: (limits) => stageNew(secret, name, limits) });
  const about = `Make an account ${name} (${role}), its password written to ${secret},`;
  await actByHand(hand, command, address, spec, { kind, parameters: { secretRef: basename(secret), role }, about });
}

/** On the disk before it is sent, and never in the place of another. */
async function stageNew(file: string, username: string, limits: PasswordLimits): Promise<string> {
  const { secretFolder } = await import('../../redfish/secrets.ts');
  const { makePassword, passwordLength } = await import('../../redfish/password.ts');
  const length = passwordLength(limits);
  if (length === null) throw new Error('it allows no password that is long enough; nothing was sent');
  const store = secretFolder(dirname(file));
  if (await has(store, basename(file))) throw new Error(`${file} is there already: name a new file; nothing was sent`);
  return (await store.stage(basename(file), { username, password: makePassword(length, username) })).password;
}

async function list(hand: Hand, command: Command, address: string, options: HandOptions): Promise<void> {
  const { readAccounts } = await import('../../redfish/accounts.ts');
  const { screen } = hand.open();
  const { pin, value } = await hand.ask(command, address, options, readAccounts);
  screen.answer({ pin, ...value }, () => {
    showPin(screen, pin, options.pin);
    screen.table(columns, value.accounts, 'It shows no accounts.');
    const { max, shortest } = value.limits;
    screen.line(`Passwords: ${shortest ?? '?'} to ${max ?? '?'} characters.`);
  });
}

interface Outcome {
  readonly state: 'done' | 'not_done' | 'unknown' | 'planned';
  readonly observed: string;
  readonly pin: string | null;
}

function showOutcome(screen: Screen, { observed, pin, state }: Outcome, given: string | undefined): void {
  showPin(screen, pin, given);
  screen.line(`${state === 'not_done' ? 'not done' : state}: ${observed}`);
}

/**
 * The new secret is on the disk, as `FILE.pending`, before it is sent, and becomes `FILE` when the controller was seen
 * to take it. Started again after anything broke off, it first finds out which of the two passwords is in force.
 */
async function rotate(access: AccountAccess, old: Credentials, file: string, dryRun: boolean): Promise<Outcome> {
  const { secretFolder } = await import('../../redfish/secrets.ts');
  const { inForce, readOwnAccount, withOwnSession, writePassword } = await import('../../redfish/accounts.ts');
  const { RedfishError } = await import('../../redfish/errors.ts');
  const { makePassword, passwordLength } = await import('../../redfish/password.ts');
  const store = secretFolder(dirname(file));
  const [final, pending] = [basename(file), `${basename(file)}.pending`];
  if (await has(store, final)) throw new Error(`${file} is there already: name a new file for the new password`);

  const verify = async (pin: string | null, fresh: Credentials): Promise<Outcome> => {
    const known = { ...access, pin };
    if (await inForce(known, fresh)) {
      await store.stage(final, fresh);
      await store.remove(pending);
      return { state: 'done', observed: `the controller takes the new password, which is in ${file}`, pin };
    }
    if (!(await inForce(known, old)))
      return { state: 'unknown', observed: `it refuses the password given and that of ${file}.pending`, pin };
    await store.remove(pending);
    return { state: 'not_done', observed: 'it refuses the new password and takes the old one as before', pin };
  };

  if (!dryRun && (await has(store, pending))) return verify(access.pin, await store.credentials(pending));
  return withOwnSession(access, old, async (session, transport) => {
    const pin = transport.pin();
    const own = await readOwnAccount(session, old.username);
    const length = passwordLength(own.limits);
    if (length === null) return { state: 'not_done', observed: 'it allows no password that is long enough', pin };
    if (dryRun) return { state: 'planned', observed: `${own.path} would get one of ${length} characters`, pin };
    const fresh = await store.stage(pending, { ...old, password: makePassword(length, old.username) });
    try {
      await writePassword(session, own.path, fresh.password);
    } catch (error) {
      if (!(error instanceof RedfishError)) throw error;
      if (error.carriedOut === 'no') await store.remove(pending);
      const rest = error.carriedOut === 'no' ? '' : `; run this again to find out which password is in force`;
      return { state: error.carriedOut === 'no' ? 'not_done' : 'unknown', observed: `${error.message}${rest}`, pin };
    }
    return verify(pin, fresh);
  });
}

async function has(store: { credentials(reference: string): Promise<unknown> }, reference: string): Promise<boolean> {
  return store.credentials(reference).then(
    () => true,
    (error: Error) => {
      if (error.message === `there is no secret ${reference}`) return false;
      throw error;
    },
  );
}
