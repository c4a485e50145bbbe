/** The table of one service as text: what is common to all of them, and the rules between. */
import { type Rule, type Side, ruleText } from './rules.js';

export interface Chain {
  readonly rules: readonly Rule[];
  /** The namespace talks with itself. */
  readonly loopback: boolean;
}

export interface Table {
  readonly service: string;
  readonly comments: readonly string[];
  /** undefined: every packet of the network namespace. */
  readonly uid: number | undefined;
  readonly egress: Chain | undefined;
  readonly ingress: Chain | undefined;
}

export const directions = {
  egress: { hook: 'output', side: 'daddr', loopback: 'oifname "lo" accept' },
  ingress: { hook: 'input', side: 'saddr', loopback: 'iifname "lo" accept' },
} as const satisfies Record<string, { hook: string; side: Side; loopback: string }>;
export type Direction = keyof typeof directions;

/**
 * What every chain begins with: the other half of connections that the other chain, or nobody, judges; errors about them;
 * and without neighbours there is no IPv6 (RFC 4861).
 */
export const common = [
  'ct direction reply accept',
  'meta l4proto { icmp, ipv6-icmp } ct state related accept',
  'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert } accept',
] as const;

export function tableName(service: string): string {
  return `tricordon_${service.replaceAll('-', '_')}`;
}

/** Loaded with `nft -f` it takes the place of the one before, at once. */
export function tableText(table: Table): string {
  const name = tableName(table.service);
  const chains = (['egress', 'ingress'] as const).flatMap((direction) => {
    const chain = table[direction];
    return chain === undefined ? [] : chainLines(direction, chain, direction === 'egress' ? table.uid : undefined);
  });
  return [
    ...table.comments.map((text) => `# ${text}`),
    `table inet ${name}`,
    `delete table inet ${name}`,
    `table inet ${name} {`,
    ...chains.map((line) => `  ${line}`),
    '}',
    '',
  ].join('\n');
}

export function hookLine(direction: Direction): string {
  return `type filter hook ${directions[direction].hook} priority filter; policy accept;`;
}

function chainLines(direction: Direction, { rules, loopback }: Chain, uid: number | undefined): readonly string[] {
  const { side, hook, loopback: open } = directions[direction];
  return [
    `chain ${hook} {`,
    `  ${hookLine(direction)}`,
    `  ${uid === undefined ? '' : `meta skuid ${uid} `}jump ${direction}`,
    '}',
    `chain ${direction} {`,
    ...[...common, ...(loopback ? [open] : []), ...rules.map((rule) => ruleText(rule, side))].map(
      (line) => `  ${line}`,
    ),
    '}',
  ];
}
