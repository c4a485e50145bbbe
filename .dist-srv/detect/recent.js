/** A map that holds at most so many entries: the one written longest ago goes first. */
export class Recent {
    #entries = new Map();
    limit;
    constructor(limit) {
        this.limit = limit;
    }
    get(key) {
        return this.#entries.get(key);
    }
    set(key, value) {
        this.#entries.delete(key);
        this.#entries.set(key, value);
        if (this.#entries.size <= this.limit)
            return;
        for (const oldest of this.#entries.keys()) {
            this.#entries.delete(oldest);
            break;
        }
    }
    /** The value of a key, made when there is none. */
    have(key, make) {
        const known = this.#entries.get(key);
        const value = known ?? make();
        this.set(key, value);
        return value;
    }
    delete(key) {
        this.#entries.delete(key);
    }
    values() {
        return this.#entries.values();
    }
    get size() {
        return this.#entries.size;
    }
}
