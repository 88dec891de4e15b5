/** Attempts to sign in to controllers: one for each version of the credentials, of all processes. */
import { and, eq, sql } from 'drizzle-orm';
import type { Mdb, MdbOrTransaction } from '../connect.ts';
import { bmcs, signIns } from '../schema.ts';

/** To what a version of credentials is offered. */
export interface Counter {
  readonly machineId: string;
  readonly origin: string;
}

export type SignInState = (typeof signIns.$inferSelect)['state'];

const ofVersion = ({ machineId, origin }: Counter, version: string) =>
  and(eq(signIns.machineId, machineId), eq(signIns.origin, origin), eq(signIns.version, version));

/** What became of this version there; null when it was never offered. */
export async function signInOf(mdb: Mdb, counter: Counter, version: string): Promise<SignInState | null> {
  const [row] = await mdb.select({ state: signIns.state }).from(signIns).where(ofVersion(counter, version));
  return row?.state ?? null;
}

/** Says that this version is about to be offered. Must be called with the controller's sign-in claim held. */
export async function beginSignIn(mdb: Mdb, { machineId, origin }: Counter, version: string): Promise<void> {
  await mdb.insert(signIns).values({ machineId, origin, version, state: 'trying' }).onConflictDoNothing();
}

/** Takes back an attempt that the controller never judged. */
export async function forgetSignIn(mdb: Mdb, counter: Counter, version: string): Promise<void> {
  await mdb.delete(signIns).where(and(ofVersion(counter, version), eq(signIns.state, 'trying')));
}

/** Writes down what became of an attempt. With a reason it shuts the controller out for credentials. */
export async function judgeSignIn(
  mdb: Mdb,
  { machineId, origin }: Counter,
  version: string,
  state: Exclude<SignInState, 'trying'>,
  reason: string | null = null,
): Promise<void> {
  const write = (on: MdbOrTransaction) =>
    on
      .insert(signIns)
      .values({ machineId, origin, version, state })
      .onConflictDoUpdate({
        target: [signIns.machineId, signIns.origin, signIns.version],
        set: { state, at: sql`now()` },
      });
  if (reason === null) return void (await write(mdb));
  await mdb.transaction(async (tx) => {
    await write(tx);
    await tx
      .update(bmcs)
      .set({ quarantine: reason, quarantineFor: 'credentials' })
      .where(
        and(eq(bmcs.machineId, machineId), sql`${bmcs.quarantine} is null or ${bmcs.quarantineFor} = 'credentials'`),
      );
  });
}

/** Ends a quarantine of credentials, since there are others now; any other quarantine stays. */
export async function liftForCredentials(mdb: Mdb, machineId: string): Promise<void> {
  await mdb
    .update(bmcs)
    .set({ quarantine: null, quarantineFor: null })
    .where(and(eq(bmcs.machineId, machineId), eq(bmcs.quarantineFor, 'credentials')));
}
