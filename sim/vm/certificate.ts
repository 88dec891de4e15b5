// @peculiar/x509 needs it to be there first.
import 'reflect-metadata';

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const tenYearsMs = 10 * 365 * 86_400_000;

/** A new key with a certificate over it, by itself. */
export async function makeCertificate(name: string): Promise<Certificate> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 86_400_000),
    notAfter: new Date(Date.now() + tenYearsMs),
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: name },
        { type: 'ip', value: '127.0.0.1' },
      ]),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') };
}

/** The BMC's own certificate, as real ones have it: self-signed at the first start, then kept, so that a pin holds. */
export async function openCertificate(folder: string, name: string): Promise<Certificate> {
  const files = { cert: join(folder, 'bmc.crt'), key: join(folder, 'bmc.key') };
  try {
    return { cert: await readFile(files.cert, 'utf8'), key: await readFile(files.key, 'utf8') };
  } catch {
    const made = await makeCertificate(name);
    await writeFile(files.key, made.key, { mode: 0o600 });
    await writeFile(files.cert, made.cert);
    return made;
  }
}
