/** The glass is broken on two real hosts: with the control plane, and by a sealed code while that does not answer. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec } from '../../../src/base/index.js';
import type { GlassOpening } from '../../../src/model/index.js';
import { requires } from '../../requires.js';
import { type Done, eventually, get, remove, roomy } from '../house/support.js';
import { type Pair, pair, published } from './pair.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const ready = process.getuid?.() === 0 && it !== it.skip;

interface Status {
  readonly processes: readonly { name: string; pid: number }[];
  readonly agent: { readonly glass: readonly GlassOpening[] };
}

describe('break-glass', () => {
  let hosts: Pair | undefined;
  let back = '';
  let code = '';
  let mailbox = '';

  beforeAll(async () => {
    if (!ready) return;
    mailbox = join(roomy(), 'mail');
    writeFileSync(mailbox, '');
    chmodSync(mailbox, 0o666);
    const command = ['/bin/sh', '-c', `cat >> ${mailbox}`];
    hosts = await pair(6, { settings: { notify: { command, to: ['ops@shop.example'] } } });
    back = await published(hosts.serve('beta', 'back', { publish: true }));
    await passes('/known');
    const { first } = hosts;
    await eventually(async () => {
      const learned = await first.cli('contract', 'show', 'back', '--proposed');
      return learned.stdout.includes('/known') ? true : undefined;
    });
    const approved = await first.cli(
      'contract',
      'approve',
      'back',
      '--mode',
      'runtime=learn,network=learn,api=enforce',
    );
    expect(approved.status, approved.stderr).toBe(0);
    await refused('/strange');
  });
  afterAll(async () => {
    await hosts?.end();
    if (mailbox !== '') remove(dirname(mailbox));
  });

  it('lets pass and notes what the contract forbids, tells everybody, and ends by hand', async () => {
    const { first } = running();
    const opened = await first.cli(...open, '--service', 'back', '--layer', 'api', '--reason', 'orders are stuck');
    expect(opened.status, opened.stderr).toBe(0);
    await passes('/strange');
    await passes('/known');
    const status = await first.cli('status');
    expect(status.stdout).toContain('the glass is broken');
    expect(status.stdout).toContain('orders are stuck');
    const { open: standing } = await first.json<{ open: GlassOpening[] }>('break-glass', 'list');
    expect(standing).toMatchObject([{ services: ['back'], layers: ['api'], host: null, by: 'local operator' }]);
    await eventually(async () => {
      const { stdout } = await first.cli(
        'observations',
        '--service',
        'back',
        '--layer',
        'api',
        '--limit',
        '200',
        '-o',
        'json',
      );
      return stdout
        .split('\n')
        .find(
          (line) => line.includes('/strange') && line.includes('"effect":"would-deny","contract":"back","version":1'),
        );
    });
    const closed = await first.cli('break-glass', 'close', standing[0]?.id ?? '');
    expect(closed.status, closed.stderr).toBe(0);
    await refused('/strange');
    expect((await first.cli('break-glass', 'close', standing[0]?.id ?? '')).status).toBe(1);
    await eventually(() => (mails().includes('glass closed') ? true : undefined));
    expect(mails()).toMatch(
      /Subject: \[Tricordon\] glass broken: back \(api\)[\s\S]*Subject: \[Tricordon\] glass closed: back \(api\)/,
    );
    const audit = await first.cli('audit', 'verify');
    expect(audit.status, audit.stderr).toBe(0);
  });

  it('is opened on a host by its sealed code while the control plane does not answer, and by no other', async () => {
    const { first, second } = running();
    const made = await first.json<{ code: string }>('break-glass', 'code', 'beta');
    const foreign = await first.json<{ code: string }>('break-glass', 'code', 'alpha');
    code = made.code;
    await eventually(async () => ((await kept()).codeHash === null ? undefined : true));
    process.kill(await control(), 'SIGSTOP');
    try {
      for (const wrong of [foreign.code, `${code.slice(0, -1)}z`, 'x'.repeat(300)]) {
        const done = await byCode(wrong);
        expect([done.status, done.stderr]).toEqual([1, expect.stringContaining('not the code of this host')]);
      }
      await refused('/strange');
      const done = await byCode(code, '--minutes', '1');
      expect(done.status, done.stderr).toBe(0);
      await passes('/strange');
      const again = await byCode(code);
      expect([again.status, again.stderr]).toEqual([1, expect.stringContaining('it was used')]);
      // What is open is not the agent's to keep in mind: the next one goes on with it.
      const { processes } = JSON.parse((await second.cli('status', '-o', 'json')).stdout) as Status;
      const agent = processes.find(({ name }) => name === 'agent')?.pid ?? 0;
      process.kill(agent, 'SIGKILL');
      await eventually(async () => {
        const { stdout } = await second.cli('break-glass', 'list', '--here', '-o', 'json');
        return stdout.includes('by the sealed code of beta') ? true : undefined;
      });
      await passes('/strange');
    } finally {
      process.kill(await control(), 'SIGCONT');
    }
  });

  it('ends by itself; the control plane hears of it, and the code is worth nothing any more', async () => {
    const { first } = running();
    await refused('/strange');
    const past = await eventually(async () => {
      const { open: standing, past } = await first.json<{ open: GlassOpening[]; past: GlassOpening[] }>(
        'break-glass',
        'list',
      );
      return standing.length === 0 && past.length === 2 ? past : undefined;
    });
    expect(past[0]).toMatchObject({ host: 'beta', closed: { by: 'time' } });
    expect((past[0]?.closed?.at ?? 0) - (past[0]?.openedAt ?? 0)).toBe(60_000);
    await eventually(() => (mails().includes('glass broken: back (network, api) on beta') ? true : undefined));
    const done = await byCode(code);
    expect([done.status, done.stderr]).toEqual([1, expect.stringContaining('it was used')]);
    const { agent } = JSON.parse((await running().second.cli('status', '-o', 'json')).stdout) as Status;
    expect(agent.glass).toEqual([]);
  });

  it('says what is missing', async () => {
    const { first } = running();
    for (const [args, message] of [
      [['--reason', 'long enough'], 'for which services?'],
      [['--all', '--service', 'back', '--reason', 'long enough'], 'for which services?'],
      [['--all'], 'why?'],
      [['--all', '--reason', 'long enough', '--minutes', '241'], 'from 1 to 240'],
      [['--all', '--reason', 'long enough', '--minutes', '0'], 'from 1 to 240'],
      [['--all', '--reason', 'long enough', '--layer', 'disk'], 'runtime, network, api'],
      [['--service', 'nobody', '--reason', 'long enough'], 'there is no service `nobody`'],
    ] as const) {
      const done = await first.cli(...open, ...args);
      expect([done.status, done.stderr]).toEqual([1, expect.stringContaining(message)]);
    }
    expect((await first.cli('break-glass', 'code', 'nowhere')).stderr).toContain('there is no host `nowhere`');
    expect((await first.cli('break-glass', 'close', 'GLASS-none')).stderr).toContain('was never opened');
  });

  const open = ['break-glass', 'open'] as const;

  function running(): Pair {
    if (hosts === undefined) throw new Error('not started');
    return hosts;
  }

  async function passes(path: string): Promise<void> {
    await eventually(async () => ((await get(`${back}${path}`)).text === 'hello from back' ? true : undefined));
  }

  async function refused(path: string): Promise<void> {
    await eventually(async () => ((await get(`${back}${path}`)).status === 403 ? true : undefined));
  }

  /** On `beta`, with the code on standard input. */
  async function byCode(said: string, ...more: string[]): Promise<Done> {
    const { second } = running();
    const { runner, data } = second;
    const [file = '', ...prefix] = runner.prefix;
    const args = [
      '--host-code',
      '--service',
      'back',
      '--layer',
      'network',
      '--layer',
      'api',
      '--reason',
      'control plane away',
    ];
    const done = await exec(
      file,
      [...prefix, process.execPath, runner.program, ...open, ...args, ...more, '--data-dir', data],
      { env: runner.env, input: `${said}\n`, timeoutMs: 600_000 },
    );
    return { ...done };
  }

  async function kept(): Promise<{ codeHash: string | null }> {
    const file = join(running().second.data, 'agent/glass.json');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { codeHash: null };
  }

  async function control(): Promise<number> {
    const state = JSON.parse(readFileSync(join(running().first.data, 'state.json'), 'utf8'));
    return state.processes.find(({ name }: { name: string }) => name === 'control').pid;
  }

  function mails(): string {
    return readFileSync(mailbox, 'utf8');
  }
});
