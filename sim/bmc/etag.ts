import { createHash } from 'node:crypto';
import type { EtagRules } from './personality.ts';
import { failure, type Reply } from './reply.ts';

export interface Tag {
  /** For the header. */
  readonly header: string;
  /** For `@odata.etag`; absent where the controller puts none there. */
  readonly body?: string;
}

/** The version of a document as its controller writes it down. */
export function tagOf(document: object, style: EtagRules['style']): Tag | undefined {
  if (style === 'none') return undefined;
  const digest = createHash('sha1').update(JSON.stringify(document)).digest('hex').slice(0, 8).toUpperCase();
  if (style === 'weak') return { header: `W/"${digest}"`, body: `W/"${digest}"` };
  if (style === 'header') return { header: `"${digest}"` };
  return { header: `"${digest}"`, body: `"${digest}"` };
}

/** Whether a PATCH names the version in force; else the refusal. */
export function checkMatch(
  given: string | undefined,
  path: string,
  tag: Tag | undefined,
  rules: EtagRules,
): Reply | null {
  if (rules.never === path) return given === undefined ? null : stale;
  if (given === undefined) {
    if (rules.missing === 'take') return null;
    return rules.missing === 428
      ? failure(
          428,
          rules.missingId ?? 'PreconditionRequired',
          'The request did not provide the required precondition.',
        )
      : stale;
  }
  if (given === '' || tag === undefined) return tag === undefined && given !== '' ? null : stale;
  const right = tag.body ?? tag.header;
  return given === '*' || [right, right.replace(/^W\//, '')].includes(given) ? null : stale;
}

const stale: Reply = failure(
  412,
  'PreconditionFailed',
  'The ETag supplied did not match the ETag required to change this resource.',
);
