/** What the schema cannot see: clauses that contradict themselves, or that can never apply. */
import { isIP } from 'node:net';
import { printable } from '../base/index.js';
import type { Contract, Deny, Exception, Layer, Mode, Peer } from '../model/index.js';
import { attributeProblem, isProvided } from './attributes.js';
import { momentOf } from './compile/moment.js';
import { parseTemplate } from './compile/path-template.js';
import { portRange } from './compile/ports.js';
import type { Terms } from './compile/terms.js';
import { topicProblem } from './compile/topic.js';
import { namesIn, parseCondition } from './condition/index.js';
import { syscallProblems } from './syscalls/effective.js';

/** An `error` makes the contract unusable; a `warning` is a clause that is fine to keep and does nothing or too little. */
export interface ContractProblem {
  readonly level: 'error' | 'warning';
  readonly clause: string;
  /** One sentence, escaped and bounded. */
  readonly message: string;
}

interface Part {
  readonly clause: string;
  readonly templates: readonly string[];
  readonly patterns: readonly string[];
  readonly topics: readonly string[];
  readonly ports: readonly string[];
  readonly peers: readonly Peer[];
  /** How peers are proved here: by identity alone, or also by where the packet comes from or goes to. */
  readonly peersBy: 'identity' | 'source' | 'destination';
  readonly terms: Terms;
  readonly layer: Layer;
  readonly denies: boolean;
}

type Say = (level: ContractProblem['level'], text: string) => void;

/** Of the sections, whoever they belong to: a contract, a base, a bound. */
export type Checked = Pick<Contract, 'runtime' | 'network' | 'api' | 'deny'> &
  Partial<Pick<Contract, 'mode' | 'require' | 'exceptions' | 'extends'>>;

export function checkContract(contract: Checked): readonly ContractProblem[] {
  const problems: ContractProblem[] = [];
  const sayer =
    (clause: string): Say =>
    (level, text) =>
      problems.push({ level, clause, message: printable(`clause \`${clause}\` ${text}`, 1_024) });
  const seen = new Set<string>();
  for (const part of partsOf(contract)) {
    const say = sayer(part.clause);
    if (seen.has(part.clause)) say('error', 'stands twice; clause ids are unique in a contract');
    seen.add(part.clause);
    checkPart(part, contract.mode?.[part.layer], say);
  }
  for (const deny of contract.deny ?? []) {
    const wrong = denyProblem(deny);
    if (wrong !== undefined) sayer(deny.id)('error', wrong);
  }
  for (const { id, until, allow } of contract.exceptions ?? []) {
    const say = sayer(id);
    if (seen.has(id)) say('error', 'stands twice; clause ids are unique in a contract');
    seen.add(id);
    if (Number.isNaN(momentOf(until))) say('error', `ends at \`${until}\`, which the calendar does not have`);
    for (const part of partsOf(asContract(id, allow))) checkPart(part, contract.mode?.[part.layer], say);
  }
  if (contract.runtime?.syscalls !== undefined) {
    const { errors, warnings } = syscallProblems(contract.runtime.syscalls, contract.extends !== undefined);
    const say = (level: ContractProblem['level']) => (text: string) =>
      problems.push({ level, clause: 'runtime.syscalls', message: printable(`\`runtime.syscalls\` ${text}`, 1_024) });
    errors.forEach(say('error'));
    warnings.forEach(say('warning'));
  }
  for (const name of Object.keys(contract.require ?? {})) {
    const wrong = attributeProblem(name, true);
    if (wrong !== undefined)
      problems.push({ level: 'error', clause: 'require', message: printable(`the contract ${wrong}`, 1_024) });
  }
  return [...problems, ...halfOpen(contract)];
}

function checkPart(part: Part, mode: Mode | undefined, say: Say): void {
  for (const template of part.templates) {
    const parsed = parseTemplate(template);
    if (typeof parsed === 'string') say('error', `has a path that ${parsed}`);
  }
  for (const pattern of part.patterns) {
    const wrong = patternProblem(pattern);
    if (wrong !== undefined) say('error', wrong);
  }
  for (const topic of part.topics) {
    const wrong = topicProblem(topic);
    if (wrong !== undefined) say('error', `has a topic that ${wrong}`);
  }
  for (const port of part.ports) {
    const { first, last } = portRange(port);
    if (last > 65_535) say('error', `names the port \`${port}\`, over 65535`);
    else if (first > last) say('error', `names the ports \`${port}\`: the first is after the last`);
  }
  for (const peer of part.peers) checkPeer(peer, part, say);
  checkTerms(part, mode, say);
}

function checkTerms({ terms, denies }: Part, mode: Mode | undefined, say: Say): void {
  if (terms.until !== undefined && Number.isNaN(momentOf(terms.until)))
    say('error', `ends at \`${terms.until}\`, which the calendar does not have`);
  if (terms.mode !== undefined && terms.until === undefined)
    say('error', `has a mode of its own (\`${terms.mode}\`) without an end: add \`until\``);
  if (terms.mode !== undefined && mode !== undefined && strictness[terms.mode] >= strictness[mode])
    say('warning', `has the mode \`${terms.mode}\`, which is not weaker than \`${mode}\` of its layer`);
  if (denies && terms.until !== undefined && terms.mode === undefined)
    say('error', 'is a deny that ends: a deny stays; give it a `mode` until then, or remove it when it is time');
  if (terms.where === undefined) return;
  const parsed = parseCondition(terms.where);
  if ('problem' in parsed) {
    say('error', `has a condition \`where\` that ${parsed.problem}`);
    return;
  }
  for (const name of namesIn(parsed.condition)) {
    const [root = '', ...rest] = name.split('.');
    const wrong = root === 'caller' || root === 'callee' ? attributeProblem(rest.join('.'), false) : undefined;
    if (wrong !== undefined) say('error', wrong);
  }
}

function denyProblem(deny: Deny): string | undefined {
  if (deny.layer === 'runtime' && deny.executable === undefined && deny.file === undefined)
    return 'forbids nothing: name an `executable` or a `file`';
  if (deny.layer !== 'api') return undefined;
  const said = [deny.path, deny.publish, deny.subscribe].filter((one) => one !== undefined).length;
  if (said !== 1) return 'names exactly one of `path`, `publish` and `subscribe`';
  if (deny.path === undefined && (deny.methods !== undefined || deny.from !== undefined || deny.where !== undefined))
    return 'is about a topic: `methods`, `from` and `where` go with a `path`';
  return undefined;
}

const strictness: Readonly<Record<Mode, number>> = { off: 0, learn: 1, audit: 2, enforce: 3 };

function checkPeer(peer: Peer, { peersBy: by, denies }: Part, say: Say): void {
  if ('cidr' in peer) {
    for (const range of [peer.cidr, ...(peer.except ?? [])]) {
      const [network = '', bits = ''] = range.split('/');
      const family = isIP(network);
      if (family === 0 || Number(bits) > (family === 6 ? 128 : 32))
        say('error', `names \`${range}\`, which is no address range`);
    }
    if (by === 'identity') say('warning', 'names an address where only identities count; it never applies');
  }
  if ('host' in peer && by !== 'destination') {
    say('warning', 'names a host as caller; callers are known by identity, so it never applies');
  }
  if ('builtin' in peer && peer.builtin === 'public' && by === 'destination') {
    say('warning', 'names the public as destination; name a service, a host or an address range');
  }
  for (const name of 'match' in peer ? Object.keys(peer.match ?? {}) : []) {
    const wrong = attributeProblem(name, false);
    if (wrong !== undefined) say('error', wrong);
    else if (!isProvided(name))
      say(
        'warning',
        denies
          ? `asks for \`${name}\`, which nothing that is installed provides: it always applies`
          : `asks for \`${name}\`, which nothing that is installed provides: it never applies`,
      );
  }
}

/** The one clause of an exception as if it stood in a contract. */
function asContract(id: string, allow: Exception['allow']): Checked {
  const { executable, file, ingress, egress, serve, call, publish, subscribe } = allow;
  const one = <C extends object>(clause: C | undefined) => (clause === undefined ? [] : [{ ...clause, id }]);
  return {
    runtime: { executables: one(executable), files: one(file) },
    network: { ingress: one(ingress), egress: one(egress) },
    api: { serves: one(serve), calls: one(call), messages: { publish: one(publish), subscribe: one(subscribe) } },
  };
}

/** A right that its own network section takes back: the API layer would allow what never gets that far. */
function halfOpen({ network, api }: Checked): ContractProblem[] {
  const problems: ContractProblem[] = [];
  const { ingress, egress } = network ?? {};
  // Where it is said on which ports a right is used, the connection is implied (see compile/network.ts), unless nothing may be.
  const impliesIn = api?.listeners !== undefined && (ingress ?? []).length > 0;
  for (const clause of ingress === undefined || impliesIn ? [] : (api?.serves ?? [])) {
    for (const peer of clause.from) {
      if (!('service' in peer) || ingress?.some(({ from }) => admits(from, peer.service)) === true) continue;
      const text = `clause \`${clause.id}\` lets ${peer.service} call, but no ingress clause lets it connect`;
      problems.push({ level: 'warning', clause: clause.id, message: text });
    }
  }
  for (const clause of egress === undefined ? [] : (api?.calls ?? [])) {
    const to = clause.to;
    if (!('service' in to) || egress?.some((out) => admits(out.to, to.service)) === true) continue;
    if (clause.ports !== undefined && (egress ?? []).length > 0) continue;
    const text = `clause \`${clause.id}\` lets it call ${to.service}, but no egress clause lets it connect there`;
    problems.push({ level: 'warning', clause: clause.id, message: text });
  }
  return problems;
}

function admits(peer: Peer, service: string): boolean {
  if ('service' in peer) return peer.service === service;
  return 'builtin' in peer && peer.builtin === 'any-identity';
}

function patternProblem(pattern: string): string | undefined {
  for (const part of pattern.split('/')) {
    if (part === '.' || part === '..') return `has the pattern \`${pattern}\` with a dot segment`;
    if (part.includes('**') && part !== '**')
      return `has the pattern \`${pattern}\`: \`**\` stands alone in its segment`;
  }
  if (pattern.includes('//')) return `has the pattern \`${pattern}\` with an empty segment`;
  if (pattern.split('/').length > 64) return 'has a pattern with more than 64 segments';
  return undefined;
}

function* partsOf(contract: Checked): Generator<Part> {
  const runtime = none('runtime');
  const network = none('network');
  const api = none('api');
  for (const clause of contract.runtime?.executables ?? []) {
    const patterns = clause.from === undefined ? [clause.path] : [clause.path, clause.from];
    yield { ...runtime, clause: clause.id, patterns, terms: clause };
  }
  for (const clause of contract.runtime?.files ?? [])
    yield { ...runtime, clause: clause.id, patterns: [clause.path], terms: clause };
  for (const clause of contract.runtime?.mounts ?? []) yield { ...runtime, clause: clause.id, patterns: [clause.path] };
  for (const clause of contract.network?.ingress ?? []) {
    const { id, from, ports } = clause;
    yield { ...network, clause: id, ports, peers: [from], peersBy: 'source', terms: clause };
  }
  for (const clause of contract.network?.egress ?? []) {
    const { id, to, ports } = clause;
    yield { ...network, clause: id, ports, peers: [to], peersBy: 'destination', terms: clause };
  }
  for (const clause of contract.api?.serves ?? []) {
    yield { ...api, clause: clause.id, templates: [clause.path], peers: clause.from, terms: clause };
  }
  for (const clause of contract.api?.calls ?? []) {
    const { id, to, path, ports = [] } = clause;
    yield { ...api, clause: id, templates: [path], ports, peers: [to], peersBy: 'destination', terms: clause };
  }
  const { publish = [], subscribe = [] } = contract.api?.messages ?? {};
  for (const clause of [...publish, ...subscribe])
    yield { ...api, clause: clause.id, topics: [clause.topic], terms: clause };
  for (const deny of contract.deny ?? []) {
    const common = { ...none(deny.layer), clause: deny.id, terms: deny, denies: true };
    switch (deny.layer) {
      case 'runtime':
        yield { ...common, patterns: [deny.executable, deny.file].flatMap((each) => each ?? []) };
        break;
      case 'network':
        yield { ...common, ports: deny.ports ?? [], peers: [deny.to], peersBy: 'destination' };
        break;
      case 'api':
        yield {
          ...common,
          templates: deny.path === undefined ? [] : [deny.path],
          topics: [deny.publish, deny.subscribe].flatMap((each) => each ?? []),
          peers: deny.from ?? [],
        };
        break;
      default:
        deny satisfies never;
    }
  }
}

function none(layer: Layer): Part {
  return {
    clause: '',
    templates: [],
    patterns: [],
    topics: [],
    ports: [],
    peers: [],
    peersBy: 'identity',
    terms: {},
    layer,
    denies: false,
  };
}
