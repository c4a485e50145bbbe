/** Takes what is secret out of text and values before anybody else reads them. Pure. */

const hidden = '[redacted]';

/** What gives a secret away by its shape alone, wherever it stands. */
const shapes: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, hidden],
  // user:password@ of a URL, whatever the scheme
  [/\b([a-z][a-z0-9+.-]*:\/\/[^\s/@:]*):[^\s/@]+@/gi, `$1:${hidden}@`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${hidden}`],
  [/\b((?:set-)?cookie\s*[:=]\s*)[^\r\n]+/gi, `$1${hidden}`],
  // a name that says what it holds, and what follows it: password=x, "apiToken":"x", --secret x
  [
    /(["']?[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|private[_-]?key|credential|authorization)[\w.-]*["']?\s*[:=]\s*)("(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s,;&}\]]+)/gi,
    `$1${hidden}`,
  ],
  // JSON Web Tokens
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g, hidden],
  // 256 bits as text for a URL, or more: our own tokens, links and cookies; digests in hex stay
  [
    /(?<![A-Za-z0-9_-])(?![0-9a-f]{32,128}(?![A-Za-z0-9_-]))(?=[A-Za-z0-9_-]*[A-Z])(?=[A-Za-z0-9_-]*[0-9])[A-Za-z0-9_-]{32,}/g,
    hidden,
  ],
];

export function redactText(text: string): string {
  return shapes.reduce((left, [shape, by]) => left.replace(shape, by), text);
}

/** Passwords in URLs, anywhere in a value. */
export function withoutPasswords(value: unknown): unknown {
  if (typeof value === 'string') return value.replace(/^([a-z][a-z0-9+.-]*:\/\/[^/@:]*):[^/@]*@/i, `$1:${hidden}@`);
  if (Array.isArray(value)) return value.map(withoutPasswords);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutPasswords(inner)]));
}
