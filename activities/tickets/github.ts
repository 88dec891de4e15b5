import { z } from 'zod';
import { mustHave } from '../outside/connection.ts';
import { ask, type Call, openOutside } from '../outside/http.ts';
import { type OpenTicketSystem, type OutsidePlace, readTicketSettings, wordList } from './system.ts';
import { fence } from './text.ts';

const settings = {
  repo: z.string().regex(/^[A-Za-z0-9_-]+\/(?!\.{1,2}$)[A-Za-z0-9_.-]+$/, 'is not owner/name'),
  labels: wordList.optional(),
};

const issue = z.object({
  number: z.number().int(),
  html_url: z.string(),
  state: z.string(),
  comments: z.number().int().default(0),
  closed_by: z.object({ login: z.string() }).nullish(),
  pull_request: z.unknown().optional(),
});
const comments = z.array(
  z.object({ id: z.number(), body: z.string().nullish(), user: z.object({ login: z.string() }).nullish() }),
);
const perPage = 100;

/** Issues of a GitHub repository: a token with the right to write issues, origin https://api.github.com. */
export const openGithub: OpenTicketSystem = (connection, given) => {
  const { repo, labels = [] } = readTicketSettings(settings, given);
  const { token } = mustHave(connection, 'token');
  const outside = openOutside(connection);
  const headers = {
    authorization: `Bearer ${token}`,
    'x-github-api-version': '2022-11-28',
    accept: 'application/vnd.github+json',
  };
  const call = (method: Call['method'], path: string, json?: unknown): Call => ({
    method,
    path: `/repos/${repo}/issues${path}`,
    headers,
    ...(json === undefined ? {} : { json }),
  });
  const placeOf = ({ number, html_url }: z.infer<typeof issue>): OutsidePlace => ({
    id: String(number),
    url: html_url,
  });
  return {
    end: outside.close,
    system: {
      async find(marker) {
        // The list by label, which tells at once of what was made; the search tells of it later.
        const found = await ask(
          outside,
          call('GET', `?labels=${marker}&state=all&per_page=${perPage}`),
          z.array(issue),
        );
        const mine = found.filter(({ pull_request }) => pull_request === undefined);
        const first = mine.toSorted((a, b) => a.number - b.number)[0];
        return first ? placeOf(first) : null;
      },
      async create({ marker, title, body }) {
        const json = { title, body: fence(body), labels: [marker, ...labels] };
        return placeOf(await ask(outside, call('POST', '', json), issue));
      },
      async read(id) {
        const found = await ask(outside, call('GET', `/${id}`), issue);
        const page = Math.max(1, Math.ceil(found.comments / perPage));
        const said = await ask(outside, call('GET', `/${id}/comments?per_page=${perPage}&page=${page}`), comments);
        return {
          ...placeOf(found),
          open: found.state === 'open',
          closedBy: found.closed_by?.login ?? null,
          comments: said.map((one) => ({ id: String(one.id), by: one.user?.login ?? 'unknown', text: one.body ?? '' })),
        };
      },
      async comment(id, text) {
        await outside.send(call('POST', `/${id}/comments`, { body: text }));
      },
      async close(id) {
        await outside.send(call('PATCH', `/${id}`, { state: 'closed', state_reason: 'completed' }));
      },
      async reopen(id) {
        await outside.send(call('PATCH', `/${id}`, { state: 'open' }));
      },
    },
  };
};
