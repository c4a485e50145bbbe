import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { requires } from '../../requires.js';
import { accessibilityProblems, type Look, openPage } from './browser.js';
import { expectSound, type House, openHouse } from './house.js';
import { link } from './people.js';

const it = await requires('chromium');
const laptop: Look = { width: 1280, height: 800, scheme: 'dark' };
let house: House;

beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house?.close());
beforeEach(() => {
  Object.assign(house.server, { signedIn: true, refuse: undefined, role: undefined });
  house.server.changes.length = 0;
});

const views = {
  you: { path: '/you', ready: 'Switch it on' },
  people: { path: '/people', ready: '3 people may sign in.' },
  door: { path: '/login', ready: 'No password yet, or it is lost' },
} as const;

describe('the pages of people', () => {
  for (const [name, { path, ready }] of Object.entries(views)) {
    it(`are sound at every size, dark and light: ${name}`, () =>
      expectSound(house, name, { path, ready, unfold: true }));
  }

  it('are hidden from whoever may not, and so is what they could not do', async () => {
    house.server.role = 'viewer';
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/you`);
    await page.getByText('Switch it on').waitFor();
    expect(await page.getByRole('link', { name: 'People' }).count()).toBe(0);
    await page.keyboard.press('g');
    await page.keyboard.press('p');
    expect(new URL(page.url()).pathname).toBe('/you');
    await page.context().close();
  });
});

describe('signing in', () => {
  it('takes name, password and code, says what is wrong, and leads back to where one wanted to go', async () => {
    house.server.signedIn = false;
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/incidents?q=severity%3Ahigh`);
    await page.getByLabel('Name').fill('Ana Lima');
    await page.getByLabel('Password').fill('not the right one');
    house.server.refuse = {
      status: 429,
      code: 'rate-limited',
      detail: 'too many attempts to sign in',
      hint: 'wait 8 s',
    };
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('Wait 8 s.').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    house.server.refuse = {
      status: 401,
      code: 'unauthenticated',
      detail: 'name, password or code is wrong',
      hint: null,
    };
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText('Name, password or code is wrong.').waitFor();
    house.server.refuse = undefined;
    await page.getByLabel('Password').fill('a long enough phrase');
    await page.getByLabel('Code').fill(' 123456 ');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/incidents\?q=severity%3Ahigh$/);
    expect(house.server.changes.at(-1)?.body).toBe(
      '{"name":"Ana Lima","password":"a long enough phrase","code":"123456"}',
    );
    expect(page.url()).not.toContain('password');
    await page.context().close();
  });
});

describe('what one changes of one’s own', () => {
  it('a password is typed twice, and a wrong one does not sign out', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/you`);
    await page.getByLabel('Current password').fill('the old phrase here');
    await page.getByLabel('New password').fill('a much longer phrase');
    await page.getByLabel('The same again').fill('a much longer fraise');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('The two are not the same.').waitFor();
    expect(house.server.changes).toEqual([]);
    await page.getByLabel('The same again').fill('a much longer phrase');
    house.server.refuse = {
      status: 401,
      code: 'unauthenticated',
      detail: 'name, password or code is wrong',
      hint: null,
    };
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Name, password or code is wrong.').waitFor();
    house.server.refuse = undefined;
    const sessionsAgain = page.waitForResponse((response) => response.url().endsWith('/v1/sessions'));
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Saved.').waitFor();
    await sessionsAgain;
    expect(house.server.changes.at(-1)).toEqual({
      what: 'POST /v1/password',
      csrf: 'fixture-csrf',
      body: '{"password":"a much longer phrase","current":"the old phrase here"}',
    });
    await page.context().close();
  });

  it('a second factor is scanned, confirmed, and its recovery codes are shown once', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/you`);
    const card = page.locator('section', { has: page.getByRole('heading', { name: 'Second factor' }) });
    await card.getByLabel('Password').fill('a long enough phrase');
    await card.getByRole('button', { name: 'Switch it on' }).click();
    await card.getByRole('img', { name: 'QR code with the secret for an authenticator' }).waitFor();
    await card.getByText('JBSW Y3DP EHPK 3PXP').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.screenshot({ path: join(house.pictures, 'second-factor.png'), fullPage: true });
    await card.getByLabel('The code it shows now').fill('123456');
    await page.keyboard.press('Enter');
    await card.getByText('AAAA-BBBB-CCCC-DDDD').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    await card.getByRole('button', { name: 'I kept them' }).click();
    expect(await page.getByText('AAAA-BBBB-CCCC-DDDD').count()).toBe(0);
    await page.context().close();
  });

  it('other sessions end one by one or all at once, and tokens are made, shown once and revoked', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/you`);
    await page.getByRole('button', { name: 'End 1 other session' }).click();
    await expect
      .poll(() => house.server.changes.map(({ what }) => what))
      .toEqual(['POST /v1/sessions/0a1b2c3d4e5f/revoke']);
    await page.getByText('Make a token of Ana Lima').click();
    await page.getByLabel('Name', { exact: true }).fill('ci');
    await page.getByLabel('Only services where').fill('team');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByText('Labels are written KEY=VALUE, like team=shop.').waitFor();
    await page.getByLabel('Only services where').fill('team=shop');
    await page.getByLabel('What it may').selectOption('operate');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByText('tok-shown-once-0000000000').waitFor();
    expect(JSON.parse(house.server.changes.at(-1)?.body ?? '')).toEqual({
      name: 'ci',
      scopes: ['operate'],
      where: { team: 'shop' },
      ttlSeconds: 30 * 86_400,
    });
    await page.getByRole('button', { name: /^Revoke\s+deploy of Ana Lima$/ }).click();
    await expect
      .poll(() => house.server.changes.at(-1))
      .toMatchObject({ what: 'POST /v1/tokens/deploy/revoke', body: '{"account":"Ana Lima"}' });
    await page.context().close();
  });
});

describe('what administrators change', () => {
  it('somebody is invited for some services, and the link is shown once', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/people`);
    await page.getByLabel('Name', { exact: true }).fill('Dara Ní Bhriain');
    await page.getByLabel('Role').selectOption('developer');
    await page.getByText('propose a contract version').waitFor();
    await page.getByLabel('Only for services where').fill('team=shop');
    await page.getByText('For these services it may').waitFor();
    await page.getByRole('button', { name: 'Make a link' }).click();
    await page.getByText(link.url).waitFor();
    expect(JSON.parse(house.server.changes[0]?.body ?? '')).toEqual({
      name: 'Dara Ní Bhriain',
      role: 'developer',
      where: { team: 'shop' },
    });
    expect(await accessibilityProblems(page)).toEqual([]);
    await page.reload();
    await page.getByText('3 people may sign in.').waitFor();
    expect(await page.getByText(link.url).count()).toBe(0);
    await page.context().close();
  });

  it('asks again with the name, and says why the last administrator stays', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/people`);
    const row = page.getByRole('row').filter({ hasText: 'administrator' });
    await row.getByText('Change').click();
    await row.getByRole('button', { name: /^Remove/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('Remove Ana Lima for good').waitFor();
    expect(await accessibilityProblems(page)).toEqual([]);
    house.server.refuse = {
      status: 409,
      code: 'conflict',
      detail: '`Ana Lima` is the last administrator',
      hint: 'make somebody else an administrator first: tricordon user role NAME administrator',
    };
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click();
    await dialog.getByText('`Ana Lima` is the last administrator').waitFor();
    house.server.refuse = undefined;
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    await page.context().close();
  });

  it('gives and takes roles for some services', async () => {
    const { page } = await openPage(house.browser, laptop);
    await page.goto(`${house.server.url}/people`);
    const row = page.getByRole('row').filter({ hasText: 'Bela' });
    await row.getByText('Change').click();
    await row.getByRole('button', { name: /^Role/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Role').selectOption('operator');
    await dialog.getByLabel('Only for services where').fill('team=shop tier=web');
    await page.screenshot({ path: join(house.pictures, 'role.png') });
    await dialog.getByRole('button', { name: 'Give this role' }).click();
    await dialog.waitFor({ state: 'detached' });
    await row.getByRole('button', { name: /^Role/ }).click();
    await dialog.getByText('approver where team=shop').getByRole('button', { name: 'Take away' }).click();
    await expect.poll(() => house.server.changes.length).toBe(2);
    expect(house.server.changes.map(({ body }) => JSON.parse(body))).toEqual([
      { change: 'grant', role: 'operator', where: { team: 'shop', tier: 'web' } },
      { change: 'ungrant', where: { team: 'shop' } },
    ]);
    await page.context().close();
  });
});
