import { useState } from 'react';
import type { StoryStep } from '../../../../src/server/api-types.ts';
import { clockTime, offset, plural, visible } from '../../format.ts';
import { LayerIcon, layerNames } from '../../parts/layer.tsx';
import { OutcomeWord } from '../../parts/words.tsx';

const firstSteps = 60;

interface StoryProps {
  readonly story: readonly StoryStep[];
  readonly selected: string | undefined;
  readonly select: (step: string) => void;
}

export function Story({ story, selected, select }: StoryProps) {
  const [all, setAll] = useState(false);
  const shown = all ? story : story.slice(0, firstSteps);
  const numbers = new Map(story.map((step, index) => [step.id, index + 1]));
  if (story.length === 0) return <p className="sub">The signals behind this incident are no longer kept.</p>;
  return (
    <>
      <ol className="story">
        {shown.map((step, index) => (
          <Step
            key={step.id}
            step={step}
            number={index + 1}
            numbers={numbers}
            selected={step.id === selected}
            select={select}
          />
        ))}
      </ol>
      {shown.length < story.length && (
        <button type="button" onClick={() => setAll(true)}>
          Show {plural(story.length - shown.length, 'more step', 'more steps')}
        </button>
      )}
    </>
  );
}

interface StepProps {
  readonly step: StoryStep;
  readonly number: number;
  readonly numbers: ReadonlyMap<string, number>;
  readonly selected: boolean;
  readonly select: (step: string) => void;
}

function Step({ step, number, numbers, selected, select }: StepProps) {
  const by = step.rule === null ? null : step.rule === 'contract' ? 'against the contract' : step.rule;
  return (
    <li className={`${step.kind}${selected ? ' selected' : ''}`}>
      {step.heading !== null && <h3 className="chapter">{visible(step.heading, 80)}</h3>}
      <button type="button" className="step" aria-pressed={selected} onClick={() => select(step.id)}>
        <span className="step-mark">
          <LayerIcon layer={step.layer} />
        </span>
        <span className="step-body">
          <span className="step-when">
            <span className="step-number">{number}</span>
            <span className="mono">{step.afterMs === 0 ? clockTime(step.at) : offset(step.afterMs)}</span>
            <span>{step.layer === null ? 'Response' : layerNames[step.layer]}</span>
            <OutcomeWord outcome={step.outcome} />
            {step.signals.length > 1 && <span>{plural(step.signals.length, 'signal')}</span>}
          </span>
          <span className="step-sentence">{visible(step.sentence, 400)}</span>
          {(step.tacticName !== null || by !== null) && (
            <span className="sub block">
              {[step.tacticName, step.technique, by].filter((part) => part !== null).join(', ')}
            </span>
          )}
        </span>
      </button>
      {selected && (
        <div className="step-more">
          {step.targets.length > 1 ? (
            <ul className="mono wrap">
              {step.targets.map((target) => (
                <li key={target}>{visible(target, 300)}</li>
              ))}
            </ul>
          ) : (
            step.detail !== '' && <p className="mono wrap">{visible(step.detail, 1_200)}</p>
          )}
          <p className="sub">
            {clockTime(step.at)}
            {step.lastAt > step.at && <> to {clockTime(step.lastAt)}</>}
            {step.workload !== null && <> on {visible(step.workload, 120)}</>}
          </p>
          {step.links.length > 0 && (
            <ul className="sub">
              {step.links.slice(0, 8).map(({ to, by: key }) => (
                <li key={`${to} ${key}`}>
                  Joined with{' '}
                  <button type="button" className="as-link" onClick={() => select(to)}>
                    step {numbers.get(to) ?? '?'}
                  </button>{' '}
                  by {visible(key, 60)}
                </li>
              ))}
            </ul>
          )}
        </div>
      )}
    </li>
  );
}
