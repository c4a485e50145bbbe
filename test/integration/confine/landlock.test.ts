/** The launcher's rules under a real kernel: what the contract lists goes on, what it does not list is refused. */
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { contractDescriptor, type HeldRules } from '../../../src/agent/confine/index.js';
import { handOver } from '../../../src/cli/held-contract.js';
import { spawnProcess, which } from '../../../src/base/index.js';
import { contractDigest } from '../../../src/contract/index.js';
import type { Contract, ContractVersion } from '../../../src/model/index.js';
import { requires } from '../../requires.js';
import { account, type Program, testProgram } from './support.js';

const it = await requires('landlock', 'python');
const python = realpathSync(existsSync('/usr/bin/python3') ? '/usr/bin/python3' : (which('python3') ?? ''));
const root = process.getuid?.() === 0;
const loader = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].find(existsSync);

let program: Program;
let home: string;

beforeAll(() => {
  program = testProgram();
  home = mkdtempSync('/tmp/tcl-');
  chmodSync(home, 0o755);
  for (const folder of ['data', 'closed']) {
    mkdirSync(join(home, folder));
    writeFileSync(join(home, folder, 'listed'), 'listed');
    writeFileSync(join(home, folder, 'other'), 'other');
    if (root) for (const path of [folder, `${folder}/listed`]) chownSync(join(home, path), account.uid, account.gid);
  }
  chmodSync(join(home, 'closed'), 0o555);
  cpSync('/bin/sh', join(home, 'data', 'dropped'));
  if (root) chownSync(join(home, 'data', 'dropped'), account.uid, account.gid);
});

afterAll(() => {
  program.remove();
  chmodSync(join(home, 'closed'), 0o755);
  rmSync(home, { recursive: true, force: true });
});

type Runtime = NonNullable<Contract['runtime']>;

function version(runtime: Runtime, deny?: Contract['deny']): ContractVersion {
  const contract: Contract = {
    apiVersion: 'tricordon/v1',
    kind: 'Contract',
    service: 'web',
    mode: { runtime: 'enforce', network: 'audit', api: 'audit' },
    runtime,
    ...(deny === undefined ? {} : { deny }),
  };
  return {
    service: 'web',
    version: 4,
    digest: contractDigest(contract),
    state: 'approved',
    contract,
    origin: 'declared',
    observed: 0,
    proposedBy: 'test',
    proposedAt: 0,
    decidedBy: null,
    decidedAt: null,
    reason: null,
    clean: {},
  };
}

const programs = { executables: [{ id: 'run-python', path: python }] };
const libraries = [
  { id: 'python', path: `${python.slice(0, python.indexOf('/bin/'))}/lib/python3*/**`, access: 'read' as const },
  { id: 'shared', path: `${python.slice(0, python.indexOf('/bin/'))}/lib/**`, access: 'read' as const },
];

async function launch(
  given: ContractVersion,
  command: readonly string[],
): Promise<{ status: number; said: string; held: HeldRules | null }> {
  const user = root ? ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', '--'] : [];
  const launcher = [program.nodePath, join(program.programDir, 'dist/agent/confine/launcher.js'), '--contract'];
  const [file = '', ...words] = [...user, ...launcher, ...command];
  const stdio = Array.from({ length: contractDescriptor + 1 }, () => 'pipe' as const);
  const child = spawnProcess(file, words, { stdio, cwd: '/' });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
    });
  const ended = new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)));
  const held = await handOver(child, given);
  return { held, status: await ended, said };
}

/** Runs lines of Python, each of which is told how it went: `name ok` or `name EACCES`. */
async function attempts(given: ContractVersion, lines: Readonly<Record<string, string>>) {
  const text = [
    'import os, subprocess, errno',
    'def attempt(name, act):',
    '  try:',
    '    got = act()',
    '    print(name, "ok" if not isinstance(got, subprocess.CompletedProcess) or got.returncode == 0 else got.returncode)',
    '  except OSError as problem: print(name, errno.errorcode[problem.errno])',
    ...Object.entries(lines).map(([name, line]) => `attempt("${name}", lambda: ${line})`),
  ].join('\n');
  const done = await launch(given, [python, '-c', text]);
  const rows = done.said.split('\n').flatMap((row) => {
    const [name, how] = row.split(' ');
    return name !== undefined && how !== undefined && name in lines ? [[name, how] as const] : [];
  });
  return { ...done, how: Object.fromEntries(rows) };
}

it('goes on with what is listed, and is refused the rest, its children too', async () => {
  const files = [
    ...libraries,
    { id: 'listed', path: join(home, 'closed/listed'), access: 'read' as const },
    { id: 'data', path: join(home, 'data/listed'), access: 'write' as const },
  ];
  const inChild = `[__import__("sys").executable, "-c", "open('${home}/closed/other')"]`;
  const { how, held, status } = await attempts(version({ ...programs, files }), {
    listed: `open("${home}/closed/listed").read()`,
    other: `open("${home}/closed/other").read()`,
    written: `open("${home}/data/listed", "w").write("x")`,
    replaced: `os.replace("${home}/data/listed", "${home}/data/moved")`,
    writtenElsewhere: `open("${home}/closed/listed", "w").write("x")`,
    shell: 'subprocess.run(["/bin/sh", "-c", "true"])',
    ...(loader === undefined
      ? {}
      : { shellByLoader: `subprocess.run(["${loader}", "/bin/sh", "-c", "true"], stderr=subprocess.DEVNULL)` }),
    dropped: `subprocess.run(["${home}/data/dropped", "-c", "true"])`,
    memory: 'os.memfd_create("x")',
    itself: 'subprocess.run([__import__("sys").executable, "-c", "pass"])',
    child: `subprocess.run(${inChild}, stderr=subprocess.DEVNULL)`,
    parent: 'open("/proc/%d/environ" % os.getppid()).read()',
  });
  expect(how).toEqual({
    listed: 'ok',
    other: 'EACCES',
    written: 'ok',
    replaced: 'ok',
    writtenElsewhere: 'EACCES',
    shell: 'EACCES',
    ...(loader === undefined ? {} : { shellByLoader: '127' }),
    dropped: 'EACCES',
    memory: 'ENOSYS',
    itself: 'ok',
    child: '1',
    parent: 'EACCES',
  });
  expect(status).toBe(0);
  expect(held).toMatchObject({ version: 4 });
  expect(held?.landlock).toBeGreaterThan(0);
  expect(held?.gaps.map(({ what }) => what).join()).toContain(`${home}/data`);
});

it('is refused its own program when the contract does not list it', async () => {
  const done = await launch(version({ executables: [], files: [] }), [python, '-c', 'print("alive")']);
  expect(done.status).toBe(126);
  expect(done.said).toContain('version 4 of its contract must list it');
  expect(done.said).not.toContain('alive');
});

it('a deny holds within an allowed folder', async () => {
  const files = [...libraries, { id: 'all', path: `${home}/closed/**`, access: 'read' as const }];
  const deny = [{ id: 'no', layer: 'runtime' as const, file: `${home}/closed/other` }];
  const { how } = await attempts(version({ ...programs, files }, deny), {
    listed: `open("${home}/closed/listed").read()`,
    other: `open("${home}/closed/other").read()`,
  });
  expect(how).toEqual({ listed: 'ok', other: 'EACCES' });
});

it('takes a hundred thousand hostile clauses and still starts the command', async () => {
  const files = [
    ...libraries,
    ...Array.from({ length: 100_000 }, (_, index) => ({
      id: `r${index}`,
      path: index % 2 === 0 ? `/nowhere/${index}/\u001b[2J\n*` : `/etc/../../proc/self/root/${index}`,
      access: 'read' as const,
    })),
  ];
  const done = await launch(version({ ...programs, files }), [python, '-c', 'print("alive")']);
  expect(done.said).toBe('alive\n');
  expect(done.held?.gaps.length).toBeGreaterThan(0);
});

it('starts nothing when what it is handed is no contract', async () => {
  const child = await launch({ ...version(programs), version: -1 }, [python, '-c', 'print("alive")']);
  expect(child.held).toBeNull();
  expect(child.status).toBe(125);
  expect(child.said).not.toContain('alive');
});
