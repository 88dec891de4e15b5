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
  /** Number of the project, or its path `group/name`. */
  project: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/, 'is not a project'),
  labels: wordList.optional(),
};

const issue = z.object({
  iid: z.number().int(),
  web_url: z.string(),
  state: z.string(),
  closed_by: z.object({ username: z.string() }).nullish().catch(null),
  labels: labelList(z.string()),
  description: z.string().nullish(),
});
const perPage = 100;

/** Labels that a guest of the project sets are dropped, without a word; the text is kept. */
function shows({ labels, description }: z.infer<typeof issue>, marker: string): boolean {
  return labels.includes(marker) || isTicket(description, marker);
}
const notes = listOf(
  z.object({
    id: z.number(),
    body: z.string(),
    system: z.boolean().default(false),
    author: z.object({ username: z.string() }).nullish(),
  }),
);

/** Issues of a GitLab project: a token with the right `api`. */
export const openGitlab: OpenTicketSystem = (connection, given) => {
  const { project, labels = [] } = readTicketSettings(settings, given);
  const { token } = mustHave(connection, 'token');
  const outside = openOutside(connection);
  const call = (method: HttpRequest['method'], path: string, json?: unknown): HttpRequest => ({
    method,
    path: `/api/v4/projects/${encodeURIComponent(project)}/issues${path}`,
    headers: { 'private-token': token },
    ...(json === undefined ? {} : { json }),
  });
  const placeOf = ({ iid, web_url }: z.infer<typeof issue>): OutsidePlace => ({ id: String(iid), url: web_url });
  return {
    end: outside.close,
    system: {
      async find(marker) {
        for (const condition of [`labels=${marker}`, `search=${marker}&in=description`]) {
          const path = `?${condition}&scope=all&order_by=created_at&sort=asc&per_page=20`;
          const found = await requestJson(outside, call('GET', path), listOf(issue, marker));
          const first = found.find((one) => one !== null && shows(one, marker));
          if (first) return placeOf(first);
        }
        return null;
      },
      async create({ marker, title, body }) {
        const json = { title, description: fence(signTicket(body, marker)), labels: [marker, ...labels].join(',') };
        const made = await requestJson(outside, call('POST', '', json), issue);
        if (!shows(made, marker)) throw new Unmarked(placeOf(made), 'neither its labels nor its text were kept');
        return placeOf(made);
      },
      async read(id) {
        const found = await requestJson(outside, call('GET', `/${id}`), issue);
        // Newest first. Notes of the system stand between those of people, so that one page may hold few of these.
        const said: z.infer<typeof notes> = [];
        for (let page = 1; page <= 2; page += 1) {
          const path = `/${id}/notes?sort=desc&order_by=created_at&per_page=${perPage}&page=${page}`;
          const more = await requestJson(outside, call('GET', path), notes);
          said.push(...more);
          if (more.length < perPage) break;
        }
        return {
          ...placeOf(found),
          open: found.state === 'opened',
          closedBy: found.closed_by?.username ?? null,
          comments: said
            .filter((one) => one !== null)
            .filter(({ system }) => !system)
            .map((one) => ({ id: String(one.id), by: one.author?.username ?? 'unknown', text: one.body }))
            .reverse(),
        };
      },
      async comment(id, text) {
        await outside.send(call('POST', `/${id}/notes`, { body: text }));
      },
      async close(id) {
        await outside.send(call('PUT', `/${id}`, { state_event: 'close' }));
      },
      async reopen(id) {
        await outside.send(call('PUT', `/${id}`, { state_event: 'reopen' }));
      },
    },
  };
};
