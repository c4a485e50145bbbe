import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect } from 'vitest';
import { cgroup2Mount, isRunning, minimalEnvironment, processFacts, spawnProcess } from '../../../src/base/index.js';
import { launchOf, type Prepared, socketPair, stopPlane, sweepHouse } from '../../../src/agent/confine/index.js';
import { CaptureSpec } from '../../../src/agent/confine/index.js';
import { type HelperClient, helperClient } from '../../../src/agent/helper/index.js';
import { requires } from '../../requires.js';
import { account, type House, type Program, testHouse, testProgram, testSpec } from './support.js';

const it = await requires('root', 'nftables', 'iproute2');
const withPrograms = await requires('root', 'nftables', 'iproute2', 'bpf');
const withTracer = await requires('root', 'nftables', 'iproute2', 'bpftrace');

/** The workload's user is another one than the agent's account. */
const user = { uid: 65_533, gid: 65_533 };

let program: Program;
let house: House;
let spec: CaptureSpec;
let client: HelperClient;
let raw: Socket;
let helper: ReturnType<typeof spawnProcess>;

beforeAll(() => {
  if (process.getuid?.() === 0) program = testProgram();
});
afterAll(() => program?.remove());

beforeEach(async () => {
  if (process.getuid?.() !== 0) return;
  house = testHouse();
  spec = CaptureSpec.parse({ ...testSpec(house, program), ...user });
  client = helperClient();
  await startHelper();
});

afterEach(async () => {
  if (process.getuid?.() !== 0) return;
  client.close();
  helper.kill('SIGKILL');
  await sweepHouse(spec.instance);
  house.remove();
});

describe('the privileged helper', () => {
  withTracer('ends the sensor of an agent that died when the next one starts its own', async () => {
    mkdirSync(join(cgroup2Mount() ?? '', 'tricordon', spec.instance), { recursive: true });
    const parent = String(statSync(join(cgroup2Mount() ?? '', 'tricordon', spec.instance)).ino);
    const selection = { parents: [parent], containers: false };
    const tracers = () =>
      readFileSync(`/proc/${helper.pid}/task/${helper.pid}/children`, 'utf8')
        .split(' ')
        .filter((pid) => pid !== '' && readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('bpftrace'));
    for (const session of [1, 2])
      await client.ask('sensor.start', { session, first: 1, tracer: 'bpftrace', selection });
    expect(tracers()).toHaveLength(2);
    await client.ask('sensor.start', { session: 7, first: 7, tracer: 'bpftrace', selection });
    expect(tracers()).toHaveLength(1);
    await client.ask('sensor.stop', { session: 7 });
    expect(tracers()).toHaveLength(0);
  });

  withPrograms('holds programs of its own in the kernel for a session, and no longer', async () => {
    mkdirSync(join(cgroup2Mount() ?? '', 'tricordon', spec.instance), { recursive: true });
    const parent = String(statSync(join(cgroup2Mount() ?? '', 'tricordon', spec.instance)).ino);
    const selection = { parents: [parent], containers: false };
    const programs = () =>
      readdirSync(`/proc/${helper.pid}/fdinfo`).filter((fd) =>
        /^prog_tag:/m.test(readFileSync(`/proc/${helper.pid}/fdinfo/${fd}`, 'utf8')),
      ).length;
    expect(await client.ask('sensor.probe', { tracer: 'bpf' })).toEqual({ usable: true });
    expect(programs()).toBe(0);
    for (const session of [8, 9]) await client.ask('sensor.start', { session, first: 8, tracer: 'bpf', selection });
    const both = programs();
    await client.ask('sensor.start', { session: 2, first: 2, tracer: 'bpf', selection });
    expect(programs()).toBe(both / 2);
    await client.ask('sensor.stop', { session: 2 });
    expect(programs()).toBe(0);
  });

  it('prepares, starts the data plane, pauses, reads memory, isolates, kills and cleans up', async () => {
    const prepared = await client.ask('workload.prepare', { spec });
    const plane = await client.ask('plane.spawn', {
      prepared,
      control: `${house.runtimeDir}/p/a.sock`,
      log: `${house.dataDir}/a.log`,
    });
    expect(statusOf(plane.sidecar.pid)).toMatch(new RegExp(`^Uid:\\s+${account.uid}`, 'm'));
    const command = await start(prepared, ['sh', '-c', 'planted=planted-in-memory; while :; do sleep 0.05; done']);
    const listed = await client.ask('processes', { prepared });
    expect(listed).toContainEqual(command);

    const described = await client.ask('process.describe', { prepared, process: command });
    expect(described).toMatchObject({ uid: user.uid, cwd: house.cwd, cgroup: prepared.cgroup });
    expect(JSON.stringify(described)).not.toContain('a-secret-value');
    expect(described.environmentNames).toContain('SECRET_NAME');

    const into = `${house.dataDir}/m`;
    const read = { prepared, process: command, into, maxBytes: 1 << 28 };
    await expect(client.ask('memory.read', read)).rejects.toMatchObject({ code: 'refused' });
    await client.ask('pause', { prepared });
    expect((await client.ask('memory.read', read)).regions).toBeGreaterThan(0);
    expect(readFileSync(into).includes('planted-in-memory')).toBe(true);
    expect(statSync(into)).toMatchObject({ uid: account.uid, mode: 0o100600 });
    await expect(client.ask('memory.read', read)).rejects.toMatchObject({ code: 'failed' });
    await client.ask('resume', { prepared });
    await client.ask('isolate', { prepared });
    await client.ask('rejoin', { prepared });
    await client.ask('kill', { prepared });
    expect(isRunning(command.pid, command.start)).toBe(false);
    stopPlane(plane);
    await client.ask('workload.cleanup', { prepared });
    await client.ask('workload.cleanup', { prepared });
    expect(existsSync(prepared.cgroupPath ?? '/')).toBe(false);
  });

  it('refuses whatever is not this house’s, and whatever would make it write for others', async () => {
    const prepared = await client.ask('workload.prepare', { spec });
    const asked = (change: Partial<CaptureSpec>) => client.ask('workload.prepare', { spec: { ...spec, ...change } });
    const refused = { code: 'refused' };
    await expect(asked({ uid: 0 })).rejects.toMatchObject(refused);
    await expect(asked({ uid: account.uid })).rejects.toMatchObject(refused);
    await expect(asked({ instance: 'ffffffff' })).rejects.toMatchObject(refused);
    await expect(asked({ programDir: '/tmp' })).rejects.toMatchObject(refused);
    await expect(asked({ hideDirs: [] })).rejects.toMatchObject(refused);
    for (const workloadApiSocket of ['/run/docker.sock', `${spec.runtimeDir}/w/api.sock`])
      await expect(asked({ workloadApiSocket })).rejects.toMatchObject(refused);
    await expect(asked({ cwd: '/tmp/../etc' })).rejects.toMatchObject({ code: 'malformed' });

    const other = { ...prepared, cgroupPath: '/sys/fs/cgroup/unified', cgroup: '/' };
    await expect(client.ask('kill', { prepared: other })).rejects.toMatchObject(refused);
    await expect(client.ask('isolate', { prepared: { ...prepared, place: { kind: 'host' } } })).rejects.toMatchObject(
      refused,
    );
    const root = { pid: process.pid, start: processFacts(process.pid)?.start ?? 0 };
    await expect(client.ask('process.describe', { prepared, process: root })).rejects.toMatchObject(refused);

    symlinkSync('/etc', `${house.dataDir}/link`);
    await client.ask('pause', { prepared });
    for (const into of ['/etc/cron.d/x', `${house.dataDir}/link/x`, `${house.dataDir}/missing/x`]) {
      const read = { prepared, process: root, into, maxBytes: 1 << 20 };
      await expect(client.ask('memory.read', read)).rejects.toMatchObject(refused);
    }
    const plane = { prepared, control: '/etc/x', log: `${house.dataDir}/l` };
    await expect(client.ask('plane.spawn', plane)).rejects.toMatchObject(refused);
    await expect(
      client.ask('sensor.start', {
        session: 1,
        first: 1,
        tracer: 'bpf',
        selection: { parents: ['1'], containers: false },
      }),
    ).rejects.toMatchObject(refused);
    await client.ask('workload.cleanup', { prepared });
  });

  it('answers forged, broken and oversized lines, and goes on', async () => {
    client.close();
    helper.kill('SIGKILL');
    const replies: string[] = [];
    await startHelper(false);
    raw.on('data', (chunk: Buffer) => replies.push(...chunk.toString('utf8').split('\n').filter(Boolean)));
    raw.write('not json\n{"id":1,"verb":"exec","command":"id"}\n{"id":2,"verb":"hello","extra":1}\n\u0000\n');
    raw.write(`{"id":3,"verb":"hello","x":"${'a'.repeat(5 << 20)}"}\n`);
    raw.write(`${'['.repeat(100_000)}\n`);
    raw.write('{"id":4,"verb":"hello"}\n');
    await new Promise<void>((resolve) => {
      const look = () => (replies.some((line) => line.includes('"id":4')) ? resolve() : raw.once('data', look));
      look();
    });
    const codes = replies.map((line) => JSON.parse(line)).map((reply) => (reply.ok ? 'ok' : reply.error.code));
    expect(codes).toEqual([...Array(6).fill('malformed'), 'ok']);
  });

  it('is killed, and its successor finds what it made', async () => {
    const prepared = await client.ask('workload.prepare', { spec });
    const command = await start(prepared, ['sleep', 'infinity']);
    const lost = new Promise<void>((resolve) => {
      client.onGone = resolve;
    });
    helper.kill('SIGKILL');
    await lost;
    await expect(client.ask('pause', { prepared })).rejects.toMatchObject({ code: 'gone' });
    await startHelper();
    expect((await client.ask('workload.prepare', { spec })).place).toEqual(prepared.place);
    expect(await client.ask('pause', { prepared })).toEqual({ processes: 1 });
    expect(isRunning(command.pid, command.start)).toBe(true);
    await client.ask('workload.cleanup', { prepared });
    expect(isRunning(command.pid, command.start)).toBe(false);
  });

  it('reads code with the rights of the workload’s user, not with its own', async () => {
    const prepared = await client.ask('workload.prepare', { spec });
    writeFileSync(join(house.cwd, 'app.js'), 'ok');
    expect((await client.ask('code.digest', { prepared, directory: house.cwd })).files).toHaveLength(1);
    const secret = join(house.home, 'secret');
    mkdirSync(secret, { mode: 0o700 });
    writeFileSync(join(secret, 'app.js'), 'hidden');
    expect(await client.ask('code.digest', { prepared, directory: secret })).toMatchObject({
      files: [],
      flaw: { code: 'code-unsafe', message: expect.stringContaining('cannot be read') },
    });
    await client.ask('workload.cleanup', { prepared });
  });
});

async function startHelper(attach = true): Promise<void> {
  const [ours, theirs] = await socketPair();
  const settings = {
    instance: spec.instance,
    agent: account,
    dataDir: house.dataDir,
    runtimeDir: house.runtimeDir,
    programDir: program.programDir,
    nodePath: program.nodePath,
  };
  chownSync(dirname(house.dataDir), 0, 0);
  helper = spawnProcess(
    program.nodePath,
    [`${program.programDir}/dist/agent/helper/main.js`, JSON.stringify(settings)],
    {
      stdio: ['ignore', 'inherit', 'inherit', theirs],
      env: minimalEnvironment(),
    },
  );
  theirs.destroy();
  raw = ours;
  if (attach) client.attach(ours);
  else ours.resume();
}

async function start(prepared: Prepared, command: string[]): Promise<{ pid: number; start: number }> {
  const launch = launchOf(prepared, spec);
  const child = spawnProcess(launch.file, [...launch.args, ...command], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: minimalEnvironment({ SECRET_NAME: 'a-secret-value' }),
  });
  const facts = processFacts(child.pid ?? 0);
  if (facts === undefined) throw new Error('the command did not start');
  const wanted = command[0] ?? '';
  // The launch replaces itself step by step until the command runs.
  while (processFacts(facts.pid)?.comm !== wanted || statusOf(facts.pid).includes('Seccomp:\t0')) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { pid: facts.pid, start: facts.start };
}

function statusOf(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, 'utf8');
}
