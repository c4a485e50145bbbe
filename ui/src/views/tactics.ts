import type { IncidentRow } from '../../../src/server/api-types.ts';

/** ATT&CK Enterprise tactics by their ids. Here rather than from the model: the console's bundle carries no schemas. */
export const tacticNames: Readonly<Record<IncidentRow['tactics'][number], string>> = {
  TA0001: 'Initial access',
  TA0002: 'Execution',
  TA0003: 'Persistence',
  TA0004: 'Privilege escalation',
  TA0005: 'Defence evasion',
  TA0006: 'Credential access',
  TA0007: 'Discovery',
  TA0008: 'Lateral movement',
  TA0009: 'Collection',
  TA0011: 'Command and control',
  TA0010: 'Exfiltration',
  TA0040: 'Impact',
};
