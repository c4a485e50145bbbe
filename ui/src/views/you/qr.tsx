import { encodeQR } from 'qr';

/** A QR code (ISO/IEC 18004) as one path: the page's content policy allows no image from elsewhere. */
export function Qr({ text, label }: { readonly text: string; readonly label: string }) {
  const modules = encodeQR(text, 'raw', { ecc: 'medium', border: 4 });
  const size = modules.length;
  const path = modules.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : []))).join('');
  return (
    <svg className="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} width="208" height="208">
      <rect className="qr-ground" width={size} height={size} />
      <path className="qr-ink" d={path} shapeRendering="crispEdges" />
    </svg>
  );
}
