import { stringify } from 'yaml';
import { linesOf } from '../parts.js';
import type { Artefact, CompiledTarget, TargetInput } from '../target.js';
import { networkPolicy } from './network.js';
import { podPatch } from './runtime.js';

/** Quoted throughout: to a reader of YAML 1.1 `yes` and `10:10` are no texts. */
const style = { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' } as const;

/** `kubectl apply -f NAME.networkpolicy.yaml`, `kubectl patch deployment NAME --patch-file NAME.patch.yaml`. */
export function compile(input: TargetInput): CompiledTarget {
  const { contract, version, digest } = input;
  const lines = linesOf('kubernetes');
  const about = `# Contract of ${contract.service}${version === null ? '' : ` version ${version}`} ${digest}. Made by \`tricordon contract compile\`.\n`;
  const pod = podPatch(input, lines);
  const policy = networkPolicy(input, lines);
  const artefacts: Artefact[] = [];
  const add = (name: string, document: unknown) =>
    artefacts.push({ file: `${contract.service}.${name}.yaml`, text: about + stringify(document, style) });
  if (policy !== undefined) add('networkpolicy', policy);
  if (pod !== undefined) add('patch', pod.patch);
  if (pod?.profile !== undefined) artefacts.push(pod.profile);
  return { artefacts, diagnostics: lines.all };
}
