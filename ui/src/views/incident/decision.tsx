/** A person's decision about an incident, with a reason that goes into the audit trail. */
import { type FormEvent, useRef, useState } from 'react';
import type { IncidentRow, IncidentStateRequest } from '../../../../src/server/api-types.ts';
import { ApiError, post } from '../../api.ts';
import { Problem } from '../../parts/notice.tsx';
import { useMay } from '../../session.ts';

const words = {
  triaged: { button: 'Mark as triaged', title: 'What did you find?' },
  closed: { button: 'Close', title: 'Why can it be closed?' },
} as const;

export function Decision({ row, reload }: { readonly row: IncidentRow; readonly reload: () => void }) {
  const may = useMay('incident.decide');
  const dialog = useRef<HTMLDialogElement>(null);
  const reason = useRef<HTMLInputElement>(null);
  const [state, setState] = useState<IncidentStateRequest['state']>('triaged');
  const [problem, setProblem] = useState<ApiError>();
  if (!may || row.state === 'closed') return null;

  const ask = (next: IncidentStateRequest['state']) => {
    setState(next);
    setProblem(undefined);
    dialog.current?.showModal();
  };
  const decide = (event: FormEvent) => {
    event.preventDefault();
    const body: IncidentStateRequest = { state, reason: reason.current?.value ?? '' };
    post(`/v1/incidents/${row.id}/state`, body).then(
      () => {
        dialog.current?.close();
        reload();
      },
      (error: unknown) => setProblem(error instanceof ApiError ? error : undefined),
    );
  };

  return (
    <div className="buttons">
      {row.state !== 'triaged' && (
        <button type="button" onClick={() => ask('triaged')}>
          {words.triaged.button}
        </button>
      )}
      <button type="button" onClick={() => ask('closed')}>
        {words.closed.button} {row.id}
      </button>
      <dialog ref={dialog} aria-labelledby="decision-title">
        <form onSubmit={decide}>
          <h2 id="decision-title">{words[state].title}</h2>
          {problem !== undefined && <Problem problem={problem} />}
          <label htmlFor="reason">Reason, for the audit trail</label>
          <input ref={reason} id="reason" required maxLength={500} autoComplete="off" />
          <div className="row">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" className="go">
              {words[state].button}
            </button>
          </div>
        </form>
      </dialog>
    </div>
  );
}
