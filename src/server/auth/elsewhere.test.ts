import { expect, test } from 'vitest';
import { silent } from '../../base/index.js';
import type { Context } from '../context.js';
import { endElsewhere } from './elsewhere.js';

const session = { account: 'Ana\u001b[2J', grants: [], role: 'viewer', expiresAt: 9, source: '192.0.2.1' };

test('the first who notices tells everybody, with names that cannot draw on a terminal; the next say nothing', async () => {
  let open = true;
  const mails: string[] = [];
  const context = {
    store: {
      accounts: {
        endElsewhere: async () => {
          const was = open;
          open = false;
          return was;
        },
      },
    },
    clock: { now: () => 0, monotonic: () => 0 },
    log: silent,
    mailer: { send: (subject: string, text: string) => mails.push(`${subject}\n${text}`), unsent: () => 0 },
    addresses: { consoleUrl: 'https://tricordon.example' },
  } as unknown as Context; // only what is asked for
  await Promise.all([1, 2, 3].map(() => endElsewhere(context, 'cookie', session, '198.51.100.7')));
  expect(mails).toHaveLength(1);
  expect(mails[0]).toContain('opened from 192.0.2.1 was used from 198.51.100.7');
  expect(mails[0]).not.toContain('\u001b');
});
