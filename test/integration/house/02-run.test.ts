import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { exec } from '../../../src/base/index.js';
import { requires } from '../../requires.js';
import { goSource, python, pythonServer } from './programs.js';
import {
  asRoot,
  eventually,
  get,
  type House,
  house,
  leftOf,
  ourAccounts,
  remove,
  roomy,
  type Running,
  tricordon,
} from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const withGo = await requires('root', 'nftables', 'iproute2', 'postgresql', 'go');
const ready = process.getuid?.() === 0 && it !== it.skip;
const accounts = ourAccounts();

interface Status {
  agent: { workloads: { service: string; ready: boolean; state: string }[] } | null;
  control: {
    sockets: {
      service: string;
      owner: string;
      address: string;
      port: number;
      identity: string | null;
      mtls: boolean;
      bypassable: boolean;
    }[];
  } | null;
}

const forged = [
  '{"type":"printf","data":"exec 1 1 0 /bin/FORGED-LINE"}',
  '{"schemaVersion":1,"id":"FORGED-LINE","layer":"runtime","kind":"exec"}',
  'execve("/bin/FORGED-LINE", ["x"], 0x0) = 0',
  '\u001b]0;FORGED-LINE\u0007\u001b[2J',
  '',
].join('\n');

describe('wrapping servers that know nothing of us', () => {
  let directory = '';
  let home: House;
  let app = '';
  let up: Running | undefined;

  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    app = pythonServer(directory, forged);
    home = house(asRoot(), directory);
    up = await home.up('www-data');
  });
  afterAll(async () => {
    if (directory === '') return;
    try {
      const purged = await home.purge();
      expect(purged.status, purged.stdout + purged.stderr).toBe(0);
      await up?.done;
      expect(await leftOf(directory, home.instance())).toEqual([]);
      expect(ourAccounts().filter((name) => !accounts.includes(name))).toEqual([]);
    } finally {
      remove(directory);
    }
  });

  async function serve(service: string, port: number, command: readonly string[], cwd = app) {
    const running = home.run(
      ['--service', service, '--port', String(port), '--publish', '127.0.0.1:0', '--user', 'www-data'],
      command,
      cwd,
    );
    const base = await running.until((_, err) => /published on (http:\S+)/.exec(err)?.[1]);
    await eventually(async () => ((await get(base)).status === 200 ? true : undefined));
    return { running, base };
  }

  it('carries requests through the gateway, lists every socket, and ends with the status of the command', async () => {
    const { running, base } = await serve('web', 8000, [python, 'server.py', '8000']);
    expect((await get(`${base}/some/where`)).text).toBe('hello from /some/where');
    const sockets = await eventually(async () => {
      const found = (await home.json<Status>('status')).control?.sockets.filter((row) => row.service === 'web') ?? [];
      return found.length >= 3 ? found : undefined;
    });
    expect(sockets.find((row) => row.owner === 'sidecar')).toMatchObject({ mtls: true, bypassable: false });
    expect(sockets.find((row) => row.owner === 'workload')).toMatchObject({
      port: 8000,
      mtls: false,
      bypassable: false,
    });
    expect(sockets.find((row) => row.owner === 'gateway')?.port).toBe(Number(new URL(base).port));
    // Its namespace is its own: the port it binds is not one of the host.
    expect((await get('http://127.0.0.1:8000/')).status).toBe(0);

    await get(`${base}/exit`);
    expect((await running.done).status).toBe(7);
    expect((await get(base)).status).not.toBe(200);
  });

  it('passes a signal on and ends as a shell would say it', async () => {
    const { running } = await serve('signalled', 8000, [python, 'server.py', '8000']);
    running.child.kill('SIGTERM');
    expect((await running.done).status).toBe(143);
  });

  it('ends with the status of a command that is over before it could be attested', async () => {
    const running = home.run(
      ['--service', 'short', '--port', '8001', '--user', 'www-data'],
      ['/bin/sh', '-c', 'exit 9'],
      app,
    );
    const { status, stderr } = await running.done;
    expect(status, stderr).toBe(9);
  });

  withGo('wraps a Go binary', async () => {
    const folder = goSource(directory);
    const built = await exec('go', ['build', '-o', 'server', '.'], {
      cwd: folder,
      timeoutMs: 170_000,
      env: { ...asRoot().env, GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local', CGO_ENABLED: '0' },
    });
    expect(built.status, built.stderr).toBe(0);
    const { running, base } = await serve('gopher', 8080, [join(folder, 'server'), '8080'], folder);
    expect((await get(base)).text).toBe('hello from go');
    running.child.kill('SIGTERM');
    expect((await running.done).status).toBe(143);
  });

  it('takes nothing that a workload prints for an event, and shows no escape of its own', async () => {
    const { running, base } = await serve('liar', 8002, [python, 'server.py', '8002']);
    expect((await get(`${base}/forge`)).status).toBe(200);
    // The request itself was recorded: what was printed before it would have been as well.
    const shown = await eventually(async () => {
      const said = await home.cli('observations', '--service', 'liar', '--limit', '500');
      return said.stdout.includes('/forge') ? said : undefined;
    });
    expect(shown.stdout).not.toContain('FORGED-LINE');
    for (const args of [['observations', '--limit', '500'], ['status'], ['identity', 'show']]) {
      const said = await home.cli(...args);
      expect(said.stdout).not.toContain('\u001b');
      expect(said.stdout).not.toContain('\u0007');
    }
    running.child.kill('SIGTERM');
    await running.done;
  });

  it('says what is wrong with a wish that cannot be fulfilled', async () => {
    const cases: [string[], RegExp][] = [
      [['--service', 'x', '--port', '0'], /--port PORT/],
      [['--service', 'x', '--port', '70000'], /--port PORT/],
      [['--service', 'x', '--port', '80', '--calls', 'payments'], /NAME=HOST:PORT/],
      [['--service', 'x', '--port', '80', '--calls', 'p=h:99999'], /NAME=HOST:PORT/],
      [['--service', 'x', '--port', '80', '--publish', 'here'], /ADDR:PORT/],
      [['--service', '../x', '--port', '80'], /service/],
    ];
    for (const [args, hint] of cases) {
      const done = await home.run([...args, '--user', 'www-data'], ['/bin/true'], app).done;
      expect(done.status, args.join(' ')).toBe(1);
      expect(done.stderr).toMatch(hint);
    }
    const root = await home.run(['--service', 'x', '--port', '80', '--user', 'root'], ['/bin/true'], app).done;
    expect(root.status).toBe(1);
    expect(root.stderr).toMatch(/does not run as root/);
  });

  it('refuses a public port that is in use, and starts nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const at = taken.address();
    const port = typeof at === 'object' && at !== null ? at.port : 0;
    try {
      const args = ['--service', 'late', '--port', '8003', '--publish', `127.0.0.1:${port}`, '--user', 'www-data'];
      const done = await home.run(args, [python, 'server.py', '8003'], app).done;
      expect(done.status).toBe(1);
      expect(done.stderr).toMatch(/cannot listen|in use/);
      const status = await home.json<Status>('status');
      expect(status.agent?.workloads.filter((workload) => workload.service === 'late')).toEqual([]);
    } finally {
      taken.close();
    }
  });

  it('lets only one `up` have a data directory', async () => {
    const second = await tricordon(home.runner, [
      'up',
      '--config',
      home.config,
      '--data-dir',
      home.data,
      '--runtime-dir',
      home.runtime,
    ]);
    expect(second.status).not.toBe(0);
    expect(second.stderr).toMatch(/already|another|held/);
    expect((await home.cli('status')).status).toBe(0);
  });
});

describe('an `up` or `run` that cannot be', () => {
  let directory = '';
  beforeAll(() => {
    directory = roomy();
  });
  afterAll(() => remove(directory));

  it('answers `run` without `up` with exit status 3 and the command', async () => {
    const none = house(asRoot(), directory);
    const done = await none.run(['--service', 'web', '--port', '80'], ['/bin/true'], '/').done;
    expect(done.status).toBe(3);
    expect(done.stderr).toMatch(/tricordon up/);
  });

  it('refuses settings that cannot be read, and says which', async () => {
    const file = join(directory, 'broken.yaml');
    const cases: [string, RegExp][] = [
      ['console: [', /broken\.yaml/],
      ['consol:\n  listen: 127.0.0.1:0\n', /did you mean `console`/],
      ['console:\n  listen: nowhere\n', /ADDR:PORT/],
      ['a: 1\na: 2\n', /unique/i],
    ];
    for (const [text, message] of cases) {
      writeFileSync(file, text);
      const done = await tricordon(asRoot(), ['up', '--config', file, '--data-dir', join(directory, 'none')]);
      expect(done.status, text).toBe(1);
      expect(done.stderr).toMatch(message);
    }
    const folder = await tricordon(asRoot(), ['up', '--config', directory, '--data-dir', join(directory, 'none')]);
    expect(folder.status).toBe(1);
    expect(folder.stderr).toMatch(/is a directory/);
  });

  it('refuses a data directory that belongs to someone else, and does not touch it', async () => {
    const foreign = join(directory, 'foreign');
    mkdirSync(foreign);
    chmodSync(foreign, 0o755);
    chownSync(foreign, 54_321, 54_321);
    const done = await tricordon(asRoot(), ['up', '--data-dir', foreign, '--runtime-dir', join(directory, 'fr')]);
    expect(done.status).toBe(1);
    expect(done.stderr).toMatch(/belongs to user id 54321/);
    const purge = await tricordon(asRoot(), ['down', '--purge', '--data-dir', foreign]);
    expect(purge.status).toBe(1);
    expect(purge.stderr).toMatch(/not made by tricordon/);
  });

  it('names the port of the console that is in use, and leaves nothing running', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const at = taken.address();
    const port = typeof at === 'object' && at !== null ? at.port : 0;
    const other = house(asRoot(), directory, { console: { listen: `127.0.0.1:${port}` } });
    try {
      const done = await tricordon(other.runner, [
        'up',
        '--config',
        other.config,
        '--data-dir',
        other.data,
        '--runtime-dir',
        other.runtime,
      ]);
      expect(done.status).not.toBe(0);
      expect(done.stderr).toMatch(new RegExp(`${port}`));
      await other.purge();
      expect(await leftOf(directory, '')).toEqual([]);
    } finally {
      taken.close();
    }
  });
});
