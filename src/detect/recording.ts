/** Recordings: one header line, then observations, one JSON object per line (NDJSON). Read as hostile input. */
import { messageOf } from '../base/index.js';
import { Observation, RecordingHeader } from '../model/index.js';
import { DetectError } from './error.js';

const maxHeader = 16 * 1_024 * 1_024;
const maxRow = 256 * 1_024;
const maxRows = 5_000_000;

export interface Recording {
  readonly header: RecordingHeader;
  readonly observations: AsyncIterable<Observation>;
}

/**
 * Reads a recording from chunks of bytes. The header is checked before this returns; every row is checked as it comes.
 *
 * @throws DetectError with the number of the line; also from the iteration.
 */
export async function readRecording(chunks: AsyncIterable<Uint8Array>): Promise<Recording> {
  const lines = linesOf(chunks);
  const first = await lines.next();
  if (first.done === true) throw new DetectError('recording-header', 'the recording is empty');
  const header = RecordingHeader.safeParse(json(first.value, 1, 'recording-header'));
  if (!header.success) {
    throw new DetectError('recording-header', `line 1 is no recording header: ${firstIssue(header.error.issues)}`, {
      hint: 'the first line holds schemaVersion, kind, recordedAt, trustDomain, learnUntil, contracts and workloads',
    });
  }
  return { header: header.data, observations: rows(lines) };
}

/** The lines of a recording, each ending in a newline. */
export async function* writeRecording(
  header: RecordingHeader,
  observations: AsyncIterable<Observation> | Iterable<Observation>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(RecordingHeader.parse(header))}\n`;
  for await (const observation of observations) yield `${JSON.stringify(Observation.parse(observation))}\n`;
}

async function* rows(lines: AsyncGenerator<string>): AsyncGenerator<Observation> {
  let number = 1;
  for await (const line of lines) {
    number += 1;
    if (number > maxRows) throw new DetectError('recording-too-large', `more than ${maxRows} rows`);
    if (line === '') continue;
    const row = Observation.safeParse(json(line, number, 'recording-row'));
    if (!row.success) {
      throw new DetectError('recording-row', `line ${number} is no observation: ${firstIssue(row.error.issues)}`);
    }
    yield row.data;
  }
}

function json(line: string, number: number, code: 'recording-header' | 'recording-row'): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new DetectError(code, `line ${number} is no JSON: ${messageOf(error)}`, { cause: error });
  }
}

function firstIssue(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  const [issue] = issues;
  return issue === undefined ? 'unknown problem' : messageOf(`${issue.path.join('.')}: ${issue.message}`);
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let number = 1;
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      yield take(chunk.subarray(from, end));
      from = end + 1;
    }
    hold(chunk.subarray(from));
  }
  if (length > 0) yield take(new Uint8Array());

  function hold(part: Uint8Array): void {
    length += part.length;
    const limit = number === 1 ? maxHeader : maxRow;
    if (length > limit) throw new DetectError('recording-too-large', `line ${number} is longer than ${limit} bytes`);
    // A copy: the reader may reuse its buffer for the next chunk.
    if (part.length > 0) parts.push(part.slice());
  }

  function take(last: Uint8Array): string {
    hold(last);
    const line = Buffer.concat(parts, length);
    parts = [];
    length = 0;
    try {
      const text = decoder.decode(line);
      number += 1;
      return text;
    } catch (error) {
      const code = number === 1 ? 'recording-header' : 'recording-row';
      throw new DetectError(code, `line ${number} is not UTF-8`, { cause: error });
    }
  }
}
