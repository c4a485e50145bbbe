import type { IncidentAnswer } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';

export function Next({ next }: { readonly next: IncidentAnswer['next'] }) {
  if (next.length === 0) return <p className="sub">Nothing is left to do.</p>;
  return (
    <ol className="rows">
      {next.map(({ sentence, command }, index) => (
        <li key={sentence}>
          <p>
            <span className="step-number">{index + 1}</span> {visible(sentence, 300)}
          </p>
          {command !== null && <Command text={command} />}
        </li>
      ))}
    </ol>
  );
}
