/**
 * Attests what `run` launched, through whichever hands this host has: as root the process belongs to another account, and
 * only root may ask the container engine.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type CodeTree, codeTree, entryFile, wholeDigest } from '../identity/index.js';
import type { Attestation } from '../model/index.js';
import type { Hands } from './confine/index.js';
import { AgentError } from './errors.js';
import type { AgentSettings } from './settings.js';
import type { WorkloadRecord } from './workload-record.js';

export async function attestLaunch(
  record: WorkloadRecord,
  pid: number,
  start: number,
  hands: Pick<Hands, 'containers' | 'describe' | 'codeTree'>,
): Promise<Attestation> {
  const { codeDirectory, operator } = record.request;
  const target = { prepared: record.prepared, process: { pid, start } };
  if (record.prepared.rung === 'docker') {
    if (hands.containers === null) throw new AgentError('attestation-failed', 'containers need root mode');
    return await hands.containers.attest(target, { pid, start });
  }
  if (codeDirectory === null) throw new AgentError('attestation-failed', 'no code directory was declared');
  const before = await hands.describe(target, { pid, start });
  const { executable, cwd } = before;
  if (executable === null || cwd === null) {
    throw new AgentError('attestation-failed', `process ${pid} cannot be read`, {
      hint: 'it has ended, or belongs to another account',
    });
  }
  const entry = entryFile(executable, before.commandLine, cwd, codeDirectory);
  if (entry.kind === 'refused') {
    throw new AgentError('attestation-failed', `no identity for \`${executable}\`: ${entry.why}`, {
      hint: 'declare the directory of its code with --code',
    });
  }
  const codeDigest = wholeDigest(await settled(() => hands.codeTree(target, codeDirectory)));
  // INVARIANT: the process that was read is the one that was launched, and still runs the same program.
  const after = await hands.describe(target, { pid, start });
  if (after.executable !== executable)
    throw new AgentError('attestation-failed', `process ${pid} became another program while it was attested`);
  return {
    kind: 'process',
    pid,
    start,
    executable,
    entry: entry.entry,
    codeDigest,
    codeDirectory,
    operator,
    uid: before.uid,
  };
}

/** Many programs write beside their code while they start (Python's `__pycache__`): it is read again until it stands still. */
async function settled(read: () => Promise<CodeTree>): Promise<CodeTree> {
  let tree = await read();
  for (let left = 10; left > 0 && tree.flaw?.code === 'code-changed'; left -= 1) {
    await pause(300);
    tree = await read();
  }
  return tree;
}

/** Of our own program, whose tree is read once. */
export function attestGateway({ nodePath, programDir }: Pick<AgentSettings, 'nodePath' | 'programDir'>) {
  let digest: string | undefined;
  return ({ pid, start }: { pid: number; start: number }): Attestation => {
    const codeDirectory = `${programDir}/dist`;
    digest ??= wholeDigest(codeTree(codeDirectory));
    return {
      kind: 'process',
      pid,
      start,
      executable: nodePath,
      entry: `${codeDirectory}/traffic/main.js`,
      codeDigest: digest,
      codeDirectory,
      operator: 'tricordon',
      uid: process.getuid?.() ?? 0,
    };
  };
}
