import { z } from 'zod';
import { mustHave } from '../http/connection.ts';
import { openOutside, requestJson } from '../http/http.ts';
import { sign, signatureHeader } from '../webhook.ts';
import { type OpenTicketSystem, readTicketSettings, Unmarked } from './system.ts';

const settings = {
  path: z
    .string()
    .regex(/^\/[A-Za-z0-9._~/-]{0,200}$/, 'is not a path like /farrier/tickets')
    .default('/farrier/tickets'),
};

const id = z.string().min(1).max(200);
const url = z.string().max(500).nullable().default(null);
const place = z.object({ id, url });
/** What was found or made says whose it is. */
const mine = place.extend({ marker: z.string().max(100).optional() });
const ticket = z.object({
  id,
  url,
  open: z.boolean(),
  closedBy: z.string().max(200).nullable().default(null),
  comments: z
    .array(z.object({ id, by: z.string().max(200), text: z.string().max(20_000) }))
    .max(100)
    .default([]),
});

const placeOf = ({ id: made, url: address }: z.infer<typeof mine>) => ({ id: made, url: address });
/** A service that does not tell markers vouches for its own search. */
const isMine = ({ marker }: z.infer<typeof mine>, wanted: string) => marker === undefined || marker === wanted;

/** Any other system, through a service of one's own: one signed POST a call, `{"do": "find" | "create" | …}`. */
export const openTicketWebhook: OpenTicketSystem = (connection, given) => {
  const { path } = readTicketSettings(settings, given);
  const { key } = mustHave(connection, 'key');
  const outside = openOutside(connection);
  const call = <T>(what: string, more: object, shape: z.ZodType<T>): Promise<T> => {
    const text = JSON.stringify({ do: what, ...more });
    const headers = { 'content-type': 'application/json', [signatureHeader]: sign(key, text) };
    return requestJson(outside, { method: 'POST', path, headers, text }, shape);
  };
  const anyAnswer = z.unknown();
  return {
    end: outside.close,
    system: {
      async find(marker) {
        const { ticket: found } = await call('find', { marker }, z.object({ ticket: mine.nullable() }));
        return found && isMine(found, marker) ? placeOf(found) : null;
      },
      async create(draft) {
        const made = await call('create', draft, mine);
        if (!isMine(made, draft.marker))
          throw new Unmarked(placeOf(made), `the service at ${path} answers with another marker`);
        return placeOf(made);
      },
      read: (outsideId) => call('read', { id: outsideId }, ticket),
      comment: async (outsideId, text) => void (await call('comment', { id: outsideId, text }, anyAnswer)),
      close: async (outsideId, why) => void (await call('close', { id: outsideId, why }, anyAnswer)),
      reopen: async (outsideId) => void (await call('reopen', { id: outsideId }, anyAnswer)),
    },
  };
};
