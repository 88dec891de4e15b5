import { z } from 'zod';
import { mustHave } from '../outside/connection.ts';
import { ask, type Call, openOutside } from '../outside/http.ts';
import { type OpenTicketSystem, type OutsidePlace, readTicketSettings, wordList } from './system.ts';
import { fence } from './text.ts';

const settings = {
  /** Number of the project, or its path `group/name`. */
  project: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*(\/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$/, 'is not a project'),
  labels: wordList.optional(),
};

const issue = z.object({
  iid: z.number().int(),
  web_url: z.string(),
  state: z.string(),
  closed_by: z.object({ username: z.string() }).nullish(),
});
const notes = z.array(
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
  const call = (method: Call['method'], path: string, json?: unknown): Call => ({
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
        const path = `?labels=${marker}&scope=all&order_by=created_at&sort=asc&per_page=20`;
        const [first] = await ask(outside, call('GET', path), z.array(issue));
        return first ? placeOf(first) : null;
      },
      async create({ marker, title, body }) {
        const json = { title, description: fence(body), labels: [marker, ...labels].join(',') };
        return placeOf(await ask(outside, call('POST', '', json), issue));
      },
      async read(id) {
        const found = await ask(outside, call('GET', `/${id}`), issue);
        const said = await ask(outside, call('GET', `/${id}/notes?sort=desc&order_by=created_at&per_page=100`), notes);
        return {
          ...placeOf(found),
          open: found.state === 'opened',
          closedBy: found.closed_by?.username ?? null,
          comments: said
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
