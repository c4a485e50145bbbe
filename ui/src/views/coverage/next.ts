/** What to do next so that more is held. Pure; only commands that exist. */
import type { CoveredService, Hold } from '../../../../src/server/api-types.ts';

export interface NextCommand {
  readonly sentence: string;
  readonly command: string;
}

const names: Readonly<Record<Hold['layer'], string>> = { runtime: 'runtime', network: 'network', api: 'API' };

/** One line for each service that is still learned or only watched; a host that cannot enforce says so among its gaps. */
export function nextCommands(services: readonly CoveredService[]): NextCommand[] {
  return services.flatMap(({ service, holds }) => {
    const waiting = holds.some(({ hold }) => hold === 'next-start');
    const restart = {
      sentence: `${service} is held to its contract from its next start on. Start it again:`,
      command: `tricordon respond restart ${service}`,
    };
    const open = holds.filter(({ hold }) => hold === 'learning' || hold === 'audit');
    if (open.length === 0) return waiting ? [restart] : [];
    const kinds = [...new Set(open.map(({ hold }) => hold))].map((kind) => {
      const of = open.filter(({ hold }) => hold === kind).map(({ layer }) => names[layer]);
      return `${kind === 'audit' ? 'in audit' : 'learning'} on ${of.join(', ')}`;
    });
    const modes = open.map(({ layer }) => `${layer}=enforce`).join(',');
    return [
      {
        sentence: `${service} is ${kinds.join(' and ')}. Enforce what was learned:`,
        command: `tricordon contract approve ${service} --mode ${modes}`,
      },
      ...(waiting ? [restart] : []),
    ];
  });
}
