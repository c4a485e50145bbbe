import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { requires } from '../../requires.js';
import { accessibilityProblems, type Look, openPage, overflow } from './browser.js';
import type { FixtureServer } from './fixture-server.js';
import { expectSound, type House, openHouse, sizes } from './house.js';

const it = await requires('chromium');
const laptop: Look = { width: 1280, height: 800, scheme: 'dark' };

const views = {
  coverage: { path: '/coverage', ready: 'How each service is held' },
  map: { path: '/map', ready: '5 calls refused.' },
  'map-service': { path: '/map?node=service:catalog', ready: 'What it may do' },
  'map-table': { path: '/map?view=table&edge=service:catalog>service:payments', ready: 'Why refused' },
  incidents: { path: '/incidents', ready: 'Signals by layer' },
  incident: { path: '/incidents/INC-42?step=signal:3', ready: 'What made it possible' },
  'no-incident': { path: '/incidents/INC-9', ready: 'There is no INC-9' },
  'no-page': { path: '/nothing/here', ready: 'There is no such page' },
  login: { path: '/login#aaaaaaaaaaaaaaaaaaaaaaaaaaaa', ready: 'Your name' },
} as const;

let house: House;
let pictures: string;
let server: FixtureServer;
let browser: Browser;

beforeAll(async () => {
  house = await openHouse();
  ({ pictures, server, browser } = house);
});
afterAll(() => house?.close());
beforeEach(() => {
  if (server === undefined) return;
  server.empty = false;
  server.glass = false;
  server.disk = 'normal';
  server.signedIn = true;
  server.changes.length = 0;
});

describe('every view', () => {
  for (const [name, view] of Object.entries(views))
    it(`is sound at every size, dark and light: ${name}`, () => expectSound(house, name, view));

  it('says who broke the glass, for what, why and how long, as soon as it is broken', async () => {
    for (const [width, height] of sizes) {
      server.glass = false;
      const { page } = await openPage(browser, { width, height, scheme: 'dark' });
      await page.goto(`${server.url}/incidents`);
      await page.getByText('Signals by layer').first().waitFor();
      await page.locator('.live', { hasText: /^live$/ }).waitFor({ state: 'attached' });
      expect(await page.getByText('The glass is broken').count()).toBe(0);
      server.glass = true;
      server.tell('glass', 'GLASS-edge-1-0a1b2c3d4e');
      await page.getByText('The glass is broken: payments, orders (network, api) on shop-b.').waitFor();
      await page.getByText('refunds are stuck and the control plane is away').waitFor();
      await page.getByText(/Ends by itself in 29:[0-3][0-9]\./).waitFor();
      expect(await accessibilityProblems(page)).toEqual([]);
      expect(await overflow(page)).toBe(0);
      await page.screenshot({ path: join(pictures, `glass-${width}.png`) });
      await page.context().close();
    }
  });

  it('says on every page that the disk has little room left, or none', async () => {
    const { page } = await openPage(browser, laptop);
    for (const [level, says] of [
      ['tight', 'Little room is left on the disk of the control plane: 612.0 MB.'],
      ['full', 'The disk of the control plane is full.'],
    ] as const) {
      server.disk = level;
      await page.goto(`${server.url}/incidents`);
      await page.getByText(says).waitFor();
      expect(await accessibilityProblems(page), level).toEqual([]);
      await page.screenshot({ path: join(pictures, `disk-${level}.png`) });
    }
    await page.context().close();
  });

  it('says which command fills it while there is nothing to show', async () => {
    server.empty = true;
    const { page } = await openPage(browser, laptop);
    for (const [path, command] of [
      ['/coverage', 'tricordon up'],
      ['/map', 'tricordon demo --keep'],
      ['/incidents', 'tricordon demo --keep'],
      ['/contracts', 'tricordon run --service NAME --port PORT -- COMMAND'],
    ] as const) {
      await page.goto(server.url + path);
      await page.getByText(command, { exact: true }).first().waitFor();
      expect(await accessibilityProblems(page), path).toEqual([]);
    }
    await page.context().close();
  });
});

describe('what is shown', () => {
  it('never shows a socket that can be gone around as good', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/coverage`);
    const row = page.locator('#sockets').getByRole('row').filter({ hasText: '10.0.4.7:7005' });
    await row.getByText('can be gone around').waitFor();
    expect(await row.locator('.tone-good').count()).toBe(0);
    await page.context().close();
  });

  it('writes hostile names out instead of obeying them', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/map?view=table`);
    await page.getByText('\\u{202e}<img src=x onerror=alert(1)>\\x1b[2J.example').first().waitFor();
    expect(await page.locator('img').count()).toBe(0);
    await page.context().close();
  });

  it('fetches anew what the event stream says has changed', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/incidents/INC-42`);
    await page.getByText('live', { exact: true }).waitFor();
    const again = page.waitForRequest((request) => request.url().endsWith('/v1/incidents/INC-42'));
    server.tell('actions', 'INC-42');
    await again;
    await page.context().close();
  });
});

describe('the keyboard', () => {
  it('goes along the time axis with the arrow keys, list and lane together', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/incidents/INC-42`);
    const first = page.locator('[data-step="signal:1"]');
    await first.focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/step=signal(:|%3A)3/);
    expect(await page.locator('.story li.selected .step-number').textContent()).toBe('3');
    expect(await page.evaluate('document.activeElement.dataset.step')).toBe('signal:3');
    await page.keyboard.press('End');
    await page.waitForURL(/step=action(:|%3A)a4/);
    await page.context().close();
  });

  it('opens a folded step, which says what it was done to', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/incidents/INC-42`);
    await page.locator('.story button.step').nth(3).focus();
    await page.keyboard.press('Enter');
    await page.locator('.story li.selected').getByText('2 signals').waitFor();
    await page.locator('.story li.selected').getByText('/etc/shadow').waitFor();
    await page.context().close();
  });

  it('draws the files of a folded node one by one, and folds them again', async () => {
    const { page, complaints } = await openPage(browser, laptop);
    await page.goto(`${server.url}/incidents/INC-42`);
    await page.locator('.touched .thing').first().waitFor();
    const things = () => page.locator('.touched .thing').count();
    expect(await things()).toBe(9);
    const button = page.getByRole('button', { name: /Draw each of 3 files: curl .* read/ });
    await button.focus();
    await page.keyboard.press('Enter');
    expect(await things()).toBe(11);
    expect(await page.locator('.touched').getByText('/etc/services').count()).toBeGreaterThan(0);
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.getByRole('button', { name: /Fold 3 files/ }).click();
    expect(await things()).toBe(9);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('walks the map from service to service and selects', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/map`);
    await page.locator('[data-node="public"]').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('complementary').getByRole('heading', { name: 'gateway' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('reaches the filter with /, narrows the list and keeps it in the URL', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/incidents`);
    await page.getByRole('link', { name: /catalog was taken over/ }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('severity:high');
    await page.getByText('1 incident of 4.').waitFor();
    expect(new URL(page.url()).searchParams.get('q')).toBe('severity:high');
    await page.keyboard.type('x layr:api');
    await page.getByText('did you mean `layer:`?').waitFor();
    await page.context().close();
  });

  it('shows help with ? and closes it with Escape, and skips to the content', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/coverage`);
    await page.getByText('How each service is held').waitFor();
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.className')).toBe('skip');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.context().close();
  });
});

describe('doing something', () => {
  it('applies, undoes and verifies, each with the CSRF token', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/incidents/INC-42`);
    await page.getByRole('button', { name: 'Apply 2 planned steps in this order' }).click();
    await expect.poll(() => server.changes.length).toBe(1);
    await page.getByRole('button', { name: /^Undo\s+Pause catalog-shop-a-7f3a90c1$/ }).click();
    await expect.poll(() => server.changes.length).toBe(2);
    expect(server.changes).toEqual([
      { what: 'POST /v1/actions/apply', csrf: 'fixture-csrf', body: '{"actions":["a5","a6"]}' },
      { what: 'POST /v1/actions/a1/undo', csrf: 'fixture-csrf', body: '' },
    ]);
    await page.getByRole('button', { name: 'Verify now' }).click();
    await page.getByText('verified now').waitFor();
    await page.context().close();
  });

  it('wants a reason before an incident is closed', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/incidents/INC-42`);
    await page.getByRole('button', { name: 'Close INC-42' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click();
    expect(server.changes).toEqual([]);
    await page.getByLabel('Reason, for the audit trail').fill('restored from approved code');
    await page.keyboard.press('Enter');
    await expect
      .poll(() => server.changes.map(({ body }) => body))
      .toEqual(['{"state":"closed","reason":"restored from approved code"}']);
    await page.context().close();
  });

  it('sends who is signed out to the door, and takes the token out of the address bar', async () => {
    server.signedIn = false;
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/map`);
    await page.getByLabel('Password').waitFor();
    expect(page.url()).toBe(`${server.url}/login?to=%2Fmap`);
    await page.goto('about:blank');
    await page.goto(`${server.url}/login#aaaaaaaaaaaaaaaaaaaaaaaaaaaa`);
    await page.getByLabel('Your name').fill('Ana Lima');
    expect(page.url()).toBe(`${server.url}/login`);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Second factor' }).waitFor();
    expect(server.changes[0]?.body).toBe('{"token":"aaaaaaaaaaaaaaaaaaaaaaaaaaaa","name":"Ana Lima"}');
    await page.context().close();
  });

  it('remembers the chosen theme', async () => {
    const { page } = await openPage(browser, laptop);
    await page.goto(`${server.url}/coverage`);
    await page.getByRole('button', { name: 'Theme: system' }).click();
    await page.getByRole('button', { name: 'Theme: dark' }).click();
    await page.reload();
    await page.getByRole('button', { name: 'Theme: light' }).waitFor();
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
    await page.context().close();
  });
});
