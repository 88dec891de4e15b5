/** What changes, as server-sent events. */
import { z } from 'zod';
import { changeKinds } from '../domain/changes.ts';
import { selected } from './api.ts';

const kind = `(${changeKinds.join('|')})`;

export const changesQuery = z.strictObject({
  selector: selected,
  kinds: z
    .string()
    .regex(new RegExp(`^${kind}(,${kind})*$`), `is not a list of ${changeKinds.join(', ')}`)
    .optional()
    .meta({ description: 'only these kinds' }),
  since: z.string().max(40).optional().meta({ description: 'as `Last-Event-ID`, for who cannot send that' }),
});

/** Events `machine` (`{id, machine}`), `left` (`{id}`), the other kinds (`{id, machineId}`), `ready` and `reset`. */
export const changeText = z.string();
