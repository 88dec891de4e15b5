import type { OutsideReply, OutsideRequest } from '../support/outside.ts';

/** What each fake keeps, so that tests can do what people over there would. */
export interface FakeIssue {
  id: string;
  /** Empty where the system drops the field or label that it was given as. */
  marker: string;
  title: string;
  body: string;
  open: boolean;
  closedBy: string;
  gone: boolean;
  readonly comments: { id: number; by: string; text: string }[];
}

export interface FakeTickets {
  readonly issues: FakeIssue[];
  handle(request: OutsideRequest): OutsideReply;
}

class Store {
  readonly issues: FakeIssue[] = [];
  private serial = 100;
  next(): number {
    this.serial += 1;
    return this.serial;
  }
  add(id: string, marker: string, title: string, body: string): FakeIssue {
    const issue = { id, marker, title, body, open: true, closedBy: '', gone: false, comments: [] };
    this.issues.push(issue);
    return issue;
  }
  get(id: string | undefined): FakeIssue | undefined {
    return this.issues.find((one) => one.id === id && !one.gone);
  }
  by(marker: string | null): FakeIssue[] {
    return this.issues.filter((one) => one.marker === marker && !one.gone);
  }
  saying(text: string): FakeIssue[] {
    return this.issues.filter((one) => one.body.includes(text) && !one.gone);
  }
  say(issue: FakeIssue, text: string): { id: number } {
    const id = this.next();
    issue.comments.push({ id, by: 'farrier-bot', text });
    return { id };
  }
}

const missing: OutsideReply = { status: 404, body: { message: 'Not Found' } };
const denied: OutsideReply = { status: 401, body: { message: 'Bad credentials' } };

/** `noLabels`: the token has no right to push, so that labels are dropped. */
export function fakeGithub({ noLabels = false } = {}): FakeTickets {
  const store = new Store();
  const show = (one: FakeIssue) => ({
    number: Number(one.id),
    html_url: `https://github.example/ops/racks/issues/${one.id}`,
    state: one.open ? 'open' : 'closed',
    comments: one.comments.length,
    closed_by: one.open ? null : { login: one.closedBy },
    labels: one.marker === '' ? [] : [{ name: one.marker }],
    body: one.body,
  });
  return {
    issues: store.issues,
    handle({ method, path, query, headers, body }) {
      if (headers.authorization !== 'Bearer token-canary') return denied;
      const [, number, comments] = /^\/repos\/ops\/racks\/issues(?:\/(\d+)(\/comments)?)?$/.exec(path) ?? [];
      if (!path.startsWith('/repos/ops/racks/issues')) return missing;
      if (number === undefined && method === 'GET') {
        const label = query.get('labels');
        const page = Number(query.get('page') ?? 1);
        const all = label === null ? store.issues.filter(({ gone }) => !gone).reverse() : store.by(label);
        return { body: all.slice((page - 1) * 100, page * 100).map(show) };
      }
      if (number === undefined) {
        const marker = noLabels ? '' : body.labels[0];
        return { status: 201, body: show(store.add(String(store.next()), marker, body.title, body.body)) };
      }
      const issue = store.get(number);
      if (!issue) return missing;
      if (comments && method === 'POST') return { status: 201, body: store.say(issue, body.body) };
      if (comments) {
        const page = Number(query.get('page'));
        const observed = issue.comments.slice((page - 1) * 100, page * 100);
        return { body: observed.map((one) => ({ id: one.id, body: one.text, user: { login: one.by } })) };
      }
      if (method === 'PATCH') issue.open = body.state === 'open';
      return { body: show(issue) };
    },
  };
}

/** `noLabels`: the account is a guest, whose labels are dropped. */
export function fakeGitlab({ noLabels = false } = {}): FakeTickets {
  const store = new Store();
  const base = `/api/v4/projects/${encodeURIComponent('dc/hands')}/issues`;
  const show = (one: FakeIssue) => ({
    iid: Number(one.id),
    web_url: `https://gitlab.example/dc/hands/-/issues/${one.id}`,
    state: one.open ? 'opened' : 'closed',
    closed_by: one.open ? null : { username: one.closedBy },
    labels: one.marker === '' ? [] : [one.marker],
    description: one.body,
  });
  return {
    issues: store.issues,
    handle({ method, path, query, headers, body }) {
      if (headers['private-token'] !== 'token-canary') return denied;
      if (!path.startsWith(base)) return missing;
      const [, iid, notes] = /^(?:\/(\d+)(\/notes)?)?$/.exec(path.slice(base.length)) ?? [];
      if (iid === undefined && method === 'GET') {
        const text = query.get('search');
        const found = text === null ? store.by(query.get('labels')) : store.saying(text);
        return { body: found.map(show) };
      }
      if (iid === undefined) {
        const marker = noLabels ? '' : body.labels.split(',')[0];
        return { status: 201, body: show(store.add(String(store.next()), marker, body.title, body.description)) };
      }
      const issue = store.get(iid);
      if (!issue) return missing;
      if (notes && method === 'POST') return { status: 201, body: store.say(issue, body.body) };
      if (notes) {
        const said = issue.comments.map((one) => ({ id: one.id, body: one.text, author: { username: one.by } }));
        const all = [...said, { id: 1, body: 'changed the description', system: true, author: null }].reverse();
        const page = Number(query.get('page') ?? 1);
        return { body: all.slice((page - 1) * 100, page * 100) };
      }
      if (method === 'PUT') issue.open = body.state_event === 'reopen';
      return { body: show(issue) };
    },
  };
}

/** `noField`: a table without `correlation_id`, which is dropped from records and conditions alike. */
export function fakeServicenow({ noField = false } = {}): FakeTickets {
  const store = new Store();
  const search = (wanted: string): FakeIssue[] => {
    const [condition = ''] = wanted.split('^');
    const [, field, value = ''] = /^(correlation_id=|descriptionLIKE)(.+)$/.exec(condition) ?? [];
    if (field === 'descriptionLIKE') return store.saying(value);
    return noField ? store.issues.filter(({ gone }) => !gone) : store.by(value);
  };
  const show = (one: FakeIssue) => ({
    ...(noField ? {} : { correlation_id: one.marker }),
    description: one.body,
    sys_id: one.id,
    state: one.open ? '2' : '6',
    closed_by: one.open ? '' : one.closedBy,
  });
  const auth = `Basic ${Buffer.from('farrier:password-canary').toString('base64')}`;
  return {
    issues: store.issues,
    handle({ method, path, query, headers, body }) {
      if (headers.authorization !== auth)
        return { status: 401, body: { error: { message: 'User Not Authenticated' } } };
      const wanted = query.get('sysparm_query') ?? '';
      if (path === '/api/now/table/sys_journal_field') {
        const issue = store.get(/element_id=([0-9a-f]+)\^/.exec(wanted)?.[1]);
        const said = issue?.comments.map((one) => ({
          sys_id: String(one.id),
          value: one.text,
          sys_created_by: one.by,
        }));
        return { body: { result: (said ?? []).reverse() } };
      }
      const [, id] = /^\/api\/now\/table\/incident(?:\/([0-9a-f]{32}))?$/.exec(path) ?? [];
      if (!path.startsWith('/api/now/table/incident')) return missing;
      if (id === undefined && method === 'GET') {
        return { body: { result: search(wanted).map(show) } };
      }
      if (id === undefined) {
        const made = store.next().toString(16).padStart(32, '0');
        const issue = store.add(made, body.correlation_id, body.short_description, body.description);
        return { status: 201, body: { result: show(issue) } };
      }
      const issue = store.get(id);
      if (!issue) return { status: 404, body: { error: { message: 'No Record found' } } };
      if (body?.work_notes) store.say(issue, body.work_notes);
      if (body?.state) issue.open = body.state !== '6';
      return { body: { result: show(issue) } };
    },
  };
}

/** Jira Cloud's API version 3. */
export function fakeJira({ noLabels = false } = {}): FakeTickets {
  const store = new Store();
  const textOf = (doc: { content: { content: { text: string }[] }[] }) => doc.content[0]?.content[0]?.text ?? '';
  const docOf = (text: string) => ({
    type: 'doc',
    version: 1,
    content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
  });
  const status = (open: boolean) => ({
    self: 'https://jira.example/rest/api/3/status/1',
    name: open ? 'To Do' : 'Done',
    id: open ? '1' : '2',
    statusCategory: { id: open ? 2 : 3, key: open ? 'new' : 'done' },
  });
  return {
    issues: store.issues,
    handle({ method, path, headers, body }) {
      if (headers.authorization !== `Basic ${Buffer.from('farrier:token-canary').toString('base64')}`) {
        return { status: 401, body: { errorMessages: ['You are not authenticated.'], errors: {} } };
      }
      if (path === '/rest/api/3/search/jql') {
        expectJql(body.jql);
        const found = store.by(/labels = "([^"]+)"/.exec(body.jql)?.[1] ?? '');
        const issues = found.map(({ id, marker }) => ({ id: '1', key: id, fields: { labels: [marker] } }));
        return { body: { issues, isLast: true } };
      }
      if (path === '/rest/api/3/issue' && method === 'POST') {
        const { labels, summary, description, project } = body.fields;
        const issue = store.add(
          `${project.key}-${store.next()}`,
          noLabels ? '' : labels[0],
          summary,
          textOf(description),
        );
        return { status: 201, body: { id: '1', key: issue.id, self: 'https://jira.example/x' } };
      }
      const [, key, part] = /^\/rest\/api\/3\/issue\/([A-Z]+-\d+)(?:\/(comment|transitions))?$/.exec(path) ?? [];
      const issue = store.get(key);
      if (!issue) return { status: 404, body: { errorMessages: ['Issue does not exist'], errors: {} } };
      if (part === 'comment' && method === 'POST')
        return { status: 201, body: { id: String(store.say(issue, textOf(body.body)).id) } };
      if (part === 'comment') {
        const said = issue.comments.map((one) => ({
          id: String(one.id),
          body: docOf(one.text),
          author: { displayName: one.by },
        }));
        return { body: { comments: said.reverse(), maxResults: 100, startAt: 0, total: said.length } };
      }
      if (part === 'transitions' && method === 'GET') {
        const ways = [
          { id: '11', name: 'Start', to: status(true) },
          { id: '31', name: 'Done', to: status(false) },
        ];
        return { body: { transitions: ways } };
      }
      if (part === 'transitions') {
        issue.open = body.transition.id === '11';
        return { status: 204 };
      }
      const labels = issue.marker === '' ? [] : [issue.marker];
      return { body: { id: '1', key: issue.id, fields: { status: status(issue.open), labels } } };
    },
  };
}

function expectJql(jql: string): void {
  if (!/^project = "OPS" AND labels = "farrier-[0-9a-f]{16}" ORDER BY created ASC$/.test(jql))
    throw new Error(`what a JQL: ${jql}`);
}

/** A service of one's own, as docs/tickets.md describes it; `anybody`: it finds a ticket for every marker. */
export function fakeService({ anybody = false } = {}): FakeTickets {
  const store = new Store();
  return {
    issues: store.issues,
    handle({ body }) {
      const place = (one: FakeIssue | undefined) =>
        one ? { id: one.id, url: `https://desk.example/${one.id}`, marker: one.marker } : null;
      if (body.do === 'find') return { body: { ticket: place(anybody ? store.issues[0] : store.by(body.marker)[0]) } };
      if (body.do === 'create')
        return { body: place(store.add(`D${store.next()}`, body.marker, body.title, body.body)) };
      const issue = store.get(body.id);
      if (!issue) return missing;
      if (body.do === 'comment') store.say(issue, body.text);
      if (body.do === 'close') issue.open = false;
      if (body.do === 'reopen') issue.open = true;
      if (body.do !== 'read') return { body: {} };
      const comments = issue.comments.map((one) => ({ ...one, id: String(one.id) }));
      return { body: { ...place(issue), open: issue.open, closedBy: issue.open ? null : issue.closedBy, comments } };
    },
  };
}
