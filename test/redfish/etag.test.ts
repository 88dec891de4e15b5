import { describe, expect, test } from 'vitest';
import { tagsOf, writeTagged } from '../../redfish/etag.ts';
import type { Json, RedfishResponse } from '../../redfish/transport.ts';

/** A resource that takes a write with one of these tags only, null standing for none. */
function resource(observed: { etag?: string | undefined; body?: Json; takes: (string | null)[]; refusal?: number }) {
  const tried: (string | null)[] = [];
  let value: Json = { Mode: 'old' };
  const answer = (status: number): RedfishResponse => ({
    status,
    headers: { ...(observed.etag !== undefined && { etag: observed.etag }) },
    body: status < 300 ? { ...value, ...observed.body } : null,
  });
  return {
    tried,
    value: () => value,
    exchange: {
      read: async () => answer(200),
      write: async (tag: string | null) => {
        tried.push(tag);
        if (!observed.takes.includes(tag)) return answer(observed.refusal ?? 412);
        value = { Mode: 'new' };
        return answer(204);
      },
    },
  };
}

describe('a write carries the ETag of what was just read', () => {
  test.each<[string, Parameters<typeof resource>[0], (string | null)[]]>([
    ['as shown, where it is demanded (quirk 19)', { etag: '"a"', takes: ['"a"'] }, ['"a"']],
    ['weak as shown', { etag: 'W/"a"', takes: ['W/"a"'] }, ['W/"a"']],
    ['without weakness where that is refused (quirk 21)', { etag: 'W/"a"', takes: ['"a"'] }, ['W/"a"', '"a"']],
    ['without what compression added (quirk 8)', { etag: '"a-gzip"', takes: ['"a"'] }, ['"a-gzip"', '"a"']],
    ['quoted once (quirk 22)', { etag: '""a""', takes: ['"a"'] }, ['""a""', '"a"']],
    [
      "the body's own (quirks 20 and 22)",
      { etag: '"a"', body: { '@odata.etag': 'W/"b"' }, takes: ['W/"b"'] },
      ['"a"', 'W/"b"'],
    ],
    ["the body's own where no header shows one", { body: { '@odata.etag': '"b"' }, takes: ['"b"'] }, ['"b"']],
    ['none where all are refused (quirk 21)', { etag: 'W/"a"', takes: [null] }, ['W/"a"', '"a"', null]],
    ['none where it is empty (quirk 23)', { etag: '""', body: { '@odata.etag': '' }, takes: [null] }, [null]],
    ['none where there is none', { takes: [null] }, [null]],
    ['and takes 428 as a refusal too (quirk 20)', { etag: 'W/"a"', refusal: 428, takes: ['"a"'] }, ['W/"a"', '"a"']],
  ])('%s', async (_, observed, tried) => {
    const one = resource(observed);
    expect((await writeTagged(one.exchange, { Mode: 'new' })).status).toBe(204);
    expect(one.tried).toEqual(tried);
    expect(one.value()).toEqual({ Mode: 'new' });
  });
});

test('what refuses every form stays refused, each tried once', async () => {
  const one = resource({ etag: 'W/"a"', body: { '@odata.etag': '"b"' }, takes: [] });
  expect((await writeTagged(one.exchange, { Mode: 'new' })).status).toBe(412);
  expect(one.tried).toEqual(['W/"a"', '"a"', '"b"', null]);
});

test('what changes with every reading is given up at last', async () => {
  let reading = 0;
  let writes = 0;
  const exchange = {
    read: async () => {
      reading += 1;
      return { status: 200, headers: { etag: `"${reading}"` }, body: {} };
    },
    write: async () => {
      writes += 1;
      return { status: 412, headers: {}, body: null };
    },
  };
  expect((await writeTagged(exchange, { Mode: 'new' })).status).toBe(412);
  expect(writes).toBeLessThanOrEqual(7);
});

test('what is as wanted after a refusal is not written again', async () => {
  let observed = 'old';
  let writes = 0;
  const exchange = {
    read: async () => ({
      status: 200,
      headers: { etag: `"${observed}"` },
      body: { Boot: { Mode: observed, more: 1 } },
    }),
    write: async () => {
      writes += 1;
      // Somebody else wrote the same meanwhile.
      observed = 'new';
      return { status: 412, headers: {}, body: null };
    },
  };
  expect((await writeTagged(exchange, { Boot: { Mode: 'new' } })).status).toBe(200);
  expect(writes).toBe(1);
});

test('a resource that can not be read has no tags', () => {
  expect(tagsOf({ status: 405, headers: { etag: '"a"' }, body: null })).toEqual([null]);
});
