import { readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Command } from 'commander';
import { type ApiClient, ApiProblem } from '../client/api.ts';
import type { SignedInView } from '../contract/session.ts';
import type { Context, Screen } from './context.ts';
import { type ContextEntry, readContexts, writeContexts } from './contexts.ts';
import { showSession } from './token.ts';

/** What signing in needs of the process around it. */
export interface SigningIn {
  /** Path of the file of contexts. */
  readonly file: string;
  /** The token: what FARRIER_TOKEN has, or what is typed or piped in. */
  readonly askToken: () => Promise<string>;
  /** Whether somebody is there to type. */
  readonly isTyped: boolean;
  /** A password: typed, or piped in, a line each. */
  readonly askSecret: (question: string) => Promise<string>;
  readonly connect: (options: { api: string; token?: string; ca?: string }) => ApiClient;
}

interface LoginOptions {
  readonly name?: string;
  readonly ca?: string;
  readonly person?: string;
  readonly device?: true;
  readonly token?: true;
}

/** `farrier login`, `farrier logout`, `farrier context …`: where this person's Farriers are, and how they sign in. */
export function addLogin(program: Command, open: () => Context, signingIn: SigningIn): void {
  const { file, connect } = signingIn;
  program
    .command('login')
    .option('--person <name>', 'sign in as this person, with a password')
    .option('--device', 'sign in by the provider of accounts, on any device with a browser')
    .option('--token', 'sign in with a token, also where there is a provider')
    .option('--name <context>', 'what to call it; the name of its host by default')
    .option('--ca <file>', "certificate of who signed the API's, such as ca.crt of the site's authority")
    .action(async ({ name, ca: path, ...how }: LoginOptions) => {
      const { screen } = open();
      const { api } = program.opts<{ api: string }>();
      const called = name ?? new URL(api).hostname;
      const ca = path === undefined ? undefined : readFileSync(path, 'utf8');
      const place = { api, ...(ca !== undefined && { ca }) };
      const entry = { ...place, token: await findToken(screen, signingIn, place, how) };
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
    .action(async (given: string | undefined) => {
      const { screen } = open();
      const { current, contexts } = readContexts(file);
      const name = given ?? current ?? '';
      const { [name]: gone, ...rest } = contexts;
      if (gone === undefined) throw new Error(name === '' ? 'you are not signed in' : missing(name, contexts));
      // Forgotten in any case: where it was good for nothing any more, there is nothing to end.
      const left = gone.token?.startsWith(sessionMark) ? await endThere(connect, gone) : null;
      writeContexts(file, { current: current === name ? null : current, contexts: rest });
      screen.answer({ context: name }, () => screen.line(`${name} is forgotten${left ?? ''}`));
    });
  addContext(program, open, file);
}

/** How the token of a person who signed in begins, which signing out ends. */
const sessionMark = 'farrier_session_';

type Place = Pick<ContextEntry, 'api' | 'ca'>;

async function findToken(
  screen: Screen,
  signingIn: SigningIn,
  { api, ca }: Place,
  { person, device, token: byToken }: LoginOptions,
): Promise<string> {
  const { askToken, askSecret, connect, isTyped } = signingIn;
  const client = connect({ api, ...(ca !== undefined && { ca }) });
  if (person !== undefined) {
    const password = await askSecret(`Password of ${person}: `);
    return mustBeToken(await client.signIn(person, password));
  }
  // A script that pipes a token in, or has it in the environment, means that one.
  if (device || (isTyped && !byToken && (await client.signInChoices()).provider !== null))
    return signInElsewhere(client, screen);
  return askToken();
}

function mustBeToken({ token }: SignedInView): string {
  if (token === null) throw new Error('the API took this for a browser');
  return token;
}

/** Has somebody say who they are on a device that has a browser, which this one need not have. */
async function signInElsewhere(client: ApiClient, screen: Screen): Promise<string> {
  const started = await client.startDevice();
  const { userCode, verificationUri, verificationUriComplete, ...pace } = started;
  screen.note(`Open ${verificationUriComplete ?? verificationUri}`);
  screen.note(`on any device, and see there that it shows the code ${userCode}, or type it.`);
  const until = Date.now() + pace.expiresSeconds * 1000;
  for (let everySeconds = pace.intervalSeconds; Date.now() < until; ) {
    await setTimeout(everySeconds * 1000);
    const answer = await client.pollDevice(started);
    if (!('waiting' in answer)) return mustBeToken(answer);
    if (answer.slower) everySeconds += 5;
  }
  throw new Error(`nobody has signed in within ${Math.round(pace.expiresSeconds / 60)} minutes`);
}

/** Ends a sign-in; gives what is to be said where that could not be done. */
async function endThere(connect: SigningIn['connect'], { api, token, ca }: ContextEntry): Promise<string | null> {
  const given = { ...(token !== undefined && { token }), ...(ca !== undefined && { ca }) };
  try {
    await connect({ api, ...given }).signOut();
    return null;
  } catch (error) {
    if (error instanceof ApiProblem && error.status === 401) return null;
    return `; its sign-in could not be ended, and lasts until it is over: ${(error as Error).message}`;
  }
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
