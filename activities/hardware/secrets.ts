import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Credentials } from '../redfish/login.ts';

/** Where the secrets behind references are kept; the MDB and the histories hold references only. */
export interface SecretStore {
  credentials(reference: string): Promise<Credentials>;
}

const shape = z.object({ username: z.string().min(1), password: z.string() });
const referenceForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Secrets as files of one folder, a JSON object `{"username", "password"}` a reference. Errors never show content. */
export function secretFolder(folder: string): SecretStore {
  return {
    async credentials(reference) {
      if (!referenceForm.test(reference)) throw new Error('the reference of a secret is malformed');
      const content = await readFile(join(folder, reference), 'utf8').catch(() => null);
      if (content === null) throw new Error(`there is no secret ${reference}`);
      let parsed: unknown;
      try {
        parsed = JSON.parse(content);
      } catch {
        parsed = null;
      }
      const checked = shape.safeParse(parsed);
      if (!checked.success) throw new Error(`secret ${reference} is not {"username", "password"}`);
      return checked.data;
    },
  };
}
