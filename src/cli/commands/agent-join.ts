import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isEnrolled } from '../../agent/index.js';
import { codeOf, environment, printable, systemClock } from '../../base/index.js';
import { agentProtocol, HostName } from '../../model/index.js';
import { holdLock } from '../../store/index.js';
import { CliError, type Command, exitCode, text } from '../command.js';
import { addressAndPort, locate, metricsListen } from '../installation.js';
import { endRootChange, openRootKey } from '../keys/root-key.js';
import { entryOf, readState, type StateFile, stopAll } from '../state-file.js';
import { keepState } from '../supervisor/kept-state.js';
import { superviseAgent } from '../supervisor/agent-side.js';
import { keepLogs } from '../supervisor/logs.js';
import { tellManager } from '../supervisor/service-manager.js';
import { preparePlaces } from '../supervisor/places.js';

/** Runs this host's agent in the foreground; the token is needed once only. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const located = locate(invocation);
  const installation = { ...located, host: hostName(text(invocation, 'host') ?? located.host) };
  const { address, port } = addressAndPort(invocation.arguments[0] ?? '');
  const fingerprint = fingerprintOf(text(invocation, 'caFingerprint'));
  const said = isEnrolled(installation.dataDir, systemClock.now(), fingerprint)
    ? undefined
    : await token(text(invocation, 'tokenFile'));
  const places = await preparePlaces(installation);
  const lock = await holdLock(join(places.dataDir, 'up.lock'), systemClock);
  const previous = readState(places.dataDir);
  if (previous !== undefined) await stopAll(previous.processes, 5_000);
  const { megabytes, files } = installation.configuration.logs;
  const logs = { bytes: megabytes * 1_048_576, files };
  const endLogs = keepLogs(places.dataDir, logs, output.progress);
  const rootKey = await openRootKey(installation, places.keys);
  const side = superviseAgent({
    places,
    rootKey,
    events: {
      changed: () => state.save(),
      restarting: (name, why) => output.progress(`${name} ended (${why}), starting it again`),
    },
    settings: {
      host: installation.host,
      controlUrl: `https://${address.includes(':') ? `[${address}]` : address}:${port}`,
      controlFingerprint: fingerprint,
      meshAddress: text(invocation, 'meshAddress') ?? installation.configuration.mesh.address,
      collectors: installation.configuration.sensor.collectors,
      metricsListen: metricsListen(installation.configuration),
      spool: {
        maxBytes: installation.configuration.spool.maxMegabytes * 1_048_576,
        maxAgeMs: installation.configuration.spool.maxDays * 86_400_000,
      },
      logs,
      clockSkewMs: Number(environment('TRICORDON_CLOCK_SKEW_MS') ?? 0),
      protocol: Number(environment('TRICORDON_AGENT_PROTOCOL') ?? agentProtocol.newest),
    },
    token: said,
  });
  const state = keepState({ dataDir: places.dataDir, current, say: output.progress });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  for (const one of side.processes) one.start();
  state.save();
  try {
    const ready = await side.agent.ready(120_000);
    await endRootChange(installation, rootKey);
    state.save();
    output.row(
      { schemaVersion: 1, ...ready },
      () => `this host is \`${installation.host}\` and reports to ${address}:${port}. Stop with Ctrl-C.`,
    );
    await tellManager('ready', output.progress);
    await ended;
    await tellManager('stopping', output.progress);
  } finally {
    state.end();
    endLogs();
    for (const one of [...side.processes].reverse()) await one.stop(10_000);
    rmSync(join(places.dataDir, 'state.json'), { force: true });
    await lock.release();
  }
  return exitCode.done;

  function current(): StateFile {
    return {
      schemaVersion: 1,
      rootMode: installation.rootMode,
      runtimeDir: installation.runtimeDir,
      supervisor: entryOf('agent join', process.pid),
      processes: side.processes.flatMap((one) => one.entry() ?? []),
      services: [],
      console: null,
      fingerprint: null,
      agentSocket: join(places.agentRuntimeDir, 'agent.sock'),
      program: { programDir: places.programDir, nodePath: places.nodePath },
      demo: false,
    };
  }
};

function hostName(written: string): string {
  const parsed = HostName.safeParse(written);
  if (parsed.success) return parsed.data;
  throw new CliError('usage', `\`${printable(written, 100)}\` is not a name for a host`, {
    hint: 'lower-case letters, digits, dots and dashes: the name that `tricordon agent token` was given',
  });
}

function fingerprintOf(written: string | undefined): string {
  if (written === undefined) {
    throw new CliError('usage', 'which control plane is the right one?', {
      hint: 'give --ca-fingerprint as `tricordon agent token HOST` printed it there',
    });
  }
  const digits = written.toLowerCase().replaceAll(':', '');
  if (/^[0-9a-f]{64}$/.test(digits)) return digits;
  throw new CliError('usage', `\`${printable(written, 100)}\` is not a SHA-256 fingerprint`, {
    hint: '64 hex digits, as `tricordon agent token HOST` printed them',
  });
}

const tokenBytes = 1_000;

/** Never an argument: it would stand in the process list. */
async function token(file: string | undefined): Promise<string> {
  if (file === undefined)
    throw new CliError('usage', 'this host needs a one-time token', {
      hint: 'tricordon agent join … --token-file FILE (or - for standard input)',
    });
  const said = file === '-' ? await standardInput() : fromFile(file);
  if (said === '' || said.length > tokenBytes)
    throw new CliError('usage', `${file === '-' ? 'standard input' : `\`${file}\``} holds no token`, {
      hint: 'one line, as `tricordon agent token HOST` printed it',
    });
  return said;
}

function fromFile(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CliError('usage', `the token file \`${file}\` cannot be read (${codeOf(cause) ?? 'error'})`, { cause });
  }
}

async function standardInput(): Promise<string> {
  let said = '';
  for await (const chunk of process.stdin) {
    said += String(chunk);
    if (said.length > tokenBytes) break;
  }
  return said.trim();
}
