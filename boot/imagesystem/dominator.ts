import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { OperatorQuestion } from '../../domain/question.ts';
import { judgeImage } from './archive.ts';
import { measureFile } from './file.ts';
import type { Evidence, ImageSystem, Missing, Supplies } from './system.ts';

const mib = 1024 * 1024;
/** Below the file server's root; `subd` from the Dominator's release, static or with what its images have. */
const subdPath = 'boot/subd';
/** SHA-256 of no bytes at all: there is nothing to unpack. */
const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * The Dominator: the agent leaves an empty root with `subd` and its credentials, `subd` takes over in place, and the
 * Dominator fills the root when it finds the machine in the list.
 */
export const dominator: ImageSystem = {
  plan: ({ layout }) => ({
    part: { imagePath: '', bytes: 0, sha256: emptySha256, signature: '' },
    // How large the image is, only its image server knows; a disk below this holds no system at all.
    rootBytes: layout.rootMib === 'rest' ? 2048 * mib : layout.rootMib * mib,
  }),
  supply,
  handover: { how: 'in-place', firstFetch: 'unthrottled' },
  // One machine a second is what a Dominator serves without peers (S2.36): a hall of 4,000 waits over an hour.
  readiness: { limit: 2 * 3_600_000, mayRestart: false },
  judge: (evidence) => judgeImage(evidence) ?? judgeOrder(evidence),
};

async function supply(hostname: string, supplies: Supplies) {
  const { authority, images, accessCaFile } = supplies;
  const binary = await measureFile(join(images, subdPath));
  if (binary === null) return { missing: `the file server has no ${subdPath}: put the Dominator's subd there` };
  const ca = await readAccessCa(accessCaFile, authority.caPem);
  if (typeof ca !== 'string') return ca;
  const { certificatePem, keyPem } = await authority.issueMachineCertificate(hostname);
  const { bytes, sha256 } = binary;
  const file = { path: subdPath, bytes: String(bytes), sha256, signature: authority.signImage(sha256) };
  return [{ kind: 'subd', fields: { ca, cert: certificatePem, key: keyPem, ...file } }];
}

async function readAccessCa(path: string, ownCa: string): Promise<string | Missing> {
  try {
    const pem = await readFile(path, 'utf8');
    return new X509Certificate(pem).ca ? pem : { missing: `${path} holds a certificate that may not sign others` };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? ownCa : { missing: `${path} cannot be read as a PEM certificate` };
  }
}

/** Listed, then restarted by `subd` because the kernel changed, then answered *local*, then heard: in that order. */
function judgeOrder({ listed, bootedLocally }: Evidence): OperatorQuestion | null {
  const choices = ['retry', 'accept', 'abandon'];
  if (!listed) {
    const reason = "It reports that it is ready, but it is not in the Dominator's machine list.";
    return { fault: 'ready/not-listed', reason, choices: ['retry', 'abandon'] };
  }
  if (bootedLocally) return null;
  const reason =
    'It reports that it is ready, but since the hand-over no boot request of it was answered with its own disk: the restart after the kernel update was not seen. Look at its boot order; answer "accept" if it may run so.';
  return { fault: 'ready/no-local-boot', reason, choices };
}
