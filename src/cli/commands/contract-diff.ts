import type { DiffAnswer } from '../../server/index.js';
import { type Command, exitCode, text } from '../command.js';
import { diffLines, diffWarnings } from '../output/contract-diff.js';
import { compareFiles } from '../compare-files.js';
import { apiOf } from '../signed-in.js';

/** Two versions of a service's contract at the control plane; with two arguments, contracts in files. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const [old = '', next] = invocation.arguments;
  if (next !== undefined) return compareFiles(invocation, old, next);
  const api = apiOf(invocation);
  const query = new URLSearchParams();
  for (const name of ['from', 'to']) {
    const value = text(invocation, name);
    if (value !== undefined) query.set(name, value);
  }
  const answer = await api.get<DiffAnswer>(`/v1/contracts/${encodeURIComponent(old)}/diff?${query}`);
  for (const line of diffWarnings(answer)) output.warn(line);
  output.result({ schemaVersion: 1, ...answer }, () => diffLines(output, answer));
  return answer.rows.length === 0 ? exitCode.done : exitCode.found;
};
