import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFailed } from 'vitest';
import { requires } from '../../requires.js';
import { python, pythonServer } from './programs.js';
import {
  asRoot,
  commandLine,
  eventually,
  get,
  type House,
  house,
  leftOf,
  remove,
  roomy,
  type Running,
} from './support.js';

const it = await requires('root', 'nftables', 'iproute2', 'postgresql', 'python');
const ready = process.getuid?.() === 0 && it !== it.skip;

interface Status {
  processes: { name: string; pid: number; running: boolean }[];
  agent: {
    controlReachable: boolean;
    workloads: { service: string; ready: boolean }[];
    sight: { by: string };
  } | null;
  control: { sockets: { service: string; owner: string }[] } | null;
}
type Row = { id: string; at: number };

describe('killing every process under traffic', () => {
  let directory = '';
  let home: House;
  let up: Running;
  const services: Running[] = [];
  let base = '';
  let marker = '';
  let traffic: Traffic;
  let acknowledged: string[] = [];
  let watched = '';

  beforeAll(async () => {
    if (!ready) return;
    directory = roomy();
    const app = pythonServer(directory);
    home = house(asRoot(), directory);
    up = await home.up('www-data');
    base = await serve(app, 'web', 8000);
    marker = await serve(app, 'marker', 8001);
    for (let count = 0; count < 5; count += 1) expect((await get(`${marker}/remembered`)).status).toBe(200);
    acknowledged = await eventually(async () => {
      const ids = (await remembered()).map((row) => row.id);
      return ids.length >= 5 ? ids : undefined;
    });
    // What was learned is `GET /open`; everything else is refused from now on.
    await eventually(async () => {
      await get(`${base}/open`);
      const diff = await home.cli('contract', 'diff', 'web');
      return diff.stdout.includes('/open') ? true : undefined;
    });
    const approved = await home.cli('contract', 'approve', 'web', '--mode', 'api=enforce', '--reason', 'kill test');
    expect(approved.status, approved.stderr).toBe(0);
    await eventually(async () => ((await get(`${base}/secret`)).status === 403 ? true : undefined));
    expect((await get(`${base}/open`)).status).toBe(200);
    watched = (await home.json<Status>('status')).agent?.sight.by ?? '';
    traffic = steady(base);
  });

  afterAll(async () => {
    if (directory === '') return;
    try {
      await traffic?.stop();
      const purged = await home.purge();
      expect(purged.status, purged.stdout + purged.stderr).toBe(0);
      // They end by themselves once their agent is gone for good.
      await Promise.all(services.map(({ done }) => done));
      expect(await leftOf(directory, home.instance())).toEqual([]);
    } finally {
      remove(directory);
    }
  });

  it('tells which recorded decisions another contract would answer otherwise', async () => {
    const file = join(directory, 'other.yaml');
    const serves = '[{ id: other, methods: [GET], path: /secret, from: [{ builtin: public }] }]';
    writeFileSync(
      file,
      `apiVersion: tricordon/v1\nkind: Contract\nservice: web\nmode: { runtime: off, network: off, api: enforce }\napi: { serves: ${serves} }\n`,
    );
    const flips = await eventually(async () => {
      const done = await home.cli('contract', 'replay', '--against', file, '--since', '1h', '-o', 'json');
      expect(done.status, done.stderr).toBe(2);
      const answered: { from: string; to: string; what: string }[] = JSON.parse(done.stdout).flips;
      const brief = answered.map(({ from, to, what }) => `${what} ${from} ${to}`);
      return brief.includes('GET web:/secret deny allow') ? brief : undefined;
    });
    expect(flips).toContain('GET web:/open allow deny');
  });

  it('says why a request was refused, what holds now, and what a bound would change', async () => {
    const { decision } = JSON.parse((await get(`${base}/secret`)).text);
    const explained = await eventually(async () => {
      const done = await home.cli('contract', 'explain', decision, '-o', 'json');
      return done.status === 0 ? JSON.parse(done.stdout) : undefined;
    });
    expect(explained).toMatchObject({ repeated: true, now: { decision: 'deny' }, observation: { service: 'web' } });
    expect(explained.nearest).toContainEqual(expect.objectContaining({ predicate: 'path', wanted: '/open' }));
    const decide = (path: string) => home.cli('contract', 'decide', 'web', '--as', 'gateway', 'GET', path);
    expect([(await decide('/open')).status, (await decide('/secret')).status]).toEqual([0, 4]);
    const bound = (serves: string) => {
      const file = join(directory, 'bound.yaml');
      writeFileSync(file, `apiVersion: tricordon/v1\nkind: Bound\nname: house\napi: { serves: [${serves}] }\n`);
      return file;
    };
    const tried = await home.cli('bound', 'apply', bound(''), '--dry-run', '-o', 'json');
    expect(tried.status, tried.stderr).toBe(2);
    expect(JSON.parse(tried.stdout)).toMatchObject({ changed: false });
    const all = '{ id: all, methods: [GET, POST], path: "/**", from: [{ builtin: public }] }';
    const applied = await home.cli('bound', 'apply', bound(all));
    expect(applied.status, applied.stdout + applied.stderr).toBe(0);
    expect((await home.cli('bound', 'list')).stdout).toContain('house');
    expect((await decide('/open')).status).toBe(0);
    expect((await home.cli('bound', 'remove', 'house')).status).toBe(0);
  });

  for (const victim of ['control', 'agent', 'helper', 'postgresql', 'gateway', 'sidecar'] as const) {
    it(`loses nothing, opens nothing and comes back when ${victim} is killed`, async () => {
      onTestFailed(explain);
      const old = await pidOf(victim);
      process.kill(old, 'SIGKILL');
      await eventually(async () => {
        const now = await pidOf(victim).catch(() => undefined);
        return now !== undefined && now !== old && (await whole()) ? true : undefined;
      });
      await holds();
      if (victim === 'agent') await sees();
    });
  }

  it('goes on without its supervisor, and the next one takes over what runs', async () => {
    onTestFailed(explain);
    const sidecar = await pidOf('sidecar');
    const gateway = await pidOf('gateway');
    up.child.kill('SIGKILL');
    await up.done;
    expect((await get(`${base}/open`)).status).toBe(200);
    expect((await get(`${base}/secret`)).status).toBe(403);
    const orphaned = await home.cli('status');
    expect(orphaned.status).toBe(1);
    expect(orphaned.stdout).toMatch(/supervisor is gone/);

    up = await home.up('www-data');
    await eventually(async () => ((await whole()) ? true : undefined));
    expect(await pidOf('sidecar')).toBe(sidecar);
    expect(await pidOf('gateway')).toBe(gateway);
    await holds();
    await sees();
  });

  async function serve(app: string, service: string, port: number): Promise<string> {
    const running = home.run(
      ['--service', service, '--port', String(port), '--publish', '127.0.0.1:0', '--user', 'www-data'],
      [python, 'server.py', String(port)],
      app,
    );
    services.push(running);
    const url = await running.until((_, err) => /published on (http:\S+)/.exec(err)?.[1]);
    await eventually(async () => ((await get(`${url}/open`)).status === 200 ? true : undefined));
    return url;
  }

  function remembered(): Promise<Row[]> {
    return observed('api', '/remembered');
  }

  /** Of `marker`, with this text in it. */
  async function observed(layer: string, text: string): Promise<Row[]> {
    const where = ['--service', 'marker', '--layer', layer, '--limit', '500', '-o', 'json'];
    const said = await home.cli('observations', ...where);
    return said.stdout
      .split('\n')
      .filter((line) => line.includes(text))
      .map((line) => JSON.parse(line) as Row); // our own output
  }

  /** Everything runs, speaks with each other, and a request comes through. */
  async function whole(): Promise<boolean> {
    const said = await home.cli('status', '-o', 'json');
    if (said.status !== 0) return false;
    const status = JSON.parse(said.stdout) as Status; // our own output
    return (
      status.processes.every((entry) => entry.running) &&
      ['up', 'control', 'agent', 'helper', 'postgresql'].every((name) =>
        status.processes.some((entry) => entry.name === name),
      ) &&
      status.control !== null &&
      status.agent?.controlReachable === true &&
      status.agent.workloads.length === 2 &&
      status.agent.workloads.every((workload) => workload.ready) &&
      (await get(`${base}/open`)).status === 200
    );
  }

  /** What a failed story needs to be understood, before the house is removed. */
  async function explain(): Promise<void> {
    const status = await home.cli('status', '-o', 'json');
    const logs = ['control.log', 'agent.log', 'helper.log'].map((name) => {
      const lines = readFileSync(join(home.data, 'log', name), 'utf8')
        .trimEnd()
        .split('\n');
      return `--- ${name}\n${lines.slice(-15).join('\n')}`;
    });
    process.stderr.write(`${status.stdout}\n${logs.join('\n')}\n--- up\n${up.stderr()}\n`);
  }

  async function holds(): Promise<void> {
    expect((await get(`${base}/secret`)).status).toBe(403);
    expect(traffic.wronglyPassed()).toEqual([]);
    // Also what was started before the agent that answers now: its socket is the new one's.
    expect((await get(`${marker}/identity`)).text).toBe('answered');
    const audit = await home.cli('audit', 'verify');
    expect(audit.status, audit.stdout + audit.stderr).toBe(0);
    const now = (await remembered()).map((row) => row.id);
    expect(now).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(now).size).toBe(now.length);
  }

  /** What a command that outlived its agent does next is seen, be it done only once. */
  async function sees(): Promise<void> {
    await eventually(async () => ((await home.json<Status>('status')).agent?.sight.by === watched ? true : undefined));
    // `/proc` shows no opened files.
    if (watched === 'proc') return;
    const asked = Date.now();
    expect((await get(`${marker}/forge`)).status).toBe(200);
    await eventually(async () => (await observed('runtime', 'forged.txt')).some(({ at }) => at >= asked) || undefined);
  }

  async function pidOf(victim: string): Promise<number> {
    if (victim === 'gateway' || victim === 'sidecar') {
      const agent = JSON.parse(readFileSync(join(home.data, 'agent/state.json'), 'utf8')) as {
        workloads: { request: { service: string }; plane: { sidecar: { pid: number } } }[];
        gateway: { sidecar: { pid: number } } | null;
      }; // the agent's own file
      const pid =
        victim === 'gateway'
          ? agent.gateway?.sidecar.pid
          : agent.workloads.find((workload) => workload.request.service === 'web')?.plane.sidecar.pid;
      if (pid === undefined || !commandLine(pid).includes('traffic/main.js')) throw new Error(`no ${victim}`);
      return pid;
    }
    const status = await home.json<Status>('status');
    const entry = status.processes.find((candidate) => candidate.name === victim && candidate.running);
    if (entry === undefined || !readdirSync('/proc').includes(String(entry.pid))) throw new Error(`no ${victim}`);
    return entry.pid;
  }
});

interface Traffic {
  wronglyPassed(): string[];
  stop(): Promise<void>;
}

/** Asks for what is allowed and for what is not, one after the other, until told to stop. */
function steady(base: string): Traffic {
  const wrong: string[] = [];
  let stopped = false;
  const ended = loop();
  async function loop(): Promise<void> {
    for (let count = 0; !stopped; count += 1) {
      const path = count % 2 === 0 ? '/secret' : '/open';
      const answer = await get(`${base}${path}?n=${count}`);
      if (path === '/secret' && (answer.status === 200 || answer.text.startsWith('hello')))
        wrong.push(`${path} ${count}: ${answer.status}`);
      await new Promise((resume) => setTimeout(resume, 40));
    }
  }
  return {
    wronglyPassed: () => wrong,
    stop: () => {
      stopped = true;
      return ended;
    },
  };
}
