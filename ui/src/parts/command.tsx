import { useEffect, useRef, useState } from 'react';
import { visible } from '../format.ts';

/** A command to type, with a button that copies it. */
export function Command({ text }: { text: string }) {
  const [said, setSaid] = useState<'copied' | 'not copied' | undefined>(undefined);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const shown = visible(text, 400);
  return (
    <span className="command">
      <code>{shown}</code>
      <button type="button" className="quiet" aria-label={`Copy the command ${shown}`} onClick={copy}>
        {said === undefined ? 'Copy' : said === 'copied' ? 'Copied' : 'Select it by hand'}
      </button>
      <span className="hidden" role="status">
        {said ?? ''}
      </span>
    </span>
  );

  function copy(): void {
    // What is shown is what is copied: a hidden character in a command would run.
    const writing =
      navigator.clipboard === undefined ? Promise.reject(new Error('blocked')) : navigator.clipboard.writeText(shown);
    writing.then(
      () => say('copied'),
      () => say('not copied'),
    );
  }

  function say(what: 'copied' | 'not copied'): void {
    setSaid(what);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setSaid(undefined), 2_500);
  }
}

/** The text of a fix: a command when it is one of ours or a shell's, else a sentence. */
export function Fix({ text }: { text: string }) {
  const isCommand = /^(sudo |tricordon |npx |apt(-get)? |mount |sysctl |node |docker |systemctl )/.test(text);
  return isCommand ? <Command text={text} /> : <span className="fix">{visible(text, 400)}</span>;
}
