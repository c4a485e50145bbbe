import { linesOf } from '../parts.js';
import type { CompiledTarget, TargetInput } from '../target.js';
import { planNetwork } from './network.js';
import type { Plan } from './plan.js';
import { planRuntime } from './runtime.js';

/** Read after the unit itself, and before what an administrator puts behind it (`systemctl edit`: override.conf). */
export function compile(input: TargetInput): CompiledTarget {
  const { contract, version, digest, place } = input;
  const plan: Plan = { input, lines: linesOf('systemd'), settings: [] };
  planRuntime(plan);
  planNetwork(plan);
  const unit = place.services[contract.service]?.unit ?? `${contract.service}.service`;
  const about = `${contract.service}${version === null ? '' : ` version ${version}`} ${digest}`;
  const text = [
    `# Contract of ${about}. Made by \`tricordon contract compile\`.`,
    '# Commands of the unit that begin with + run outside of it.',
    '[Service]',
    ...plan.settings.map(([name, value]) => `${name}=${value}`),
    '',
  ].join('\n');
  return { artefacts: [{ file: `${unit}.d/50-tricordon.conf`, text }], diagnostics: plan.lines.all };
}
