/** Three cords, and what ties them together. */
export function Mark({ size = 24 }: { readonly size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path className="stroke-runtime" d="M2 6h20" />
      <path className="stroke-network" d="M2 12h20" />
      <path className="stroke-api" d="M2 18h20" />
      <path className="stroke-ink" d="M16 2.5v19" />
    </svg>
  );
}
