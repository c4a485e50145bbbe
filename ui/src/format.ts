/** Numbers and times as a person reads them. All take values; none looks at a clock. */

/** `12:04:07.318` in the reader's own time zone. */
export function clockTime(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return 'unknown time';
  const two = (value: number) => String(value).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}

/** `22 Nov 2026, 12:04:07`. */
export function dateTime(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return 'unknown time';
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' }).format(date);
  return `${day}, ${clockTime(at).slice(0, 8)}`;
}

/** `35 ms`, `1.30 s`, `4 min 10 s`, `3 h 5 min`. */
export function duration(ms: number): string {
  if (!Number.isFinite(ms)) return 'unknown';
  const value = Math.max(0, ms);
  if (value < 1_000) return `${Math.round(value)} ms`;
  if (value < 60_000) return `${(value / 1_000).toFixed(value < 10_000 ? 2 : 1)} s`;
  const minutes = Math.floor(value / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((value % 60_000) / 1_000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** `just now`, `12 s ago`, `4 min ago`: no more exact than anybody wants it. */
export function ago(ms: number): string {
  if (ms < 3_000) return 'just now';
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s ago`;
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min ago`;
  return `${duration(ms)} ago`;
}

/** `+0.12 s`, short enough for an axis. */
export function offset(ms: number): string {
  if (ms < 1_000) return `+${Math.round(ms)} ms`;
  if (ms < 60_000) return `+${(ms / 1_000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `+${duration(ms)}`;
}

/** `41,220`. */
export function count(value: number): string {
  return new Intl.NumberFormat('en-GB').format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `212/s`, `3.4/s`, `7/min`: never a bare 0 for something that did happen. */
export function rate(perSecond: number): string {
  if (perSecond >= 10) return `${count(Math.round(perSecond))}/s`;
  if (perSecond >= 1) return `${perSecond.toFixed(1)}/s`;
  const perMinute = perSecond * 60;
  return perMinute >= 1 ? `${Math.round(perMinute)}/min` : perMinute > 0 ? '<1/min' : 'none';
}

/** `1.4 MB` (powers of ten). */
export function bytes(value: number): string {
  if (value < 1_000) return `${value} B`;
  if (value < 1_000_000) return `${(value / 1_000).toFixed(1)} kB`;
  return value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(2)} GB`;
}

/** `sha256:5d0f…a91c`. */
export function shortDigest(digest: string): string {
  const hex = digest.replace(/^sha256:/, '');
  return hex.length > 16 ? `sha256:${hex.slice(0, 6)}…${hex.slice(-4)}` : digest;
}

/**
 * Hostile text, made fit to be read: bounded, with control characters, bidirectional overrides and line separators
 * written out, so that nothing can hide, reorder or imitate what stands around it.
 */
export function visible(text: string, limit = 512): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return cut.replace(/[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, (char) => {
    const point = char.charCodeAt(0);
    return point < 256 ? `\\x${point.toString(16).padStart(2, '0')}` : `\\u{${point.toString(16)}}`;
  });
}
