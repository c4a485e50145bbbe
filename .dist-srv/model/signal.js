import { z } from 'zod';
import { Layer } from './layer.js';
import { HostName, ServiceName } from './names.js';
import { JoinKeys } from './observation.js';
export const severities = ['critical', 'high', 'medium', 'low', 'info'];
export const Severity = z.enum(severities);
/** ATT&CK Enterprise tactics that a signal can stand for, in kill-chain order. */
export const tactics = [
    'TA0001',
    'TA0002',
    'TA0003',
    'TA0004',
    'TA0005',
    'TA0006',
    'TA0007',
    'TA0008',
    'TA0009',
    'TA0011',
    'TA0010',
    'TA0040',
];
export const Tactic = z.enum(tactics);
export const tacticNames = {
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
/** An observation judged notable. */
export const Signal = z.strictObject({
    /** `<rule>:<observation id>`: the same observation never signals the same rule twice. */
    id: z.string(),
    at: z.number(),
    host: HostName,
    layer: Layer,
    service: ServiceName.nullable(),
    workload: z.string().nullable(),
    identity: z.string().nullable(),
    /** A detection rule's id (`RT-001`), or `contract` for a deviation from the contract. */
    rule: z.string(),
    kind: z.enum(['rule', 'deviation', 'denial']),
    severity: Severity,
    tactic: Tactic,
    technique: z.string().nullable(),
    /** One sentence a person understands, made by us; hostile text in it is escaped. */
    title: z.string().max(1_024),
    detail: z.string().max(4_096),
    /** Refused by us, or only seen. */
    outcome: z.enum(['refused', 'detected']),
    observation: z.string(),
    join: JoinKeys,
});
