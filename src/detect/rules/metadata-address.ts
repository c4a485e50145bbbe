import { isMetadataAddress } from '../../contract/index.js';
import { type Rule, who } from './rule.js';

export const metadataAddress: Rule = {
  id: 'NW-001',
  title: "A cloud's metadata address was contacted",
  layer: 'network',
  severity: 'high',
  tactic: 'TA0006',
  technique: 'T1552.005',
  description: 'The instance metadata address hands out credentials of the machine to whoever asks.',
  kinds: ['connect', 'flow'],
  match(observation) {
    const { event } = observation;
    if (event.kind !== 'connect' && event.kind !== 'flow') return undefined;
    if (event.kind === 'flow' && event.direction !== 'out') return undefined;
    if (!isMetadataAddress(event.address)) return undefined;
    return {
      title: `${who(observation)} contacted a cloud's metadata address`,
      detail: `${event.address}, port ${event.port}`,
    };
  },
  examples: {
    hit: [[{ kind: 'connect', protocol: 'tcp', address: '169.254.169.254', port: 80 }]],
    miss: [{ kind: 'connect', protocol: 'tcp', address: '192.0.2.254', port: 80 }],
  },
};
