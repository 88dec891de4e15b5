/** Whether who comes from a provider still may: it is asked every few minutes that somebody is signed in. */
import type { Mdb } from '../../mdb/connect.ts';
import {
  claimCheck,
  endSession,
  findSession,
  isCheckDue,
  keepConfirmation,
  retryCheck,
  type SignedIn,
} from '../../mdb/people/sessions.ts';
import type { Provider } from './provider.ts';
import { seal, unseal } from './sealing.ts';

/** For so long a provider may be silent, until its people have to wait for it. */
const silentMs = 3_600_000;

/** Who is signed in, as of now; null for nobody any more. */
export type Confirm = (signedIn: SignedIn, secret: string) => Promise<SignedIn | null>;

export function createConfirm(mdb: Mdb, provider: Provider): Confirm {
  return async (signedIn, secret) => {
    const { session, person } = signedIn;
    if (!isCheckDue(session)) return signedIn;
    const sealed = await claimCheck(mdb, session.id);
    if (sealed === null) return isSilent(signedIn) ? null : signedIn;
    let said: Awaited<ReturnType<Provider['ask']>>;
    try {
      said = await provider.ask(person, unseal(sealed, secret));
    } catch {
      await retryCheck(mdb, session.id);
      return isSilent(signedIn) ? null : signedIn;
    }
    if (said === 'gone') {
      await endSession(
        mdb,
        { class: 'system', name: 'provider' },
        session.id,
        `the provider says no of ${person.name}`,
      );
      return null;
    }
    await keepConfirmation(mdb, session.id, seal(said.refresh, secret));
    return findSession(mdb, secret, session.kind);
  };
}

const isSilent = ({ session }: SignedIn) => Date.now() - session.confirmedAt.getTime() > silentMs;
