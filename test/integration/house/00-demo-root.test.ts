import { existsSync } from 'node:fs';
import { afterAll, describe, expect } from 'vitest';
import { requires } from '../../requires.js';
import { DemoReport, unseenWithoutGap } from './demo-report.js';
import { asRoot, leftOf, ourAccounts, tricordon } from './support.js';

const it = await requires('root', 'bpftrace', 'nftables', 'iproute2', 'postgresql');
const accounts = ourAccounts();

describe('the demo as root', () => {
  afterAll(async () => {
    // A demo that was cut off is removed by the next command: nothing to do where it ended by itself.
    if (existsSync('/var/lib/tricordon-demo/house'))
      await tricordon(asRoot(), ['down', '--purge', '--data-dir', '/var/lib/tricordon-demo/house']);
  });

  it('sees, contains and refuses the attack, restores the shop, and leaves nothing behind', async () => {
    const done = await tricordon(asRoot(), ['demo', '--headless', '-o', 'json']);
    expect(done.status, done.stderr).toBe(0);
    const report = DemoReport.parse(JSON.parse(done.stdout));
    expect(unseenWithoutGap(report)).toEqual([]);
    expect(report.platform.root).toBe(true);
    for (const layer of ['runtime', 'network', 'api'] as const) expect(report.coverage[layer].level).toBe('full');
    expect(report.attack.steps.map((step) => step.layer)).toEqual(['api', 'runtime', 'runtime', 'network', 'api']);
    expect(report.attack.steps.at(-1)?.outcome).toBe('refused');
    const [incident] = report.incidents;
    expect(incident?.layers).toEqual(expect.arrayContaining(['runtime', 'network', 'api']));
    expect(incident?.tactics).toEqual(expect.arrayContaining(['TA0002', 'TA0006', 'TA0008']));
    expect(incident?.services).toContain('catalog');
    expect(incident?.containMs).toBeGreaterThan(incident?.detectMs ?? Number.POSITIVE_INFINITY);
    expect(incident?.actions).toEqual(
      expect.arrayContaining([
        { kind: 'pause', status: 'done' },
        { kind: 'isolate', status: 'done' },
        { kind: 'restart', status: 'done' },
      ]),
    );
    expect(report.contracts.find((contract) => contract.service === 'catalog')?.mode).toMatchObject({
      network: 'enforce',
      api: 'enforce',
    });

    expect(existsSync('/var/lib/tricordon-demo')).toBe(false);
    expect(existsSync('/run/tricordon-demo')).toBe(false);
    for (const place of ['/var/lib/tricordon-demo', '/run/tricordon-demo']) expect(await leftOf(place, '')).toEqual([]);
    expect(ourAccounts().filter((name) => !accounts.includes(name))).toEqual([]);
  });
});
