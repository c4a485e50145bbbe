/** Chromium with everything it does by itself switched off, and what went wrong on a page written down. */
import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { type Browser, chromium, type Page } from 'playwright-core';
import { which } from '../../../src/base/index.js';

const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export async function openBrowser(): Promise<Browser> {
  const executablePath = which('chromium') ?? '/usr/bin/chromium';
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

export interface Sight {
  readonly width: number;
  readonly height: number;
  readonly theme: 'dark' | 'light';
}

/** A page whose errors are collected; `allowed` are statuses a test provokes itself. */
export async function openPage(
  browser: Browser,
  sight: Sight,
  allowed: readonly number[] = [],
): Promise<{ page: Page; errors: string[]; close: () => Promise<void> }> {
  const context = await browser.newContext({
    viewport: { width: sight.width, height: sight.height },
    colorScheme: sight.theme,
    timezoneId: 'UTC',
    locale: 'en-GB',
    reducedMotion: 'reduce',
    // axe is put in through the debugger, which the policy does not govern; the page itself stays under it.
    bypassCSP: false,
  });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    if (allowed.some((status) => message.text().includes(`status of ${status}`))) return;
    errors.push(message.text());
  });
  page.on('pageerror', (error) => errors.push(String(error)));
  return { page, errors, close: () => context.close() };
}

/** Violations of axe, each with the elements it found; empty is what we want. */
export async function axeViolations(page: Page): Promise<string[]> {
  await page.evaluate(await readFile(axePath, 'utf8'));
  // The function runs in the page, where axe is a global of its own.
  const found: unknown = await page.evaluate(
    `axe.run(document).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.slice(0, 4).map(({ target, failureSummary }) => target.join(' ') + ' (' + failureSummary + ')').join(' | ')))`,
  );
  return Array.isArray(found) ? found.map(String) : ['axe gave no answer'];
}
