/** What becomes of a contract: settings in the order in which they are written, and lines. */
import type { Lines } from '../parts.js';
import type { TargetInput } from '../target.js';
import type { Setting } from './drop-in.js';

export interface Plan {
  readonly input: TargetInput;
  readonly lines: Lines;
  readonly settings: Setting[];
}

/** A list that opens: first what the unit itself opens is taken back. */
export function setList({ settings }: Plan, name: string, values: readonly string[]): void {
  settings.push([name, ''], ...values.map((value): Setting => [name, value]));
}

/** A list that closes: what the unit itself closes stays closed. */
export function addEach({ settings }: Plan, name: string, values: readonly string[]): void {
  settings.push(...values.map((value): Setting => [name, value]));
}

export function set({ settings }: Plan, name: string, value: string): void {
  settings.push([name, value]);
}
