/**
 * Process entry: loads the system call filter and becomes COMMAND. `node launcher.js [--contract] COMMAND ARGS`; with
 * `--contract` a contract version comes as one line over descriptor 3, and its runtime part is laid on the command as well.
 * Exit status as shells have it: 127 not found, 126 not executable, 125 when something of it cannot be loaded: then
 * nothing is started.
 */
import { accessSync, closeSync, constants, fstatSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { codeOf, environment, inheritedEnvironment, messageOf, printable } from '../../base/index.js';
import { runtimeDigest } from '../../contract/index.js';
import { ContractVersion } from '../../model/index.js';
import { diskView } from './file-view.js';
import { contractDescriptor, type HeldRules } from './held.js';
import { type Kernel, landlockVersion, restrictSelf } from './landlock.js';
import { runtimeRules } from './runtime-rules.js';
import { memoryPrograms, seccompFilter } from './seccomp-filter.js';

const holds = process.argv[2] === '--contract';
const [command, ...words] = process.argv.slice(holds ? 3 : 2);

if (command === undefined) fail(125, 'no command');
const file = find(command);
try {
  await become(file, [command, ...words]);
} catch (error) {
  fail(125, messageOf(error));
}

async function become(path: string, argv: string[]): Promise<never> {
  if (process.arch !== 'x64' && process.arch !== 'arm64') fail(125, `no system call filter for ${process.arch}`);
  const { default: koffi } = await import('koffi');
  const libc = koffi.load(null);
  const prctl = libc.func('int prctl(int option, size_t a, size_t b, size_t c, size_t d)');
  const fcntl = libc.func('int fcntl(int fd, int command, ...)');
  const signal = libc.func('void *signal(int number, size_t handler)');
  const execve = libc.func('int execve(const char *path, const char **argv, const char **envp)');
  const syscall = libc.func('long syscall(long number, size_t a, size_t b, size_t c, size_t d)');
  const kernel: Kernel = {
    call: (number, ...values) => {
      const result = Number(syscall(number, ...values));
      return result < 0 ? -koffi.errno() : result;
    },
    addressOf: (buffer) => BigInt(koffi.address(buffer)),
    name: nameOnly,
    close: closeSync,
  };
  const environmentLines = Object.entries(inheritedEnvironment()).map(([name, value]) => `${name}=${value}`);
  // struct sock_fprog { unsigned short len; struct sock_filter *filter; }
  const header = Buffer.alloc(16);
  // Node ignores SIGPIPE, and an ignored signal stays ignored over exec: the command gets the default back.
  signal(13, 0);
  // Node marks its standard streams close-on-exec at start (F_SETFD without FD_CLOEXEC takes that back).
  for (const fd of [0, 1, 2]) fcntl(fd, 2, 'int', 0);
  if (prctl(38, 1, 0, 0, 0) !== 0) fail(125, 'the kernel refused no-new-privileges');
  const held = holds ? hold(received(), kernel) : undefined;
  const program = seccompFilter(process.arch, held?.programs === true ? memoryPrograms : {});
  header.writeUInt16LE(program.length / 8, 0);
  header.writeBigUInt64LE(BigInt(koffi.address(program)), 8);
  if (prctl(22, 2, Number(koffi.address(header)), 0, 0) !== 0) fail(125, 'the kernel refused the system call filter');
  execve(path, [...argv, null], [...environmentLines, null]);
  const why = held === undefined ? '' : `; version ${held.version} of its contract must list it under executables`;
  fail(126, `cannot execute \`${printable(path)}\`${why}`);
}

/** Lays the contract's rules on this thread, which becomes the command, and says what is held. */
function hold(version: ContractVersion, kernel: Kernel): { version: number; programs: boolean } {
  const landlock = landlockVersion(kernel);
  const rules = landlock === 0 ? undefined : runtimeRules(version.contract, landlock, diskView);
  if (rules !== undefined) restrictSelf(kernel, rules);
  const said: HeldRules = {
    version: version.version,
    rules: runtimeDigest(version.contract),
    landlock,
    gaps: (rules?.gaps ?? []).slice(0, 64).map(({ what, fix }) => ({ what: printable(what, 1_024), fix })),
  };
  writeSync(contractDescriptor, `${JSON.stringify(said)}\n`);
  closeSync(contractDescriptor);
  return {
    version: version.version,
    programs: rules !== undefined && version.contract.runtime?.executables !== undefined,
  };
}

/** One line of JSON; canonical JSON has no line end in it. */
function received(): ContractVersion {
  const chunks: Buffer[] = [];
  for (;;) {
    const chunk = Buffer.alloc(65_536);
    const got = readSync(contractDescriptor, chunk);
    if (got === 0) throw new Error('the contract did not arrive');
    chunks.push(chunk.subarray(0, got));
    if (chunk[got - 1] === 0x0a) break;
  }
  return ContractVersion.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
}

/** O_PATH | O_CLOEXEC (open(2)): the same on x86-64 and arm64. */
function nameOnly(path: string): ReturnType<Kernel['name']> {
  try {
    const descriptor = openSync(path, 0o12000000);
    return { descriptor, folder: fstatSync(descriptor).isDirectory() };
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? -2 : -1;
  }
}

/** As execvp(3): a name with a slash is a path, others are looked up on PATH. */
function find(name: string): string {
  if (name.includes('/')) {
    const problem = unfit(name);
    return problem === undefined ? name : fail(problem, `cannot execute \`${printable(name)}\``);
  }
  let status: 126 | 127 = 127;
  for (const folder of (environment('PATH') ?? '/usr/local/bin:/usr/bin:/bin').split(':')) {
    const candidate = `${folder === '' ? '.' : folder}/${name}`;
    const problem = unfit(candidate);
    if (problem === undefined) return candidate;
    if (problem === 126) status = 126;
  }
  return fail(status, status === 127 ? `\`${printable(name)}\` not found` : `cannot execute \`${printable(name)}\``);
}

function unfit(path: string): 126 | 127 | undefined {
  try {
    if (!statSync(path).isFile()) return 126;
  } catch {
    return 127;
  }
  try {
    accessSync(path, constants.X_OK);
    return undefined;
  } catch {
    return 126;
  }
}

function fail(status: 125 | 126 | 127, message: string): never {
  writeSync(2, `tricordon: ${message}\n`);
  process.exit(status);
}
