import { useEffect, useState } from 'react';
import { visible } from '../format.ts';

/** A command to run elsewhere, or a secret that is shown once, and a button that takes it along. */
export function Command({ text, what = 'command' }: { readonly text: string; readonly what?: string }) {
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  useEffect(() => {
    if (copied === 'no') return;
    const timer = setTimeout(() => setCopied('no'), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    // What is shown is what is copied: control characters never reach a terminal this way.
    navigator.clipboard.writeText(visible(text, 2_000)).then(
      () => setCopied('yes'),
      () => setCopied('failed'),
    );
  };
  const says = { no: 'Copy', yes: 'Copied', failed: 'Select it by hand' } as const;
  return (
    <span className="command">
      <code>{words(visible(text, 2_000))}</code>
      <button
        type="button"
        className="small"
        onClick={copy}
        aria-label={what === 'command' ? `Copy the command ${visible(text, 120)}` : `Copy the ${what}`}
      >
        {says[copied]}
      </button>
      <span className="sr" role="status">
        {copied === 'yes' ? 'Copied' : ''}
      </span>
    </span>
  );
}

/** Breaks between words, never inside `--option`. */
function words(text: string) {
  return text.split(/(?<= )/).map((word, index) => (
    // parts of one text in their order
    <span key={index} className={word.length <= 30 ? 'word' : undefined}>
      {word}
    </span>
  ));
}
