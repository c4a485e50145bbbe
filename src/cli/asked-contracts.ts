/** What a question is asked of: contracts in files, or those in force at a running control plane with the bounds over them. */
import { type ContractSet, contractSet, type SetDocument } from '../contract/index.js';
import { Contract } from '../model/index.js';
import type { ContractAnswer, ContractsAnswer, PolicyAnswer } from '../server/index.js';
import { type Invocation, list, text } from './command.js';
import { goodContractFiles } from './contract-files.js';
import { parseLabels } from './labels.js';
import { apiOf } from './signed-in.js';

/** `--contracts DIR` with `--label`s, else what a control plane has. */
export async function askedContracts(invocation: Invocation): Promise<ContractSet> {
  const folder = text(invocation, 'contracts');
  if (folder === undefined) return contractsInForce(invocation);
  return contractSet(await goodContractFiles(folder), { labels: parseLabels(list(invocation, 'label'), '--label') });
}

async function contractsInForce(invocation: Invocation): Promise<ContractSet> {
  const api = apiOf(invocation);
  const [{ contracts }, { bounds }] = await Promise.all([
    api.get<ContractsAnswer>('/v1/contracts'),
    api.get<PolicyAnswer>('/v1/policy'),
  ]);
  const documents: SetDocument[] = bounds.map(({ document }) => ({ file: `bound ${document.name}`, document }));
  for (const { service, active } of contracts) {
    if (active === null) continue;
    const { version } = await api.get<ContractAnswer>(`/v1/contracts/${encodeURIComponent(service)}`);
    const document = Contract.parse(version.contract);
    documents.push({ file: `contract of ${service}`, document, version: version.version });
  }
  const services = new Map(bounds.map((one) => [one.document.name, new Set<string>(one.services)]));
  return contractSet(documents, { bounded: (bound, service) => services.get(bound.name)?.has(service) === true });
}
