import type { StoryStep } from '../../../../src/server/api-types.ts';
import { clockTime, offset, visible } from '../../format.ts';
import { LayerIcon } from '../../parts/shapes.tsx';
import { Sentence } from '../../parts/text.tsx';
import { joinedBy, layerNames, outcomes } from '../../words.ts';
import { joins } from './story.tsx';

/** The lanes as a table: the same steps and the same ties. */
export function StepsTable({ story, selected }: { story: readonly StoryStep[]; selected: number }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
    <section className="scroll" tabIndex={0} aria-label="Steps as a table">
      <table className="rows">
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Time</th>
            <th scope="col">Layer</th>
            <th scope="col">What</th>
            <th scope="col">Tactic</th>
            <th scope="col">Outcome</th>
            <th scope="col">Hangs together with</th>
          </tr>
        </thead>
        <tbody>
          {story.map((step, index) => (
            <tr key={step.id} className={index === selected ? 'chosen' : undefined}>
              <th scope="row" data-label="Step">
                {index + 1}
              </th>
              <td data-label="Time" className="nowrap">
                <span className="mono">{clockTime(step.at)}</span>
                <span className="faint">{offset(step.afterMs)}</span>
              </td>
              <td data-label="Layer" className="nowrap">
                <LayerIcon layer={step.layer} /> {step.layer === null ? 'Our answer' : layerNames[step.layer]}
              </td>
              <td data-label="What">
                <Sentence text={step.sentence} limit={300} />
              </td>
              <td data-label="Tactic">{step.tacticName ?? ''}</td>
              <td data-label="Outcome" className={`ink-${outcomes[step.outcome].tone}`}>
                {outcomes[step.outcome].word}
              </td>
              <td data-label="Hangs together with">
                {joins(step, story)
                  .slice(0, 8)
                  .map(({ index: other, by }) => `${other + 1} (${visible(joinedBy(by), 60)})`)
                  .join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
