/** The sections of a contract as boxes: what each allows and what is forbidden in it, as `compile/` holds it. */
import {
  type Bound,
  type Contract,
  type Deny,
  isSatisfied,
  type Peer,
  type Predicate,
  type Selector,
  type Value,
} from '../../model/index.js';
import { canonicalJson } from '../digest.js';
import { fileMatcher } from '../compile/file-pattern.js';
import { momentOf } from '../compile/moment.js';
import { impliedEgress, impliedIngress } from '../compile/network.js';
import { isOfType, type ParameterType, parseTemplate, type Segment } from '../compile/path-template.js';
import { cidrMatcher, gatewayService, rangeMatcher } from '../compile/peers.js';
import { portRange } from '../compile/ports.js';
import type { Terms } from '../compile/terms.js';
import { parseCondition, printCondition } from '../condition/index.js';
import { isOnFloor, runtimeFloor, runtimeFloorSecrets, runtimeFloorWrites } from '../runtime-floor.js';
import type { Box, Words } from './box.js';
import { type Constraint, type Kind, oneOf, type Point } from './constraint.js';
import { udpFrom } from './representatives.js';

export const sections = [
  'executables',
  'files',
  'ingress',
  'egress',
  'serves',
  'calls',
  'publish',
  'subscribe',
] as const;
export type RightSection = (typeof sections)[number];

/** Sections of a contract or a bound. */
export type Parts = Pick<Contract, 'runtime' | 'network' | 'api' | 'deny'> | Bound;

type Dimensions = readonly (readonly [string, Constraint])[];

/** One clause of a section before it is taken apart. */
export interface Source {
  readonly clause: string;
  /** Clauses with the same one mean the same. */
  readonly key: string;
  /** One box for each of its peers. */
  readonly boxes: () => readonly Box[];
  /** The path it stands under, for finding those that overlap. */
  readonly path?: string | undefined;
}

/** What is allowed; undefined: the section is absent, everything passes. */
export function allowsOf(contract: Parts, section: RightSection): readonly Source[] | undefined {
  const { runtime, network, api } = contract;
  switch (section) {
    case 'executables':
      return runtime?.executables?.map((clause) =>
        source(clause, () => [
          box(
            clause.id,
            [
              file('file', clause.path),
              ...maybe(clause.from, (from) => file('from', from, 'starter')),
              ...ends(clause),
            ],
            {
              exact: exactPath(clause.path),
            },
          ),
        ]),
      );
    case 'files':
      return runtime?.files === undefined
        ? undefined
        : [
            ...runtime.files.map((clause) =>
              source(clause, () => [opened(clause.id, clause.path, clause.access, clause)]),
            ),
            // Starting a program is reading it.
            ...(runtime.executables ?? []).map((clause) =>
              source(clause, () => [opened(clause.id, clause.path, 'read', clause)], 'program'),
            ),
          ];
    case 'ingress':
      return network?.ingress === undefined
        ? undefined
        : [...network.ingress, ...impliedIngress(contract as Contract)].map((clause) =>
            source(clause, () =>
              callers([clause.from], 'address').map(({ dimensions, exact }) =>
                box(clause.id, [...dimensions, ports(clause.ports), ...termsOf(clause)], { exact }),
              ),
            ),
          );
    case 'egress':
      return network?.egress === undefined
        ? undefined
        : [...network.egress, ...impliedEgress(contract as Contract)].map((clause) =>
            source(clause, () =>
              destinations(clause.to).map(({ dimensions, exact }) =>
                box(clause.id, [...dimensions, ports(clause.ports), ...termsOf(clause)], { exact }),
              ),
            ),
          );
    case 'serves':
      return api?.serves?.map((clause) =>
        source(
          clause,
          () =>
            callers(clause.from, undefined).map(({ dimensions }) =>
              box(clause.id, [...dimensions, methods(clause.methods), ...termsOf(clause)], {
                words: pathWords(clause.path),
              }),
            ),
          '',
          clause.path,
        ),
      );
    case 'calls':
      return api?.calls?.map((clause) =>
        source(
          clause,
          () =>
            destinations(clause.to).map(({ dimensions }) =>
              box(clause.id, [...dimensions, methods(clause.methods), ...termsOf(clause)], {
                words: pathWords(clause.path),
              }),
            ),
          '',
          clause.path,
        ),
      );
    case 'publish':
    case 'subscribe':
      return api?.messages?.[section]?.map((clause) =>
        source(clause, () => [
          box(
            clause.id,
            [...maybe(clause.broker, (name) => ['broker', oneOf('word', [name])] as const), ...ends(clause)],
            {
              words: topicWords(clause.topic),
            },
          ),
        ]),
      );
    default:
      return section satisfies never;
  }
}

/** What is forbidden, in whatever section it counts. A deny whose own mode is milder forbids from its end on. */
export function denialsOf({ deny }: Parts, section: RightSection): readonly Source[] {
  return (deny ?? []).flatMap((clause) => {
    const boxes = denied(clause, section);
    if (boxes.length === 0) return [];
    const from = clause.mode === undefined || clause.until === undefined ? [] : [since(momentOf(clause.until))];
    const made = boxes.map((one) => ({ ...one, dimensions: new Map([...one.dimensions, ...from]) }));
    return [{ clause: clause.id, key: keyOf(clause, 'deny'), boxes: () => made }];
  });
}

function denied(clause: Deny, section: RightSection): readonly Box[] {
  switch (clause.layer) {
    case 'runtime': {
      const pattern = section === 'executables' ? clause.executable : section === 'files' ? clause.file : undefined;
      return pattern === undefined ? [] : [box(clause.id, [file('file', pattern)], { exact: exactPath(pattern) })];
    }
    case 'network': {
      if (section !== 'egress') return [];
      const asked = clause.ports === undefined ? [] : [ports(clause.ports)];
      return deniedDestinations(clause.to).map((dimensions) =>
        box(clause.id, [...dimensions, ...asked, ...deniedIf(clause)]),
      );
    }
    case 'api': {
      if (section === 'publish' || section === 'subscribe') {
        const topic = clause[section];
        return topic === undefined ? [] : [box(clause.id, [], { words: topicWords(topic) })];
      }
      if (section !== 'serves' || clause.path === undefined) return [];
      const words = pathWords(clause.path);
      const asked = clause.methods === undefined ? [] : [methods(clause.methods)];
      const whom = clause.from === undefined ? [[]] : deniedCallers(clause.from);
      return whom.map((dimensions) => box(clause.id, [...dimensions, ...asked, ...deniedIf(clause)], { words }));
    }
    default:
      return clause satisfies never;
  }
}

/** All requests of a section, as sets that do not overlap: destinations are known in one of four ways. */
export function everything(section: RightSection): readonly Box[] {
  const any: Words = { words: [], more: 1, inner: notEmpty };
  const to = (service: boolean, host: boolean, address: boolean): Dimensions => [
    ['service', service ? known('word', 'service') : oneOf('word', [null])],
    ['host', host ? known('host', 'host') : oneOf('host', [null])],
    ['address', address ? known('address', 'address') : oneOf('address', [null])],
  ];
  const ways = [to(true, false, false), to(false, true, false), to(false, false, true), to(false, true, true)];
  switch (section) {
    case 'serves':
      return [box('-', [['caller', known('word', 'caller')]], { words: any })];
    case 'calls':
      return ways.map((dimensions) => box('-', dimensions, { words: any }));
    case 'egress':
      return ways.map((dimensions) => box('-', dimensions));
    case 'publish':
    case 'subscribe':
      return [box('-', [], { words: { words: [], more: 1 } })];
    default:
      return [box('-', [])];
  }
}

function known(kind: 'word' | 'host' | 'address', name: string): Constraint {
  return { kind, key: `some ${name}`, has: (point) => typeof point === 'string', hints: [] };
}

function source(clause: { readonly id: string }, boxes: () => readonly Box[], kind = '', path?: string): Source {
  return { clause: clause.id, key: keyOf(clause, kind), boxes, path };
}

function keyOf({ id: _id, ...rest }: { readonly id: string }, kind: string): string {
  return `${kind} ${JSON.stringify(rest)}`;
}

function box(clause: string, dimensions: Dimensions, more: Pick<Box, 'words' | 'exact'> = {}): Box {
  return { clause, dimensions: new Map(dimensions), ...more };
}

function maybe<T>(value: T | undefined, make: (value: T) => readonly [string, Constraint]): Dimensions {
  return value === undefined ? [] : [make(value)];
}

function file(name: string, pattern: string, kind: Kind = 'file'): readonly [string, Constraint] {
  const literal = exactPath(pattern);
  return [
    name,
    {
      kind,
      key: pattern,
      literals: literal === undefined ? undefined : new Set([literal]),
      has: fileTest(pattern),
      hints: [pattern],
      needed: [pattern],
    },
  ];
}

function fileTest(pattern: string): (point: Point) => boolean {
  let matches: ((path: string) => boolean) | undefined;
  return (point) => {
    matches ??= fileMatcher(pattern);
    return typeof point === 'string' && matches(point);
  };
}

function exactPath(pattern: string): string | undefined {
  return pattern.includes('*') ? undefined : pattern;
}

function opened(id: string, path: string, access: 'read' | 'write', terms: Terms): Box {
  return box(id, [['access', oneOf('access', [access])], file('file', path), ...ends(terms)], {
    exact: exactPath(path),
  });
}

/** What is readable without a clause, wherever files are held at all. */
export const floor: Source = { clause: 'floor', key: 'floor', boxes: () => floorBeside('/**') };

/** The same as far as it can matter beside a pattern. */
export function floorBeside(pattern: string): readonly Box[] {
  const start = (text: string) => text.slice(0, text.includes('*') ? text.indexOf('*') : undefined);
  const near = [...runtimeFloor, ...runtimeFloorSecrets].filter(
    (one) => start(one).startsWith(start(pattern)) || start(pattern).startsWith(start(one)),
  );
  if (near.length === 0) return [];
  const on = (access: 'read' | 'write', hints: readonly string[]): Box =>
    box('floor', [
      ['access', oneOf('access', [access])],
      [
        'file',
        {
          kind: 'file',
          key: `floor ${access}`,
          has: (point) => typeof point === 'string' && isOnFloor(point, access),
          hints,
        },
      ],
    ]);
  return [
    on('read', near),
    on(
      'write',
      near.filter((one) => runtimeFloorWrites.includes(one)),
    ),
  ];
}

interface Side {
  readonly dimensions: Dimensions;
  readonly exact?: string | undefined;
}

/** One set for all callers that are named, one more for each that is known by attributes or by where it is. */
function callers(peers: readonly Peer[], address: 'address' | undefined): readonly Side[] {
  const names: string[] = [];
  const sides: Side[] = [];
  for (const peer of peers) {
    if ('service' in peer) {
      if (peer.match === undefined) names.push(peer.service);
      else sides.push({ dimensions: identity('caller', oneOf('word', [peer.service]), peer.match) });
    } else if ('match' in peer) sides.push({ dimensions: identity('caller', notPublic, peer.match) });
    else if ('builtin' in peer) {
      if (peer.builtin === 'public') names.push(gatewayService);
      else sides.push({ dimensions: [['caller', notPublic]] });
    } else if ('cidr' in peer && address !== undefined) sides.push({ dimensions: [['address', range(peer)]] });
  }
  if (names.length > 0) sides.push({ dimensions: [['caller', oneOf('word', names)]] });
  return sides;
}

function destinations(peer: Peer): readonly Side[] {
  if ('service' in peer) {
    const { service, match } = peer;
    const named = oneOf('word', [service]);
    return match === undefined
      ? [{ dimensions: [['service', named]], exact: `service ${service}` }]
      : [{ dimensions: identity('service', named, match), exact: `service ${service}` }];
  }
  if ('match' in peer) return [{ dimensions: identity('service', someService, peer.match) }];
  if ('builtin' in peer) return peer.builtin === 'any-identity' ? [{ dimensions: [['service', someService]] }] : [];
  if ('host' in peer) return [{ dimensions: [['host', host(peer.host)]] }];
  return [{ dimensions: [['address', range(peer)]] }];
}

/** An identity by name and attributes; its name is an attribute as well. */
function identity(name: 'caller' | 'service', by: Constraint, match: Selector): Dimensions {
  const asked = Object.entries(match);
  const ofName = asked.filter(([attribute]) => attribute === 'service').map(([, predicate]) => predicate);
  const constraint: Constraint =
    ofName.length === 0
      ? by
      : {
          kind: 'word',
          key: `${by.key} ${canonicalJson(ofName)}`,
          has: (point) => by.has(point) && ofName.every((one) => isSatisfied(one, point as Value)),
          hints: [...by.hints, ...ofName.flatMap(namesIn)],
        };
  return [
    [name, constraint],
    ...asked
      .filter(([attribute]) => attribute !== 'service')
      .map(([attribute, predicate]) => [`${name}.${attribute}`, value(predicate)] as const),
  ];
}

function namesIn(predicate: Predicate): readonly unknown[] {
  if (typeof predicate !== 'object') return [predicate];
  return [predicate.equals, predicate.contains, ...(predicate.in ?? []), ...(predicate.notIn ?? [])].filter(
    (one) => one !== undefined,
  );
}

/** A deny: whoever it names; attributes that are missing match. */
function deniedCallers(peers: readonly Peer[]): readonly Dimensions[] {
  return peers.flatMap((peer): readonly Dimensions[] => {
    if ('service' in peer)
      return [[['caller', oneOf('word', [peer.service])], ...deniedAttributes('caller', peer.match ?? {})]];
    if ('match' in peer) return [deniedAttributes('caller', peer.match)];
    if (!('builtin' in peer)) return [];
    return [[['caller', peer.builtin === 'public' ? oneOf('word', [gatewayService]) : notPublic]]];
  });
}

function deniedDestinations(peer: Peer): readonly Dimensions[] {
  const unknown: Dimensions = [['service', oneOf('word', [null])]];
  if ('service' in peer)
    return [[['service', oneOf('word', [peer.service])], ...deniedAttributes('service', peer.match ?? {})]];
  if ('match' in peer) return [[['service', someService], ...deniedAttributes('service', peer.match)]];
  if ('builtin' in peer) return peer.builtin === 'any-identity' ? [[['service', someService]]] : [];
  if ('host' in peer) return [[['host', host(peer.host)]], [...unknown, ['host', oneOf('host', [null])]]];
  // By name alone, an address is not known and not asked for (`Destination.byName`).
  return [[['address', range(peer)]]];
}

function deniedAttributes(name: 'caller' | 'service', match: Selector): Dimensions {
  return Object.entries(match).map(([attribute, predicate]) => {
    const asksPresence = typeof predicate === 'object' && predicate.exists !== undefined;
    const has = (point: Point) =>
      ((point === undefined || point === null) && !asksPresence) || isSatisfied(predicate, point);
    const of = attribute === 'service' ? name : `${name}.${attribute}`;
    const kind = attribute === 'service' ? 'word' : 'value';
    const hints = kind === 'word' ? namesIn(predicate) : [predicate];
    return [of, { kind, key: `deny ${canonicalJson(predicate)}`, has, hints }] as const;
  });
}

const notPublic: Constraint = {
  kind: 'word',
  key: 'not the public',
  has: (point) => typeof point === 'string' && point !== gatewayService,
  hints: [gatewayService],
};
const someService: Constraint = known('word', 'service');
const notEmpty: Constraint = { kind: 'segment', key: 'not empty', has: (point) => point !== '', hints: [] };

function host(pattern: string): Constraint {
  const wanted = pattern.toLowerCase();
  if (!wanted.startsWith('*.')) return oneOf('host', [wanted]);
  const suffix = wanted.slice(1);
  const has = (point: Point) => typeof point === 'string' && point.length > suffix.length && point.endsWith(suffix);
  return { kind: 'host', key: wanted, has, hints: [wanted] };
}

function range(peer: { readonly cidr: string; readonly except?: readonly string[] | undefined }): Constraint {
  const { cidr, except = [] } = peer;
  let inside: ((address: string) => boolean) | undefined;
  return {
    kind: 'address',
    key: [cidr, ...except].join(' '),
    has: (point) => {
      inside ??= except.length === 0 ? cidrMatcher(cidr) : rangeMatcher(peer);
      return typeof point === 'string' && inside(point);
    },
    hints: [cidr, ...except],
  };
}

function ports(specs: readonly string[]): readonly [string, Constraint] {
  const ranges = specs.map((spec) => {
    const { protocol, first, last } = portRange(spec);
    const from = protocol === 'udp' ? udpFrom : 0;
    return [from + first, from + last] as const;
  });
  const has = (point: Point) =>
    typeof point === 'number' && ranges.some(([first, last]) => first <= point && point <= last);
  return ['port', { kind: 'port', key: [...specs].sort().join(' '), has, hints: specs }];
}

function methods(names: readonly string[]): readonly [string, Constraint] {
  return ['method', oneOf('word', names)];
}

function value(predicate: Predicate): Constraint {
  return {
    kind: 'value',
    key: canonicalJson(predicate),
    has: (point) => isSatisfied(predicate, point),
    hints: [predicate],
  };
}

function termsOf(terms: Terms): Dimensions {
  const { user, where, rate } = terms;
  const claims: Dimensions =
    user === undefined || user === 'none'
      ? []
      : [
          ['user', oneOf('user', ['present'])],
          ...(user.issuer === undefined ? [] : [['user.iss', value(user.issuer)] as const]),
          ...Object.entries(user.claims ?? {}).map(([name, predicate]) => [`user.${name}`, value(predicate)] as const),
        ];
  return [
    ...(user !== undefined && user !== 'none' && user.issuer !== undefined && user.claims?.['iss'] !== undefined
      ? both(claims)
      : claims),
    ...maybe(where, (text) => [`where ${plain(text)}`, oneOf('truth', ['true'])]),
    ...maybe(rate, (limit) => [`rate ${canonicalJson(limit)}`, oneOf('truth', ['true'])]),
    ...ends(terms),
  ];
}

/** An issuer and a claim `iss` are about the same. */
function both(dimensions: Dimensions): Dimensions {
  const [issuer, claim] = dimensions.filter(([name]) => name === 'user.iss').map(([, constraint]) => constraint);
  if (issuer === undefined || claim === undefined) return dimensions;
  const met: Constraint = {
    kind: 'value',
    key: `${issuer.key} and ${claim.key}`,
    has: (point) => issuer.has(point) && claim.has(point),
    hints: [...issuer.hints, ...claim.hints],
  };
  return [...dimensions.filter(([name]) => name !== 'user.iss'), ['user.iss', met]];
}

function deniedIf({ where }: Terms): Dimensions {
  return maybe(where, (text) => [`where ${plain(text)}`, oneOf('truth', ['true', 'unsaid'])]);
}

function ends({ until }: Terms): Dimensions {
  if (until === undefined) return [];
  const end = momentOf(until);
  const has = (point: Point) => typeof point === 'number' && point < end;
  return [['at', { kind: 'moment', key: `before ${end}`, has, hints: [end] }]];
}

function since(start: number): readonly [string, Constraint] {
  const has = (point: Point) => typeof point === 'number' && point >= start;
  return ['at', { kind: 'moment', key: `from ${start}`, has, hints: [start] }];
}

/** From now on: what was, is not compared. */
export function fromNow(now: number): readonly [string, Constraint] {
  return since(now);
}

/** The same for conditions that differ in how they are written alone. */
function plain(where: string): string {
  const parsed = parseCondition(where);
  return 'problem' in parsed ? where : printCondition(parsed.condition);
}

function pathWords(template: string): Words {
  const parsed = parseTemplate(template);
  const segments: readonly Segment[] = typeof parsed === 'string' ? [] : parsed;
  const rest = segments.at(-1)?.kind === 'rest';
  const words = segments.flatMap((segment) => (segment.kind === 'rest' ? [] : [wordOf(segment)]));
  return { words, more: rest ? 0 : undefined, inner: notEmpty };
}

function wordOf(segment: Exclude<Segment, { readonly kind: 'rest' }>): Constraint {
  return segment.kind === 'literal' ? oneOf('segment', [segment.text]) : typed[segment.type];
}

const typed: Readonly<Record<ParameterType, Constraint>> = {
  uuid: ofType('uuid'),
  date: ofType('date'),
  int: ofType('int'),
  hex: ofType('hex'),
  slug: ofType('slug'),
  opaque: ofType('opaque'),
};

function ofType(type: ParameterType): Constraint {
  const has = (point: Point) => typeof point === 'string' && isOfType(type, point);
  return { kind: 'segment', key: `a ${type}`, has, hints: [] };
}

function topicWords(topic: string): Words {
  const words = topic.split('.');
  const rest = words.at(-1) === '>';
  return {
    words: (rest ? words.slice(0, -1) : words).map((word) => (word === '*' ? undefined : oneOf('word', [word]))),
    more: rest ? 1 : undefined,
  };
}
