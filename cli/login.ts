import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { ApiClient } from '../client/api.ts';
import type { Context } from './context.ts';
import { readContexts, writeContexts } from './contexts.ts';
import { showSession } from './token.ts';

/** What signing in needs of the process around it. */
export interface SigningIn {
  /** Path of the file of contexts. */
  readonly file: string;
  /** The token: what FARRIER_TOKEN has, or what is typed or piped in. */
  readonly askToken: () => Promise<string>;
  readonly connect: (options: { api: string; token: string; ca?: string }) => ApiClient;
}

interface LoginOptions {
  readonly name?: string;
  readonly ca?: string;
}

/** `farrier login`, `farrier logout`, `farrier context …`: where this person's Farriers are, and how they sign in. */
export function addLogin(program: Command, open: () => Context, { file, askToken, connect }: SigningIn): void {
  program
    .command('login')
    .option('--name <context>', 'what to call it; the name of its host by default')
    .option('--ca <file>', "certificate of who signed the API's, such as ca.crt of the site's authority")
    .action(async ({ name, ca: path }: LoginOptions) => {
      const { screen } = open();
      const { api } = program.opts<{ api: string }>();
      const called = name ?? new URL(api).hostname;
      const ca = path === undefined ? undefined : readFileSync(path, 'utf8');
      const entry = { api, token: await askToken(), ...(ca !== undefined && { ca }) };
      const session = await connect(entry).session();
      const { contexts } = readContexts(file);
      writeContexts(file, { current: called, contexts: { ...contexts, [called]: entry } });
      screen.answer({ context: called, ...session }, () => {
        showSession(screen, session);
        screen.line(`Commands go to ${api} from now on: context ${called}, kept in ${file}`);
      });
    });
  program
    .command('logout')
    .argument('[context]', 'the current one by default')
    .action((given: string | undefined) => {
      const { screen } = open();
      const { current, contexts } = readContexts(file);
      const name = given ?? current ?? '';
      const { [name]: gone, ...rest } = contexts;
      if (gone === undefined) throw new Error(name === '' ? 'you are not signed in' : missing(name, contexts));
      writeContexts(file, { current: current === name ? null : current, contexts: rest });
      screen.answer({ context: name }, () => screen.line(`${name} is forgotten`));
    });
  addContext(program, open, file);
}

function addContext(program: Command, open: () => Context, file: string): void {
  const context = program.command('context');
  context
    .command('ls')
    .alias('list')
    .description('list them')
    .action(() => {
      const { screen } = open();
      const { current, contexts } = readContexts(file);
      const rows = Object.entries(contexts).map(([name, { api }]) => ({ name, api, current: name === current }));
      screen.answer(rows, () =>
        screen.table(
          [
            { title: 'context', cell: ({ name }) => name },
            { title: 'current', cell: (row) => (row.current ? 'yes' : null) },
            { title: 'api', cell: ({ api }) => api },
          ],
          rows,
          'You are signed in nowhere: farrier login',
        ),
      );
    });
  context
    .command('use')
    .description('send the commands that follow there')
    .argument('<context>')
    .action((name: string) => {
      const { screen } = open();
      const { contexts } = readContexts(file);
      const entry = contexts[name];
      if (entry === undefined) throw new Error(missing(name, contexts));
      writeContexts(file, { current: name, contexts });
      screen.answer({ context: name, api: entry.api }, () => screen.line(`Commands go to ${entry.api} from now on`));
    });
}

function missing(name: string, contexts: object): string {
  const names = Object.keys(contexts);
  const others = names.length === 0 ? 'you are signed in nowhere' : `there are ${names.join(', ')}`;
  return `there is no context ${name}: ${others}`;
}
