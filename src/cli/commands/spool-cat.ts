import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, systemClock } from '../../base/index.js';
import { sealedUnder, sealingRingIn } from '../../identity/index.js';
import { readSpool, type SpoolKeys } from '../../store/index.js';
import { CliError, type Command, exitCode, text } from '../command.js';
import { type Installation, locate } from '../installation.js';
import { rootKeyThere } from '../keys/root-key.js';

/** NDJSON on stdout, one observation a line; exit 2 if a block is missing or was changed. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const installation = locate(invocation);
  const { dataDir } = installation;
  const directory = join(dataDir, 'spool');
  if (!existsSync(directory))
    throw new CliError('not-running', `there is no spool in \`${dataDir}\``, {
      hint: 'name the installation with --data-dir',
    });
  const seconds = Number(text(invocation, 'since') ?? Number.NaN);
  let damaged = 0;
  for await (const item of readSpool(
    { directory, keys: spoolKeys(installation) },
    Number.isNaN(seconds) ? {} : { since: systemClock.now() - seconds * 1_000 },
  )) {
    if (item.kind === 'problem') {
      if (item.problem !== 'torn') damaged += 1;
      output.warn(`${item.problem} in ${item.segment}, block ${item.sequence}: ${item.detail}`);
      continue;
    }
    for (const observation of item.observations) output.row(observation, () => JSON.stringify(observation));
  }
  return damaged === 0 ? exitCode.done : exitCode.found;
};

/** Looked at again when the file changed: the agent may change its key meanwhile. */
function spoolKeys(installation: Installation): () => SpoolKeys {
  let known: Buffer | undefined;
  let keys: SpoolKeys | undefined;
  return () => {
    const written = keyFile(installation);
    if (keys === undefined || known?.equals(written) !== true) keys = keysIn(installation, written);
    known = written;
    return keys;
  };
}

function keysIn(installation: Installation, written: Buffer): SpoolKeys {
  const directory = join(installation.dataDir, 'agent');
  const isSealed = sealedUnder(written.toString('latin1')) !== undefined;
  const subkeys = isSealed ? rootKeyThere(installation).subkeys(['spool']) : [];
  return sealingRingIn({ directory, name: 'spool.key', purpose: 'spool', subkeys }, written);
}

function keyFile({ dataDir }: Installation): Buffer {
  try {
    return readFileSync(join(dataDir, 'agent/spool.key'));
  } catch (error) {
    throw new CliError('refused', `the spool's key cannot be read (${codeOf(error) ?? 'unknown'})`, {
      hint: 'only the account that ran `tricordon up` may',
      cause: error,
    });
  }
}
