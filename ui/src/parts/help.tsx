import { useEffect, useRef } from 'react';
import { CordLine } from './cord.tsx';
import { LayerIcon } from './shapes.tsx';

const keys: readonly (readonly [string, string])[] = [
  ['?', 'This help'],
  ['/', 'To the filter'],
  ['g c · g m · g i', 'To Coverage, Map, Incidents'],
  ['← →', 'Along the time axis of an incident; between services on the map'],
  ['↑ ↓', 'Through the story; between services on the map'],
  ['Home End', 'To the first and last step'],
  ['Enter', 'Choose'],
  ['+ − 0', 'On the map: nearer, further, all of it'],
  ['Shift + arrows', 'On the map: move the picture'],
  ['Esc', 'Close, or choose nothing'],
];
const strokes = [
  ['whole', 'enforced, or watched in full'],
  ['dashed', 'audit, or watched in part'],
  ['dotted', 'learning'],
  ['around', 'can be gone around'],
  ['broken', 'not held, or not watched'],
] as const;

/** A native dialog: it traps focus and closes with Escape by itself. */
export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement | null>(null);
  useEffect(() => {
    if (open && dialog.current?.open === false) dialog.current.showModal();
  }, [open]);
  return (
    <dialog ref={dialog} className="help" aria-labelledby="help-title" onClose={onClose}>
      <div className="help-head">
        <h2 id="help-title">Keys and signs</h2>
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
      <dl className="keys">
        {keys.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <ul className="signs">
        {strokes.map(([stroke, what]) => (
          <li key={stroke}>
            <svg width="64" height="18" viewBox="0 0 64 18" aria-hidden="true">
              <CordLine layer="network" stroke={stroke} x={0} y={8} length={64} />
            </svg>
            {what}
          </li>
        ))}
        <li>
          <LayerIcon layer="runtime" /> runtime
          <LayerIcon layer="network" /> network
          <LayerIcon layer="api" /> API
          <LayerIcon layer={null} /> our answer
        </li>
      </ul>
    </dialog>
  );
}
