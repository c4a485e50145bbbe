import type { IncidentAnswer } from '../../../../src/server/api-types.ts';
import { visible } from '../../format.ts';
import { Command } from '../../parts/command.tsx';
import { LayerIcon } from '../../parts/layer.tsx';

export function Causes({ causes }: { readonly causes: IncidentAnswer['causes'] }) {
  if (causes.length === 0)
    return (
      <p className="sub">
        No layer let a step pass because of its mode: what was seen was refused, or lay outside a contract.
      </p>
    );
  return (
    <ul className="rows">
      {causes.map((cause) => (
        <li key={`${cause.sentence} ${cause.detail}`}>
          <p className="with-icon top">
            <LayerIcon layer={cause.layer} />
            <span className="flow">
              <b>{visible(cause.sentence, 300)}</b>
              <span className="sub block">{visible(cause.detail, 400)}</span>
            </span>
          </p>
          {cause.fix !== null && <Command text={cause.fix} />}
        </li>
      ))}
    </ul>
  );
}
