/** What a command is called, takes and does, as `--help`, completion and the reference say it. */
import type { Command } from './command.js';

export interface OptionSpec {
  /** As commander reads it: `--service <name>`. */
  readonly flags: string;
  readonly description: string;
  readonly default?: string;
  readonly repeatable?: boolean;
}

export interface CommandSpec {
  /** Words separated by a space: `contract show`. */
  readonly name: string;
  readonly summary: string;
  /** As commander reads it: `<service>`, `[file]`, `<command...>`. */
  readonly arguments?: readonly { readonly name: string; readonly description: string }[];
  readonly options?: readonly OptionSpec[];
  /** Options end at the first argument: the rest belongs to the wrapped command. */
  readonly passThrough?: boolean;
  /** Answers line by line: `-o ndjson` is understood as well. */
  readonly rows?: boolean;
  readonly load: () => Promise<{ readonly command: Command }>;
}

export const dataDir: OptionSpec = { flags: '--data-dir <dir>', description: 'directory of the installation' };
/** On every command that reads the settings. */
export const set: OptionSpec = {
  flags: '--set <key=value>',
  description: 'a setting, before variable and file: --set console.listen=127.0.0.1:9443',
  repeatable: true,
};
export const config: OptionSpec = {
  flags: '-c, --config <file>',
  description: 'settings file (default: ./tricordon.yaml if it exists)',
};
export const runtimeDir: OptionSpec = {
  flags: '--runtime-dir <dir>',
  description: 'directory for sockets; keep it short',
};
export const reason: OptionSpec = { flags: '--reason <text>', description: 'why; stands in the audit trail' };

export function outputFormats({ rows }: CommandSpec): readonly string[] {
  return rows === true ? ['table', 'json', 'ndjson'] : ['table', 'json'];
}
