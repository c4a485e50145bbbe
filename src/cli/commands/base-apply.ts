import { type Command, exitCode } from '../command.js';
import { policyText } from '../policy-text.js';
import { apiOf } from '../signed-in.js';

export const command: Command = async (invocation) => {
  const { output } = invocation;
  const text = policyText(invocation.arguments[0] ?? '');
  const answer = await apiOf(invocation).post<{ name: string; version: number; digest: string }>('/v1/policy/bases', {
    text,
  });
  const pin = (given: typeof answer) =>
    `extends: [{ name: ${given.name}, version: ${given.version}, digest: "${given.digest}" }]`;
  output.result(
    { schemaVersion: 1, ...answer },
    () => `${answer.name} is known; contracts extend it so:\n${pin(answer)}`,
  );
  return exitCode.done;
};
