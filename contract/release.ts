import { z } from 'zod';
import { sentence } from './api.ts';

/** Says that what shut a controller out was looked at. */
export const releaseRequest = z.strictObject({
  reason: sentence,
  newCertificate: z
    .boolean()
    .default(false)
    .describe('the certificate was renewed: the key of the next contact is pinned in place of the old one'),
});
export type ReleaseRequest = z.input<typeof releaseRequest>;

/** Says that a controller is a machine's, where too few factors tell. */
export const vouchRequest = z.strictObject({ reason: sentence });
export type VouchRequest = z.input<typeof vouchRequest>;

/** Lifts the hold of a machine, and says why. */
export const unholdRequest = z.strictObject({ reason: sentence });
export type UnholdRequest = z.input<typeof unholdRequest>;
