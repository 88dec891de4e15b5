import { z } from 'zod';
import { mustHave } from '../http/connection.ts';
import { type HttpRequest, openOutside, requestJson } from '../http/http.ts';
import { listOf, type OpenTicketSystem, type OutsidePlace, readTicketSettings, Unmarked, wordList } from './system.ts';
import { isTicket, signTicket, uncode } from './text.ts';

const settings = {
  table: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,79}$/, 'is not the name of a table')
    .default('incident'),
  /** Group that new tickets go to, by sys_id or name. */
  group: z.string().max(100).optional(),
  /** State that closes a ticket, and what else counts as closed. */
  closeState: z
    .string()
    .regex(/^-?\d{1,3}$/, 'is not a number')
    .default('6'),
  closedStates: wordList.default(['6', '7', '8']),
  openState: z
    .string()
    .regex(/^-?\d{1,3}$/, 'is not a number')
    .default('2'),
  /** Close code, which must be one of those that the table has. */
  closeCode: z.string().max(100).default('Solution provided'),
};

const record = z.object({
  sys_id: z.string().regex(/^[0-9a-f]{32}$/),
  state: z.union([z.string(), z.number().transform(String)]).catch(''),
  // A reference comes with its link, where that was not left out as asked for.
  closed_by: z.union([z.string(), z.object({ value: z.string() }).transform(({ value }) => value)]).catch(''),
  /** Absent in a table that has no such field: ServiceNow drops what it does not know, from records and from queries. */
  correlation_id: z.string().optional().catch(undefined),
  description: z.string().catch(''),
});
const one = z.object({ result: record });
const many = (marker: string) => z.object({ result: listOf(record, marker) });
const journal = z.object({
  result: listOf(z.object({ sys_id: z.string(), value: z.string(), sys_created_by: z.string().catch('unknown') })),
});
const fields = 'sysparm_fields=sys_id,state,closed_by,correlation_id,description&sysparm_exclude_reference_link=true';

/** Records of a table of ServiceNow: an account with the rights of `itil`. */
export const openServicenow: OpenTicketSystem = (connection, given) => {
  const { table, group, closeState, closedStates, openState, closeCode } = readTicketSettings(settings, given);
  const { username, password } = mustHave(connection, 'username', 'password');
  const outside = openOutside(connection);
  const headers = { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` };
  const call = (method: HttpRequest['method'], path: string, json?: unknown): HttpRequest => ({
    method,
    path: `/api/now/table/${path}`,
    headers,
    ...(json === undefined ? {} : { json }),
  });
  const placeOf = ({ sys_id }: z.infer<typeof record>): OutsidePlace => ({
    id: sys_id,
    url: `${outside.origin}/${table}.do?sys_id=${sys_id}`,
  });
  const missing = `the table ${table} keeps no correlation_id; give it that field, or name another table`;
  const search = async (condition: string, marker: string) => {
    const query = encodeURIComponent(`${condition}^ORDERBYsys_created_on`);
    const path = `${table}?sysparm_query=${query}&sysparm_limit=20&${fields}`;
    return (await requestJson(outside, call('GET', path), many(marker))).result.filter((one) => one !== null);
  };
  const change = async (id: string, json: object): Promise<void> => {
    await outside.send(call('PATCH', `${table}/${id}`, json));
  };
  return {
    end: outside.close,
    system: {
      async find(marker) {
        const byField = await search(`correlation_id=${marker}`, marker);
        const mine = byField.find(({ correlation_id }) => correlation_id === marker);
        if (mine) return placeOf(mine);
        const byText = await search(`descriptionLIKE${marker}`, marker);
        const made = byText.find(({ description }) => isTicket(description, marker));
        if (made && made.correlation_id === undefined) throw new Unmarked(placeOf(made), missing);
        return made ? placeOf(made) : null;
      },
      async create({ marker, title, body }) {
        const json = {
          short_description: title,
          description: signTicket(uncode(body), marker),
          correlation_id: marker,
          correlation_display: 'Farrier',
          ...(group === undefined ? {} : { assignment_group: group }),
        };
        const { result } = await requestJson(outside, call('POST', `${table}?${fields}`, json), one);
        if (result.correlation_id !== marker) throw new Unmarked(placeOf(result), missing);
        return placeOf(result);
      },
      async read(id) {
        const { result } = await requestJson(outside, call('GET', `${table}/${id}?${fields}`), one);
        const query = encodeURIComponent(`element_id=${id}^elementINcomments,work_notes^ORDERBYDESCsys_created_on`);
        const path = `sys_journal_field?sysparm_query=${query}&sysparm_fields=sys_id,value,sys_created_by&sysparm_limit=100`;
        const said = await requestJson(outside, call('GET', path), journal);
        const open = !closedStates.includes(result.state);
        return {
          ...placeOf(result),
          open,
          closedBy: open || result.closed_by === '' ? null : result.closed_by,
          comments: said.result
            .filter((one) => one !== null)
            .map(({ sys_id, value, sys_created_by }) => ({ id: sys_id, by: sys_created_by, text: value }))
            .reverse(),
        };
      },
      comment: (id, text) => change(id, { work_notes: uncode(text) }),
      close: (id, why) => change(id, { state: closeState, close_code: closeCode, close_notes: uncode(why) }),
      reopen: (id) => change(id, { state: openState }),
    },
  };
};
