/** Names outside: asked of the host's own resolver, and the virtual addresses by which a captured workload knows them. */
import { createHash } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { codeOf, type Clock } from '../../base/index.js';

/** IPv4 addresses. */
export type Lookup = (name: string) => Promise<readonly string[]>;

export type Resolved =
  | { readonly kind: 'found'; readonly addresses: readonly string[] }
  /** `unknown`: there is no such name. `failed`: nobody said so. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'failed' };

const freshMs = 30_000;
const mostNames = 4_096;
const mostAtOnce = 64;
const mostAddresses = 16;

interface Entry {
  readonly result: Resolved;
  readonly at: number;
}

export class NameBook {
  readonly #lookup: Lookup;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Resolved>>();
  readonly #addresses = new Map<string, string>();
  readonly #names = new Map<string, string>();

  constructor(lookup: Lookup, clock: Clock) {
    this.#lookup = lookup;
    this.#clock = clock;
  }

  /** At most half a minute old. Never rejects. */
  resolve(name: string): Promise<Resolved> {
    const known = this.#entries.get(name);
    if (known !== undefined && this.#clock.monotonic() - known.at < freshMs) return Promise.resolve(known.result);
    const asking = this.#asking.get(name);
    if (asking !== undefined) return asking;
    if (this.#asking.size >= mostAtOnce) return Promise.resolve({ kind: 'failed' });
    const asked = this.#ask(name).finally(() => this.#asking.delete(name));
    this.#asking.set(name, asked);
    return asked;
  }

  /**
   * The address of 198.19.0.0/16 (RFC 2544: never routed) that stands for a name. Nearly always the name's own, which it has
   * again after a restart. Of too many names the one that was asked for longest ago has none any more.
   */
  addressOf(name: string): string {
    const known = this.#addresses.get(name);
    if (known !== undefined) {
      this.#addresses.delete(name);
      this.#addresses.set(name, known);
      return known;
    }
    if (this.#addresses.size >= mostNames) this.#forgetOldest();
    let slot = slotOf(name);
    while (this.#names.has(addressAt(slot))) slot = (slot + 1) % slots;
    const address = addressAt(slot);
    this.#addresses.set(name, address);
    this.#names.set(address, name);
    return address;
  }

  #forgetOldest(): void {
    for (const [name, address] of this.#addresses) {
      this.#addresses.delete(name);
      this.#names.delete(address);
      return;
    }
  }

  /** @param claimed by the connection itself: counts for the name's own address while that was given to nobody else */
  nameAt(address: string, claimed?: string): string | undefined {
    const known = this.#names.get(address);
    if (known !== undefined || claimed === undefined) return known;
    return addressAt(slotOf(claimed)) === address ? claimed : undefined;
  }

  async #ask(name: string): Promise<Resolved> {
    let result: Resolved;
    try {
      const addresses = [...new Set(await this.#lookup(name))].filter((one) => isIPv4(one)).slice(0, mostAddresses);
      result = addresses.length === 0 ? { kind: 'unknown' } : { kind: 'found', addresses };
    } catch (error) {
      result = { kind: codeOf(error) === 'ENOTFOUND' ? 'unknown' : 'failed' };
    }
    if (result.kind === 'failed') return result;
    this.#entries.delete(name);
    if (this.#entries.size >= mostNames)
      for (const oldest of this.#entries.keys()) if (this.#entries.delete(oldest)) break;
    this.#entries.set(name, { result, at: this.#clock.monotonic() });
    return result;
  }
}

/** A name outside that leads to this host, to its links or to many at once is somebody's trick (DNS rebinding). */
export function isOutside(address: string): boolean {
  return !/^(0|127|169\.254|198\.1[89]|22[4-9]|2[3-5]\d)\./.test(address);
}

const slots = 65_536;

function slotOf(name: string): number {
  return createHash('sha256').update(name).digest().readUInt16BE(0);
}

function addressAt(slot: number): string {
  return `198.19.${slot >> 8}.${slot & 255}`;
}

export function isVirtual(address: string): boolean {
  return address.startsWith('198.19.');
}
