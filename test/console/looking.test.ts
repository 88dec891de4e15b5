/** Every page over a fleet of 10,000: as it is seen, by whom it may be, in the dark, at 200 %, and while something fails. */
import { inArray } from 'drizzle-orm';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Operator, operatorOf } from '../../api/people/operator.ts';
import { acting, record } from '../../mdb/acting.ts';
import { keepConsole } from '../../mdb/controllers/consoles.ts';
import { keepDocuments, keepSensors } from '../../mdb/controllers/inventory.ts';
import { keepLogs } from '../../mdb/controllers/logs.ts';
import {
  bootCounts,
  burninParts,
  burnins,
  drifts,
  machines,
  orders,
  reconciles,
  sensorReadings,
  tickets,
} from '../../mdb/schema.ts';
import { browserPath, launchBrowser, noBrowser, type Watched, watchPage } from '../support/browser.ts';
import { lookInTheDark } from './dark.ts';
import { drawPicture } from './picture.ts';
import { type Served, serveConsoleApi, writeMachines } from './served.ts';

const count = 10_000;
const title = browserPath === null ? ` (${noBrowser})` : '';
const [minute, hour] = [60_000, 3_600_000];
const ago = (ms: number) => new Date(Date.now() - ms);
const ann = operatorOf('ann', [{ role: 'admin', pools: null, teams: null }], 'token');

describe.skipIf(browserPath === null)(`looking at a fleet of 10,000${title}`, () => {
  let served: Served;
  let browser: Browser;
  let watched: Watched;
  let page: Page;
  let asker: Operator = ann;
  beforeAll(async () => {
    served = await serveConsoleApi({ racks: count / 40, perRack: 2, identify: () => asker });
    await writeMachines(served.mdb, count);
    await writeOneMachine(served);
    browser = await launchBrowser();
    watched = await watchPage(browser, served.origin);
    page = watched.page;
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const part = (name: string) => page.getByRole('region', { name, exact: true });

  it('shows what a machine is made of, slot by slot with its history, against its profile and its peers', async () => {
    await page.goto('/machines/node-00001?view=hardware');
    await part('Parts as its controller shows them')
      .getByText(/swapped, S1 → S9, confirmed by bob/)
      .waitFor();
    const wanted = part('Firmware and BIOS against its profile');
    await wanted
      .getByRole('row')
      .filter({ hasText: 'Turbo' })
      .getByRole('cell', { name: 'Off', exact: true })
      .waitFor();
    await part('Sensors and power')
      .getByText(/Power: between 200 and 240 W from .* 240 W at last\./)
      .waitFor();
    expect(await part('Sensors and power').locator('canvas').count()).toBe(1);
    await part('Burn-in against its peers')
      .getByText(/of 1, this is 90 % of it/)
      .waitFor();
    await wanted.scrollIntoViewIfNeeded();
    await page.evaluate('document.activeElement.blur(), scrollBy(0, 300)');
    await drawPicture(page, 'hardware');
    const tree = part('Its controller’s tree, as last known');
    await tree.getByText(/^drives/).click();
    await tree.getByText('1: Bay 0').click();
    await tree.getByText('S9').waitFor();
    expect(await watched.axe()).toEqual([]);
  });

  it('shows what its controller kept, and as of when', async () => {
    await page.getByRole('link', { name: 'Records' }).click();
    await part('End of its console').getByText('Kernel panic - not syncing').waitFor();
    await part('End of its console')
      .getByText(/^As it was at /)
      .waitFor();
    await part('Boot requests').getByRole('cell', { name: 'local' }).waitFor();
    await part('Its controller’s logs').getByRole('cell', { name: 'a fan is slow' }).waitFor();
    await part('Events that it sent').getByText('Nothing is kept yet.').waitFor();
    expect(await watched.axe()).toEqual([]);
    await page.getByRole('link', { name: 'Tickets and audit' }).click();
    await part('Tickets').getByRole('cell', { name: 'Its disk is dying' }).waitFor();
    await part('Who did what').getByRole('cell', { name: 'machine.unhold' }).waitFor();
    expect(await watched.axe()).toEqual([]);
  });

  it('goes on where one part of a page fails, which says why, and comes back when asked to', async () => {
    let fails = true;
    await page.route('**/api/v1/machines/*/burnins', (route) =>
      fails
        ? route.fulfill({
            status: 403,
            json: { title: 'That is not allowed', detail: 'not of your pool', code: 'forbidden' },
          })
        : route.continue(),
    );
    await page.getByRole('link', { name: 'Hardware', exact: true }).click();
    await page.reload();
    const burnin = part('Burn-in against its peers');
    await burnin.getByRole('alert').getByText('not of your pool').waitFor();
    await part('Parts as its controller shows them').getByText('S9', { exact: true }).waitFor();
    await part('Sensors and power')
      .getByText(/it drew 240 W/)
      .waitFor();
    fails = false;
    await burnin.getByRole('button', { name: 'Try again' }).click();
    await burnin.getByText(/this is 90 % of it/).waitFor();
    await page.unroute('**/api/v1/machines/*/burnins');
  });

  it('sums up the health of the fleet', async () => {
    await page.goto('/health');
    await part('States').getByRole('link', { name: '9,000 machines' }).waitFor();
    await part('Conformance').getByRole('cell', { name: 'Turbo' }).waitFor();
    await part('Power and room')
      .getByText(/^240 W drawn by 1 machine; of 9,999 it is not known/)
      .waitFor();
    await part('How long it took')
      .getByText(/not known of any question/)
      .waitFor();
    await part('Power and room').getByRole('link', { name: 'A01' }).click();
    await part('Power in rack A01').getByRole('row').filter({ hasText: 'node-00001' }).getByText('240 W').waitFor();
    await part('How machines are')
      .getByText(/^10,000 machines: 9,000 in production and well/)
      .waitFor();
    await page.evaluate('scrollTo(0, 0)');
    await drawPicture(page, 'health');
    await part('States').getByRole('link', { name: '9,000 machines' }).click();
    await page.getByText('9,000 machines match stage=in_service,state=production,repair=none').waitFor();
  });

  it('tells who did what, and verifies the chain itself', async () => {
    await page.goto('/audit?action=machine.*');
    await part('Entries, newest first').getByRole('cell', { name: 'machine.unhold' }).waitFor();
    await page.getByRole('button', { name: 'Verify the chain in this browser' }).click();
    await page.getByText(/^\d+ rows? (is|are) whole, each hash computed here\.$/).waitFor();
    await drawPicture(page, 'audit');
    await page.getByLabel('Who', { exact: true }).fill('nobody');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.waitForURL('**actor=nobody**');
    await page.getByText('0 of 0 entries').waitFor();
  });

  it('shows a rack from behind, by firmware, with its permits, and what hangs on feeds and switches', async () => {
    await page.goto('/racks?rack=A01');
    await page.getByRole('link', { name: 'node-00002: in service' }).waitFor();
    await page.getByRole('combobox', { name: 'Coloured by' }).selectOption('firmware');
    const other = page.getByRole('link', { name: 'node-00001: firmware other than wanted' });
    await other.waitFor();
    expect(await other.getAttribute('data-tone')).toBe('bad');
    await page.getByRole('link', { name: 'node-00002: firmware as wanted' }).waitFor();
    await page.evaluate('scrollTo(0, 0)');
    await drawPicture(page, 'racks');
    await page.getByRole('combobox', { name: 'Seen from' }).selectOption('rear');
    await page.getByRole('link', { name: 'sw-A01 swp2: node-00002' }).waitFor();
    await part('Permits of reboot/rack=A01')
      .getByText(/^0 permits in use/)
      .waitFor();
    await part('Feeds and what hangs on them').getByRole('link', { name: '5,000 machines' }).first().waitFor();
    await page.getByRole('button', { name: 'sw-A01' }).click();
    const hanging = part('What hangs on switch sw-A01');
    await hanging.getByText('Pool general would lose 2 of 9,000 machines in production.').waitFor();
    await hanging.getByRole('link', { name: 'node-00001' }).waitFor();
  });

  it('keeps views of the fleet under names, in this browser', async () => {
    await page.goto('/fleet?selector=rack%3DA02&columns=machine%2Cunit');
    await page.getByText('40 machines match rack=A02').waitFor();
    await page.getByRole('button', { name: 'Save this view' }).click();
    await page.getByLabel('Name of the view').fill('Mine');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Forget Mine' }).waitFor();
    await page.goto('/fleet');
    await page.getByText('10,000 machines', { exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'View' }).selectOption('Mine');
    await page.getByText('40 machines match rack=A02').waitFor();
    expect(await page.getByRole('grid').getAttribute('aria-colcount')).toBe('2');
    await page.getByRole('button', { name: 'Forget Mine' }).click();
    await page.getByRole('button', { name: 'Save this view' }).waitFor();
  });

  // The others are looked at so in pages.test.ts.
  it.each(['/fleet', '/machines/node-00001', '/campaigns', '/calendar', '/order', '/health', '/audit'])(
    'shows %s in the dark and twice as large, once a slow API answers, without a finding of axe',
    (path) => lookInTheDark(browser, served.origin, path),
  );

  it('tells who sees one pool only what they may not see, and shows the rest', async () => {
    asker = operatorOf('wim', [{ role: 'viewer', pools: ['general'], teams: null }], 'token');
    await page.goto('/health');
    await part('What a person should see to').getByRole('alert').getByText(/wim/).waitFor();
    await part('States').getByRole('link', { name: '9,000 machines' }).waitFor();
    await part('Power and room')
      .getByText(/^240 W drawn/)
      .waitFor();
    asker = ann;
  });

  it('is walked by keyboard alone: to a page, through its views, and into what it can do', async () => {
    await page.goto('/machines/node-00001');
    await part('Orders').getByRole('table').waitFor();
    const reach = async (name: string) => {
      for (let left = 80; left > 0; left -= 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate('document.activeElement.textContent')) === name) return;
      }
      throw new Error(`the tab key does not come to ${name}`);
    };
    await reach('Order something for it');
    await page.keyboard.press('Enter');
    await reach('Plan the reboot');
    await page.keyboard.press('Enter');
    // What is not filled in is where the keyboard is then.
    expect(await page.evaluate('document.activeElement.matches("input:invalid")')).toBe(true);
    await page.keyboard.type('by the keyboard');
    await page.keyboard.press('Enter');
    await page.getByText('Nothing is done yet: what would be done is being found out').waitFor();
  });

  it('goes on when changes cannot be heard, and says that it is not live', async () => {
    await page.route('**/api/v1/changes*', (route) => route.abort());
    await page.goto('/campaigns');
    await page.getByText('Nothing was planned yet.').waitFor();
    await page.getByText('not live').waitFor();
    const body = { id: 'unheard', selector: 'rack=A03', passage: 'reboot', reason: 'r' };
    await page.request.post('/api/v1/campaigns', { data: body });
    await page.getByRole('link', { name: 'unheard' }).waitFor();
    expect(watched.complaints).toEqual([]);
    expect(watched.foreign).toEqual([]);
  });
});

/** One machine of which all is known that anybody can be shown. */
async function writeOneMachine({ mdb }: Served): Promise<void> {
  const [id, other] = ['m-00001', 'm-00002'];
  await mdb
    .update(machines)
    .set({ profileId: 'default', product: 'R1' })
    .where(inArray(machines.id, [id, other]));
  const at = ago(hour).toISOString();
  const drive = { slot: 'Bay 0', serial: 'S9', model: 'Fast 960', revision: '2.1' };
  await keepDocuments(mdb, id, '1.2', () => ({
    documents: [{ kind: 'drives', document: [drive], hash: 'h' }],
    changes: [{ kind: 'drives', place: 'Bay 0', change: 'swapped', before: { serial: 'S1' }, after: drive }],
  }));
  await mdb.execute(`update hardware_changes set confirmed_by = 'bob', seen_at = '${at}'`);
  await mdb.insert(sensorReadings).values([
    { machineId: id, watts: 200, readAt: ago(hour) },
    { machineId: id, watts: 220, readAt: ago(30 * minute) },
  ]);
  const sensor = { chassis: '1', name: 'Inlet', kind: 'Temperature', value: 24, unit: 'Cel', health: 'OK' };
  await keepSensors(mdb, id, { watts: 240, sensors: [sensor] });
  await keepConsole(mdb, id, ['[ 12.3] Kernel panic - not syncing'], null);
  const entry = {
    fingerprint: 'f',
    entryId: '7',
    created: at,
    severity: 'Warning',
    message: 'a fan is slow',
    messageId: null,
  };
  const log = { log: '/redfish/v1/Systems/1/LogServices/SEL', name: 'SEL', cursor: ['f'], restarted: false };
  await keepLogs(mdb, id, [{ ...log, reached: 'end', entries: [entry] }]);
  await mdb.insert(drifts).values([
    { machineId: id, kind: 'bios', name: 'Turbo', want: 'On', have: 'Off' },
    { machineId: id, kind: 'firmware', name: 'BMC', want: '2', have: '1' },
  ]);
  await mdb.insert(reconciles).values({ id: 'round', siteId: 'home', endedAt: ago(minute) });
  await mdb.execute(`update profiles set bios = '{"Turbo": "On"}' where id = 'default'`);
  await mdb.insert(bootCounts).values({
    ...{ mac: '02:00:00:00:00:01', minute: ago(minute), lastAt: ago(minute), state: 'healthy', answer: 'local' },
    ...{ requests: 1, answers: 1 },
  });
  await mdb.insert(tickets).values({ id: 'T-1', machineId: id, fault: 'disk', title: 'Its disk is dying', body: 'b' });
  const birth = (machineId: string) => ({
    ...{ id: `birth-${machineId}`, machineId, passage: 'birth' as const, requester: 'birther', reason: 'it booted' },
    ...{ state: 'done' as const, endedAt: ago(hour) },
  });
  await mdb.insert(orders).values([birth(id), birth(other)]);
  const burnin = (machineId: string) => ({
    ...{ id: `b-${machineId}`, machineId, orderId: `birth-${machineId}`, verdict: 'pass' as const },
    ...{ endedAt: ago(hour), progress: 100 },
  });
  await mdb.insert(burnins).values([burnin(id), burnin(other)]);
  const figure = (machineId: string, value: number) => ({
    ...{ burninId: `b-${machineId}`, kind: 'benchmark' as const, subject: 'memory', device: 'all', ok: true },
    ...{ seconds: 60, value, unit: 'MB/s', product: 'R1' },
  });
  await mdb.insert(burninParts).values([figure(id, 90), figure(other, 100)]);
  await acting(mdb, { class: 'user', name: 'ann' }, null, (tx) =>
    record(tx, {
      actor: { class: 'user', name: 'ann' },
      action: 'machine.unhold',
      machineId: id,
      detail: { reason: 'looked' },
    }),
  );
}
