/**
 * Text that is JSON (RFC 8259): a document that a program wrote is many times faster to read as what it is than as YAML. What
 * `JSON.parse` does not tell is found here: keys that stand twice, and where a value stands.
 */

/** Only for text that `JSON.parse` takes. */
export function hasDuplicateKeys(text: string): boolean {
  /** Keys of each object that is open; null for a list. */
  const open: (Set<string> | null)[] = [];
  let expectsKey = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case brace:
        open.push(new Set());
        expectsKey = true;
        break;
      case bracket:
        open.push(null);
        expectsKey = false;
        break;
      case endBrace:
      case endBracket:
        open.pop();
        expectsKey = false;
        break;
      case comma:
        expectsKey = open.at(-1) !== null;
        break;
      case quote: {
        const end = stringEnd(text, at);
        if (expectsKey) {
          const keys = open.at(-1);
          const key = keyAt(text, at, end);
          if (keys?.has(key) === true) return true;
          keys?.add(key);
          expectsKey = false;
        }
        at = end;
        break;
      }
    }
  }
  return false;
}

/** Where the value at a path begins, or the nearest above it that is there. Only for text that `JSON.parse` takes. */
export function offsetOf(text: string, path: readonly PropertyKey[]): number {
  let at = skipBlank(text, 0);
  for (const part of path) {
    const next = memberOf(text, at, part);
    if (next === undefined) break;
    at = next;
  }
  return at;
}

const [quote, comma, bracket, endBracket, brace, endBrace, backslash] = [0x22, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d, 0x5c];

function memberOf(text: string, container: number, part: PropertyKey): number | undefined {
  const isList = text.charCodeAt(container) === bracket;
  if (!isList && text.charCodeAt(container) !== brace) return undefined;
  let at = skipBlank(text, container + 1);
  for (let index = 0; text.charCodeAt(at) !== endBracket && text.charCodeAt(at) !== endBrace; index += 1) {
    let found = isList && index === part;
    if (!isList) {
      const end = stringEnd(text, at);
      found = keyAt(text, at, end) === part;
      at = skipBlank(text, skipBlank(text, end + 1) + 1);
    }
    if (found) return at;
    at = skipBlank(text, valueEnd(text, at));
    if (text.charCodeAt(at) === comma) at = skipBlank(text, at + 1);
  }
  return undefined;
}

/** Behind a value. */
function valueEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === quote) at = stringEnd(text, at);
    else if (char === brace || char === bracket) depth += 1;
    else if (char === endBrace || char === endBracket) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (char === comma && depth === 0) return at;
  }
  return text.length;
}

/** The quote that ends the text which begins here. */
function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  for (; end > 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}

function keyAt(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  return raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
}

function skipBlank(text: string, start: number): number {
  let at = start;
  while (at < text.length && text.charCodeAt(at) <= 0x20) at += 1;
  return at;
}
