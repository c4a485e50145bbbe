/** What `doctor` asks about the sensor. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { type Exec, printable, which } from '../base/index.js';
import { tracefs } from './bpftrace/features.js';

export interface SensorProbe {
  readonly name: string;
  readonly status: 'ok' | 'warn' | 'fail';
  readonly detail: string;
  /** The command that would help. */
  readonly fix: string | null;
}

export async function sensorProbes(host: {
  readonly exec: Exec;
  readonly isRoot: boolean;
}): Promise<readonly SensorProbe[]> {
  return [
    rootProbe(host.isRoot),
    tracefsProbe(host.isRoot),
    btfProbe(),
    await bpftraceProbe(host.exec),
    await straceProbe(host.exec),
  ];
}

function rootProbe(isRoot: boolean): SensorProbe {
  if (isRoot) return ok('privilege', 'runs as root: the kernel tracer can be used');
  return warn('privilege', 'runs as an ordinary user: the kernel tracer needs root', 'sudo tricordon up');
}

function tracefsProbe(isRoot: boolean): SensorProbe {
  const point = tracefs();
  if (point !== undefined) return ok('tracefs', `mounted at ${point}`);
  if (isRoot && existsSync('/sys/kernel/tracing')) {
    return ok('tracefs', 'not mounted: the kernel tracer mounts it for itself alone');
  }
  return warn(
    'tracefs',
    'not mounted: the kernel tracer finds no tracepoints',
    'mount -t tracefs tracefs /sys/kernel/tracing',
  );
}

function btfProbe(): SensorProbe {
  try {
    const { size } = statSync('/sys/kernel/btf/vmlinux');
    return ok('btf', `kernel type information of ${Math.round(size / 1024)} KiB`);
  } catch {
    return warn(
      'btf',
      'the kernel has no type information (CONFIG_DEBUG_INFO_BTF): the kernel tracer cannot read its structures',
      null,
    );
  }
}

async function bpftraceProbe(exec: Exec): Promise<SensorProbe> {
  const program = which('bpftrace');
  if (program === undefined) return warn('bpftrace', 'not installed', 'apt-get install bpftrace');
  const asked = await exec(program, ['--version'], { timeoutMs: 10_000 });
  const version = /v([0-9]+)\.([0-9]+)/.exec(asked.stdout);
  if (version === null)
    return warn(
      'bpftrace',
      `does not tell its version: ${printable(asked.stderr, 120)}`,
      'apt-get install --reinstall bpftrace',
    );
  if (Number(version[1]) === 0 && Number(version[2]) < 17) {
    return warn(
      'bpftrace',
      `version ${version[1]}.${version[2]} is too old, 0.17 is needed`,
      'apt-get install bpftrace',
    );
  }
  return ok('bpftrace', `version ${version[1]}.${version[2]}`);
}

async function straceProbe(exec: Exec): Promise<SensorProbe> {
  const program = which('strace');
  if (program === undefined)
    return warn('strace', 'not installed: without root only /proc is left', 'apt-get install strace');
  // Yama (Documentation/admin-guide/LSM/Yama.rst): 2 needs CAP_SYS_PTRACE, 3 forbids it to everybody. Absent means no Yama.
  const scope = Number(read('/proc/sys/kernel/yama/ptrace_scope') ?? '0');
  const tried = await exec(program, ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=none', '--', '/bin/true'], {
    timeoutMs: 10_000,
  });
  if (tried.status === 0) return ok('strace', `can trace its own children (yama ptrace_scope ${scope})`);
  return warn(
    'strace',
    `cannot trace its own children (yama ptrace_scope ${scope})`,
    'sysctl kernel.yama.ptrace_scope=1',
  );
}

function ok(name: string, detail: string): SensorProbe {
  return { name, status: 'ok', detail, fix: null };
}

function warn(name: string, detail: string, fix: string | null): SensorProbe {
  return { name, status: 'warn', detail, fix };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
