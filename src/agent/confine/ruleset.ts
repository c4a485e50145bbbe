import type { VirtualAddress } from './rung.js';

export interface RulesetOptions {
  readonly redirectPort: number;
  readonly addresses: readonly VirtualAddress[];
  /** The port the workload binds; never redirected on loopback. */
  readonly port: number | null;
}

/**
 * nftables text for the inside of a workload's network namespace. Every TCP connection goes to the redirect listener
 * but those to the workload's own loopback; peers declared on loopback are redirected, too. All else that is not
 * loopback is refused at once (so that who sends it fails instead of waiting) and counted, except name look-ups.
 */
export function ruleset(options: RulesetOptions): string {
  const loopbackPeers = options.addresses
    .filter((peer) => peer.address.startsWith('127.') && peer.port !== options.port)
    .map((peer) => `    ip daddr ${peer.address} tcp dport ${peer.port} counter redirect to :${options.redirectPort}`);
  return [
    'table inet tricordon',
    'delete table inet tricordon',
    'table inet tricordon {',
    '  counter refused_udp { }',
    '  counter refused_icmp { }',
    '  counter refused_ipv6 { }',
    '  counter refused_other { }',
    '  counter refused_isolated { }',
    '  chain capture {',
    '    type nat hook output priority -100; policy accept;',
    '    meta nfproto ipv6 return',
    ...new Set(loopbackPeers),
    // The workload's own loopback is 127.0.0.1; every other loopback address is the host's, reached through the sidecar.
    '    ip daddr 127.0.0.1 return',
    `    meta l4proto tcp counter redirect to :${options.redirectPort}`,
    // Names: the inlet sends whoever asks over UDP to TCP.
    `    udp dport 53 counter redirect to :${options.redirectPort}`,
    '  }',
    '  chain quarantine {',
    '    type filter hook output priority -10; policy accept;',
    '  }',
    '  chain out {',
    '    type filter hook output priority 0; policy drop;',
    '    meta nfproto ipv6 counter name refused_ipv6 drop',
    '    ip daddr 127.0.0.0/8 accept',
    '    ct state established,related accept',
    '    meta l4proto udp counter name refused_udp reject',
    '    meta l4proto icmp counter name refused_icmp drop',
    '    counter name refused_other drop',
    '  }',
    '}',
    '',
  ].join('\n');
}

/** Nothing enters or leaves, not even on loopback: the inlet's own connections are cut as well. */
export const isolateRules = [
  'flush chain inet tricordon quarantine',
  'add rule inet tricordon quarantine counter name refused_isolated drop',
  '',
].join('\n');

export const rejoinRules = 'flush chain inet tricordon quarantine\n';
