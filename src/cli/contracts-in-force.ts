/** The contracts of a running control plane that are in force. */
import { parseContract, type SetDocument } from '../contract/index.js';
import type { ContractAnswer, ContractsAnswer } from '../server/index.js';
import type { Invocation } from './command.js';
import { apiOf } from './signed-in.js';

export async function contractsInForce(invocation: Invocation): Promise<readonly SetDocument[]> {
  const api = apiOf(invocation);
  const { contracts } = await api.get<ContractsAnswer>('/v1/contracts');
  const documents: SetDocument[] = [];
  for (const { service, active } of contracts) {
    if (active === null) continue;
    const { text } = await api.get<ContractAnswer>(`/v1/contracts/${encodeURIComponent(service)}`);
    const file = `contract of ${service}`;
    documents.push({ file, document: parseContract(text, file), version: active.version });
  }
  return documents;
}
