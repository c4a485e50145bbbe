/** Runs bpftrace as a child of this process; used by the privileged helper and by tests. */
import { readlinkSync } from 'node:fs';
import { type Exec, messageOf, minimalEnvironment, printable, spawnProcess, which } from '../../base/index.js';
import { SensorError } from '../errors.js';
import type { LineSource } from '../line-source.js';
import { LineSplitter } from '../line-splitter.js';
import { bpftraceCommand, bpftraceUsable, kernelFeatures } from './features.js';
import { bpftraceArguments, bpftraceEnvironment, bpftraceScript } from './script.js';

export function directBpftrace(dependencies: { readonly exec: Exec; readonly isRoot: boolean }): LineSource {
  return {
    probe: () => bpftraceUsable(dependencies.exec, dependencies.isRoot),
    start: async (selection, handlers) => {
      const program = which('bpftrace');
      if (program === undefined) {
        throw new SensorError('sensor-start', 'bpftrace is not installed', { hint: 'apt-get install bpftrace' });
      }
      const kernel = await kernelFeatures(dependencies.exec);
      if (kernel === undefined) {
        throw new SensorError('sensor-start', 'this kernel lacks the tracepoints the sensor needs', {
          hint: 'run `tricordon doctor --only sensor`',
        });
      }
      const [file, args] = bpftraceCommand(program, bpftraceArguments(bpftraceScript(selection, kernel)));
      const child = spawnProcess(file, args, {
        env: minimalEnvironment(bpftraceEnvironment),
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: '/',
      });
      let words = '';
      let ended = false;
      const gone = new Promise<void>((resolve) => {
        const end = (detail: string) => {
          if (ended) return;
          ended = true;
          handlers.end(detail);
          resolve();
        };
        child.on('error', (error) => end(messageOf(error)));
        child.on('close', (status, signal) => end(`bpftrace ended (${signal ?? status}) ${printable(words, 400)}`));
      });
      const splitter = new LineSplitter((line) => {
        const directory = directoryRow(line);
        if (directory !== undefined) handlers.line(directory);
        handlers.line(line);
      });
      child.stdout?.on('data', (chunk: Buffer) => splitter.push(chunk));
      child.stderr?.on('data', (chunk: Buffer) => {
        // The memlock complaint is printed on every start and means nothing.
        words = `${words}${chunk.toString('utf8').replace(/^ERROR: .*RLIMIT_MEMLOCK.*$/gm, '')}`.slice(-2_000);
      });
      return {
        stop: async () => {
          if (!ended) child.kill('SIGINT');
          const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
          await gone;
          clearTimeout(timer);
        },
      };
    },
  };
}

/**
 * For a relative path, the directory it starts from, read while the process most likely lives; only root can. Put before
 * the row it belongs to as a row of its own kind, which no workload text can imitate.
 */
function directoryRow(line: string): string | undefined {
  const open = /"data": ?"OP\\t[0-9]+\\t([0-9]+)\\t[0-9]+\\t[0-9]+\\t[0-9]+\\t[01]\\t[01]\\t(-?[0-9]+)\\t(?!\/)/.exec(
    line,
  );
  const execution =
    open === null
      ? /"data": ?"EX\\t[0-9]+\\t([0-9]+)\\t[0-9]+\\t[0-9]+\\t[0-9]+\\t[0-9]+\\t[0-9]+\\t(?:[^\\"]|\\[^t])*\\t(?!\/)/.exec(
          line,
        )
      : null;
  const pid = open?.[1] ?? execution?.[1];
  if (pid === undefined) return undefined;
  const descriptor = open?.[2] ?? '-100';
  try {
    const directory = readlinkSync(descriptor === '-100' ? `/proc/${pid}/cwd` : `/proc/${pid}/fd/${descriptor}`);
    if (!directory.startsWith('/')) return undefined;
    // JSON.stringify leaves characters above 0x7f alone; the reader takes one character for one byte.
    const bytes = Buffer.from(`CW\t${pid}\t${descriptor}\t${directory}\n`, 'utf8').toString('latin1');
    return JSON.stringify({ type: 'printf', data: bytes });
  } catch {
    return undefined;
  }
}
