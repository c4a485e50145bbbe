/** The whole house on one small file system in memory, filled to its last block by someone else. */
import { statfsSync } from 'node:fs';
import { appendFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, onTestFailed } from 'vitest';
import { exec, isDiskFull } from '../../../src/base/index.js';
import { requires } from '../../requires.js';
import { python, pythonServer } from '../house/programs.js';
import {
  asRoot,
  type Done,
  eventually,
  get,
  type House,
  house,
  leftOf,
  remove,
  roomy,
  type Running,
  start,
} from '../house/support.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const ready = process.getuid?.() === 0 && it !== it.skip;
const spareMegabytes = 100;
/** Less than the 40 that a warning begins at, more than the 20 of a full disk. */
const tightMegabytes = 32;

interface Status {
  processes: { name: string; pid: number; running: boolean }[];
  disk: { path: string; full: boolean; level: string };
  agent: {
    controlReachable: boolean;
    disk: string;
    spool: { lost: number; full: boolean };
    workloads: { ready: boolean }[];
  } | null;
  control: { audit: { length: number }; disk: { level: string } } | null;
}

describe('a full disk under the whole house', () => {
  let directory = '';
  let disk = '';
  let filler = '';
  let home: House;
  let up: Running;
  let service: Running;
  let base = '';
  let acknowledged: string[] = [];

  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    disk = join(directory, 'm');
    filler = join(disk, 'filler');
    await mkdir(disk);
    await mounted('-t', 'tmpfs', '-o', 'size=4g,mode=0711', 'tmpfs', disk);
    // Data, logs, keys, spool, database and runtime directory: everything lies there.
    home = house(asRoot(), disk);
    up = await home.up('www-data');
    await shrink();
    service = home.run(
      ['--service', 'web', '--port', '8000', '--publish', '127.0.0.1:0', '--user', 'www-data'],
      [python, 'server.py', '8000'],
      pythonServer(directory),
    );
    base = await service.until((_, err) => /published on (http:\S+)/.exec(err)?.[1]);
    await eventually(async () => ((await get(`${base}/open`)).status === 200 ? true : undefined));
    await eventually(async () => {
      await get(`${base}/open`);
      return (await home.cli('contract', 'diff', 'web')).stdout.includes('/open') ? true : undefined;
    });
    const approved = await approve('api=enforce');
    expect(approved.status, approved.stderr).toBe(0);
    await eventually(async () => ((await get(`${base}/secret`)).status === 403 ? true : undefined));
    acknowledged = await eventually(async () => {
      expect((await get(`${base}/open`)).status).toBe(200);
      const ids = await seen('/open');
      return ids.length > 0 ? ids : undefined;
    });
  });

  afterAll(async () => {
    if (directory === '') return;
    try {
      await rm(filler, { force: true });
      const purged = await home.purge();
      expect(purged.status, purged.stdout + purged.stderr).toBe(0);
      expect(await leftOf(directory, home.instance())).toEqual([]);
    } finally {
      await exec('umount', ['-l', disk]);
      remove(directory);
    }
  });

  it('warns everywhere while there still is room, loses nothing, and takes the warning back', async () => {
    onTestFailed(explain);
    const levels = async (wanted: string) =>
      eventually(async () => {
        const { agent, control } = await home.json<Status>('status');
        return agent?.disk === wanted && control?.disk.level === wanted ? true : undefined;
      });
    await levels('normal');
    const { bavail, bsize } = statfsSync(disk);
    await appendFile(filler, Buffer.alloc(bavail * bsize - tightMegabytes * 1_048_576));
    await levels('tight');
    const status = await home.cli('status');
    expect(status.status, status.stdout + status.stderr).toBe(0);
    expect(status.stdout).toContain(`little space left in ${home.data}`);
    await decides();
    await rm(filler);
    await levels('normal');
    const after = await home.json<Status>('status');
    expect([after.agent?.spool.lost, after.disk.level]).toEqual([0, 'normal']);
  });

  it('goes on deciding, counts what it cannot keep, and says so everywhere', async () => {
    onTestFailed(explain);
    const before = await home.json<Status>('status');
    await eventually(async () => {
      await fill();
      await get(`${base}/open`);
      const { agent } = await home.json<Status>('status');
      return agent?.spool.full === true && agent.spool.lost > 0 ? true : undefined;
    });
    await decides();
    const status = await home.cli('status');
    expect(status.status).toBe(1);
    expect(status.stdout).toContain(`no space left in ${home.data}`);
    expect(status.stdout).toMatch(/\d+ observations were lost/);
    const refused = await eventually(async () => {
      const done = [await approve('api=enforce,network=audit'), await approve('api=enforce')];
      return done.find(({ status }) => status !== 0);
    });
    saysWhatIsMissing(refused);
    for (const key of ['people', 'evidence', 'console', 'spool', 'ca']) {
      await fill();
      const changed = await home.cli('key', 'rotate', key);
      if (changed.status !== 0) saysWhatIsMissing(changed);
    }
    // What only reads still works, and the trail holds.
    for (const args of [
      ['audit', 'verify'],
      ['identity', 'show'],
      ['spool', 'cat'],
      ['incidents', 'list'],
    ]) {
      const done = await home.cli(...args);
      expect(done.status, `${args.join(' ')}: ${done.stderr}`).toBe(0);
    }
    const after = await home.json<Status>('status');
    expect(after.processes).toEqual(before.processes);
  });

  it('outlasts a PostgreSQL that has no room for its log, and does not start it without', async () => {
    onTestFailed(explain);
    await fill();
    await growLog();
    await eventually(async () => {
      const { control, processes } = await home.json<Status>('status');
      const stopped = processes.some((entry) => entry.name === 'postgresql' && !entry.running);
      return control === null && stopped ? true : undefined;
    });
    await up.until((_, err) => (/does not come back: no space left for the database/.test(err) ? true : undefined));
    await decides();
    const status = await home.cli('status');
    expect(status.status).toBe(1);
    expect(status.stdout).toMatch(/not known now: no space left for the database/);
    for (const args of [
      ['contract', 'approve', 'web', '--mode', 'api=enforce', '--reason', 'full'],
      ['respond', 'apply', 'INC-1'],
      ['identity', 'show'],
      ['audit', 'verify'],
      ['observations'],
    ])
      saysWhatIsMissing(await home.cli(...args));
    expect((await home.cli('spool', 'cat')).status).toBe(0);
    const running = (await home.json<Status>('status')).processes.filter((entry) => entry.name !== 'postgresql');
    expect(running.every((entry) => entry.running)).toBe(true);
    expect(up.stderr()).not.toMatch(/(control|agent|helper) ended/);
  });

  it('comes back by itself once there is room, with all that was acknowledged', async () => {
    onTestFailed(explain);
    await rm(filler);
    await whole();
    await holds();
    // The loss is still on record.
    expect((await home.json<Status>('status')).agent?.spool.lost).toBeGreaterThan(0);
    const approved = await approve('api=enforce,network=audit');
    expect(approved.status, approved.stderr).toBe(0);
    for (const key of ['people', 'evidence', 'console', 'spool', 'ca']) {
      const changed = await home.cli('key', 'rotate', key);
      expect(changed.status, changed.stderr).toBe(0);
    }
    expect((await home.cli('spool', 'cat')).status).toBe(0);
  });

  it('keeps its supervisor when all it supervises is killed at once on a full disk', async () => {
    onTestFailed(explain);
    await fill();
    const { processes } = await home.json<Status>('status');
    for (const { name, pid } of processes)
      if (['control', 'agent', 'helper'].includes(name)) process.kill(pid, 'SIGKILL');
    await up.until((_, err) =>
      ['control', 'agent', 'helper'].every((name) => err.includes(`${name} ended (SIGKILL)`)) ? true : undefined,
    );
    await decides();
    await rm(filler);
    await whole();
    await holds();
  });

  it('stops on a full disk, does not start there, and starts with everything once there is room', async () => {
    onTestFailed(explain);
    await fill();
    const down = await home.cli('down');
    expect(down.status, down.stderr).toBe(0);
    expect((await up.done).status).toBe(0);
    await service.done;
    expect(await leftOf(directory, home.instance())).toEqual([]);
    await fill();
    const refused = await start(home.runner, upArguments()).done;
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain(`no space left in \`${home.data}\``);
    expect(refused.stderr).not.toMatch(stack);
    await rm(filler);
    up = await home.up('www-data');
    expect(await seen('/open')).toEqual(expect.arrayContaining(acknowledged));
    const audit = await home.cli('audit', 'verify');
    expect(audit.status, audit.stderr).toBe(0);
    expect((await home.cli('status')).status).toBe(0);
  });

  /** Leaves so much that the house works, and so little that it is soon filled. */
  async function shrink(): Promise<void> {
    const { blocks, bfree, bsize } = statfsSync(disk);
    const used = Math.ceil(((blocks - bfree) * bsize) / 1_048_576);
    await mounted('-o', `remount,size=${used + spareMegabytes}m`, disk);
  }

  async function mounted(...args: string[]): Promise<void> {
    const done = await exec('mount', args);
    expect(done.status, done.stderr).toBe(0);
  }

  /** To the last block; also what was freed since. */
  async function fill(): Promise<void> {
    const block = Buffer.alloc(64 << 10);
    for (let size = block.length; size >= 4_096; ) {
      try {
        await appendFile(filler, block.subarray(0, size));
      } catch (error) {
        if (!isDiskFull(error)) throw error;
        size /= 2;
      }
    }
  }

  /** Writes into PostgreSQL's log, and nowhere else, until the server has no file for it and ends. */
  async function growLog(): Promise<void> {
    const database = new Client({ host: join(home.runtime, 'pg'), user: 'tricordon', database: 'tricordon' });
    database.on('error', () => {});
    await database.connect();
    const entry = `select pg_logical_emit_message(true, 'full', repeat('x', 1000000))`;
    try {
      for (;;) await database.query(entry);
    } catch (error) {
      expect(String(error)).toMatch(/terminated|closed|pg_wal/);
    } finally {
      await database.end().catch(() => {});
    }
  }

  async function decides(): Promise<void> {
    expect((await get(`${base}/open`)).status).toBe(200);
    expect((await get(`${base}/secret`)).status).toBe(403);
  }

  async function whole(): Promise<void> {
    await eventually(async () => {
      const said = await home.cli('status', '-o', 'json');
      if (said.status !== 0) return undefined;
      const { agent } = JSON.parse(said.stdout) as Status; // our own output
      return agent?.controlReachable === true && agent.workloads.some((workload) => workload.ready) ? true : undefined;
    });
  }

  /** Decisions are those of the contract, what is new arrives, what was acknowledged is there, and the trail is unbroken. */
  async function holds(): Promise<void> {
    await decides();
    const since = Date.now();
    await eventually(async () => {
      await get(`${base}/open`);
      return (await observed()).some((row) => row.at >= since) ? true : undefined;
    });
    expect(await seen('/open')).toEqual(expect.arrayContaining(acknowledged));
    const audit = await home.cli('audit', 'verify');
    expect(audit.status, audit.stdout + audit.stderr).toBe(0);
  }

  async function seen(path: string): Promise<string[]> {
    return (await observed()).filter((row) => row.event.path === path).map((row) => row.id);
  }

  async function observed(): Promise<{ id: string; at: number; event: { path?: string } }[]> {
    const args = ['--service', 'web', '--layer', 'api', '--limit', '500', '-o', 'json'];
    const said = await home.cli('observations', ...args);
    return said.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line)); // our own output
  }

  function approve(mode: string): Promise<Done> {
    return home.cli('contract', 'approve', 'web', '--mode', mode, '--reason', 'full disk');
  }

  function upArguments(): string[] {
    return ['up', '--config', home.config, '--data-dir', home.data, '--runtime-dir', home.runtime];
  }

  /** What a failed story needs to be understood, before the house is removed. */
  async function explain(): Promise<void> {
    const status = await home.cli('status');
    const logs = await exec('tail', [
      '-n',
      '15',
      ...['control', 'agent', 'helper', 'postgres'].map((name) => join(home.data, 'log', `${name}.log`)),
    ]);
    process.stderr.write(`${status.stdout}${status.stderr}\n${logs.stdout}\n--- up\n${up.stderr()}\n`);
  }
});

const stack = /\n\s+at .+:\d+|node:internal/;

function saysWhatIsMissing(done: Done): void {
  expect(done.status, done.stdout + done.stderr).toBe(1);
  expect(done.stderr).toMatch(/^error: no space left/);
  expect(done.stderr).toMatch(/free some space/);
  expect(done.stderr).not.toMatch(stack);
}
