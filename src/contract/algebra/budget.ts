/** How much is tried before a question is left open. */

/** It was not found out: too much would have to be tried. */
export class Undecided extends Error {
  override readonly name = 'Undecided';
}

/** So many steps in one comparison; far more than real contracts need. */
export class Budget {
  #left: number;
  constructor(steps = 4_000_000) {
    this.#left = steps;
  }
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new Undecided('too many clauses overlap');
  }
}
