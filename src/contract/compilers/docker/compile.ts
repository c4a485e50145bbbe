import { containerPlan } from '../container/settings.js';
import type { CompiledTarget, TargetInput } from '../target.js';
import { scriptOf } from './script.js';

export function compile(input: TargetInput): CompiledTarget {
  const { settings, profile, diagnostics } = containerPlan('docker', input);
  const script = { file: `${input.contract.service}.docker-run.sh`, text: scriptOf(input, settings) };
  return { artefacts: profile === undefined ? [script] : [script, profile], diagnostics };
}
