import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { codeOf, isDiskFull, messageOf, systemClock } from '../../base/index.js';
import { CliError, type Command, exitCode, flag, noSpace, text } from '../command.js';
import { parts } from '../support/parts.js';
import { redactText } from '../redaction.js';
import { tarOf } from '../support/tar-file.js';

/** No part is larger; what is, is left out and said so. */
const largestPart = 4 << 20;

/** Writes one file that a person may read and then send; nothing is ever sent from here. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const now = systemClock.now();
  const made = [];
  for (const part of parts) {
    const { name, about } = part;
    try {
      const content = Buffer.from(await part.read(invocation));
      if (content.length > largestPart) throw new Error(`it is larger than ${largestPart >> 20} MiB`);
      made.push({ name, about, content, missing: null });
    } catch (error) {
      const missing = redactText(messageOf(error));
      made.push({ name: `${name}.missing`, about, content: Buffer.from(`${missing}\n`), missing });
    }
  }
  const rows = made.map(({ name, about, content, missing }) => ({ name, bytes: content.length, about, missing }));
  const file = flag(invocation, 'list') ? null : (text(invocation, 'to') ?? defaultName(now));
  if (file !== null) write(file, gzipSync(tarOf(made, now)));
  output.result({ schemaVersion: 1, file, parts: rows }, () =>
    [
      output.table(
        ['PART', 'BYTES', 'WHAT IT IS'],
        rows.map(({ name, bytes, about, missing }) => [
          name,
          String(bytes),
          missing === null ? about : `missing: ${missing}`,
        ]),
      ),
      '',
      file === null
        ? 'Nothing was written.'
        : `Written to ${file}. Look into it before you send it: nothing is sent by itself.`,
    ].join('\n'),
  );
  return exitCode.done;
};

function defaultName(now: number): string {
  return `tricordon-support-${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}.tar.gz`;
}

function write(file: string, content: Buffer): void {
  try {
    writeFileSync(file, content, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (isDiskFull(error)) throw noSpace(error);
    throw new CliError('refused', `\`${file}\` cannot be written (${codeOf(error) ?? 'unknown'})`, {
      hint:
        codeOf(error) === 'EEXIST'
          ? 'it is there already: name another with --to'
          : 'name a file in a folder of yours with --to',
      cause: error,
    });
  }
}
