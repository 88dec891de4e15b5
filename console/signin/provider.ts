/** The way to the provider of accounts and back, which one page begins and another ends. */
import type { ProviderStarted } from '../../contract/providers.ts';
import type { SignedInView } from '../../contract/session.ts';
import { AskingFailed, sendTo } from '../client.ts';

const kept = 'farrier.sign-in';

interface Begun extends Pick<ProviderStarted, 'flow'> {
  /** Address that was asked for. */
  readonly back: string;
}

/** Leaves the console for the provider's page. */
export async function goToProvider(): Promise<void> {
  const { url, flow } = await sendTo<ProviderStarted>('POST', '/session/provider/start', {});
  const begun: Begun = { flow, back: location.pathname + location.search };
  sessionStorage.setItem(kept, JSON.stringify(begun));
  location.assign(url);
}

/** Signs in whom the provider has sent back; gives the address that was asked for. */
export async function comeBack(query: URLSearchParams): Promise<string> {
  const begun = JSON.parse(sessionStorage.getItem(kept) ?? 'null') as Begun | null;
  sessionStorage.removeItem(kept);
  const [code, state, iss, error] = ['code', 'state', 'iss', 'error'].map((name) => query.get(name));
  // Another's way back that is laid before somebody would sign them in as that other.
  if (!begun || !state || begun.flow.state !== state) throw failure('this page did not begin to sign in');
  if (!code) throw failure(`the provider said no: ${/^[a-z_]{1,40}$/.exec(error ?? '')?.[0] ?? 'without a word'}`);
  await sendTo<SignedInView>('POST', '/session/provider', { code, state, ...(iss && { iss }), flow: begun.flow });
  return begun.back.startsWith('/signin') ? '/' : begun.back;
}

const failure = (detail: string) => new AskingFailed(0, { title: 'Nobody was signed in', detail, code: 'no-sign-in' });
