/** The one shape of every error this product raises: a closed code, a plain sentence, what to do next. */
export interface ErrorDetail {
  /** What the user can do about it; one sentence, starts lower case. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * Base of the one error class each module declares.
 *
 * @example
 * class StoreError extends TricordonError<'store-unreachable' | 'store-locked'> {
 *   override readonly name = 'StoreError';
 * }
 * throw new StoreError('store-locked', 'another process holds `/var/lib/tricordon`', { hint: 'run `tricordon down`' });
 */
export class TricordonError<Code extends string = string> extends Error {
  override readonly name: string = 'TricordonError';
  readonly code: Code;
  readonly hint: string | undefined;

  constructor(code: Code, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }
}

/** The message of anything that was thrown, on one line and bounded, safe to print. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return printable(text, 2_000);
}

/** The `errno` style code of a Node error (`ENOENT`), or our own code, or undefined. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined;
  return typeof thrown.code === 'string' ? thrown.code : undefined;
}

/** What a terminal shows as it is. */
const plain = /^[\x20-\x7e]*$/;

/**
 * Makes hostile text fit for a terminal, a log line or a table cell: control characters (C0, DEL, C1), bidirectional
 * overrides and line separators become `\xNN` or `\u{NNNN}`, and the length is bounded in UTF-16 units.
 */
export function printable(text: string, limit = 512): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  if (plain.test(cut)) return cut;
  return cut.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff]/g, (char) => {
    const point = char.charCodeAt(0);
    return point < 256 ? `\\x${point.toString(16).padStart(2, '0')}` : `\\u{${point.toString(16)}}`;
  });
}
