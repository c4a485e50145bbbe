/** What happened, step by step, in sentences; the chosen one tells more. */
import { type KeyboardEvent, useEffect, useRef } from 'react';
import type { StoryStep } from '../../../../src/server/api-types.ts';
import { clockTime, offset, visible } from '../../format.ts';
import { LayerIcon, ToneIcon } from '../../parts/shapes.tsx';
import { Hostile, Sentence } from '../../parts/text.tsx';
import { joinedBy, layerNames, outcomes } from '../../words.ts';

export function Story({
  story,
  selected,
  onSelect,
}: {
  story: readonly StoryStep[];
  selected: number;
  onSelect: (index: number) => void;
}) {
  const list = useRef<HTMLOListElement | null>(null);
  const byKey = useRef(false);
  useEffect(() => {
    if (!byKey.current) return;
    byKey.current = false;
    list.current?.querySelector<HTMLButtonElement>(`[data-step="${selected}"]`)?.focus();
  }, [selected]);
  return (
    <ol ref={list} className="story">
      {story.map((step, index) => (
        <li key={step.id} className={index === selected ? 'chosen' : undefined}>
          <LayerIcon layer={step.layer} />
          <button
            type="button"
            className="step-head"
            data-step={index}
            aria-expanded={index === selected}
            onClick={() => onSelect(index)}
            onKeyDown={pressed}
          >
            <span className="step-time">
              {step.layer !== null && <b>{index + 1}</b>}
              <time dateTime={isoOf(step.at)}>{clockTime(step.at)}</time>
              <span>{index === 0 ? '' : offset(step.afterMs)}</span>
            </span>
            <span className="step-sentence">
              <Sentence text={step.sentence} limit={400} />
            </span>
            <span className="step-facts">
              <span className={`shown ink-${outcomes[step.outcome].tone}`}>
                <ToneIcon tone={outcomes[step.outcome].tone} />
                {outcomes[step.outcome].word}
              </span>
              {step.layer === null ? <span>Our answer</span> : <span>{layerNames[step.layer]}</span>}
              {step.tacticName !== null && <span>{step.tacticName}</span>}
            </span>
          </button>
          {index === selected && <More step={step} story={story} onSelect={onSelect} />}
        </li>
      ))}
    </ol>
  );

  function pressed(event: KeyboardEvent): void {
    const last = story.length - 1;
    const next = { ArrowDown: selected + 1, ArrowUp: selected - 1, Home: 0, End: last }[event.key];
    if (next === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    byKey.current = true;
    onSelect(Math.min(last, Math.max(0, next)));
  }
}

function More({
  step,
  story,
  onSelect,
}: {
  step: StoryStep;
  story: readonly StoryStep[];
  onSelect: (index: number) => void;
}) {
  const joined = joins(step, story);
  return (
    <div className="step-more">
      {step.detail !== '' && (
        <p>
          <Hostile text={step.detail} limit={1_500} />
        </p>
      )}
      {joined.length > 0 && (
        <ul className="joined">
          {joined.slice(0, 8).map(({ index, by }) => (
            <li key={`${index} ${by}`}>
              Hangs together with{' '}
              <button type="button" className="textual" onClick={() => onSelect(index)}>
                step {index + 1}
              </button>
              : {visible(joinedBy(by), 100)}
            </li>
          ))}
        </ul>
      )}
      <p className="faint">
        {[
          step.rule === null ? '' : step.rule === 'contract' ? 'deviation from the contract' : `rule ${step.rule}`,
          step.technique === null ? '' : `ATT&CK ${step.technique}`,
          step.tactic ?? '',
          step.workload ?? '',
        ]
          .filter((part) => part !== '')
          .map((part) => visible(part, 160))
          .join(', ')}
      </p>
    </div>
  );
}

/** A link stands at one of its two ends; for reading it counts at both. */
export function joins(step: StoryStep, story: readonly StoryStep[]): { index: number; by: string }[] {
  return story.flatMap((other, index) => [
    ...step.links.filter(({ to }) => to === other.id).map(({ by }) => ({ index, by })),
    ...(other.id === step.id ? [] : other.links.filter(({ to }) => to === step.id).map(({ by }) => ({ index, by }))),
  ]);
}

function isoOf(at: number): string | undefined {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
