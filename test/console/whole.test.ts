/** The console of a whole Farrier, whose machines are born while it is looked at. */
import { eq } from 'drizzle-orm';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { humanSteps } from '../../mdb/schema.ts';
import { type Whole, wholeFarrier } from '../fleet/farrier.ts';
import { browserPath, launchBrowser, noBrowser, watchPage } from '../support/browser.ts';
import { drawPicture } from './picture.ts';

const title = browserPath === null ? ` (${noBrowser})` : '';

describe.skipIf(browserPath === null)(`the console of a whole Farrier${title}`, () => {
  let whole: Whole;
  let browser: Browser;
  beforeAll(async () => {
    const fault = { kind: 'wrong-port', port: 'Ethernet999' };
    const faults = [{ machine: 's001-u01', fault }];
    [whole, browser] = await Promise.all([wholeFarrier({ racks: 1, perRack: 2, speed: 20, faults }), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await whole?.close();
  });

  /** Waits in the MDB, so that nothing on the screen is waited for by hope. */
  async function askedAbout(): Promise<string> {
    const open = () => whole.up.mdb.select().from(humanSteps);
    await expect.poll(async () => (await open()).length).toBe(1);
    return (await open())[0]?.machineId ?? '';
  }

  it('shows the fleet as it comes into service, without being asked', async () => {
    const { page, complaints, foreign, close } = await watchPage(browser, whole.api);
    await page.goto('/');
    const grid = page.getByRole('grid', { name: 'Machines' });
    await grid.getByRole('link', { name: 's001-u02' }).waitFor({ timeout: 120_000 });
    await page.getByText('live', { exact: true }).waitFor();
    const row = grid.getByRole('row').filter({ hasText: 's001-u02' });
    await row.getByText('in service').waitFor({ timeout: 120_000 });
    await grid.getByText(/Ethernet999/).waitFor({ timeout: 120_000 });
    expect(await grid.getAttribute('aria-rowcount')).toBe('3');
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
    await close();
  });

  it('shows one machine: where it stands, its life, its parts, and the way to its workflow', async () => {
    const { page, complaints, foreign, axe, close } = await watchPage(browser, whole.api);
    await page.goto('/fleet');
    await page.getByRole('link', { name: 's001-u02' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 's001-u02' }).waitFor();
    const part = (name: string) => page.getByRole('region', { name, exact: true }).first();
    await part('Where it stands').getByText('in service, production, rack s001 unit 2').waitFor();
    await part('Orders').getByRole('cell', { name: 'birth', exact: true }).waitFor();
    await part('Steps').getByRole('cell', { name: 'burnin' }).first().waitFor();
    const life = part('Life');
    await life.getByText('stage deployed → in service').waitFor();
    await drawPicture(page, 'machine');
    await life.getByLabel('Show').selectOption('boot');
    await life
      .getByText(/boot request/)
      .first()
      .waitFor();
    expect(await life.getByText('stage deployed → in service').count()).toBe(0);
    const link = page.getByRole('link', { name: 'Its life in Temporal' });
    expect(await link.getAttribute('href')).toMatch(/\/namespaces\/default\/workflows\/machine%2Fm-[0-9a-f]{12}$/);
    expect((await fetch((await link.getAttribute('href')) ?? '')).status).toBe(200);
    expect(await axe()).toEqual([]);
    await page.getByRole('link', { name: 'Hardware', exact: true }).click();
    await part('Parts').getByText('socket 0').first().waitFor();
    await part('Burn-in against its peers').getByRole('cell', { name: 'cpu' }).first().waitFor();
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
    await close();
  });

  it('lets a person on a phone answer in two clicks, and shows what comes of it', async () => {
    const { page, complaints, foreign, axe, close } = await watchPage(browser, whole.api, {
      viewport: { width: 360, height: 700 },
      hasTouch: true,
    });
    const machineId = await askedAbout();
    await page.goto('/inbox');
    const question = page.getByRole('article');
    await question
      .getByText(/Ethernet999/)
      .first()
      .waitFor();
    expect(await axe()).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await question.getByRole('radio', { name: 'place:RACK/UNIT', exact: true }).tap();
    await question.getByRole('button', { name: /^Answer/ }).tap();
    expect(await page.evaluate('document.querySelectorAll("input:invalid").length')).toBe(1);
    await page.getByLabel('Place, as RACK/UNIT').fill('s001/1');
    await question.getByRole('button', { name: /^Answer/ }).tap();
    await page.getByText('Nothing waits for a person.').waitFor();
    const [answered] = await whole.up.mdb.select().from(humanSteps).where(eq(humanSteps.machineId, machineId));
    expect(answered).toMatchObject({ answer: 'place:s001/1', answeredBy: 'local' });
    await page.goto(`/machines/${machineId}`);
    await page.getByText('in service, production, rack s001 unit 1').waitFor({ timeout: 120_000 });
    await page.getByText('live', { exact: true }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
    await close();
  });
});
