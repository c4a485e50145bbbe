/** A contract as a list of single rights, so that two contracts can be compared by what they allow, not by their text. */
import { isIP } from 'node:net';
import { printable } from '../../base/index.js';
import type { Contract, Layer, Peer } from '../../model/index.js';
import type { Section } from '../clauses.js';
import { canonicalJson } from '../digest.js';
import { fileMatcher } from '../compile/file-pattern.js';
import { parseTemplate, rankOf, type Segment, templateMatches } from '../compile/path-template.js';
import { cidrMatcher, gatewayService, peerText } from '../compile/peers.js';

/** One right. `anything` stands for a section that is not managed: everything passes. */
export interface Right {
  readonly layer: Layer;
  readonly section: Section;
  readonly clause: string;
  readonly anything: boolean;
  readonly peer?: Peer;
  readonly method?: string;
  readonly path?: string;
  readonly port?: string;
  readonly access?: 'read' | 'write';
  /** Only when started by this. */
  readonly from?: string;
  /** What it lets the service do, in words. */
  readonly sentence: string;
  /** One request, connection or call that it lets pass. */
  readonly example: string;
}

export function rightsOf(contract: Contract): readonly Right[] {
  const { service } = contract;
  const rights: Right[] = [];
  const open = (layer: Layer, section: Section, sentence: string) =>
    rights.push({ layer, section, clause: '-', anything: true, sentence, example: 'anything' });

  const executables = contract.runtime?.executables;
  if (executables === undefined) open('runtime', 'executables', `${service} may start any program (not managed)`);
  for (const { id, path, from } of executables ?? []) {
    const by = from === undefined ? '' : ` from ${from}`;
    const sentence = `${service} may start ${path}${by}`;
    const shape = from === undefined ? { path } : { path, from };
    rights.push({
      layer: 'runtime',
      section: 'executables',
      clause: id,
      anything: false,
      ...shape,
      sentence,
      example: `exec ${examplePath(path)}`,
    });
  }
  const files = contract.runtime?.files;
  if (files === undefined) open('runtime', 'files', `${service} may open any file (not managed)`);
  for (const { id, path, access } of files ?? []) {
    const sentence = `${service} may ${access} ${path}`;
    rights.push({
      layer: 'runtime',
      section: 'files',
      clause: id,
      anything: false,
      path,
      access,
      sentence,
      example: `${access} ${examplePath(path)}`,
    });
  }
  const ingress = contract.network?.ingress;
  if (ingress === undefined)
    open('network', 'ingress', `anyone with an identity may connect to ${service} (not managed)`);
  for (const { id, from, ports } of ingress ?? []) {
    for (const port of ports) {
      const sentence = `${peerText(from)} may connect to ${service} on ${port}`;
      const example = `${examplePeer(from)} -> ${service} ${port}`;
      rights.push({
        layer: 'network',
        section: 'ingress',
        clause: id,
        anything: false,
        peer: from,
        port,
        sentence,
        example,
      });
    }
  }
  const egress = contract.network?.egress;
  if (egress === undefined) open('network', 'egress', `${service} may connect anywhere (not managed)`);
  for (const { id, to, ports } of egress ?? []) {
    for (const port of ports) {
      const sentence = `${service} may connect to ${peerText(to)} on ${port}`;
      const example = `${service} -> ${examplePeer(to)} ${port}`;
      rights.push({
        layer: 'network',
        section: 'egress',
        clause: id,
        anything: false,
        peer: to,
        port,
        sentence,
        example,
      });
    }
  }
  const serves = contract.api?.serves;
  if (serves === undefined) open('api', 'serves', `anyone with an identity may call ${service} (not managed)`);
  for (const { id, from, methods, path } of serves ?? []) {
    for (const peer of from) {
      for (const method of methods) {
        const sentence = `${peerText(peer)} may call ${method} ${path} of ${service}`;
        const example = `${method} ${exampleRequest(path)} by ${examplePeer(peer)}`;
        rights.push({
          layer: 'api',
          section: 'serves',
          clause: id,
          anything: false,
          peer,
          method,
          path,
          sentence,
          example,
        });
      }
    }
  }
  const calls = contract.api?.calls;
  if (calls === undefined) open('api', 'calls', `${service} may call any operation (not managed)`);
  for (const { id, to, methods, path } of calls ?? []) {
    for (const method of methods) {
      const sentence = `${service} may call ${method} ${path} of ${peerText(to)}`;
      const example = `${method} ${exampleRequest(path)} to ${examplePeer(to)}`;
      rights.push({
        layer: 'api',
        section: 'calls',
        clause: id,
        anything: false,
        peer: to,
        method,
        path,
        sentence,
        example,
      });
    }
  }
  return rights.map((right) => ({
    ...right,
    sentence: printable(right.sentence, 1_024),
    example: printable(right.example, 512),
  }));
}

/**
 * Whether everything `narrow` allows is allowed by `wide` too. Exact for the shapes of the language except two globs
 * with stars inside a segment, where only equality counts: then a diff may name a right twice, never hide one.
 */
export function covers(wide: Right, narrow: Right): boolean {
  if (wide.section !== narrow.section) return false;
  if (wide.anything) return true;
  if (narrow.anything) return false;
  if (wide.method !== narrow.method || wide.port !== narrow.port || wide.access !== narrow.access) return false;
  if (wide.from !== undefined && (narrow.from === undefined || !patternCovers(wide.from, narrow.from))) return false;
  if (wide.peer !== undefined && (narrow.peer === undefined || !peerCovers(wide.peer, narrow.peer))) return false;
  if (wide.path === undefined || narrow.path === undefined) return wide.path === narrow.path;
  return wide.layer === 'api' ? templateCovers(wide.path, narrow.path) : patternCovers(wide.path, narrow.path);
}

function peerCovers(wide: Peer, narrow: Peer): boolean {
  if (canonicalJson(wide) === canonicalJson(narrow)) return true;
  // What asks for attributes, or takes something out, takes in only what says the same.
  if (('match' in wide && wide.match !== undefined) || ('cidr' in wide && wide.except !== undefined)) return false;
  if ('service' in wide) {
    if ('service' in narrow) return wide.service === narrow.service;
    return wide.service === gatewayService && 'builtin' in narrow && narrow.builtin === 'public';
  }
  if ('builtin' in wide) {
    if ('builtin' in narrow) return wide.builtin === narrow.builtin;
    if (!('service' in narrow)) return false;
    return (wide.builtin === 'public') === (narrow.service === gatewayService);
  }
  if ('host' in wide) {
    if (!('host' in narrow)) return false;
    const [outer, inner] = [wide.host.toLowerCase(), narrow.host.toLowerCase()];
    return outer === inner || (outer.startsWith('*.') && inner.endsWith(outer.slice(1)));
  }
  if ('match' in wide || !('cidr' in narrow)) return false;
  const [network = '', bits = ''] = narrow.cidr.split('/');
  const [outerNetwork = '', outerBits = ''] = wide.cidr.split('/');
  return isIP(network) === isIP(outerNetwork) && Number(bits) >= Number(outerBits) && cidrMatcher(wide.cidr)(network);
}

function patternCovers(wide: string, narrow: string): boolean {
  if (wide === narrow) return true;
  if (!narrow.includes('*')) return fileMatcher(wide)(narrow);
  if (!wide.endsWith('/**') || wide.slice(0, -3).includes('*')) return false;
  return narrow.startsWith(wide.slice(0, -2));
}

function templateCovers(wide: string, narrow: string): boolean {
  const outer = segments(wide);
  const inner = segments(narrow);
  if (inner.every((segment) => segment.kind === 'literal')) return templateMatches(outer, narrow);
  for (const [index, segment] of outer.entries()) {
    if (segment.kind === 'rest') return true;
    const other = inner[index];
    if (other === undefined || other.kind === 'rest' || !segmentCovers(segment, other)) return false;
  }
  return outer.length === inner.length;
}

function segmentCovers(wide: Segment, narrow: Segment): boolean {
  if (wide.kind === 'literal') return narrow.kind === 'literal' && wide.text === narrow.text;
  if (wide.kind === 'rest') return true;
  if (narrow.kind === 'literal') return templateMatches([wide], `/${narrow.text}`);
  if (narrow.kind === 'rest') return false;
  if (wide.type === narrow.type || wide.type === 'opaque') return true;
  // The language of each is inside that of slug: letters, digits and single dashes.
  return wide.type === 'slug' && rankOf(narrow) < rankOf(wide) && narrow.type !== 'hex';
}

function segments(template: string): readonly Segment[] {
  const parsed = parseTemplate(template);
  return typeof parsed === 'string' ? [] : parsed;
}

const samples = {
  uuid: '6f1c2b1e-52a7-4d0c-9f0e-2f6f2d1c8a11',
  date: '2026-01-31',
  int: '42',
  hex: '5d0fa1b2',
  slug: 'red-shoe',
  opaque: 'x',
} as const;

function exampleRequest(template: string): string {
  const parts = segments(template).map((segment) => {
    if (segment.kind === 'literal') return segment.text;
    return segment.kind === 'rest' ? 'any/thing' : samples[segment.type];
  });
  return `/${parts.join('/')}`;
}

function examplePath(pattern: string): string {
  return pattern.replaceAll('**', 'any/thing').replaceAll('*', 'x');
}

function examplePeer(peer: Peer): string {
  if ('service' in peer) return peer.service;
  if ('builtin' in peer) return peer.builtin === 'public' ? 'the public' : 'any service';
  if ('match' in peer) return peerText(peer);
  return 'host' in peer ? peer.host.replace('*', 'www') : (peer.cidr.split('/')[0] ?? '');
}
