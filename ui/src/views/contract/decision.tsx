/** Proposing what is learned, approving and rejecting: each about exactly what was on the page. */
import { type FormEvent, useContext, useRef, useState } from 'react';
import type { DecideRequest, ProposeRequest, ReviewAnswer } from '../../../../src/server/api-types.ts';
import { ApiError, post } from '../../api.ts';
import { shortDigest, visible } from '../../format.ts';
import { layerNames, layers } from '../../parts/layer.tsx';
import { Problem } from '../../parts/notice.tsx';
import { Me, useMay } from '../../session.ts';

interface Props {
  readonly review: ReviewAnswer;
  readonly reload: () => void;
}
type Proposal = NonNullable<ReviewAnswer['proposal']>;
type Verdict = 'approve' | 'reject';

export function Decision({ review, reload }: Props) {
  const mayApprove = useMay('contract.approve');
  const mayPropose = useMay('contract.propose');
  const { proposal, learned } = review;
  return (
    <div className="buttons">
      {mayPropose && learned !== null && (proposal === null || review.learnedOn) && (
        <Propose review={review} reload={reload} />
      )}
      {proposal !== null && mayApprove && <Decide review={review} proposal={proposal} reload={reload} />}
      {proposal !== null && !mayApprove && (
        <p className="sub">Somebody with the permission contract.approve decides about v{proposal.version}.</p>
      )}
    </div>
  );
}

const words: Readonly<Record<Verdict, { readonly button: string; readonly label: string }>> = {
  approve: { button: 'Approve', label: 'Reason, for the history' },
  reject: { button: 'Reject', label: 'Reason: what should whoever proposed it do next?' },
};

function Decide({ review, proposal, reload }: Props & { readonly proposal: Proposal }) {
  const me = useContext(Me);
  const dialog = useRef<HTMLDialogElement>(null);
  const reason = useRef<HTMLInputElement>(null);
  const [about, setAbout] = useState<{ readonly verdict: Verdict; readonly proposal: Proposal }>();
  const [problem, setProblem] = useState<ApiError>();
  const verdict = about?.verdict ?? 'approve';
  // Held fast when the dialog opens: the page may go on to something newer below it.
  const looked = about?.proposal ?? proposal;
  const stale = looked.digest !== proposal.digest || looked.version !== proposal.version;

  const ask = (next: Verdict) => {
    setAbout({ verdict: next, proposal });
    setProblem(undefined);
    if (reason.current !== null) reason.current.value = '';
    dialog.current?.showModal();
  };
  const decide = (event: FormEvent) => {
    event.preventDefault();
    if (stale) return;
    const body: DecideRequest = {
      version: looked.version,
      digest: looked.digest,
      reason: reason.current?.value ?? '',
    };
    post(`/v1/contracts/${review.service}/${verdict}`, body).then(
      () => {
        dialog.current?.close();
        reload();
      },
      (error: unknown) => {
        setProblem(error instanceof ApiError ? error : undefined);
        // What is on the page is no longer what is there.
        if (error instanceof ApiError && error.status === 409) reload();
      },
    );
  };

  return (
    <>
      <button type="button" className="go" onClick={() => ask('approve')}>
        Approve v{proposal.version}
      </button>
      <button type="button" onClick={() => ask('reject')}>
        Reject v{proposal.version}
      </button>
      <dialog ref={dialog} aria-labelledby="decide-title">
        <form onSubmit={decide}>
          <h2 id="decide-title">
            {words[verdict].button} v{looked.version} of {review.service}
          </h2>
          <p className="sub">
            Proposed by {visible(looked.proposedBy, 60)},{' '}
            <code title={looked.digest}>{shortDigest(looked.digest)}</code>.
            {verdict === 'approve' && me?.account === looked.proposedBy
              ? ' You proposed it yourself: where two people have to agree, this is refused.'
              : ''}
          </p>
          {stale && (
            <p className="problem" role="alert">
              v{proposal.version} was proposed while you looked at v{looked.version}. Close this, read what it would
              change, and decide about that.
            </p>
          )}
          {problem !== undefined && <Problem problem={problem} />}
          {problem !== undefined && next[problem.code] !== undefined && <p className="sub">{next[problem.code]}</p>}
          <label htmlFor="decide-reason">{words[verdict].label}</label>
          <input ref={reason} id="decide-reason" required maxLength={500} autoComplete="off" />
          <div className="row">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" className="go" disabled={stale}>
              {words[verdict].button}
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}

/** What to do about a refusal, where its own hint speaks of the command line. */
const next: Readonly<Record<string, string>> = {
  'four-eyes': 'Two people stand behind each contract here. Give the address of this page to another approver.',
  'digest-mismatch': 'It is not what you looked at. Close this and read the proposal again.',
  conflict: 'Somebody decided meanwhile. Close this: the history below says who, when and why.',
};

function Propose({ review, reload }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const [problem, setProblem] = useState<ApiError>();
  const modes = review.learned?.mode;
  const propose = (event: FormEvent) => {
    event.preventDefault();
    const chosen = new FormData(form.current ?? undefined);
    const mode = Object.fromEntries(layers.map((layer) => [layer, chosen.get(layer)])) as ProposeRequest['mode']; // only options
    post(`/v1/contracts/${review.service}/propose`, { mode } satisfies ProposeRequest).then(
      () => {
        dialog.current?.close();
        reload();
      },
      (error: unknown) => setProblem(error instanceof ApiError ? error : undefined),
    );
  };
  return (
    <>
      <button type="button" onClick={() => dialog.current?.showModal()}>
        Propose what is learned
      </button>
      <dialog ref={dialog} aria-labelledby="propose-title">
        <form ref={form} onSubmit={propose}>
          <h2 id="propose-title">Propose what is learned about {review.service}</h2>
          <p className="sub">It becomes a version that nobody can change, and counts when it is approved.</p>
          {problem !== undefined && <Problem problem={problem} />}
          {layers.map((layer) => (
            <p key={layer}>
              <label htmlFor={`mode-${layer}`}>{layerNames[layer]} layer</label>
              <select id={`mode-${layer}`} name={layer} defaultValue={modes?.[layer]}>
                <option value="enforce">enforce: refuse what the contract does not allow</option>
                <option value="audit">audit: let it pass, and say so</option>
                <option value="learn">learn: let it pass, and learn on</option>
                <option value="off">off: do not look</option>
              </select>
            </p>
          ))}
          <div className="row">
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            <button type="submit" className="go">
              Propose
            </button>
          </div>
        </form>
      </dialog>
    </>
  );
}
