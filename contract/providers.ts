/** The provider of accounts, by OpenID Connect, and signing in by it. */
import { z } from 'zod';
import { grantField, grantView } from './accounts.ts';
import { id, sentence } from './api.ts';

const claim = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'is not the name of a claim');
const origin = z
  .url({ protocol: /^https?$/, error: 'is not a URL like https://id.example/realms/main' })
  .refine((url) => {
    // What is no URL is refused for that already.
    const { protocol, hostname } = URL.parse(url) ?? { protocol: '', hostname: '' };
    return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
  }, 'is asked over TLS only, but on this machine')
  .refine((url) => !/[?#@]/.test(url), 'has more than an address');

export const providerRequest = z.strictObject({
  name: sentence.max(60, 'is longer than 60 characters'),
  issuer: origin,
  clientId: z.string().regex(/^[\x21-\x7e]{1,200}$/, 'is not the id of a client'),
  secretRef: id.nullable().default(null),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'is not a scope'))
    .min(1)
    .max(20)
    .default(['openid', 'profile', 'email'])
    .refine((scopes) => scopes.includes('openid'), 'lacks openid'),
  nameClaim: claim.default('preferred_username'),
  rules: z.array(z.strictObject({ claim, value: z.string().min(1).max(200), ...grantField.shape })).max(200),
  reason: sentence,
});
export const providerRemoval = z.strictObject({ reason: sentence });

export const providerView = z.object({
  name: z.string(),
  issuer: z.string(),
  clientId: z.string(),
  secretRef: z.string().nullable(),
  scopes: z.array(z.string()),
  nameClaim: z.string(),
  rules: z.array(z.object({ claim: z.string(), value: z.string(), ...grantView.shape })),
});

const short = z.string().min(1).max(200);
/** By which a page knows its own way back from the provider again. */
const flow = z.strictObject({ state: short, nonce: short, verifier: short });
export const providerStart = z.strictObject({});
export const providerStarted = z.object({ url: z.string(), flow });
export const providerFinish = z.strictObject({
  code: z.string().min(1).max(4000),
  state: short,
  iss: z.string().max(500).optional(),
  flow,
});

/** What a person is to do on a device that has a browser. */
export const deviceStarted = z.object({
  deviceCode: z.string(),
  /** By which the program shows that it is the one that began. */
  verifier: z.string(),
  userCode: z.string(),
  verificationUri: z.string(),
  verificationUriComplete: z.string().nullable(),
  expiresSeconds: z.number(),
  intervalSeconds: z.number(),
});
export const devicePoll = z.strictObject({ deviceCode: z.string().min(1).max(4000), verifier: short });
/** Not yet; `slower`: ask less often from now on. */
export const deviceWaiting = z.object({ waiting: z.literal(true), slower: z.boolean() });

export type ProviderRequest = z.input<typeof providerRequest>;
export type ProviderView = z.infer<typeof providerView>;
export type ProviderStarted = z.infer<typeof providerStarted>;
export type ProviderFinish = z.infer<typeof providerFinish>;
export type DeviceStarted = z.infer<typeof deviceStarted>;
export type DeviceWaiting = z.infer<typeof deviceWaiting>;
