import { visible } from '../format.ts';

/** A SPIFFE ID, which may break after its slashes only. */
export function Identity({ id }: { id: string }) {
  const parts = visible(id, 300).split(/(?<=\/)(?!\/)/);
  return (
    <code className="identity">
      {parts.map((part, index) => (
        <span key={index}>
          {part}
          <wbr />
        </span>
      ))}
    </code>
  );
}
