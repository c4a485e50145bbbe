import type { DiffAnswer } from '../../server/index.js';
import { type Command, exitCode, text } from '../command.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const api = apiOf(invocation);
  const query = new URLSearchParams();
  for (const name of ['from', 'to']) {
    const value = text(invocation, name);
    if (value !== undefined) query.set(name, value);
  }
  const answer = await api.get<DiffAnswer>(
    `/v1/contracts/${encodeURIComponent(invocation.arguments[0] ?? '')}/diff?${query}`,
  );
  output.result({ schemaVersion: 1, ...answer }, () => (answer.rows.length === 0 ? 'no rights differ' : answer.text));
  return answer.rows.length === 0 ? exitCode.done : exitCode.found;
};
