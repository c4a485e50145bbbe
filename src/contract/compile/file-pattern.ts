/** File patterns of the runtime layer: `*` inside one segment, `**` for any number of segments (none included). */

/** A matcher for one pattern. Linear in the product of the lengths: no regular expression, no backtracking blow-up. */
export function fileMatcher(pattern: string): (path: string) => boolean {
  if (!pattern.includes('*')) return (path) => path === pattern;
  const wanted = pattern.split('/');
  if (wanted.at(-1) === '**' && !wanted.slice(0, -1).some((part) => part.includes('*'))) {
    const folder = pattern.slice(0, -3);
    const prefix = `${folder}/`;
    return (path) => path.startsWith(prefix) || path === folder;
  }
  return (path) => segmentsMatch(wanted, path.split('/'));
}

/** Order in "most literal wins": patterns with more literal characters first, then the shorter, then by text. */
export function compareLiteralness(left: string, right: string): number {
  return (
    Number(left.includes('*')) - Number(right.includes('*')) ||
    literalLength(right) - literalLength(left) ||
    left.length - right.length ||
    (left < right ? -1 : left > right ? 1 : 0)
  );
}

/**
 * Resolves `//`, `.` and `..` in an absolute path without looking at the disk, as the kernel's caller wrote it.
 * Returns undefined for a relative path: what it names is not known here.
 */
export function plainPath(path: string): string | undefined {
  if (!path.startsWith('/')) return undefined;
  if (!path.includes('//') && !path.includes('/.') && !(path.length > 1 && path.endsWith('/'))) return path;
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}

/** The classic two-pointer match, once over segments (with `**`) and inside a segment over characters (with `*`). */
function segmentsMatch(wanted: readonly string[], parts: readonly string[]): boolean {
  return glob(
    wanted.length,
    parts.length,
    (index) => wanted[index] === '**',
    (index, at) => {
      const want = wanted[index] ?? '';
      const part = parts[at] ?? '';
      if (!want.includes('*')) return want === part;
      // A `*` never stands for an empty segment: `/a/*` is not `/a/`.
      return part !== '' && textMatches(want, part);
    },
  );
}

function textMatches(want: string, text: string): boolean {
  return glob(
    want.length,
    text.length,
    (index) => want.charAt(index) === '*',
    (index, at) => want.charAt(index) === text.charAt(at),
  );
}

function glob(
  wantedLength: number,
  length: number,
  isStar: (index: number) => boolean,
  same: (index: number, at: number) => boolean,
): boolean {
  let index = 0;
  let at = 0;
  let star = -1;
  let mark = 0;
  while (at < length) {
    if (index < wantedLength && isStar(index)) {
      star = index;
      mark = at;
      index += 1;
    } else if (index < wantedLength && same(index, at)) {
      index += 1;
      at += 1;
    } else if (star >= 0) {
      index = star + 1;
      mark += 1;
      at = mark;
    } else return false;
  }
  while (index < wantedLength && isStar(index)) index += 1;
  return index === wantedLength;
}

function literalLength(pattern: string): number {
  return pattern.replaceAll('*', '').length;
}
