/** Where this installation lives and what it is set to. */
import { existsSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { environment, readConfig, type ReadSettings } from '../base/index.js';
import { Configuration } from '../model/index.js';
import { CliError, type Invocation, text } from './command.js';
import { configurationDocs } from './configuration-keys.js';
import { namedFlags, warnOfUnknown } from './setting-flags.js';

export interface Installation {
  readonly configuration: Configuration;
  readonly configPath: string | undefined;
  /** Folder that relative paths of the settings refer to. */
  readonly base: string;
  readonly dataDir: string;
  readonly runtimeDir: string;
  readonly rootMode: boolean;
  readonly host: string;
}

/** Reads the settings, flag before variable before file before default, and finds the directories. */
export function locate(invocation: Invocation): Installation {
  const configPath = configPathOf(invocation);
  const read = readSettings(invocation);
  warnOfUnknown(invocation, read.unknown);
  const configuration = fromHere(read);
  const rootMode = process.getuid?.() === 0;
  const { dataDir, runtimeDir } = configuration;
  const absolute = resolve(dataDir ?? defaultDataDir(rootMode));
  return {
    configuration,
    configPath,
    base: configPath === undefined ? process.cwd() : resolve(configPath, '..'),
    dataDir: absolute,
    runtimeDir: resolve(runtimeDir ?? (dataDir === undefined ? defaultRuntimeDir(rootMode) : join(absolute, 'run'))),
    rootMode,
    host: configuration.host ?? safeHostName(hostname()),
  };
}

/** The settings, and where each of them comes from. */
export function readSettings(invocation: Invocation): ReadSettings<Configuration> {
  const path = configPathOf(invocation);
  return readConfig(Configuration, { path, keys: configurationDocs(), flags: namedFlags(invocation) });
}

/** Whether this command line or environment names an installation, rather than a file or a default. */
export function isNamed(invocation: Invocation): boolean {
  const named = namedFlags(invocation).some(({ key }) => key === 'dataDir');
  return named || environment('TRICORDON_DATA_DIR') !== undefined;
}

function configPathOf(invocation: Invocation): string | undefined {
  return text(invocation, 'config') ?? (existsSync('tricordon.yaml') ? 'tricordon.yaml' : undefined);
}

/** A path in the file is relative to the file; one that was typed, to where it was typed. */
function fromHere({ value, origins }: ReadSettings<Configuration>): Configuration {
  const { passphraseFile } = value.identity;
  if (passphraseFile === undefined || origins.get('identity.passphraseFile')?.[0]?.source === 'file') return value;
  return { ...value, identity: { ...value.identity, passphraseFile: resolve(passphraseFile) } };
}

/** `HOST:PORT` or `[v6]:PORT`, checked. */
export function addressAndPort(written: string): { address: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):([0-9]{1,5})$/.exec(written);
  const port = Number(match?.[3]);
  const address = match?.[1] ?? match?.[2];
  if (address === undefined || port > 65_535) {
    throw new CliError('usage', `\`${written}\` is not an address`, { hint: 'write ADDR:PORT, like 127.0.0.1:8080' });
  }
  return { address, port };
}

/** Where the agent shows its metrics to the whole host; null unless that is set. */
export function metricsListen({ agent }: Configuration): { address: string; port: number } | null {
  const { listen } = agent.metrics;
  return listen === undefined ? null : addressAndPort(listen);
}

function defaultDataDir(rootMode: boolean): string {
  if (rootMode) return '/var/lib/tricordon';
  return join(environment('XDG_DATA_HOME') ?? join(homedir(), '.local/share'), 'tricordon');
}

function defaultRuntimeDir(rootMode: boolean): string {
  if (rootMode) return '/run/tricordon';
  const own = environment('XDG_RUNTIME_DIR');
  return own === undefined ? `/tmp/tricordon-${process.getuid?.() ?? 0}` : join(own, 'tricordon');
}

function safeHostName(name: string): string {
  const cleaned = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '');
  return cleaned === '' ? 'host' : cleaned;
}
