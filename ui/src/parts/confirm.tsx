import { type FormEvent, type ReactNode, useEffect, useRef } from 'react';

interface ConfirmProps {
  readonly title: string;
  /** What the button does. */
  readonly does: string;
  readonly busy: boolean;
  readonly close: () => void;
  readonly confirmed: (form: HTMLFormElement) => void;
  readonly children: ReactNode;
}

/** Asks before something that is hard to take back; a form, so that Enter means the button that is named. */
export function Confirm({ title, does, busy, close, confirmed, children }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (dialog.current?.open === false) dialog.current.showModal();
  }, []);
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    confirmed(event.currentTarget);
  };
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="confirm-title">
      <form onSubmit={submit}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        <p className="row">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="go" disabled={busy}>
            {busy ? 'Asking …' : does}
          </button>
        </p>
      </form>
    </dialog>
  );
}
