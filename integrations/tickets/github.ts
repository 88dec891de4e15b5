import { z } from 'zod';
import { mustHave } from '../http/connection.ts';
import { type HttpRequest, openOutside, requestJson } from '../http/http.ts';
import {
  labelList,
  listOf,
  type OpenTicketSystem,
  type OutsidePlace,
  readTicketSettings,
  Unmarked,
  wordList,
} from './system.ts';
import { fence, isTicket, signTicket } from './text.ts';

const settings = {
  repo: z.string().regex(/^[A-Za-z0-9_-]+\/(?!\.{1,2}$)[A-Za-z0-9_.-]+$/, 'is not owner/name'),
  labels: wordList.optional(),
};

const issue = z.object({
  number: z.number().int(),
  html_url: z.string(),
  state: z.string(),
  comments: z.number().int().default(0),
  closed_by: z.object({ login: z.string() }).nullish().catch(null),
  labels: labelList(z.union([z.string(), z.object({ name: z.string().nullish() })])),
  body: z.string().nullish(),
  pull_request: z.unknown().optional(),
});
const comments = listOf(
  z.object({ id: z.number(), body: z.string().nullish(), user: z.object({ login: z.string() }).nullish() }),
);
const perPage = 100;
/** Pages of the newest issues in which one without its label is looked for. */
const newestPages = 3;

/** GitHub drops labels that the token may not set, with a 201 all the same; the text it keeps. */
function shows({ labels, body }: z.infer<typeof issue>, marker: string): boolean {
  return labels.some((one) => (typeof one === 'string' ? one : one.name) === marker) || isTicket(body, marker);
}

function firstOf(found: readonly (z.infer<typeof issue> | null)[], marker: string) {
  // What is like GitHub shows null where an issue is no pull request.
  const mine = found
    .filter((one) => one !== null)
    .filter((one) => (one.pull_request ?? null) === null && shows(one, marker));
  return mine.toSorted((a, b) => a.number - b.number)[0];
}

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
  const call = (method: HttpRequest['method'], path: string, json?: unknown): HttpRequest => ({
    method,
    path: `/repos/${repo}/issues${path}`,
    headers,
    ...(json === undefined ? {} : { json }),
  });
  const placeOf = ({ number, html_url }: z.infer<typeof issue>): OutsidePlace => ({
    id: String(number),
    url: html_url,
  });
  const list = (query: string, marker: string) =>
    requestJson(outside, call('GET', `?${query}&state=all&per_page=${perPage}`), listOf(issue, marker));
  return {
    end: outside.close,
    system: {
      async find(marker) {
        // The lists, which tell at once of what was made; the search tells of it later.
        const labelled = await list(`labels=${marker}`, marker);
        const mine = firstOf(labelled, marker);
        if (mine) return placeOf(mine);
        for (let page = 1; page <= newestPages; page += 1) {
          const newest = await list(`sort=created&direction=desc&page=${page}`, marker);
          const first = firstOf(newest, marker);
          if (first) return placeOf(first);
          if (newest.length < perPage) break;
        }
        return null;
      },
      async create({ marker, title, body }) {
        const json = { title, body: fence(signTicket(body, marker)), labels: [marker, ...labels] };
        const made = await requestJson(outside, call('POST', '', json), issue);
        if (!shows(made, marker)) throw new Unmarked(placeOf(made), 'neither its labels nor its text were kept');
        return placeOf(made);
      },
      async read(id) {
        const found = await requestJson(outside, call('GET', `/${id}`), issue);
        // The last two pages, since the last alone may hold a single one.
        const last = Math.max(1, Math.ceil(found.comments / perPage));
        const said: z.infer<typeof comments> = [];
        for (const page of last === 1 ? [1] : [last - 1, last])
          said.push(
            ...(await requestJson(outside, call('GET', `/${id}/comments?per_page=${perPage}&page=${page}`), comments)),
          );
        return {
          ...placeOf(found),
          open: found.state === 'open',
          closedBy: found.closed_by?.login ?? null,
          comments: said
            .filter((one) => one !== null)
            .map((one) => ({ id: String(one.id), by: one.user?.login ?? 'unknown', text: one.body ?? '' })),
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
