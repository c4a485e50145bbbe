import { visible } from '../format.ts';

/** Text a workload or a stranger may have chosen: bounded, control characters written out. React escapes the rest. */
export function Hostile({ text, limit = 300, mono = false }: { text: string; limit?: number; mono?: boolean }) {
  const shown = visible(text, limit);
  const full = text.length > limit ? { title: visible(text, 4_000) } : {};
  return mono ? (
    <code {...full}>{shown}</code>
  ) : (
    <span className="hostile" {...full}>
      {shown}
    </span>
  );
}

/** A sentence of ours in which `back ticks` mark code. */
export function Sentence({ text, limit = 1_200 }: { text: string; limit?: number }) {
  const parts = visible(text, limit).split('`');
  return (
    <>
      {parts.map((part, index) =>
        // An odd number of ticks: the last one is a plain character.
        index % 2 === 1 && index < parts.length - 1 ? (
          <code key={index}>{part}</code>
        ) : (
          `${index % 2 === 1 ? '`' : ''}${part}`
        ),
      )}
    </>
  );
}
