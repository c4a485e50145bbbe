/** What the supervisor (or `agent join`) tells the agent, as a file that only it can read. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { messageOf } from '../base/index.js';
import { agentProtocol, HostName } from '../model/index.js';
import { AgentError } from './errors.js';

export const AgentSettings = z.strictObject({
  schemaVersion: z.literal(1),
  host: HostName,
  /** 8 hex digits; keeps two installations on one machine apart. */
  instance: z.string().regex(/^[0-9a-f]{8}$/),
  /** The agent's own directory: keys, state, last snapshot. */
  directory: z.string(),
  spoolDirectory: z.string(),
  logDirectory: z.string(),
  runtimeDir: z.string(),
  programDir: z.string(),
  nodePath: z.string(),
  controlUrl: z.string(),
  /** SHA-256 of the control plane's CA certificate (hex); checked before a token is said. */
  controlFingerprint: z.string(),
  /** One-time token, read once and removed. */
  enrolTokenFile: z.string(),
  meshAddress: z.string(),
  rootMode: z.boolean(),
  /** The privileged helper answers on inherited descriptor 3. */
  helper: z.boolean(),
  collectors: z.array(z.enum(['bpftrace', 'bpf', 'strace', 'proc'])),
  spool: z.strictObject({ maxBytes: z.number(), maxAgeMs: z.number() }),
  logs: z.strictObject({ bytes: z.number(), files: z.int() }).default({ bytes: 16 << 20, files: 4 }),
  /** Where its metrics are served to this host without credentials; null: at its own socket only. */
  metricsListen: z
    .strictObject({ address: z.string(), port: z.int().min(0).max(65_535) })
    .nullable()
    .default(null),
  /** Workloads must not see these. */
  hideDirs: z.array(z.string()),
  /** Shift of this host's clock in milliseconds; only tests set it. */
  clockSkewMs: z.number().default(0),
  /** The newest that is spoken with the control plane; only tests set it. */
  protocol: z.int().default(agentProtocol.newest),
});
export type AgentSettings = z.infer<typeof AgentSettings>;

export function readSettings(path: string): AgentSettings {
  try {
    return AgentSettings.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw new AgentError('agent-settings', `the settings file \`${path}\` is not good: ${messageOf(error)}`, {
      cause: error,
      hint: 'the agent is started by `tricordon up` or `tricordon agent join`',
    });
  }
}
