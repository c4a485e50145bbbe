/** What a contract asks of the attributes of an identity. */
import { isSatisfied, type Predicate, predicateText, type Selector, type Value } from '../../model/index.js';

/** Attributes as they were proved, by their dotted names. */
export type Proved = Readonly<Record<string, Value>>;

export type SelectorTest = (attributes: Proved | undefined) => boolean;

/** An allow: what is missing does not match. */
export function selectorTest(selector: Selector): SelectorTest {
  const asked = Object.entries(selector);
  return (attributes) => asked.every(([name, predicate]) => isSatisfied(predicate, attributeOf(attributes, name)));
}

/** A deny: what is missing matches (fail closed), unless it is asked for that it is missing, or not. */
export function denySelectorTest(selector: Selector): SelectorTest {
  const asked = Object.entries(selector);
  return (attributes) =>
    asked.every(([name, predicate]) => {
      const value = attributeOf(attributes, name);
      return (value === undefined && !asksPresence(predicate)) || isSatisfied(predicate, value);
    });
}

export function selectorText(selector: Selector): string {
  return Object.entries(selector)
    .map(([name, predicate]) => `${name} ${predicateText(predicate)}`)
    .join(', ');
}

/** Own members alone: a name such as `constructor` finds nothing that was not proved. */
export function attributeOf(attributes: Proved | undefined, name: string): Value | undefined {
  if (attributes === undefined || !Object.hasOwn(attributes, name)) return undefined;
  return attributes[name] ?? undefined;
}

/**
 * The distinct selectors of one contract. Whether an identity satisfies one is found out once for each of its attribute
 * objects, which must not change, and kept as long as that object lives: two bits for each selector.
 */
export class SelectorTable {
  readonly #tests: SelectorTest[] = [];
  readonly #byText = new Map<string, SelectorTest>();
  readonly #known = new WeakMap<Proved, Uint32Array>();

  /** The test of a selector; the same one for selectors that ask the same. */
  add(selector: Selector): SelectorTest {
    const text = JSON.stringify(Object.entries(selector).sort(([one], [other]) => (one < other ? -1 : 1)));
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const index = this.#tests.length;
    const compute = selectorTest(selector);
    this.#tests.push(compute);
    const word = index >>> 4;
    const seen = 1 << ((index & 15) * 2);
    const yes = seen << 1;
    const test: SelectorTest = (attributes = nothing) => {
      const bits = this.#bits(attributes);
      const found = bits[word] ?? 0;
      if ((found & seen) !== 0) return (found & yes) !== 0;
      const answer = compute(attributes);
      bits[word] = found | seen | (answer ? yes : 0);
      return answer;
    };
    this.#byText.set(text, test);
    return test;
  }

  #bits(attributes: Proved): Uint32Array {
    let bits = this.#known.get(attributes);
    if (bits === undefined) {
      bits = new Uint32Array((this.#tests.length + 15) >>> 4);
      this.#known.set(attributes, bits);
    }
    return bits;
  }
}

const nothing: Proved = Object.freeze({});

function asksPresence(predicate: Predicate): boolean {
  return typeof predicate === 'object' && predicate.exists !== undefined;
}
