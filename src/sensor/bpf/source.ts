/**
 * The kernel tracer without a tool: loads our own programs by bpf(2) and reads what they write. Used by the privileged helper and
 * by tests. Everything lives as long as the descriptors of this process: whatever ends it takes the programs along.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { messageOf, TricordonError } from '../../base/index.js';
import type { Usable } from '../collectors/collector.js';
import { SensorError } from '../errors.js';
import {
  checkSelection,
  type LineHandlers,
  type LineSource,
  type RunningLines,
  type Selection,
} from '../line-source.js';
import type { Parsed } from '../raw-event.js';
import { type BpfCalls, bpfCalls, type Ring } from './calls.js';
import { type DecodeState, decodeRecord } from './decode.js';
import { type KernelLayout, kernelLayout } from './layout.js';
import { mapShapes, type MapName, type Maps, ringBytes } from './maps.js';
import { programs } from './programs.js';
import { readRing } from './ring.js';
import { writeRow } from './row.js';
import { TypeInformation } from './type-information.js';

const typesFile = '/sys/kernel/btf/vmlinux';
/** Records in one go, so that nothing else has to wait. */
const batch = 2_048;

export function directBpf(host: { readonly isRoot: boolean }): LineSource {
  return {
    probe: async () => bpfUsable(host.isRoot),
    start: async (selection, handlers) => {
      checkSelection(selection);
      const loaded = load(selection);
      return new Reading(loaded, handlers);
    },
  };
}

/** Tried, not guessed: the programs are loaded and taken away again. */
export function bpfUsable(isRoot: boolean): Usable {
  const missing = missingHere();
  if (missing !== undefined) return missing;
  if (!isRoot)
    return { usable: false, reason: 'programs in the kernel need root', fix: 'run as root: sudo tricordon up' };
  try {
    load({ parents: [], containers: false }).close();
    return { usable: true };
  } catch (error) {
    const hint = error instanceof TricordonError ? error.hint : undefined;
    return { usable: false, reason: messageOf(error), ...(hint === undefined ? {} : { fix: hint }) };
  }
}

function missingHere(): Usable | undefined {
  if (process.arch !== 'x64')
    return { usable: false, reason: `its programs are written for x64, not for ${process.arch}` };
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < 5 || (major === 5 && minor < 15)) {
    return { usable: false, reason: `Linux ${major}.${minor} is too old`, fix: 'use Linux 5.15 or newer' };
  }
  if (!existsSync(typesFile)) {
    return { usable: false, reason: 'the kernel has no BTF', fix: 'use a kernel built with CONFIG_DEBUG_INFO_BTF' };
  }
  return undefined;
}

interface Loaded {
  readonly calls: BpfCalls;
  readonly maps: Maps;
  /** Attaches the programs: from here on events come. */
  attach(): void;
  close(): void;
}

function load(selection: Selection): Loaded {
  const calls = bpfCalls();
  const opened: number[] = [];
  const keep = (descriptor: number) => {
    opened.push(descriptor);
    return descriptor;
  };
  const close = () => {
    for (const descriptor of opened.splice(0)) closeSync(descriptor);
  };
  try {
    const names = Object.keys(mapShapes) as MapName[];
    const maps = Object.fromEntries(names.map((name) => [name, keep(calls.createMap(name, mapShapes[name]))])) as Maps;
    for (const id of selection.parents) calls.update(maps.parents, word(BigInt(id)), Buffer.alloc(4, 1));
    const seed = randomBytes(8).readBigUInt64LE();
    const ready = programs(layoutHere(), maps, selection, seed).map(({ tracepoint, code }) => ({
      tracepoint,
      program: keep(calls.loadProgram(tracepoint ?? 'directory', code)),
    }));
    for (const { tracepoint, program } of ready) {
      if (tracepoint === null) calls.update(maps.directory, Buffer.alloc(4), number(program));
    }
    return {
      calls,
      maps,
      close,
      attach: () => {
        for (const { tracepoint, program } of ready) {
          if (tracepoint !== null) keep(calls.attach(program, tracepoint));
        }
      },
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The running kernel does not change. */
let layout: KernelLayout | undefined;
function layoutHere(): KernelLayout {
  try {
    layout ??= kernelLayout(new TypeInformation(readFileSync(typesFile)));
    return layout;
  } catch (cause) {
    throw new SensorError('sensor-start', `the kernel's type information cannot be used: ${messageOf(cause)}`, {
      cause,
    });
  }
}

class Reading implements RunningLines {
  private readonly loaded: Loaded;
  private readonly handlers: LineHandlers;
  private readonly ring: Ring;
  private readonly state: DecodeState = { programs: new Map() };
  private readonly timer: NodeJS.Timeout;
  private readonly stopPolling: () => void;
  private lost = 0n;
  private ended = false;
  private readonly gone: Promise<void>;
  private release: () => void = () => {};

  constructor(loaded: Loaded, handlers: LineHandlers) {
    this.loaded = loaded;
    this.handlers = handlers;
    this.gone = new Promise((resolve) => {
      this.release = resolve;
    });
    try {
      this.ring = loaded.calls.mapRing(loaded.maps.ring, ringBytes);
      loaded.attach();
      this.stopPolling = loaded.calls.whenReadable(loaded.maps.ring, () => this.drain(batch));
    } catch (error) {
      loaded.close();
      throw error;
    }
    this.say({ note: { kind: 'up' } });
    this.tick();
    this.timer = setInterval(() => this.tick(), 1_000);
  }

  async stop(): Promise<void> {
    this.end('stopped');
    await this.gone;
  }

  private drain(limit: number): void {
    if (this.ended) return;
    try {
      readRing(
        this.ring,
        (record) => {
          for (const parsed of decodeRecord(record, this.state)) this.say(parsed);
        },
        limit,
      );
    } catch (error) {
      this.end(`the records of the kernel cannot be read: ${messageOf(error)}`);
    }
  }

  /** Everything before this moment has been read when it is told. */
  private tick(): void {
    const now = Number(process.hrtime.bigint()) / 1e6;
    this.drain(Number.POSITIVE_INFINITY);
    if (this.ended) return;
    const lost = Buffer.alloc(8);
    this.loaded.calls.lookup(this.loaded.maps.lost, Buffer.alloc(4), lost);
    const count = lost.readBigUInt64LE() - this.lost;
    this.lost += count;
    if (count > 0n) this.say({ note: { kind: 'lost', count: Number(count) } });
    this.say({ note: { kind: 'tick', bootMs: now } });
  }

  private say(parsed: Parsed): void {
    if (!this.ended) this.handlers.line(writeRow(parsed));
  }

  private end(detail: string): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.timer);
    this.stopPolling();
    // Whoever ends us may be taking a record: its memory stays until he is through.
    setImmediate(() => {
      this.ring.unmap();
      this.loaded.close();
      this.release();
    });
    this.handlers.end(detail);
  }
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function word(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}
