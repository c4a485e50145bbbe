import { malformed } from './decisions.js';
import type { RecordSlot } from './record.js';

/**
 * Records until the agent acknowledges them. Bounded: when it is full the oldest unacknowledged record makes room and is
 * counted in `lost`, which the agent reports. Slots are reused; whoever reads one must not keep it.
 */
export class RecordRing {
  /** Records dropped since start. */
  lost = 0;
  /** Called when a record was added and nobody was told yet. */
  onRecord: () => void = () => {};
  readonly #slots: (RecordSlot | undefined)[] = [];
  /** Slots nobody waits for; the last one freed is used first, so that its strings die young. */
  readonly #free: RecordSlot[] = [];
  readonly #capacity: number;
  /** Sequence number of the next record. */
  #next = 1;
  /** Oldest that is not acknowledged; `#next` when there is none. */
  #oldest = 1;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get next(): number {
    return this.#next;
  }

  get oldest(): number {
    return this.#oldest;
  }

  get buffered(): number {
    return this.#next - this.#oldest;
  }

  /** A slot to fill in now, before anything else happens. Every field holds what the last user left. */
  add(): RecordSlot {
    if (this.buffered === this.#capacity) {
      this.#release(this.#oldest);
      this.#oldest += 1;
      this.lost += 1;
    }
    const slot = this.#free.pop() ?? emptySlot();
    this.#slots[this.#next % this.#capacity] = slot;
    slot.seq = this.#next;
    this.#next += 1;
    this.onRecord();
    return slot;
  }

  /** The record with this number, or undefined if it is acknowledged, lost or not there yet. */
  at(seq: number): RecordSlot | undefined {
    return seq >= this.#oldest && seq < this.#next ? this.#slots[seq % this.#capacity] : undefined;
  }

  /** Everything up to and including `seq` is safe elsewhere. A number from the future is ignored. */
  acknowledge(seq: number): void {
    if (seq >= this.#next) return;
    for (; this.#oldest <= seq; this.#oldest += 1) this.#release(this.#oldest);
  }

  #release(seq: number): void {
    const index = seq % this.#capacity;
    const slot = this.#slots[index];
    if (slot !== undefined) this.#free.push(slot);
    this.#slots[index] = undefined;
  }
}

function emptySlot(): RecordSlot {
  return {
    seq: 0,
    kind: 'request',
    at: 0,
    direction: 'in',
    decision: malformed,
    decisionId: '',
    facts: undefined,
    peer: '',
    caller: '',
    method: '',
    path: '',
    status: 0,
    durationMs: 0,
    trace: '',
    span: '',
    localAddress: '',
    localPort: 0,
    peerAddress: '',
    peerPort: 0,
    address: '',
    port: 0,
    mtls: false,
    bytesIn: 0,
    bytesOut: 0,
  };
}
