import type { OperatorQuestion } from '../../domain/question.ts';
import type { Evidence, ImageSystem } from './system.ts';

const mib = 1024 * 1024;

/** Farrier's own: the agent streams a signed archive onto the disk, and the machine restarts into it. */
export const archive: ImageSystem = {
  plan({ id, path, bytes, sha256, signature, layout }) {
    if (bytes === 0) {
      const reason = `The image ${id} has no archive that could be installed; add one as the preferred image of its kind and answer "retry".`;
      return { question: { fault: 'profile/no-archive', reason, choices: ['retry', 'abandon'] } };
    }
    // An unpacked root takes up to four times its archive.
    const rootBytes = layout.rootMib === 'rest' ? bytes * 4 : layout.rootMib * mib;
    return { part: { imagePath: path, bytes, sha256, signature }, rootBytes };
  },
  supply: async () => [],
  handover: { how: 'reboot', firstFetch: null },
  readiness: { limit: null, mayRestart: true },
  judge: judgeImage,
};

/** What it reports to run is what it is to run. */
export function judgeImage({ observedImage, requiredImage }: Evidence): OperatorQuestion | null {
  if (observedImage === requiredImage) return null;
  const reason = `It reports the image ${observedImage ?? '(none)'}, but ${requiredImage ?? '(none)'} is required.`;
  return { fault: 'ready/image', reason, choices: ['retry', 'abandon'] };
}
