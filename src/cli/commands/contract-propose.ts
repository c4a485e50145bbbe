import { parseContract } from '../../contract/index.js';
import type { ContractAnswer } from '../../server/index.js';
import { type Command, exitCode } from '../command.js';
import { policyText } from '../policy-text.js';
import { apiOf } from '../signed-in.js';

/** Nothing is in force by it: somebody looks at it and approves. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const path = invocation.arguments[0] ?? '';
  const text = policyText(path);
  const { service } = parseContract(text, path);
  const answer = await apiOf(invocation).post<ContractAnswer>(`/v1/contracts/${encodeURIComponent(service)}/propose`, {
    text,
  });
  const { version, digest } = answer.version;
  output.result(
    { schemaVersion: 1, ...answer },
    () =>
      `${service} version ${version} is proposed (${digest})\nlook at it: tricordon contract diff ${service} --to ${version}\napprove it: tricordon contract approve ${service} --version ${version}`,
  );
  return exitCode.done;
};
