/** The processes every host has: the agent, and as root its privileged helper, joined by an inherited socket. */
import { join } from 'node:path';
import type { AgentSettings } from '../../agent/index.js';
import { handOver, type RootKeyStore } from '../../identity/index.js';
import type { Places } from './places.js';
import { writeFor } from './secret-file.js';
import { createSplice } from './splice.js';
import { type Supervised, supervise } from './supervised.js';

export interface AgentSideOptions {
  readonly places: Places;
  readonly events: { changed(): void; restarting(name: string, why: string): void };
  readonly settings: Pick<
    AgentSettings,
    'host' | 'controlUrl' | 'controlFingerprint' | 'meshAddress' | 'collectors' | 'spool' | 'logs' | 'metricsListen'
  > & { readonly clockSkewMs?: number; readonly protocol?: number };
  readonly rootKey: RootKeyStore;
  /** One-time token; undefined when the host is enrolled already. */
  readonly token: string | undefined;
}

export function superviseAgent(options: AgentSideOptions): {
  readonly agent: Supervised;
  readonly processes: readonly Supervised[];
} {
  const { places, settings } = options;
  const { dataDir, programDir, nodePath } = places;
  const rootMode = places.agent !== undefined;
  const splice = createSplice();
  const events = {
    changed: options.events.changed,
    restarting: (name: string, why: string) => {
      options.events.restarting(name, why);
      if (name === 'helper') splice.lost();
    },
  };
  const directory = join(dataDir, 'agent');
  const enrolTokenFile = join(directory, 'enrol-token');
  if (options.token !== undefined) writeFor(places.agent, enrolTokenFile, options.token);
  const file = writeFor(places.agent, join(directory, 'settings.json'), {
    ...settings,
    schemaVersion: 1,
    instance: places.instance,
    directory,
    spoolDirectory: join(dataDir, 'spool'),
    logDirectory: rootMode ? join(dataDir, 'log/planes') : join(dataDir, 'log'),
    runtimeDir: places.agentRuntimeDir,
    programDir,
    nodePath,
    enrolTokenFile,
    rootMode,
    helper: rootMode,
    hideDirs: [dataDir, places.runtimeDir],
  });
  const agent = supervise(
    {
      name: 'agent',
      file: nodePath,
      args: [join(programDir, 'dist/agent/main.js'), '--settings', file],
      cwd: '/',
      log: join(dataDir, 'log/agent.log'),
      keys: () => handOver(options.rootKey.subkeys(['spool', 'host'])),
      ...(places.agent === undefined ? {} : { uid: places.agent.uid, gid: places.agent.gid, channel: splice.right }),
    },
    events,
  );
  if (places.agent === undefined) return { agent, processes: [agent] };
  const helper = supervise(
    {
      name: 'helper',
      file: nodePath,
      args: [
        join(programDir, 'dist/agent/helper/main.js'),
        JSON.stringify({
          instance: places.instance,
          agent: { uid: places.agent.uid, gid: places.agent.gid },
          dataDir,
          runtimeDir: places.agentRuntimeDir,
          programDir,
          nodePath,
        }),
      ],
      cwd: '/',
      log: join(dataDir, 'log/helper.log'),
      channel: splice.left,
    },
    events,
  );
  return { agent, processes: [helper, agent] };
}
