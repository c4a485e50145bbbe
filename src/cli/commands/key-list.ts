import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { accountNamed, systemClock } from '../../base/index.js';
import { CliError, type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';
import { type KeyFacts, keyFacts } from '../keys/facts.js';

/** Exit status 2 when somebody else can read or change one of them. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const { dataDir, rootMode } = locate(invocation);
  if (!existsSync(join(dataDir, 'keys')) && !existsSync(join(dataDir, 'agent')))
    throw new CliError('prerequisite', `there is no installation in \`${dataDir}\``, {
      hint: 'name it with --data-dir',
    });
  const keys = await keyFacts(dataDir, systemClock.now(), rootMode ? asRoot() : asUser());
  const flaws = keys.filter(({ file }) => file !== null && file.flaw !== null);
  output.result({ schemaVersion: 1, ok: flaws.length === 0, keys }, () =>
    [
      output.table(
        ['KEY', 'WHERE', 'STATE', 'WRITTEN', 'ENDS', 'ROTATION'],
        keys.map((key) => [key.name, key.path ?? key.kept, stateOf(key), writtenOf(key), endOf(key), key.rotation]),
      ),
      ...flaws.map(({ path, file }) => output.style('bad', `${path}: ${file?.flaw}`)),
      '',
      'What each is for, and what its theft means: docs/reference/keys.md',
    ].join('\n'),
  );
  return flaws.length === 0 ? exitCode.done : exitCode.found;
};

function asRoot() {
  const control = accountNamed('tricordon')?.uid;
  const agent = accountNamed('tricordon-agent')?.uid;
  const keys = accountNamed('tricordon-keys')?.uid;
  return {
    root: 0,
    ...(keys === undefined ? {} : { keys }),
    ...(control === undefined ? {} : { control }),
    ...(agent === undefined ? {} : { agent }),
  };
}

function asUser() {
  const uid = process.getuid?.() ?? 0;
  return { root: uid, control: uid, agent: uid, keys: uid };
}

function stateOf({ file }: KeyFacts): string {
  if (file === null) return '';
  return file.flaw === null ? file.state : 'EXPOSED';
}

/** Also when it was only sealed anew, as with the root key. */
function writtenOf({ file }: KeyFacts): string {
  const at = file?.changedAt ?? null;
  return at === null ? '' : new Date(at).toISOString().slice(0, 16);
}

function endOf({ notAfter, life }: KeyFacts): string {
  return notAfter === null ? life : new Date(notAfter).toISOString().slice(0, 16);
}
