/** Belt, racks and inbox over an MDB in which everything that they tell apart is. */
import { eq } from 'drizzle-orm';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operator, operatorOf } from '../../api/people/operator.ts';
import type { BeltView } from '../../contract/beltschemas.ts';
import { approvals, humanSteps, orders, outbox, steps, tickets } from '../../mdb/schema.ts';
import { browserPath, launchBrowser, noBrowser, watchPage } from '../support/browser.ts';
import { lookInTheDark } from './dark.ts';
import { drawPicture } from './picture.ts';
import { type Served, serveConsoleApi, writeMachines } from './served.ts';

const title = browserPath === null ? ` (${noBrowser})` : '';
const hour = 3_600_000;
const person = (name: string, role: 'viewer' | 'admin') =>
  operatorOf(name, [{ role, pools: null, teams: null }], 'token');

let served: Served;
let asker: Operator;
beforeAll(async () => {
  served = await serveConsoleApi({ racks: 3, identify: () => asker });
  asker = person('ann', 'admin');
  await writeMachines(served.mdb, 100);
  await writeStuck('m-00010', -hour);
  await writeStuck('m-00020', hour);
  await writeQuestion('o-m-00010', 'm-00010', 'hands', 'Which disk was put in?', -hour);
  await writeQuestion('o-m-00020', 'm-00020', 'operations', 'Shall its disk be wiped?', hour);
});
afterAll(() => served?.close());

/** A birth that burns in, against a limit that is so far off. */
async function writeStuck(machineId: string, untilLimitMs: number): Promise<void> {
  const id = `o-${machineId}`;
  await served.mdb
    .insert(orders)
    .values({ id, machineId, passage: 'birth', requester: 'birther', reason: 'it booted', state: 'running' });
  await served.mdb.insert(steps).values({
    ...{ orderId: id, name: 'burnin', source: 'passage', ordinal: 1, owner: 'hardware' },
    limitAt: new Date(Date.now() + untilLimitMs),
  });
}

async function writeQuestion(orderId: string, machineId: string, owner: string, question: string, untilMs: number) {
  const id = `${orderId}:parts:1`;
  await served.mdb
    .insert(tickets)
    .values({ id: `T-${id}`, machineId, fault: 'parts', title: question, body: question });
  const properties = {
    serial: { type: 'string', description: 'Serial number of the new disk', pattern: '[A-Z0-9]{4,}' },
    slot: { type: 'integer', description: 'Slot', minimum: 0, maximum: 23 },
    kind: { type: 'string', description: 'Kind', enum: ['ssd', 'hdd'] },
    warm: { type: 'boolean', description: 'It was changed while the machine ran' },
  } as const;
  const schema = owner === 'hands' ? { properties, required: ['serial', 'slot'] } : null;
  await served.mdb.insert(humanSteps).values({
    ...{ id, machineId, orderId, step: 'parts', ticketId: `T-${id}`, owner, question, schema },
    choices: owner === 'hands' ? ['done', 'retry'] : ['wipe', 'keep'],
    deadlineAt: new Date(Date.now() + untilMs),
    remindAt: new Date(Date.now() + hour),
  });
}

describe('GET /belt', () => {
  it('counts the machines of each rack by stage, and names the steps that are past their limit', async () => {
    const belt = (await (await fetch(`${served.origin}/api/v1/belt`)).json()) as BeltView;
    expect(belt.cells).toContainEqual({ rack: 'A01', stage: 'in_service', machines: 36, held: 0, late: 0 });
    expect(belt.cells).toContainEqual({ rack: 'A01', stage: 'racked', machines: 4, held: 0, late: 1 });
    expect(belt.cells).toContainEqual({ rack: 'A03', stage: 'racked', machines: 2, held: 1, late: 0 });
    expect(belt.stuck).toEqual([
      {
        ...{ machineId: 'm-00010', hostname: 'node-00010', rack: 'A01', stage: 'racked', passage: 'birth' },
        ...{ step: 'burnin', owner: 'hardware', limitAt: expect.stringMatching(/^\d{4}-.*Z$/), held: null },
      },
    ]);
  });
});

describe.skipIf(browserPath === null)(`the pages${title}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  it('show the belt, whose numbers lead to the machines that they count', async () => {
    const { page, complaints, foreign, axe, close } = await watchPage(browser, served.origin);
    await page.goto('/belt');
    const cell = page.getByRole('link', { name: '4 machines racked, A01, 1 past the limit' });
    await cell.waitFor();
    expect(await page.getByRole('link', { name: '90 machines in service', exact: true }).textContent()).toBe('90');
    await page.getByRole('table', { name: 'Past their limit' }).getByRole('link', { name: 'node-00010' }).waitFor();
    expect(await axe()).toEqual([]);
    await drawPicture(page, 'belt');
    await cell.click();
    await page.getByText('4 machines match rack=A01,stage=racked').waitFor();
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
    await close();
  });

  it('show a rack as it stands there, coloured as is chosen, and in words', async () => {
    const { page, complaints, axe, close } = await watchPage(browser, served.origin);
    await page.goto('/racks?rack=A03');
    const held = page.getByRole('link', { name: 'node-00100: held, its port is unknown' });
    await held.waitFor();
    expect(await held.getAttribute('data-tone')).toBe('bad');
    const units = await page.locator('.elevation .unit').allTextContents();
    expect(units.slice(0, 2)).toEqual(['48', '47']);
    await page.getByRole('combobox', { name: 'Coloured by' }).selectOption('health');
    const healthy = page.getByRole('link', { name: 'node-00090: healthy' });
    expect(await healthy.getAttribute('data-tone')).toBe('good');
    expect(await axe()).toEqual([]);
    await page.getByRole('combobox', { name: /^Rack/ }).selectOption('A01');
    await page.waitForURL('**/racks?rack=A01');
    await page.getByRole('link', { name: 'node-00001: in service' }).waitFor();
    expect(complaints).toEqual([]);
    await close();
  });

  it('show what waits for a person, the most urgent first, and take typed answers', async () => {
    const { page, complaints, axe, close } = await watchPage(browser, served.origin);
    await page.goto('/inbox');
    await page.getByText('2 questions').waitFor();
    const headings = page.getByRole('article').getByRole('heading');
    expect(await headings.allTextContents()).toEqual(['Which disk was put in?', 'Shall its disk be wiped?']);
    await page.getByRole('combobox', { name: 'Team' }).selectOption('operations');
    await page.waitForURL('**/inbox?team=operations');
    expect(await headings.allTextContents()).toEqual(['Shall its disk be wiped?']);
    await page.getByRole('combobox', { name: 'Team' }).selectOption('hands');
    await page.getByRole('radio', { name: 'done' }).click();
    await drawPicture(page, 'inbox');
    await page.getByLabel('Serial number of the new disk').fill('abc');
    await page.getByLabel('Slot').fill('7');
    await page.getByLabel('Kind').selectOption('ssd');
    await page.getByLabel('It was changed while the machine ran').check();
    await page.getByRole('button', { name: 'Answer: done' }).click();
    await page.getByRole('alert').getByText('data.serial is not of the form').waitFor();
    expect(await axe()).toEqual([]);
    await page.getByLabel('Serial number of the new disk').fill('WXYZ7');
    await page.getByRole('button', { name: 'Answer: done' }).click();
    // It is the passage's to take, and there is none here.
    await page.getByText('Answered: done.').waitFor();
    const data = { serial: 'WXYZ7', slot: 7, kind: 'ssd', warm: true };
    expect(await handed()).toEqual([{ step: 'o-m-00010:parts:1', answer: 'done', by: 'ann', data }]);
    expect(complaints).toEqual([]);
    await close();
  });

  it('show what waits for a second person by its plan, and take their word', async () => {
    await served.mdb.insert(approvals).values({
      ...{ id: 'ap-1', route: 'POST /brake/release', params: {}, body: { reason: 'no smoke' }, acts: ['brake'] },
      ...{ what: 'release of the storm brake', reason: 'no smoke', hash: 'x', askedBy: 'bob', person: 'bob' },
      ...{ plan: [{ step: 'asked', does: 'release the storm brake, engaged by bob: smoke' }], grants: [] },
      expiresAt: new Date(Date.now() + hour),
    });
    const { page, close, axe } = await watchPage(browser, served.origin);
    await page.goto('/inbox');
    const card = page.getByRole('article', { name: 'release of the storm brake' });
    await card.getByRole('button', { name: 'Show the plan' }).click();
    await card.getByText('engaged by bob: smoke').waitFor();
    expect(await axe()).toEqual([]);
    await card.getByRole('button', { name: 'Approve of this plan' }).click();
    // The brake is not engaged: nothing is as it was asked.
    await card.getByRole('alert').getByText('has lapsed').waitFor();
    await close();
  });

  it.each(['/belt', '/racks', '/inbox'])(
    'show %s in the dark and twice as large, once a slow API answers, without a finding of axe',
    (path) => lookInTheDark(browser, served.origin, path),
  );

  it('tell who may not answer so, and change nothing', async () => {
    asker = person('vic', 'viewer');
    const { page, close } = await watchPage(browser, served.origin);
    await page.goto('/inbox?team=operations');
    await page.getByText('vic, viewer').waitFor();
    await page.getByRole('radio', { name: 'wipe' }).click();
    await page.getByRole('button', { name: 'Answer: wipe' }).click();
    await page.getByRole('alert').getByText('this takes the role operator, and vic is viewer').waitFor();
    expect(await handed()).toHaveLength(1);
    asker = person('ann', 'admin');
    await close();
  });

  it('go on when changes cannot be heard, and say that they are not live', async () => {
    const { page, close } = await watchPage(browser, served.origin);
    await page.route('**/api/v1/changes*', (route) => route.abort());
    await page.goto('/inbox');
    await page.getByText('2 questions').waitFor();
    await page.getByText('not live').waitFor();
    await served.mdb.update(humanSteps).set({ question: 'Shall both be wiped?' });
    await page.getByRole('heading', { name: 'Shall both be wiped?' }).first().waitFor();
    await page.unroute('**/api/v1/changes*');
    await liveAgain(page);
    await close();
  });

  const liveAgain = (page: Page) => page.getByText('live', { exact: true }).waitFor({ timeout: 60_000 });
});

/** Answers that were handed on. */
const handed = async () =>
  (await served.mdb.select().from(outbox).where(eq(outbox.kind, 'answer'))).map(({ payload }) => payload);
