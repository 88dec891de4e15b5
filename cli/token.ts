import { type Command, InvalidArgumentError, Option } from 'commander';
import type { TokenCreated, TokenView } from '../contract/accounts.ts';
import type { SessionView } from '../contract/session.ts';
import { describeGrant, type Grant, type Role, roles } from '../domain/grants.ts';
import { timeArgument } from './arguments.ts';
import type { Context, Screen } from './context.ts';
import { age, moment } from './format.ts';
import type { Column } from './table.ts';

/** How a token stands, in a word. */
function stateOf({ revokedAt, expiresAt }: TokenView, now: number): string {
  if (revokedAt !== null) return 'revoked';
  return Date.parse(expiresAt) <= now ? 'expired' : 'good';
}

const columns = (now: number): Column<TokenView>[] => [
  { title: 'token', cell: ({ name }) => name },
  { title: 'id', cell: ({ id }) => id },
  { title: 'state', cell: (token) => stateOf(token, now) },
  { title: 'may', cell: ({ grants }) => grants.map(describeGrant).join('; '), flexible: true },
  { title: 'expires', cell: ({ expiresAt }) => moment(expiresAt) },
  { title: 'used', cell: ({ lastUsedAt }) => (lastUsedAt === null ? null : `${age(lastUsedAt, now)} ago`) },
  { title: 'of', cell: ({ person }) => person },
  { title: 'made by', cell: ({ createdBy }) => createdBy },
];

/** Names with commas between them. */
function listArgument(text: string, before: readonly string[] = []): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It reads like web or web,batch.');
  return [...before, ...names];
}

export interface NewGrant {
  readonly role: Role;
  readonly pool?: readonly string[];
  readonly team?: readonly string[];
}

export interface NewToken extends NewGrant {
  readonly expires: string;
  readonly reason?: string;
  readonly person?: string;
}

export function grantOf({ role, pool, team }: NewGrant): Grant {
  return { role, pools: pool ?? null, teams: team ?? null };
}

/** A role, and for what. */
export function grantOptions(command: Command): Command {
  return command
    .addOption(new Option('--role <role>', 'what it may').choices(roles).makeOptionMandatory())
    .option('--pool <pools>', 'only for machines of these pools, like web,batch', listArgument)
    .option('--team <teams>', 'only for what is asked of these teams', listArgument);
}

/** What a new token may, and for how long. */
export function tokenOptions(command: Command): Command {
  return grantOptions(command)
    .option('--expires <time>', 'when it ends: a year from now at the latest', timeArgument, timeArgument('+90d'))
    .option('--person <name>', 'whose it is, where it is not your own')
    .option('--reason <text>', 'what it is for');
}

/** Shows a token, this once. */
export function showNewToken(screen: Screen, made: TokenCreated): void {
  const { view, token } = made;
  screen.answer(made, () => {
    screen.facts(`Token ${view.name}`, [
      ['may', view.grants.map(describeGrant).join('; ')],
      ['expires', moment(view.expiresAt)],
      ['revoke it by', `farrier token revoke ${view.name} --reason …`],
    ]);
    screen.line('It is shown this once:');
    screen.line(token);
  });
}

/** `farrier token …`: by what programs, and people at other machines, say who they are. */
export function addToken(program: Command, open: () => Context): void {
  const token = program.command('token');
  tokenOptions(token.command('create').description('make a token, which is shown this once').argument('<name>')).action(
    async (name: string, options: NewToken) => {
      const { api, screen } = open();
      const { role, pools, teams } = grantOf(options);
      const grant = { role, pools: pools && [...pools], teams: teams && [...teams] };
      const { expires: expiresAt, reason, person } = options;
      const made = await api.createToken({
        ...{ name, grants: [grant], expiresAt },
        ...(reason !== undefined && { reason }),
        ...(person !== undefined && { person }),
      });
      showNewToken(screen, made);
    },
  );
  token
    .command('ls')
    .alias('list')
    .description('list tokens')
    .option('--all', 'those that have ended too')
    .action(async ({ all }: { all?: true }) => {
      const { api, screen, now } = open();
      const tokens = (await api.tokens()).filter((one) => all || stateOf(one, now) === 'good');
      screen.answer(tokens, () => screen.table(columns(now), tokens, 'There is no token.'));
    });
  token
    .command('revoke')
    .description('end a token, from the next request on')
    .argument('<token>', 'its name or id')
    .requiredOption('--reason <text>', 'why')
    .action(async (name: string, { reason }: { reason: string }) => {
      const { api, screen } = open();
      await api.revokeToken(name, reason);
      screen.answer({ accepted: true }, () => screen.line(`${name} is revoked`));
    });
}

/** `farrier whoami`: as whom the API knows the caller. */
export function addWhoami(program: Command, open: () => Context): void {
  program.command('whoami').action(async () => {
    const { api, screen } = open();
    const session = await api.session();
    screen.answer(session, () => showSession(screen, session));
  });
}

const known: Readonly<Record<SessionView['by'], string>> = {
  loopback: 'being on its machine',
  token: 'a token',
  password: 'a password',
  passkey: 'a passkey',
  provider: 'the provider of accounts',
};

export function showSession(screen: Screen, { name, by, grants, expiresAt, passwordGiven }: SessionView): void {
  screen.facts(name, [
    ['known by', known[by]],
    ['may', grants.map(describeGrant).join('; ')],
    ['until', expiresAt === null ? null : moment(expiresAt)],
    ['password', passwordGiven ? 'given by somebody else; take one of your own: farrier person password' : null],
  ]);
}
