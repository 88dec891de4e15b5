/** Passkeys, in the forms of WebAuthn's JSON. */
import { z } from 'zod';
import { sentence } from './api.ts';

const bytes = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[A-Za-z0-9_-]+$/, 'is not base64url');
const more = z.looseObject({});

const credential = {
  id: bytes(1400),
  rawId: bytes(1400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.string().max(50).optional(),
  clientExtensionResults: more,
};

export const passkeyOptionsRequest = z.strictObject({});
/** What `navigator.credentials` takes, by way of a library. */
export const passkeyOptions = z.looseObject({ challenge: z.string() });

export const passkeySignIn = z.strictObject({
  ...credential,
  response: z.object({
    clientDataJSON: bytes(4000),
    authenticatorData: bytes(4000),
    signature: bytes(8000),
    userHandle: bytes(200).optional(),
  }),
});

export const passkeyRegistration = z.strictObject({
  name: sentence.max(60, 'is longer than 60 characters'),
  response: z.strictObject({
    ...credential,
    response: z.object({
      clientDataJSON: bytes(4000),
      attestationObject: bytes(20_000),
      transports: z.array(z.string().max(20)).max(10).optional(),
    }),
  }),
});

export const passkeyView = z.object({
  id: z.string(),
  name: z.string(),
  /** Host of the console for which it is. */
  host: z.string(),
  createdAt: z.string(),
  usedAt: z.string().nullable(),
});
export const passkeyList = z.object({ passkeys: z.array(passkeyView) });
export const passkeyId = z.strictObject({ id: bytes(253) });

export type PasskeySignIn = z.infer<typeof passkeySignIn>;
export type PasskeyRegistration = z.infer<typeof passkeyRegistration>;
export type PasskeyView = z.infer<typeof passkeyView>;
