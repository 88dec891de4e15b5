import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserPath, launchBrowser, noBrowser, watchPage } from '../support/browser.ts';
import { builtConsole, type Served, serveConsoleApi, writeMachines } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await serveConsoleApi();
  await writeMachines(served.mdb, 30);
});
afterAll(() => served?.close());

describe('the console’s files', () => {
  it('come under a policy that lets nothing in from elsewhere, and no word of a page run', async () => {
    for (const path of ['/', '/fleet?selector=rack%3DA01']) {
      const answer = await fetch(`${served.origin}${path}`);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
      const policy = answer.headers.get('content-security-policy') ?? '';
      const rules = Object.fromEntries(
        policy.split('; ').map((rule) => [rule.split(' ')[0], rule.split(' ').slice(1)]),
      );
      expect(rules).toMatchObject({ 'default-src': ["'none'"], 'script-src': ["'self'"], 'style-src': ["'self'"] });
      expect(rules).toMatchObject({ 'connect-src': ["'self'"], 'frame-ancestors': ["'none'"], 'base-uri': ["'none'"] });
      expect(
        Object.values(rules)
          .flat()
          .every((source) => source === "'self'" || source === "'none'"),
      ).toBe(true);
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(answer.headers.get('cache-control')).toBe('no-cache');
      expect((await fetch(`${served.origin}${path}`, { method: 'HEAD' })).status).toBe(200);
    }
  });

  it('are packed, named by what is in them, and kept by browsers', async () => {
    const page = await (await fetch(`${served.origin}/`)).text();
    const [, script = ''] = /src="(\/assets\/[^"]+\.js)"/.exec(page) ?? [];
    const answer = await fetch(`${served.origin}${script}`, { headers: { 'accept-encoding': 'br' } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-encoding')).toBe('br');
    expect(answer.headers.get('cache-control')).toContain('immutable');
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await fetch(`${served.origin}/assets/../index.html`)).status).toBe(404);
    expect((await fetch(`${served.origin}/assets/%2e%2e/built`)).status).toBe(404);
  });

  it('have no more than 300 KB of packed JavaScript', () => {
    const assets = join(builtConsole, 'assets');
    const scripts = readdirSync(assets).filter((name) => name.endsWith('.js.gz'));
    expect(scripts).not.toEqual([]);
    const bytes = scripts.reduce((sum, name) => sum + statSync(join(assets, name)).size, 0);
    expect(bytes).toBeLessThanOrEqual(300_000);
  });

  it('leave other paths to the API, which says that there is no such page', async () => {
    const answer = await fetch(`${served.origin}/nothing`);
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });
});

describe.skipIf(browserPath === null)(`the frame${browserPath === null ? ` (${noBrowser})` : ''}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());

  it('says who looks, leads to the pages by keyboard alone, and asks nobody else anything', async () => {
    const { page, complaints, foreign, axe, close } = await watchPage(browser, served.origin);
    await page.goto('/');
    await page.getByText('local, admin').waitFor();
    await page.getByRole('link', { name: 'node-00001' }).waitFor();
    expect(await page.title()).toBe('Fleet – Farrier');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Fleet');
    const focused = () => page.evaluate('document.activeElement.textContent');
    const back = async (to: string) => {
      for (let left = 20; left > 0 && (await focused()) !== to; left -= 1) await page.keyboard.press('Shift+Tab');
      expect(await focused()).toBe(to);
    };
    await back('Inbox');
    await page.keyboard.press('Enter');
    await page.waitForURL('**/inbox');
    await page.getByText('Nothing waits for a person.').waitFor();
    expect(await focused()).toBe('Inbox');
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
    expect(await axe()).toEqual([]);
    await back('Skip to the page');
    expect(await page.evaluate('document.activeElement.getBoundingClientRect().left')).toBeGreaterThan(0);
    expect({ complaints, foreign }).toEqual({ complaints: [], foreign: [] });
    await close();
  });

  it('is light or dark as the system is, or as was chosen, and readable both ways', async () => {
    const { page, complaints, axe, close } = await watchPage(browser, served.origin, { colorScheme: 'dark' });
    const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.goto('/fleet');
    await page.getByRole('link', { name: 'node-00001' }).waitFor();
    expect(await ground()).toBe('rgb(22, 24, 27)');
    expect(await axe()).toEqual([]);
    await page.getByLabel('Colours').selectOption('light');
    expect(await ground()).toBe('rgb(251, 250, 248)');
    await page.reload();
    await page.getByRole('link', { name: 'node-00001' }).waitFor();
    expect(await ground()).toBe('rgb(251, 250, 248)');
    expect(complaints).toEqual([]);
    await close();
  });

  it('needs no scrolling sideways at 200 % of a small screen', async () => {
    // Half of 1280 pixels, as a browser that shows everything twice as large has them.
    const { page, close } = await watchPage(browser, served.origin, { viewport: { width: 640, height: 400 } });
    await page.goto('/fleet');
    await page.getByRole('link', { name: 'node-00001' }).waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(640);
    await close();
  });

  it('shows the rest where one part fails', async () => {
    const { page, close } = await watchPage(browser, served.origin);
    await page.route('**/api/v1/session', (route) =>
      route.fulfill({ status: 500, json: { title: 'Farrier met a fault' } }),
    );
    await page.goto('/fleet');
    await page.getByText('not known who looks').waitFor();
    await page.getByRole('link', { name: 'node-00001' }).waitFor();
    await close();
  });
});
