/** Containment: what would be done, what was done, and the way back. */
import { useState } from 'react';
import type {
  ActionRow,
  ActionsAnswer,
  ApplyRequest,
  IncidentRow,
  PlanRequest,
} from '../../../../src/server/api-types.ts';
import { ApiError, post } from '../../api.ts';
import { duration, plural, visible } from '../../format.ts';
import { Problem } from '../../parts/notice.tsx';
import { ActionWord } from '../../parts/words.tsx';
import { useMay } from '../../session.ts';

interface ActionsProps {
  readonly incident: string;
  readonly state: IncidentRow['state'];
  readonly actions: readonly ActionRow[];
  readonly reload: () => void;
}

export function Actions({ incident, state, actions, reload }: ActionsProps) {
  const may = useMay('respond.apply');
  const [busy, setBusy] = useState<string>();
  const [problem, setProblem] = useState<ApiError>();
  const waiting = actions.filter(({ applicable }) => applicable);

  const ask = (what: string, path: string, body?: PlanRequest | ApplyRequest) => {
    setBusy(what);
    setProblem(undefined);
    post<ActionsAnswer>(path, body)
      .then(reload, (error: unknown) =>
        setProblem(error instanceof ApiError ? error : new ApiError(0, 'unexpected', 'that did not work', null)),
      )
      .finally(() => setBusy(undefined));
  };
  const apply = (what: string, rows: readonly ActionRow[]) =>
    ask(what, '/v1/actions/apply', { actions: rows.map(({ id }) => id) });

  return (
    <>
      {problem !== undefined && <Problem problem={problem} />}
      {actions.length === 0 && (
        <p className="sub">Nothing is planned. A plan says what would be done before anything is.</p>
      )}
      <ul className="rows actions">
        {actions.map((action) => (
          <li key={action.id}>
            <div>
              <p>{visible(action.sentence, 300)}</p>
              <p className="sub wrap">
                {action.detail === '' ? `by ${visible(action.requestedBy, 80)}` : visible(action.detail, 400)}
              </p>
            </div>
            <div className="action-end">
              <span role="status">
                <ActionWord status={action.status} />
                {action.tookMs !== null && <span className="sub"> in {duration(action.tookMs)}</span>}
              </span>
              {may && action.applicable && (
                <button
                  type="button"
                  className="small"
                  disabled={busy !== undefined}
                  onClick={() => apply(action.id, [action])}
                >
                  {busy === action.id ? 'Asking …' : 'Apply'}
                  <span className="sr"> {visible(action.sentence, 120)}</span>
                </button>
              )}
              {may && action.undoable && (
                <button
                  type="button"
                  className="small"
                  disabled={busy !== undefined}
                  onClick={() => ask(action.id, `/v1/actions/${encodeURIComponent(action.id)}/undo`)}
                >
                  {busy === action.id ? 'Asking …' : 'Undo'}
                  <span className="sr"> {visible(action.sentence, 120)}</span>
                </button>
              )}
            </div>
          </li>
        ))}
      </ul>
      {may ? (
        <p className="buttons">
          {waiting.length > 1 && (
            <button type="button" className="go" disabled={busy !== undefined} onClick={() => apply('all', waiting)}>
              {busy === 'all' ? 'Asking …' : `Apply ${plural(waiting.length, 'planned step')} in this order`}
            </button>
          )}
          {state !== 'closed' && waiting.length === 0 && (
            <button
              type="button"
              className={actions.length === 0 ? 'go' : ''}
              disabled={busy !== undefined}
              onClick={() => ask('plan', '/v1/actions/plan', { incident })}
            >
              {busy === 'plan' ? 'Planning …' : actions.length === 0 ? 'Plan containment' : 'Plan further steps'}
            </button>
          )}
        </p>
      ) : (
        <p className="sub">You may read this, not act on it: that takes the permission respond.apply.</p>
      )}
    </>
  );
}
