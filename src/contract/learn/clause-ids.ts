/** Readable clause ids, unique in one contract: `get-products-id`, `out-payments`, `read-etc-hosts`. */
export class ClauseIds {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  make(words: readonly string[]): string {
    const base =
      words
        .map((word) =>
          word
            .toLowerCase()
            .replace(/\{([a-z0-9_]+)(?::[a-z]+)?\}/g, '$1')
            .replace(/\*+/g, 'any'),
        )
        .map((word) => word.replace(/[^a-z0-9._-]+/g, '-').replace(/^[._-]+|[-]+$/g, ''))
        .filter((word) => word !== '')
        .join('-')
        .slice(0, 56)
        .replace(/[._-]+$/, '') || 'clause';
    for (let number = 1; ; number += 1) {
      const id = number === 1 ? base : `${base}-${number}`;
      if (this.#taken.has(id)) continue;
      this.#taken.add(id);
      return id;
    }
  }
}
