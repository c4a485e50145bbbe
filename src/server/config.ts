/** What `tricordon up` tells the control plane, as a file that only its account can read. */
import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { codeOf, messageOf } from '../base/index.js';
import { agentProtocol, TokenIssuer } from '../model/index.js';
import { ServerError } from './errors.js';
import { isKeyAddress } from './users/key-source.js';

const Listen = z.strictObject({ address: z.string().min(1).max(64), port: z.int().min(0).max(65_535) });

const Limit = z.strictObject({ days: z.number().min(0.01).max(3_650), bytes: z.int().min(1 << 20) });

export const ServerConfig = z.strictObject({
  schemaVersion: z.literal(1),
  /** Keeps two installations on one machine apart. */
  instance: z.string().min(1).max(64),
  trustDomain: z.string().regex(/^[a-z0-9._-]{1,255}$/),
  /** CA, console key and access file; made with mode 0700, ours alone. */
  keysDir: z.string().startsWith('/'),
  /** Sealed bundles, one directory each. */
  evidenceDir: z.string().startsWith('/'),
  /** Built console; absent or empty: only the API is served. */
  consoleDir: z.string().startsWith('/').nullable().default(null),
  database: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('url'), url: z.string() }),
    z.strictObject({
      kind: z.literal('socket'),
      directory: z.string(),
      port: z.int(),
      database: z.string(),
      user: z.string(),
    }),
  ]),
  console: Listen,
  agents: Listen,
  /** Further names and addresses under which console and agent listener are reached. */
  names: z.array(z.string().max(253)).max(32).default([]),
  /** Host that agents are told to dial, when it is not the listening address. */
  advertise: z.string().max(253).nullable().default(null),
  svidTtlMs: z.number().min(5_000).max(86_400_000).default(3_600_000),
  passphraseFile: z.string().nullable().default(null),
  /** Whose tokens say who a user is; `keys` is a path or a URL. */
  users: z
    .array(
      z.strictObject({
        issuer: TokenIssuer.shape.issuer,
        audiences: TokenIssuer.shape.audiences,
        keys: z
          .string()
          .refine((from) => from.startsWith('/') || isKeyAddress(from), 'neither a path nor an https URL'),
      }),
    )
    .max(16)
    .default([]),
  /** Who proposed a contract version does not approve it. */
  fourEyes: z.boolean().default(false),
  /** A session ends when it is seen at another network address than it was opened from. */
  bindSessions: z.boolean().default(true),
  /** Where messages go; null: nowhere. */
  notify: z
    .strictObject({ command: z.array(z.string().min(1)).min(1), to: z.array(z.string().min(3)).min(1) })
    .nullable()
    .default(null),
  /** What is kept of each store. */
  retention: z.strictObject({ observations: Limit, decisions: Limit, evidence: Limit }).default({
    observations: { days: 14, bytes: 2 * 2 ** 30 },
    decisions: { days: 14, bytes: 2 ** 30 },
    evidence: { days: 365, bytes: 4 * 2 ** 30 },
  }),
  /**
   * Where the CLI's own token is left (`{schemaVersion, url, token, ca}`, mode 0600) for whoever started us; null: no
   * token is made by itself.
   */
  accessFile: z.string().startsWith('/').nullable().default(null),
  /** Shift of the clock in milliseconds; only tests set it. */
  clockSkewMs: z.number().default(0),
  /** What agents are spoken to with; only tests set it. */
  agentProtocol: z
    .strictObject({ oldest: z.int(), newest: z.int() })
    .default({ oldest: agentProtocol.oldest, newest: agentProtocol.newest }),
});
export type ServerConfig = z.infer<typeof ServerConfig>;

/** Our own database lies on the disk of the data directory; one elsewhere has a disk that we do not see. */
export function databaseDisk({ database, evidenceDir }: ServerConfig): string | undefined {
  return database.kind === 'socket' ? evidenceDir : undefined;
}

/** @throws ServerError `config` */
export function readConfig(path: string): ServerConfig {
  let text: string;
  try {
    if (!statSync(path).isFile()) throw new Error('it is not a file');
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ServerError(
      'config',
      `the configuration \`${path}\` cannot be read (${codeOf(error) ?? messageOf(error)})`,
      {
        hint: 'the control plane is started by `tricordon up`',
        cause: error,
      },
    );
  }
  try {
    return ServerConfig.parse(JSON.parse(text));
  } catch (error) {
    throw new ServerError('config', `the configuration \`${path}\` is not good: ${messageOf(error)}`, {
      hint: 'the control plane is started by `tricordon up`',
      cause: error,
    });
  }
}
