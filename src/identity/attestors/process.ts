/** Attests a process by its launch: who started which code. */
import { basename } from 'node:path';
import type { Attestation } from '../../model/index.js';
import { IdentityError } from '../errors.js';
import type { Attestor } from './attestor.js';
import { type CodeLimits, codeDigest } from './code-digest.js';
import { entryFile } from './entry-file.js';
import { type ProcessReader, procfs } from './process-reader.js';

/** @param limits for the code directory. */
export function processAttestor(reader: ProcessReader = procfs, limits: CodeLimits = {}): Attestor {
  return {
    name: 'process',
    async attest(input): Promise<Attestation | undefined> {
      if (input.kind !== 'process') return undefined;
      const { pid, start, code, operator } = input;
      checkSame(reader, pid, start);
      const executable = reader.executable(pid);
      const commandLine = reader.commandLine(pid);
      const workingDirectory = reader.workingDirectory(pid);
      const uid = reader.uid(pid);
      if (
        executable === undefined ||
        commandLine === undefined ||
        workingDirectory === undefined ||
        uid === undefined
      ) {
        throw new IdentityError('process-changed', `process ${pid} cannot be read`, {
          hint: 'it has ended, or belongs to another account than this one',
        });
      }
      const entry = entryFile(executable, commandLine, workingDirectory, code);
      if (entry.kind === 'refused') {
        throw new IdentityError('entry-not-found', `\`${basename(executable)}\` gets no identity: ${entry.why}`, {
          hint: 'declare the directory that holds the program with `--code`, and name the program by its file',
        });
      }
      const { digest } = await codeDigest(code, limits);
      // INVARIANT: the process that was read is the one that was launched, and still runs the same program
      checkSame(reader, pid, start);
      if (reader.executable(pid) !== executable) {
        throw new IdentityError('process-changed', `process ${pid} became another program while it was attested`);
      }
      return {
        kind: 'process',
        pid,
        start,
        executable,
        entry: entry.entry,
        codeDigest: digest,
        codeDirectory: code,
        operator,
        uid,
      };
    },
  };
}

export function checkSame(reader: ProcessReader, pid: number, start: number): void {
  const facts = reader.facts(pid);
  if (facts === undefined || facts.state === 'Z' || facts.state === 'X') {
    throw new IdentityError('process-changed', `process ${pid} is gone`);
  }
  if (facts.start !== start) throw new IdentityError('process-changed', `pid ${pid} is another process by now`);
}
