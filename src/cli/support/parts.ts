/** What a support bundle holds: each part by itself, so that one that cannot be had does not keep the others away. */
import { readFileSync } from 'node:fs';
import { arch, release } from 'node:os';
import { AgentStatus } from '../../agent/index.js';
import { messageOf, readMetricsText, roomAt, systemClock, version } from '../../base/index.js';
import type { StatusAnswer } from '../../server/index.js';
import { askAgent } from '../agent-socket.js';
import { openApi, readAccess } from '../api.js';
import type { Invocation } from '../command.js';
import { examine } from '../commands/doctor.js';
import { metricsOf } from '../commands/metrics.js';
import { configurationDocs, valueAt } from '../configuration-keys.js';
import { locate, readSettings } from '../installation.js';
import { logPaths, readLog } from '../logs/log-file.js';
import { redactText, withoutPasswords } from '../redaction.js';
import { alive, readState } from '../state-file.js';
import { allowed, checkShape, logShape, serviceShape, settingShape, statusShape } from './allowed.js';

export interface Part {
  readonly name: string;
  readonly about: string;
  read(invocation: Invocation): Promise<string>;
}

const logBytes = 256 << 10;

export const parts: readonly Part[] = [
  {
    name: 'about.json',
    about: 'version, Node.js, kernel, time',
    read: async () =>
      json({
        version,
        node: process.version,
        kernel: release(),
        architecture: arch(),
        at: new Date(systemClock.now()),
      }),
  },
  {
    name: 'doctor.json',
    about: 'what this host can cover',
    read: async (invocation) => json(allowed(await examine(invocation, []), checkShape)),
  },
  { name: 'status.json', about: 'processes, agent, control plane; no addresses and no people', read: status },
  {
    name: 'settings.json',
    about: 'each key, its value and where it comes from; of services no command and no variable',
    read: settings,
  },
  {
    name: 'metrics-control.txt',
    about: 'metrics of the control plane: counts, schema, queues',
    read: (invocation) => metrics(invocation, 'control'),
  },
  { name: 'metrics-agent.txt', about: 'metrics of the agent', read: (invocation) => metrics(invocation, 'agent') },
  ...['control', 'agent', 'helper', 'gateway'].map((name) => ({
    name: `log/${name}.log`,
    about: `the end of its log (${logBytes >> 10} KiB), without people and secrets`,
    read: (invocation: Invocation) => log(invocation, name),
  })),
  {
    name: 'host.txt',
    about: 'control groups, mounts of kernel file systems, security modules',
    read: async () => hostFacts(),
  },
];

async function status(invocation: Invocation): Promise<string> {
  const { dataDir } = locate(invocation);
  const state = readState(dataDir);
  const processes = state === undefined ? [] : [state.supervisor, ...state.processes, ...state.services];
  const agent =
    state === undefined ? null : await said(askAgent(state.agentSocket, 'GET', '/status', undefined, AgentStatus));
  const control = await said((async () => openApi(readAccess(dataDir)).get<StatusAnswer>('/v1/status'))());
  const facts = {
    processes: processes.map((entry) => ({ ...entry, running: alive(entry) })),
    disk: roomAt(dataDir),
    agent,
    control,
  };
  return json(allowed(facts, statusShape));
}

/** Who does not answer is missing in the status, which is what it is about. */
async function said<T>(answer: Promise<T>): Promise<T | null> {
  return answer.catch(() => null);
}

async function settings(invocation: Invocation): Promise<string> {
  const { value, origins } = readSettings(invocation);
  const keys = configurationDocs()
    .filter(({ key, type }) => !key.startsWith('services') && type !== 'object')
    .map(({ key }) => ({
      key,
      value: withoutPasswords(valueAt(value, key) ?? null),
      source: origins.get(key)?.[0]?.source ?? 'default',
    }));
  return json({ keys: allowed(keys, settingShape), services: allowed(value.services, serviceShape) });
}

async function metrics(invocation: Invocation, process: 'control' | 'agent'): Promise<string> {
  const text = await metricsOf(invocation, process);
  readMetricsText(text); // what is no metrics may be anything, and does not go in
  return redactText(text);
}

async function log(invocation: Invocation, name: string): Promise<string> {
  const { dataDir } = locate(invocation);
  for (const path of logPaths(dataDir, name)) {
    const read = await readLog(path, undefined);
    if (read === undefined) continue;
    let size = 0;
    const lines = read.lines.map(logLine).reverse();
    const kept = lines.filter((line) => {
      size += Buffer.byteLength(line) + 1;
      return size <= logBytes;
    });
    return `${kept.reverse().join('\n')}\n`;
  }
  throw new Error('there is no such log');
}

function logLine(line: string): string {
  try {
    return JSON.stringify(allowed(JSON.parse(line), logShape));
  } catch {
    return redactText(line); // a crash's trace
  }
}

function hostFacts(): string {
  const mounts = textOf('/proc/self/mounts')
    .split('\n')
    .filter((line) => /^\S+ (\S+) (cgroup2?|tracefs|debugfs|bpf|securityfs|proc|sysfs|overlay) /.test(line))
    // not the options: an overlay's name its folders, a network file system's may hold a password
    .map((line) => line.split(' ').slice(1, 3).join(' '));
  const files = [
    '/proc/self/cgroup',
    '/proc/sys/kernel/unprivileged_userns_clone',
    '/proc/sys/user/max_user_namespaces',
    '/proc/sys/kernel/unprivileged_bpf_disabled',
    '/proc/sys/kernel/yama/ptrace_scope',
    '/sys/kernel/security/lsm',
    '/proc/loadavg',
  ];
  return redactText([...files.map((path) => `${path}: ${textOf(path).trim()}`), 'mounts:', ...mounts, ''].join('\n'));
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(0, 65_536);
  } catch (error) {
    return `not readable (${messageOf(error)})`;
  }
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
