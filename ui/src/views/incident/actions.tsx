/** What was or can be done: plan, apply, undo. Everything that changes something asks once more before it does. */
import { useState } from 'react';
import type { ActionRow, ActionsAnswer, ApplyRequest, PlanRequest } from '../../../../src/server/api-types.ts';
import { ApiError, post } from '../../api.ts';
import { clockTime, duration, plural, visible } from '../../format.ts';
import { Live } from '../../parts/live.tsx';
import { ProblemNote } from '../../parts/notes.tsx';
import { ToneIcon } from '../../parts/shapes.tsx';
import { Hostile, Sentence } from '../../parts/text.tsx';
import { useMay } from '../../session.ts';
import { actionStates } from '../../words.ts';

export function Actions({
  incident,
  actions,
  closed,
  onChanged,
}: {
  incident: string;
  actions: readonly ActionRow[];
  closed: boolean;
  onChanged: () => void;
}) {
  const may = useMay('operate');
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<ApiError | undefined>(undefined);
  const planned = actions.filter(({ status }) => status === 'planned');
  return (
    <>
      {problem !== undefined && <ProblemNote problem={problem} />}
      {actions.length === 0 && <p className="faint">Nothing has been planned or done yet.</p>}
      {actions.length > 0 && (
        <div className="scroll">
          <table className="rows actions">
            <thead>
              <tr>
                <th scope="col">Action</th>
                <th scope="col">State</th>
                <th scope="col">Result</th>
                <th scope="col">
                  <span className="hidden">Do</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {actions.map((action) => (
                <tr key={action.id}>
                  <th scope="row" data-label="Action">
                    <Sentence text={action.sentence} limit={300} />
                    <span className="faint">
                      by {visible(action.requestedBy, 64)}, {clockTime(action.requestedAt).slice(0, 8)}
                    </span>
                  </th>
                  <td data-label="State" className="nowrap">
                    <Live value={action.status}>
                      <span className={`shown ink-${actionStates[action.status].tone}`}>
                        <ToneIcon tone={actionStates[action.status].tone} />
                        {actionStates[action.status].word}
                      </span>
                    </Live>
                    {action.tookMs !== null && <span className="faint">{duration(action.tookMs)}</span>}
                  </td>
                  <td data-label="Result">
                    <Hostile text={action.detail} limit={240} />
                  </td>
                  <td className="do">
                    {may && action.applicable && (
                      <Confirmed label="Apply" what={action.sentence} disabled={busy} run={() => apply([action.id])} />
                    )}
                    {may && action.undoable && (
                      <Confirmed label="Undo" what={action.sentence} disabled={busy} run={() => undo(action.id)} />
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="buttons">
        {may && planned.length > 1 && (
          <Confirmed
            label={`Apply all ${planned.length}`}
            what={`${plural(planned.length, 'planned action')}, in this order`}
            disabled={busy}
            go
            run={() => apply(planned.map(({ id }) => id))}
          />
        )}
        {may && !closed && (
          <button type="button" disabled={busy} onClick={plan}>
            {actions.length === 0 ? 'Plan containment' : 'Plan anew'}
          </button>
        )}
        {!may && <span className="faint">You may read this; applying needs the right to operate.</span>}
      </div>
    </>
  );

  function plan(): void {
    const request: PlanRequest = { incident };
    send('/v1/actions/plan', request);
  }
  function apply(ids: string[]): void {
    const request: ApplyRequest = { actions: ids };
    send('/v1/actions/apply', request);
  }
  function undo(id: string): void {
    send(`/v1/actions/${encodeURIComponent(id)}/undo`, undefined);
  }

  function send(path: string, body: unknown): void {
    setBusy(true);
    setProblem(undefined);
    post<ActionsAnswer>(path, body)
      .catch((error: unknown) => {
        if (error instanceof ApiError) setProblem(error);
      })
      .finally(() => {
        setBusy(false);
        onChanged();
      });
  }
}

/** A button that asks once more, in place. */
export function Confirmed({
  label,
  what,
  run,
  disabled,
  go = false,
}: {
  label: string;
  what: string;
  run: () => void;
  disabled: boolean;
  go?: boolean;
}) {
  const [asking, setAsking] = useState(false);
  const said = visible(what, 160);
  if (!asking) {
    return (
      <button
        type="button"
        className={go ? 'go' : undefined}
        disabled={disabled}
        aria-label={`${label}: ${said}`}
        onClick={() => setAsking(true)}
      >
        {label}
      </button>
    );
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape bubbles up from the two buttons
    <span
      className="confirm"
      onKeyDown={(event) => {
        if (event.key === 'Escape') setAsking(false);
      }}
    >
      <button
        type="button"
        className="danger"
        // biome-ignore lint/a11y/noAutofocus: the button under the finger was replaced by this one
        autoFocus
        disabled={disabled}
        aria-label={`Yes, ${label.toLowerCase()}: ${said}`}
        onClick={() => {
          setAsking(false);
          run();
        }}
      >
        Yes, {label.toLowerCase()}
      </button>
      <button type="button" className="quiet" onClick={() => setAsking(false)}>
        No
      </button>
    </span>
  );
}
