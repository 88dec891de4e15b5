import {
  addComment,
  createIssue,
  doTransition,
  getComments,
  getIssue,
  getTransitions,
  searchAndReconsileIssuesUsingJqlPost,
} from 'jira.js/cloud';
import type { Client, SendRequestOptions } from 'jira.js/core';
import { z } from 'zod';
import { type Connection, mustHave } from '../http/connection.ts';
import { OutsideError } from '../http/errors.ts';
import { type Outside, openOutside } from '../http/http.ts';
import { readAdf, writeAdf } from './adf.ts';
import {
  labelList,
  listOf,
  type OpenTicketSystem,
  type OutsidePlace,
  readTicketSettings,
  Unmarked,
  wordList,
} from './system.ts';
import { signTicket } from './text.ts';

const word = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 _-]{0,63}$/, 'is not a plain word');
const settings = {
  project: z.string().regex(/^[A-Z][A-Z0-9_]{1,31}$/, 'is not the key of a project'),
  type: word.default('Task'),
  labels: wordList.optional(),
  /** Names of the transitions, where the first that leads to a closed or open status is not the right one. */
  closeBy: word.optional(),
  reopenBy: word.optional(),
};

const status = z.object({ statusCategory: z.object({ key: z.string() }) });
const issue = z.object({ key: z.string().regex(/^[A-Z][A-Z0-9_]*-\d+$/), fields: z.object({ status }) });
const labelled = z.object({ key: z.string(), fields: z.object({ labels: labelList(z.string()) }) });
const keys = z.object({ issues: z.array(labelled).default([]) });
const created = z.object({ key: z.string() });
const page = z.object({
  comments: listOf(
    z.object({
      id: z.string(),
      body: z.unknown(),
      author: z.object({ displayName: z.string() }).nullish().catch(null),
    }),
  ).default([]),
});
const ways = z.object({
  transitions: z.array(z.object({ id: z.string(), name: z.string(), to: status })).default([]),
});

/** Issues of a Jira project: `username` and `token` of an account, or a `token` alone as bearer. */
export const openJira: OpenTicketSystem = (connection, given) => {
  const { project, type, labels = [], closeBy, reopenBy } = readTicketSettings(settings, given);
  const outside = openOutside(connection);
  const client = clientOver(outside, authorisation(connection));
  const placeOf = (key: string): OutsidePlace => ({ id: key, url: `${outside.origin}/browse/${key}` });
  const move = async (key: string, done: boolean, named: string | undefined): Promise<void> => {
    const { transitions } = expectShape(ways, await getTransitions(client, { issueIdOrKey: key }));
    const fits = (one: (typeof transitions)[number]) => (one.to.statusCategory.key === 'done') === done;
    const way = transitions.find((one) => (named === undefined ? fits(one) : one.name === named));
    if (!way)
      throw new OutsideError(
        'invalid',
        `${key} has no transition to ${named ?? (done ? 'a closed' : 'an open')} status`,
      );
    await doTransition(client, { issueIdOrKey: key, transition: { id: way.id } });
  };
  return {
    end: outside.close,
    system: {
      async find(marker) {
        const jql = `project = "${project}" AND labels = "${marker}" ORDER BY created ASC`;
        const found = await searchAndReconsileIssuesUsingJqlPost(client, { jql, maxResults: 20, fields: ['labels'] });
        const mine = expectShape(keys, found).issues.find((one) => one.fields.labels.includes(marker));
        return mine ? placeOf(mine.key) : null;
      },
      async create({ marker, title, body }) {
        const fields = {
          project: { key: project },
          issuetype: { name: type },
          summary: title,
          description: writeAdf(signTicket(body, marker)),
          labels: [marker, ...labels],
        };
        const { key } = expectShape(created, await createIssue(client, { fields }));
        // What was made is told by its key alone.
        const made = expectShape(labelled, await getIssue(client, { issueIdOrKey: key, fields: ['labels'] }));
        if (!made.fields.labels.includes(marker))
          throw new Unmarked(placeOf(key), `${type} of ${project} keeps no labels`);
        return placeOf(key);
      },
      async read(id) {
        const found = expectShape(issue, await getIssue(client, { issueIdOrKey: id, fields: ['status'] }));
        const said = await getComments(client, { issueIdOrKey: id, orderBy: '-created', maxResults: 100 });
        return {
          ...placeOf(found.key),
          open: found.fields.status.statusCategory.key !== 'done',
          closedBy: null,
          comments: expectShape(page, said)
            .comments.filter((one) => one !== null)
            .map((one) => ({ id: one.id, by: one.author?.displayName ?? 'unknown', text: readAdf(one.body) }))
            .reverse(),
        };
      },
      async comment(id, text) {
        await addComment(client, { issueIdOrKey: id, body: writeAdf(text) });
      },
      close: (id) => move(id, true, closeBy),
      reopen: (id) => move(id, false, reopenBy),
    },
  };
};

function authorisation(connection: Connection): string {
  const { token } = mustHave(connection, 'token');
  if (connection.username === undefined) return `Bearer ${token}`;
  return `Basic ${Buffer.from(`${connection.username}:${token}`).toString('base64')}`;
}

/** jira.js over our own transport: its own reads answers of any length, follows redirects and waits for ever. */
function clientOver(outside: Outside, auth: string): Client {
  return {
    async sendRequest<T>({ url, method = 'GET', headers, body, searchParams = {} }: SendRequestOptions<T>): Promise<T> {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(searchParams)) {
        if (value !== undefined && value !== null) query.set(name, String(value));
      }
      const { text } = await outside.send({
        method: method as 'GET' | 'POST' | 'PUT' | 'DELETE',
        path: query.size > 0 ? `${url}?${query}` : url,
        headers: { ...headers, authorization: auth },
        ...(body === undefined ? {} : { json: body }),
      });
      try {
        return (text === '' ? undefined : JSON.parse(text)) as T;
      } catch {
        throw new OutsideError('garbage', `${method} ${url}: the answer is not JSON`);
      }
    },
  };
}

// Their schemas describe far more than is used here, and a field that Atlassian added is no reason to stop mirroring.
function expectShape<T>(shape: z.ZodType<T>, answer: unknown): T {
  const checked = shape.safeParse(answer);
  if (checked.success) return checked.data;
  throw new OutsideError(
    'garbage',
    `Jira answered what it should not (${checked.error.issues[0]?.path.join('.') || 'it'})`,
  );
}
