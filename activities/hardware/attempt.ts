import { createHash, type ScryptOptions, scrypt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Mdb } from '../../mdb/connect.ts';
import {
  beginSignIn,
  type Counter,
  forgetSignIn,
  judgeSignIn,
  liftForCredentials,
  type SignInState,
  signInOf,
} from '../../mdb/controllers/signins.ts';
import { type Credentials, verdictOn } from '../../redfish/login.ts';
import { QuestionError } from './question.ts';

const derive = promisify<string, string, number, ScryptOptions, Buffer>(scrypt);

/** 20 to 50 ms of one core, once for each secret of a process: cheap for us, dear for who guesses. */
const cost: ScryptOptions = { N: 2 ** 14, r: 8, p: 1 };
const versionBytes = 18;
/** Milliseconds before the last try to write down an outcome: half a minute in all. */
const maxWaitMs = 16_000;
const maxVersions = 20_000;

/** Versions by a fast hash of what they are made from: kept in memory only. */
const versions = new Map<string, Promise<string>>();

/**
 * The version of credentials: the same in all processes, another one for any other credentials. A slow, salted hash,
 * because it is kept in the MDB; not the age of the secret's file, which differs between hosts that hold the same one.
 */
export function versionOf({ username, password }: Credentials, salt: string): Promise<string> {
  const plain = JSON.stringify([username, password]);
  const key = createHash('sha256').update(`${salt}\0${plain}`).digest('base64');
  const known = versions.get(key);
  if (known) return known;
  if (versions.size >= maxVersions) versions.clear();
  const made = derive(plain, salt, versionBytes, cost).then((hash) => hash.toString('base64url'));
  versions.set(key, made);
  return made;
}

/** Whom credentials are offered to, and what they are called in words. */
export interface Offering extends Counter {
  readonly mdb: Mdb;
  readonly salt: string;
  readonly secretRef: string;
}

/**
 * Offers credentials, once for each version of them that is not known to be right: what was refused, or never answered,
 * is not offered again (quirk 6). The caller holds the controller's sign-in claim.
 */
export async function offerOnce<T>(
  offering: Offering,
  credentials: Credentials,
  attempt: () => Promise<T>,
): Promise<T> {
  const { mdb, salt } = offering;
  const version = await versionOf(credentials, salt);
  const before = await signInOf(mdb, offering, version);
  // Nobody is trying: the claim is ours. A process died over it, and the controller may have counted the attempt.
  if (before === 'trying') await judgeSignIn(mdb, offering, version, 'unknown', reasons.unknown(offering));
  if (before !== null && before !== 'accepted') throw shutOut(offering, before);
  await liftForCredentials(mdb, offering.machineId);
  if (before === null) await beginSignIn(mdb, offering, version);
  const result = await attempt().catch(async (error: unknown) => {
    await surely(() => note(offering, version, before, verdictOn(error)));
    throw error;
  });
  if (before === null) await surely(() => judgeSignIn(mdb, offering, version, 'accepted'));
  return result;
}

/** Tries again while the MDB is away: an attempt whose outcome is not on record counts as one that was never answered. */
async function surely(write: () => Promise<void>): Promise<void> {
  for (let waitMs = 250; ; waitMs *= 2) {
    try {
      return await write();
    } catch (error) {
      if (waitMs > maxWaitMs) throw error;
      await sleep(waitMs);
    }
  }
}

async function note(
  offering: Offering,
  version: string,
  before: SignInState | null,
  verdict: ReturnType<typeof verdictOn>,
): Promise<void> {
  const { mdb } = offering;
  if (verdict === null) await forgetSignIn(mdb, offering, version);
  else if (verdict === 'accepted') await judgeSignIn(mdb, offering, version, verdict);
  // What was right before may be offered again when an answer is lost: it is no guess.
  else if (verdict === 'refused' || before === null)
    await judgeSignIn(mdb, offering, version, verdict, reasons[verdict](offering));
}

/** Writes down what a sign-in told that was made for its own sake, whatever became of earlier ones. */
export async function noteOffer(offering: Offering, credentials: Credentials, taken: boolean): Promise<void> {
  const version = await versionOf(credentials, offering.salt);
  await judgeSignIn(offering.mdb, offering, version, taken ? 'accepted' : 'refused');
}

/** Throws where these credentials are the ones that shut the controller out; others lift that, and only that. */
export async function checkOffer(offering: Offering, credentials: Credentials, quarantine: string): Promise<void> {
  const version = await versionOf(credentials, offering.salt);
  const before = await signInOf(offering.mdb, offering, version);
  if (before === 'refused' || before === 'unknown' || before === 'trying')
    throw new QuestionError('quarantine', `Controller ${offering.origin} is in quarantine: ${quarantine}`);
  if (before === 'accepted') await liftForCredentials(offering.mdb, offering.machineId);
}

function shutOut(offering: Offering, state: Exclude<SignInState, 'accepted'>): QuestionError {
  const reason = state === 'refused' ? reasons.refused(offering) : reasons.unknown(offering);
  return new QuestionError('quarantine', `Controller ${offering.origin} is in quarantine: ${reason}`);
}

const reasons = {
  refused: ({ secretRef }: Offering) =>
    `it refused the credentials ${secretRef}; others are tried as soon as the secret holds them`,
  unknown: ({ secretRef }: Offering) =>
    `it never said whether it takes the credentials ${secretRef}, and a second attempt may lock the account; ` +
    'others are tried as soon as the secret holds them',
};
