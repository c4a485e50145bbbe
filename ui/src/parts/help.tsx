import { useEffect, useRef } from 'react';

const keys: readonly (readonly [string, string])[] = [
  ['?', 'this help'],
  [
    'g then c, m, i, t, a, p, y',
    'go to coverage, map, incidents, contracts, audit trail, people or yourself (where you may)',
  ],
  ['/', 'to the filter, where there is one'],
  ['arrow keys', 'incident: step by step along the time axis; map: to the next service'],
  ['Enter', 'map: show what is known of the selected one'],
  ['+  -  0', 'map: closer, further, everything'],
  ['Shift + arrow keys', 'map: move the sheet'],
  ['Esc', 'close what is open'],
];

/** The keys that do something. */
export function Help({ open, close }: { readonly open: boolean; readonly close: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open && dialog.current?.open === false) dialog.current.showModal();
    if (!open) dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="help-title">
      <h2 id="help-title">Keyboard</h2>
      <dl className="keys">
        {keys.map(([key, does]) => (
          <div key={key} className="contents">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <div className="row">
        <button type="button" onClick={close}>
          Close
        </button>
      </div>
    </dialog>
  );
}
