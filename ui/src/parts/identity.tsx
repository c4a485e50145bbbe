import { visible } from '../format.ts';

/** A SPIFFE ID, which may break after its slashes only. */
export function Identity({ id }: { id: string }) {
  const parts = visible(id, 300).split(/(?<=\/)(?!\/)/);
  return (
    <code className="identity">
      {parts.map((part, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts of one text have no other name
        <span key={index}>
          {part}
          <wbr />
        </span>
      ))}
    </code>
  );
}
