import type { StoryStep } from '../../../../src/server/api-types.ts';
import { clockTime, offset, visible } from '../../format.ts';
import { LayerWord } from '../../parts/layer.tsx';
import { OutcomeWord } from '../../parts/words.tsx';
import { Scroll } from '../../parts/scroll.tsx';

/** The same as the lanes, line by line, with why signals were joined. */
export function LaneTable({ story }: { readonly story: readonly StoryStep[] }) {
  const numbers = new Map(story.map((step, index) => [step.id, index + 1]));
  return (
    <details>
      <summary>The same as a table</summary>
      <Scroll label="Steps as a table">
        <table className="dense">
          <thead>
            <tr>
              <th scope="col">Step</th>
              <th scope="col">Time</th>
              <th scope="col">Layer</th>
              <th scope="col">What</th>
              <th scope="col">Outcome</th>
              <th scope="col">Joined with</th>
            </tr>
          </thead>
          <tbody>
            {story.map((step, index) => (
              <tr key={step.id}>
                <td>{index + 1}</td>
                <td className="mono">
                  {clockTime(step.at)}
                  <span className="sub block">{offset(step.afterMs)}</span>
                </td>
                <td>{step.layer === null ? 'Response' : <LayerWord layer={step.layer} />}</td>
                <td>
                  {visible(step.sentence, 300)}
                  {step.signals.length > 1 && <span className="sub block">{step.signals.length} signals</span>}
                </td>
                <td>
                  <OutcomeWord outcome={step.outcome} />
                </td>
                <td className="sub">
                  {step.links.map(({ to, by }) => `${numbers.get(to) ?? '?'} by ${visible(by, 60)}`).join('; ')}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </details>
  );
}
