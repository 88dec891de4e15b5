import type { Command } from 'commander';
import type { PersonView } from '../contract/people.ts';
import { describeGrant, type Grant } from '../domain/grants.ts';
import type { Context, Screen } from './context.ts';
import type { SigningIn } from './login.ts';
import type { Column } from './table.ts';
import { grantOf, grantOptions, type NewGrant } from './token.ts';

const columns: Column<PersonView>[] = [
  { title: 'person', cell: ({ name }) => name },
  { title: 'state', cell: ({ disabledAt }) => (disabledAt === null ? 'good' : 'disabled') },
  { title: 'may', cell: ({ grants }) => grants.map(describeGrant).join('; '), flexible: true },
  { title: 'signs in by', cell: ({ provider }) => provider ?? 'password' },
  { title: 'made by', cell: ({ createdBy }) => createdBy },
];

interface Reasoned {
  readonly reason?: string;
}
interface PasswordChoice extends Reasoned {
  readonly askPassword?: true;
}

/** As the API takes it. */
const sent = ({ role, pools, teams }: Grant) => ({ role, pools: pools && [...pools], teams: teams && [...teams] });
const because = ({ reason }: Reasoned) => (reason === undefined ? {} : { reason });

/** `farrier person …`: people with accounts of this Farrier's own. */
export function addPerson(program: Command, open: () => Context, signingIn: SigningIn): void {
  const person = program.command('person');
  const chosen = async ({ askPassword }: PasswordChoice) =>
    askPassword ? { password: await signingIn.askSecret('Their password: ') } : {};
  const askable = (command: Command) =>
    command.option('--ask-password', 'ask for the password, in place of drawing one and showing it once');

  askable(grantOptions(person.command('add').description('give somebody an account').argument('<name>')))
    .option('--reason <text>', 'why')
    .action(async (name: string, options: NewGrant & PasswordChoice) => {
      const { api, screen } = open();
      const request = { name, grants: [sent(grantOf(options))], ...(await chosen(options)), ...because(options) };
      const made = await api.createPerson(request);
      screen.answer(made, () => {
        screen.facts(`Person ${name}`, [['may', made.person.grants.map(describeGrant).join('; ')]]);
        showPassword(screen, made.password);
      });
    });
  person
    .command('ls')
    .alias('list')
    .description('list people')
    .option('--all', 'those who are disabled too')
    .action(async ({ all }: { all?: true }) => {
      const { api, screen } = open();
      const people = (await api.people()).filter(({ disabledAt }) => all || disabledAt === null);
      screen.answer(people, () => screen.table(columns, people, 'Nobody has an account.'));
    });
  grantOptions(person.command('grant').description('give somebody a role in place of theirs').argument('<name>'))
    .option('--add', 'beside those that they have')
    .option('--reason <text>', 'why')
    .action(async (name: string, options: NewGrant & Reasoned & { add?: true }) => {
      const { api, screen } = open();
      const had = options.add ? mustFind(await api.people(), name).grants : [];
      const grants = [...had, grantOf(options)].map(sent);
      await api.grantPerson(name, { grants, ...because(options) });
      screen.answer({ name, grants }, () => screen.line(`${name} is ${grants.map(describeGrant).join('; ')}`));
    });
  askable(person.command('password').description('give somebody another password; your own where nobody is named'))
    .argument('[name]')
    .option('--reason <text>', 'why')
    .action(async (name: string | undefined, options: PasswordChoice) => {
      const { api, screen } = open();
      if (name === undefined) {
        await api.changePassword(await signingIn.askSecret('Password: '), await signingIn.askSecret('New password: '));
        return screen.answer({ accepted: true }, () => screen.line('It is yours from now on'));
      }
      const given = await api.givePassword(name, { ...(await chosen(options)), ...because(options) });
      screen.answer(given, () => {
        screen.line(`${name} has another password, no passkey any more, and is signed out`);
        showPassword(screen, given.password);
      });
    });
  for (const [change, done] of [
    ['disable', 'is disabled, and signed out'],
    ['enable', 'may sign in again'],
  ] as const)
    person
      .command(change)
      .description(change === 'disable' ? 'let somebody sign in no more' : 'let somebody sign in again')
      .argument('<name>')
      .requiredOption('--reason <text>', 'why')
      .action(async (name: string, { reason }: { reason: string }) => {
        const { api, screen } = open();
        await api.changePerson(name, change, reason);
        screen.answer({ accepted: true }, () => screen.line(`${name} ${done}`));
      });
}

function showPassword(screen: Screen, password: string | null): void {
  if (password === null) return;
  screen.line('Their password is shown this once; they take another one when they are signed in:');
  screen.line(password);
}

function mustFind(people: readonly PersonView[], name: string): PersonView {
  const found = people.find((one) => one.name === name);
  if (!found) throw new Error(`there is no person ${name}`);
  return found;
}
