// @peculiar/x509 needs it to be there first.
import 'reflect-metadata';

import { createPublicKey, generateKeyPairSync, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { AuthorityError } from './keyfiles.ts';

const ecdsa = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export const caSubject = 'CN=Farrier site authority';
const day = 86_400_000;
const caDays = 7300;
// Long enough that a site which is never restarted for a year keeps working; renewed when a third is left.
const leafDays = 825;
// Machines with a clock a day slow must still accept a fresh certificate.
const slack = day;

export type SubjectName = {
  readonly type: 'dns' | 'ip';
  readonly value: string;
};

/** The key and name that sign others, and the time from which they are valid. */
export interface Issuer {
  readonly key: KeyObject;
  readonly subject: string;
  readonly now: Date;
}

/** A self-signed certificate that may sign others, for twenty years; PEM. */
export async function selfSign(key: KeyObject, now: Date): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: caSubject,
    keys: await pair(key),
    notBefore: new Date(now.getTime() - slack),
    notAfter: new Date(now.getTime() + caDays * day),
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return endLine(certificate.toString('pem'));
}

/** A certificate for a name, as server and as client; PEM. */
export async function issue(
  commonName: string,
  key: KeyObject,
  names: readonly SubjectName[],
  issuer: Issuer,
): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    // A common name holds 64 characters at most; who checks reads the alternative names.
    subject: `CN=${commonName.slice(0, 64)}`,
    issuer: issuer.subject,
    publicKey: (await pair(key)).publicKey,
    signingKey: (await pair(issuer.key)).privateKey,
    notBefore: new Date(issuer.now.getTime() - slack),
    notAfter: new Date(issuer.now.getTime() + leafDays * day),
    signingAlgorithm: ecdsa,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([...names]),
    ],
  });
  return endLine(certificate.toString('pem'));
}

/** True when more than a third of a leaf certificate's time is left. */
export function isFresh(certificate: X509Certificate, now: Date): boolean {
  return certificate.validToDate.getTime() - now.getTime() > (leafDays * day) / 3;
}

export function readCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new AuthorityError(`${path} does not hold a certificate; restore it from a backup`);
  }
}

async function pair(key: KeyObject): Promise<webcrypto.CryptoKeyPair> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  return {
    privateKey: await webcrypto.subtle.importKey('pkcs8', der, ecdsa, true, ['sign']),
    publicKey: await webcrypto.subtle.importKey('spki', spki, ecdsa, true, ['verify']),
  };
}

export function newKeyPem(): string {
  return privatePem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);
}

export function privatePem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

export function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString();
}

function endLine(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
