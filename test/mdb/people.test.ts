import { eq, sql } from 'drizzle-orm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkData, matchesChoice, standardOnClose } from '../../domain/answers.ts';
import { acting } from '../../mdb/acting.ts';
import { answerStep } from '../../mdb/people/answering.ts';
import { addSwap, setRotation } from '../../mdb/people/oncall.ts';
import { type HumanStepRow, openHumanStep, remindHumanStep } from '../../mdb/people/people.ts';
import { humanSteps, ignoredAnswers, machines, orders, outbox, ticketNotes, tickets } from '../../mdb/schema.ts';
import { type ThrowawayMdb, throwawayMdb } from '../support/mdb.ts';
import { writeSite } from '../support/site.ts';

const actor = { class: 'system', name: 'birth' } as const;
const ann = { class: 'user', name: 'ann', role: 'operator' } as const;
const day = 86_400_000;
let base: ThrowawayMdb;

beforeAll(async () => {
  base = await throwawayMdb();
  await writeSite(base.mdb);
  await base.mdb.insert(machines).values({ id: 'm-1', siteId: 'home', mac: 'a4:bf:01:00:00:01' });
  const order = {
    id: 'o-1',
    machineId: 'm-1',
    passage: 'birth',
    requester: 'ann',
    reason: 'new',
    state: 'running',
  } as const;
  await base.mdb.insert(orders).values(order);
  const today = new Date().toISOString().slice(0, 10);
  const rotation = { people: ['hana', 'ivo'], first: today, days: 30, handover: '00:00', zone: 'UTC' };
  await setRotation(base.mdb, ann, 'hands', rotation);
});
afterAll(() => base.close());
beforeEach(async () => {
  for (const table of [ticketNotes, humanSteps, tickets, ignoredAnswers, outbox]) await base.mdb.delete(table);
});

const inTx = <T>(work: Parameters<typeof acting<T>>[3]) => acting(base.mdb, actor, null, work);
const ask = (more: Partial<HumanStepRow> = {}) =>
  inTx((tx) =>
    openHumanStep(tx, {
      id: 'q-1',
      machineId: 'm-1',
      orderId: 'o-1',
      step: 'register',
      owner: 'hands',
      fault: 'disk/dead',
      reason: 'Put a new disk in.',
      choices: ['done', 'abandon'],
      remindAfter: day,
      ...more,
    }),
  );
const remind = () => inTx((tx) => remindHumanStep(tx, 'q-1', day));
const pass = (milliseconds: number) => {
  const before = sql`${milliseconds} * interval '1 millisecond'`;
  return base.mdb.update(humanSteps).set({
    remindAt: sql`${humanSteps.remindAt} - ${before}`,
    deadlineAt: sql`${humanSteps.deadlineAt} - ${before}`,
  });
};

describe('a question that waits', () => {
  it('is reminded of, once a time, and goes past its deadline to whoever is on call by then', async () => {
    await ask({ deadline: 3 * day });
    expect(await remind()).toBeNull();
    await pass(day);
    expect(await remind()).toEqual({ number: 1, escalatedTo: null });
    expect(await remind()).toBeNull();
    await pass(day);
    expect(await remind()).toMatchObject({ number: 2, escalatedTo: null });
    await pass(day);
    expect(await remind()).toEqual({ number: 3, escalatedTo: 'hana' });
    // A hand-over later, it is somebody else's.
    await addSwap(base.mdb, ann, 'hands', { person: 'ivo', from: new Date(0), until: new Date(Date.now() + day) });
    await pass(day);
    expect(await remind()).toEqual({ number: 4, escalatedTo: 'ivo' });
    const notes = await base.mdb.select({ text: ticketNotes.text }).from(ticketNotes).orderBy(ticketNotes.id);
    expect(notes.map(({ text }) => text.replace(/:.*/, ''))).toEqual([
      'Reminder 1, to hands',
      'Reminder 2, to hands',
      'Reminder 3, to hana, who is on call for hands',
      'Reminder 4, to ivo, who is on call for hands',
    ]);
    const [row] = await base.mdb.select().from(humanSteps);
    expect(row).toMatchObject({ escalatedTo: 'ivo', reminders: 4, answeredAt: null });
  });

  it('is reminded of first at its deadline when that is sooner, and goes nowhere without a rotation', async () => {
    await ask({ deadline: 3_600_000, owner: 'network' });
    expect(await remind()).toBeNull();
    await pass(3_600_000);
    expect(await remind()).toEqual({ number: 1, escalatedTo: null });
  });
});

describe('an answer', () => {
  const answer = (spec: object, by: Parameters<typeof answerStep>[1] = ann) =>
    answerStep(base.mdb, by, { step: 'q-1', answer: 'done', ...spec });
  const ignored = async () =>
    (await base.mdb.select().from(ignoredAnswers)).map(({ why, machineId }) => `${machineId}: ${why}`);

  it('counts once; late, double, misaddressed and wrong ones are kept and refused', async () => {
    await ask({ schema: { properties: { serial: { type: 'string' } }, required: ['serial'] }, roles: ['admin'] });
    const admin = { ...ann, role: 'admin' } as const;
    const data = { serial: 'S3Z8NB0K' };
    expect(await answer({ data })).toMatchObject({ code: 'forbidden' });
    expect(await answer({ data }, { ...ann, role: 'viewer' })).toMatchObject({ code: 'forbidden' });
    expect(await answer({ answer: 'wipe', data }, admin)).toMatchObject({ code: 'invalid', field: 'answer' });
    expect(await answer({}, admin)).toMatchObject({ code: 'invalid', field: 'data' });
    expect(await answer({ step: 'q-2' }, admin)).toMatchObject({ code: 'not-found' });
    expect(await answer({ data, note: 'swapped' }, admin)).toBe(true);
    expect(await answer({ answer: 'abandon', data }, admin)).toMatchObject({ code: 'conflict' });
    await base.mdb.update(humanSteps).set({ answeredAt: sql`now()`, answer: 'done', answeredBy: 'ann' });
    expect(await answer({ data }, admin)).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('done by ann'),
    });
    expect(await ignored()).toEqual([
      expect.stringContaining('for admin to answer, and not for a operator'),
      expect.stringContaining('not for a viewer'),
      expect.stringContaining('"wipe" is not an answer'),
      'm-1: data is not an object',
      expect.stringMatching(/^unknown: there is no step q-2/),
      expect.stringContaining('was answered already: done by ann'),
      expect.stringContaining('was answered already: done by ann'),
    ]);
    expect((await base.mdb.select().from(outbox)).map(({ payload }) => payload)).toEqual([
      { step: 'q-1', answer: 'done', by: 'ann', note: 'swapped', data },
    ]);
  });

  it('is one, of fifty that come at once', async () => {
    await ask();
    const all = await Promise.all(
      Array.from({ length: 50 }, (_, index) => answer({ answer: index % 2 ? 'done' : 'abandon' })),
    );
    expect(all.filter((one) => one === true)).toHaveLength(1);
    expect(await base.mdb.$count(outbox, eq(outbox.kind, 'answer'))).toBe(1);
    expect(await base.mdb.$count(ignoredAnswers)).toBe(49);
  });
});

describe('what an answer tells', () => {
  const schema = {
    properties: {
      serial: { type: 'string', pattern: '[A-Z0-9]{4,20}' },
      slot: { type: 'integer', minimum: 0, maximum: 23 },
      kind: { type: 'string', enum: ['nvme', 'ata'] },
      hot: { type: 'boolean' },
    },
    required: ['serial'],
  } as const;
  it.each([
    [{ serial: 'S3Z8NB0K' }, null],
    [{ serial: 'S3Z8NB0K', slot: 3, kind: 'nvme', hot: true }, null],
    [undefined, 'data is not an object'],
    [[], 'data is not an object'],
    [{}, 'data.serial is missing'],
    [{ serial: 'x' }, 'data.serial is not of the form [A-Z0-9]{4,20}'],
    [{ serial: 'S3Z8NB0K\n' }, 'data.serial is not of the form [A-Z0-9]{4,20}'],
    [{ serial: 7 }, 'data.serial is not a string'],
    [{ serial: 'S3Z8NB0K', slot: 24 }, 'data.slot is more than 23'],
    [{ serial: 'S3Z8NB0K', slot: 1.5 }, 'data.slot is not a whole number'],
    [{ serial: 'S3Z8NB0K', slot: Number.NaN }, 'data.slot is no number'],
    [{ serial: 'S3Z8NB0K', kind: 'tape' }, 'data.kind is not one of nvme, ata'],
    [{ serial: 'S3Z8NB0K', toString: 1 }, 'data.toString is not asked for'],
  ])('%j: %s', (data, problem) => expect(checkData(schema, data)).toBe(problem));
  it('is nothing where nothing is asked', () => {
    expect(checkData(null, undefined)).toBeNull();
    expect(checkData(null, {})).toContain('takes no data');
  });
  it('names a choice, or fills one in', () => {
    expect(matchesChoice('place:A01/3', ['place:RACK/UNIT'])).toBe(true);
    expect(matchesChoice('place:', ['place:RACK/UNIT'])).toBe(false);
    expect(matchesChoice('wip', ['wipe'])).toBe(false);
    expect(standardOnClose(['wipe', 'retry', 'abandon'])).toBe('retry');
    expect(standardOnClose(['kill', 'skip', 'wait', 'abandon'])).toBeNull();
  });
});
