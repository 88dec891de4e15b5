/** The API's shapes for people and their accounts. Times are ISO 8601 in UTC. */
import { z } from 'zod';
import { reservedNames } from '../domain/claims.ts';
import { grantsField, grantView } from './accounts.ts';
import { sentence } from './api.ts';

const text = z.string().nullable();
const name = z
  .string()
  .regex(/^[a-z][a-z0-9._-]{0,31}$/, 'is 1 to 32 small letters, digits, dots, dashes or underscores')
  .refine((called) => !reservedNames.includes(called), 'is what Farrier calls somebody else');
const reason = sentence.optional();
/** One that is drawn and shown once, unless it is told. */
const password = z.string().max(200, 'is longer than 200 characters').optional();

export const personRequest = z.strictObject({ name, grants: grantsField, password, reason });
export const personName = z.strictObject({ name: z.string().min(1).max(253) });
export const personGrants = z.strictObject({ grants: grantsField, reason });
export const personPassword = z.strictObject({ password, reason });
export const personChange = z.strictObject({ reason: sentence });

export const personView = z.object({
  id: z.string(),
  name: z.string(),
  grants: z.array(grantView),
  /** Who says who they are; null for Farrier itself. */
  provider: text,
  password: z.boolean(),
  createdBy: z.string(),
  createdAt: z.string(),
  disabledAt: text,
  disabledBy: text,
});
export const personList = z.object({ people: z.array(personView) });
/** `password`: the one that was drawn, shown this once; null for one that was told. */
export const personCreated = z.object({ person: personView, password: text });
export const givenPassword = z.object({ password: text });

export type PersonRequest = z.input<typeof personRequest>;
export type PersonView = z.infer<typeof personView>;
export type PersonCreated = z.infer<typeof personCreated>;
