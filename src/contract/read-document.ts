/** Strict YAML or JSON: one document that anyone may have written, and where in it each value stands. */
import { type Document, isAlias, isNode, LineCounter, parseDocument, visit } from 'yaml';
import { messageOf, printable } from '../base/index.js';
import { ContractError } from './error.js';
import { hasDuplicateKeys, offsetOf } from './json-text.js';

/** What a control plane takes; a set of files on one's own disk may be larger. */
export const usualBytes = 512 * 1_024;
const maxDepth = 32;

export interface ReadDocument {
  readonly value: unknown;
  /** `line 6, column 3` of the value at a path, or of the nearest that is there; undefined when nothing is. */
  position(path: readonly PropertyKey[]): string | undefined;
}

/**
 * No anchors, aliases or tags of its own, no duplicate keys, at most `maxBytes` and 32 levels. `file` is only for messages.
 *
 * @throws ContractError `contract-too-large`, `contract-syntax`
 */
export function readDocument(text: string, file: string, maxBytes = usualBytes): ReadDocument {
  if (text.length > maxBytes) {
    throw new ContractError('contract-too-large', `\`${printable(file)}\` is larger than ${maxBytes / 1_024} KiB`);
  }
  refuseDeep(text, file);
  const json = asJson(text);
  if (json !== undefined) return json;
  const lines = new LineCounter();
  const document = parsed(text, file, lines);
  return {
    value: document.toJS({ maxAliasCount: 0 }),
    position: (path) => positionOf(document, lines, path),
  };
}

/** undefined: it is no JSON, or none that is taken; then it is read as YAML, which says where it is wrong. */
function asJson(text: string): ReadDocument | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (hasDuplicateKeys(text)) return undefined;
  const lines = new LineCounter();
  lines.addNewLine(0);
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines.addNewLine(at + 1);
  return {
    value,
    position: (path) => {
      if (path.length === 0) return undefined;
      const { line, col } = lines.linePos(offsetOf(text, path));
      return `line ${line}, column ${col}`;
    },
  };
}

function parsed(text: string, file: string, lines: LineCounter): Document {
  let document: Document;
  try {
    document = parseDocument(text, { version: '1.2', schema: 'core', uniqueKeys: true, lineCounter: lines });
  } catch (error) {
    throw syntax(file, messageOf(error), error);
  }
  const [first] = [...document.errors, ...document.warnings];
  if (first !== undefined) throw syntax(file, printable(first.message.split('\n')[0] ?? ''), first);
  visit(document, {
    Alias: (_, node) => {
      throw syntax(file, `holds an alias${at(lines, node.range)}`);
    },
    Node: (_, node) => {
      if (!isAlias(node) && 'anchor' in node && node.anchor !== undefined)
        throw syntax(file, `holds an anchor${at(lines, node.range)}`);
      if (node.tag?.startsWith('!') === true) throw syntax(file, `holds a tag${at(lines, node.range)}`);
    },
  });
  return document;
}

function at(lines: LineCounter, range: readonly number[] | null | undefined): string {
  if (range?.[0] === undefined) return '';
  const { line, col } = lines.linePos(range[0]);
  return ` at line ${line}, column ${col}`;
}

function syntax(file: string, what: string, cause?: unknown): ContractError {
  return new ContractError('contract-syntax', `\`${printable(file)}\`: ${what}`, {
    cause,
    hint: 'write plain YAML or JSON: one document without anchors, aliases or tags',
  });
}

/** Before the parser, which descends by recursion, sees it. Brackets in quoted text count too: that errs to "no". */
function refuseDeep(text: string, file: string): void {
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char === 0x5b || char === 0x7b) depth += 1;
    else if ((char === 0x5d || char === 0x7d) && depth > 0) depth -= 1;
    if (depth > maxDepth) throw tooDeep(file);
  }
  for (const line of text.split(/[\r\n]/)) {
    const lead = /^[ \t]*(?:[-?:][ \t]+)*/.exec(line)?.[0] ?? '';
    if (lead.replace(/[^-?:]/g, '').length > maxDepth || lead.length > 256) throw tooDeep(file);
  }
}

function tooDeep(file: string): ContractError {
  return new ContractError('contract-too-large', `\`${printable(file)}\` is nested deeper than ${maxDepth} levels`);
}

function positionOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): string | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const node = document.getIn(path.slice(0, length), true);
    if (!isNode(node) || !node.range) continue;
    const { line, col } = lines.linePos(node.range[0]);
    return `line ${line}, column ${col}`;
  }
  return undefined;
}
