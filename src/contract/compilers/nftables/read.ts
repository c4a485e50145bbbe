/** Reads exactly what `table.ts` writes, line by line; any other line is an error. */
import { artefactNamed, artefactProblem } from '../read-artefact.js';
import type { Artefact, Held } from '../target.js';
import { matches, type Packet, type Rule, ruleIn } from './rules.js';
import { common, type Direction, directions, hookLine } from './table.js';

/** @throws ContractError `contract-artefact` */
export function read(artefacts: readonly Artefact[]): Held {
  const artefact = artefactNamed(artefacts, '.nft');
  const reader = new LineReader(artefact);
  while (reader.peek.startsWith('# ')) reader.next();
  const name = /^table inet (tricordon_[a-z0-9_]{1,63})$/.exec(reader.next())?.[1];
  if (name === undefined) throw reader.problem('is not the table of a service');
  reader.expect(`delete table inet ${name}`);
  reader.expect(`table inet ${name} {`);
  const chains: { egress?: readonly Rule[]; ingress?: readonly Rule[] } = {};
  for (const direction of ['egress', 'ingress'] as const)
    if (reader.peek === `  chain ${directions[direction].hook} {`) chains[direction] = chainIn(reader, direction);
  reader.expect('}');
  reader.expect('');
  if (!reader.atEnd) throw reader.problem('comes after the end');
  return {
    allows: (deed) => {
      if (deed.kind !== 'connect' && deed.kind !== 'accept') return undefined;
      const chain = deed.kind === 'connect' ? chains.egress : chains.ingress;
      return chain === undefined ? undefined : passes(chain, deed);
    },
    values: {},
  };
}

/** As the kernel goes through them: the first verdict counts, and at the end the chain's policy. */
function passes(rules: readonly Rule[], packet: Packet): boolean {
  for (const { match, verdict } of rules) {
    if (typeof verdict === 'object' || !matches(match, packet)) continue;
    return verdict === 'accept';
  }
  return true;
}

function chainIn(reader: LineReader, direction: Direction): readonly Rule[] {
  const { hook, side, loopback } = directions[direction];
  reader.expect(`  chain ${hook} {`);
  reader.expect(`    ${hookLine(direction)}`);
  const jump = reader.next();
  if (jump !== `    jump ${direction}` && !/^ {4}meta skuid [0-9]{1,10} jump egress$/.test(jump))
    throw reader.problem('does not lead to the rules');
  reader.expect('  }');
  reader.expect(`  chain ${direction} {`);
  for (const line of common) reader.expect(`    ${line}`);
  if (reader.peek === `    ${loopback}`) reader.next();
  const rules: Rule[] = [];
  while (reader.peek !== '  }') {
    const line = reader.next();
    const rule = line.startsWith('    ') ? ruleIn(line.slice(4), side) : undefined;
    if (rule === undefined) throw reader.problem('is no rule of ours');
    rules.push(rule);
  }
  reader.expect('  }');
  return rules;
}

class LineReader {
  readonly #file: string;
  readonly #lines: readonly string[];
  #at = 0;

  constructor({ file, text }: Artefact) {
    this.#file = file;
    this.#lines = text.split('\n');
  }

  get peek(): string {
    return this.#lines[this.#at] ?? '';
  }

  get atEnd(): boolean {
    return this.#at >= this.#lines.length;
  }

  next(): string {
    if (this.atEnd) throw this.problem('is missing');
    this.#at += 1;
    return this.#lines[this.#at - 1] ?? '';
  }

  expect(line: string): void {
    if (this.next() !== line) throw this.problem(`is not \`${line.trim()}\``);
  }

  /** About the line that was read last. */
  problem(what: string): Error {
    return artefactProblem(this.#file, Math.max(1, this.#at), what);
  }
}
