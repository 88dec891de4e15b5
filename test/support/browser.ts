/** Debian's Chromium, driven through pages of the console, and what goes wrong in them without being seen. */
import { accessSync, constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** Path of the browser; null where scripts/packages could not install one. */
export const browserPath = places.find(isProgram) ?? null;
export const noBrowser = 'skipped: Chromium is missing, and scripts/packages could not install it';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export function launchBrowser(): Promise<Browser> {
  if (browserPath === null) throw new Error(noBrowser);
  // Its sandbox takes no root, which containers of a CI are.
  return chromium.launch({ executablePath: browserPath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] });
}

const axe = fileURLToPath(import.meta.resolve('axe-core/axe.min.js'));

export interface Watched {
  readonly page: Page;
  /** What the page complained of: exceptions, errors on its console, breaches of its policy. */
  readonly complaints: string[];
  /** What it asked of other origins. */
  readonly foreign: string[];
  /** Findings of axe on the page as it stands, a line each. */
  axe(): Promise<string[]>;
  close(): Promise<void>;
}

/** A new page with nothing kept from others, at an origin. */
export async function watchPage(
  browser: Browser,
  origin: string,
  options: BrowserContextOptions = {},
): Promise<Watched> {
  const context = await browser.newContext({ baseURL: origin, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  const complaints: string[] = [];
  const foreign: string[] = [];
  page.on('pageerror', (error) => complaints.push(String(error)));
  // A request that the API refuses is told there as well, and is nothing that the page did wrong.
  page.on('console', (message) => {
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text());
  });
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) foreign.push(request.url());
  });
  return {
    page,
    complaints,
    foreign,
    axe: () => findAxe(page),
    close: () => context.close(),
  };
}

interface AxeFinding {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

async function findAxe(page: Page): Promise<string[]> {
  // Brought in by the debugger: the page's own policy lets no script in that is not the console's.
  await page.evaluate(await readFile(axe, 'utf8'));
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as AxeFinding[];
  return found.flatMap(({ id, help, nodes }) =>
    nodes.map(({ html, failureSummary = '' }) => `${id}: ${help}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
