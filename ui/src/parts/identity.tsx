import { visible } from '../format.ts';

/** A SPIFFE ID: it may break after a slash, never inside a name while there is room. */
export function Identity({ id }: { readonly id: string }) {
  const parts = visible(id, 300).split(/(?<=\/)(?=[^/])/);
  return (
    <code className="wrap">
      {parts.map((part, index) => (
        // parts of one text in their order
        <span key={index}>
          {index > 0 && <wbr />}
          {part}
        </span>
      ))}
    </code>
  );
}
