import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { p256 } from '@noble/curves/nist.js';
import {
  caSubject,
  type Issuer,
  isFresh,
  issue,
  newKeyPem,
  privatePem,
  publicPem,
  readCertificate,
  type SubjectName,
  selfSign,
} from './certificates.ts';
import { AuthorityError, createOnce, readKeyFile, replaceFile } from './keyfiles.ts';

/** The name under which every machine knows the agent API, whatever its address. */
export const agentName = 'agent.farrier.internal';

export interface MachineCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Authority {
  readonly caPem: string;
  /** Certificate of the agent API for `agent.farrier.internal` and the addresses asked for. */
  readonly agentCertPem: string;
  readonly agentKeyPem: string;
  /** SPKI of the key that signs images; the bootstrap image pins it. */
  readonly imagePublicKeyPem: string;
  /**
   * Signs an image by its SHA-256 (64 hex digits): base64 of the DER signature that
   * `openssl dgst -sha256 -verify` accepts over the image's bytes (the digest itself is signed, not hashed again).
   */
  signImage(sha256: string): string;
  /** True when the signature is this site's over that SHA-256; false for anything malformed. */
  verifyImage(sha256: string, signature: string): boolean;
  /** A client and server certificate for the Dominator's `subd` of one machine. Throws for what is not a hostname. */
  issueMachineCertificate(hostname: string): Promise<MachineCertificate>;
  /** The certificate of the people's API for these names and addresses; issued anew when one is missing in it. */
  openApiCertificate(hosts: readonly string[]): Promise<MachineCertificate>;
}

export interface AuthorityOptions {
  /** Addresses at which machines reach the agent API; the certificate is issued anew when one is missing in it. */
  readonly addresses?: readonly string[];
  readonly now?: Date;
}

/**
 * Opens the site's authority in a folder and makes what is missing. May run in several processes at once: each file
 * appears whole, the first one wins and everyone uses it. Throws AuthorityError, naming the file, when a file is
 * damaged, belongs to another key, or when a key may be read by others.
 */
export async function openAuthority(folder: string, options: AuthorityOptions = {}): Promise<Authority> {
  const now = options.now ?? new Date();
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const caKey = await openKey(join(folder, 'ca.key'));
  const caPem = await openCa(join(folder, 'ca.crt'), caKey, now);
  const agentKey = await openKey(join(folder, 'agent.key'));
  const issuer: Issuer = { key: caKey, subject: caSubject, now };
  const names = subjectNames(options.addresses ?? []);
  const agentCertPem = await openLeaf(join(folder, 'agent.crt'), agentName, agentKey, issuer, names);
  const imageKey = await openKey(join(folder, 'image.key'));
  const imagePublicKeyPem = publicPem(imageKey);
  await createOnce(join(folder, 'image.pub'), () => imagePublicKeyPem, 0o644);
  return {
    caPem,
    agentCertPem,
    agentKeyPem: privatePem(agentKey),
    imagePublicKeyPem,
    ...imageSigner(imageKey),
    openApiCertificate: async (hosts) => {
      const key = await openKey(join(folder, 'api.key'));
      const subjects = hosts.map((value): SubjectName => ({ type: isIP(value) === 0 ? 'dns' : 'ip', value }));
      const [name = 'farrier'] = hosts;
      const path = join(folder, 'api.crt');
      return { certificatePem: await openLeaf(path, name, key, issuer, subjects), keyPem: privatePem(key) };
    },
    issueMachineCertificate: (hostname) => issueMachine(hostname, { ...issuer, now: new Date() }),
  };
}

/** Checks a signature with nothing but the public key, as the agent does. */
export function verifyImageSignature(publicKeyPem: string, sha256: string, signature: string): boolean {
  const digest = /^[0-9a-f]{64}$/.test(sha256) ? Buffer.from(sha256, 'hex') : null;
  if (!digest || !/^[A-Za-z0-9+/]{8,200}={0,2}$/.test(signature)) return false;
  const { x, y } = createPublicKey(publicKeyPem).export({ format: 'jwk' });
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x ?? '', 'base64url'), Buffer.from(y ?? '', 'base64url')]);
  try {
    return p256.verify(Buffer.from(signature, 'base64'), digest, point, {
      prehash: false,
      lowS: false,
      format: 'der',
    });
  } catch {
    return false;
  }
}

function imageSigner(key: KeyObject): Pick<Authority, 'signImage' | 'verifyImage'> {
  const scalar = Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
  const publicKeyPem = publicPem(key);
  return {
    signImage(sha256) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) throw new AuthorityError('a SHA-256 is 64 hex digits in lower case');
      const digest = Buffer.from(sha256, 'hex');
      return Buffer.from(p256.sign(digest, scalar, { prehash: false, format: 'der' })).toString('base64');
    },
    verifyImage: (sha256, signature) => verifyImageSignature(publicKeyPem, sha256, signature),
  };
}

async function openKey(path: string): Promise<KeyObject> {
  await createOnce(path, newKeyPem, 0o600);
  const pem = await readKeyFile(path);
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyDetails?.namedCurve === 'prime256v1') return key;
  } catch {
    // Told below: the reason OpenSSL gives says nothing to a person.
  }
  throw new AuthorityError(`${path} does not hold a P-256 private key; restore it from a backup`);
}

async function openCa(path: string, key: KeyObject, now: Date): Promise<string> {
  const pem = await createOnce(path, () => selfSign(key, now), 0o644);
  const certificate = readCertificate(path, pem);
  if (!certificate.checkPrivateKey(key))
    throw new AuthorityError(`${path} belongs to another key than ca.key beside it`);
  if (certificate.validToDate <= now)
    throw new AuthorityError(`${path} expired on ${certificate.validToDate.toISOString()}`);
  return pem;
}

async function openLeaf(
  path: string,
  name: string,
  key: KeyObject,
  issuer: Issuer,
  names: SubjectName[],
): Promise<string> {
  const pem = await createOnce(path, () => issue(name, key, names, issuer), 0o644);
  const certificate = readCertificate(path, pem);
  const serves =
    certificate.checkPrivateKey(key) &&
    certificate.verify(createPublicKey(issuer.key)) &&
    isFresh(certificate, issuer.now) &&
    names.every(({ type, value }) => (type === 'ip' ? certificate.checkIP(value) : certificate.checkHost(value)));
  if (serves) return pem;
  const fresh = await issue(name, key, names, issuer);
  await replaceFile(path, fresh, 0o644);
  return fresh;
}

async function issueMachine(hostname: string, issuer: Issuer): Promise<MachineCertificate> {
  const label = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/;
  if (!label.test(hostname)) throw new AuthorityError(`${JSON.stringify(hostname)} is not a hostname`);
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const certificatePem = await issue(hostname, key, [{ type: 'dns', value: hostname }], issuer);
  return { certificatePem, keyPem: privatePem(key) };
}

function subjectNames(addresses: readonly string[]): SubjectName[] {
  const odd = addresses.find((address) => isIP(address) === 0);
  if (odd !== undefined) throw new AuthorityError(`${JSON.stringify(odd)} is not an IP address for the agent API`);
  return [{ type: 'dns', value: agentName }, ...addresses.map((value) => ({ type: 'ip' as const, value }))];
}
