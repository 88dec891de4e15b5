/** How long somebody stays signed in. */

/** A browser's, by its cookie; and the command line's, by a token that is sent along. */
export const sessionKinds = ['browser', 'program'] as const;
export type SessionKind = (typeof sessionKinds)[number];

/** By what people show who they are. */
export const signInWays = ['password', 'passkey', 'provider'] as const;
export type SignInWay = (typeof signInWays)[number];

const hourMs = 3_600_000;

/** `idleMs` without a request, and `lifeMs` in any case: a browser's is a shift, on a screen that others may come by. */
export const sessionLimits: Readonly<Record<SessionKind, { readonly idleMs: number; readonly lifeMs: number }>> = {
  browser: { idleMs: hourMs, lifeMs: 12 * hourMs },
  program: { idleMs: 24 * hourMs, lifeMs: 7 * 24 * hourMs },
};
