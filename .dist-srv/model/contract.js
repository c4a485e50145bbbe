/** What one service may do, in clauses over three layers. Documented in docs/guide/contracts.md. */
import { z } from 'zod';
import { ModeByLayer } from './layer.js';
import { ServiceName } from './names.js';
export const ClauseId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);
export const PortSpec = z.string().regex(/^(tcp|udp)\/([1-9][0-9]{0,4})$/, 'a port is written tcp/8080');
/** `*` stands inside one segment, `**` for any number of segments; absolute. */
export const FilePattern = z.string().min(1).max(1_024).regex(/^\//, 'a file pattern is absolute');
/** Literal segments, `{name}` or `{name:int|uuid|slug|hex|date|opaque}` for one segment, `**` only last. */
export const PathTemplate = z.string().min(1).max(1_024).regex(/^\//, 'a path template starts with /');
export const Method = z.string().regex(/^[A-Z]{1,16}$/);
/** A peer: another service by identity, the public through the gateway, or an address outside. Exactly one is given. */
export const Peer = z.union([
    z.strictObject({ service: ServiceName }),
    z.strictObject({ builtin: z.enum(['public', 'any-identity']) }),
    z.strictObject({ host: z.string().min(1).max(253) }),
    z.strictObject({ cidr: z.string().regex(/^[0-9a-f.:]+\/[0-9]{1,3}$/) }),
]);
export const Executable = z.strictObject({
    id: ClauseId,
    path: FilePattern,
    /** Only when started by this executable. */
    from: FilePattern.optional(),
});
export const FileAccess = z.strictObject({ id: ClauseId, path: FilePattern, access: z.enum(['read', 'write']) });
export const Ingress = z.strictObject({ id: ClauseId, from: Peer, ports: z.array(PortSpec).min(1) });
export const Egress = z.strictObject({ id: ClauseId, to: Peer, ports: z.array(PortSpec).min(1) });
export const Serve = z.strictObject({
    id: ClauseId,
    methods: z.array(Method).min(1),
    path: PathTemplate,
    from: z.array(Peer).min(1),
});
export const Call = z.strictObject({ id: ClauseId, to: Peer, methods: z.array(Method).min(1), path: PathTemplate });
export const Deny = z.discriminatedUnion('layer', [
    z.strictObject({
        id: ClauseId,
        layer: z.literal('runtime'),
        executable: FilePattern.optional(),
        file: FilePattern.optional(),
    }),
    z.strictObject({ id: ClauseId, layer: z.literal('network'), to: Peer, ports: z.array(PortSpec).optional() }),
    z.strictObject({
        id: ClauseId,
        layer: z.literal('api'),
        methods: z.array(Method).optional(),
        path: PathTemplate,
        from: z.array(Peer).optional(),
    }),
]);
/**
 * A contract. Absent section = unmanaged (passes with `layer-unmanaged`, counts as a gap); present and empty = deny all.
 *
 * @example
 * Contract.parse({ apiVersion: 'tricordon/v1', kind: 'Contract', service: 'payments',
 *   mode: { runtime: 'learn', network: 'audit', api: 'enforce' },
 *   api: { serves: [{ id: 'charge', methods: ['POST'], path: '/charges', from: [{ service: 'orders' }] }], calls: [] } });
 */
export const Contract = z.strictObject({
    apiVersion: z.literal('tricordon/v1'),
    kind: z.literal('Contract'),
    service: ServiceName,
    mode: ModeByLayer,
    runtime: z
        .strictObject({ executables: z.array(Executable).optional(), files: z.array(FileAccess).optional() })
        .optional(),
    network: z.strictObject({ ingress: z.array(Ingress).optional(), egress: z.array(Egress).optional() }).optional(),
    api: z.strictObject({ serves: z.array(Serve).optional(), calls: z.array(Call).optional() }).optional(),
    deny: z.array(Deny).optional(),
});
export const contractStates = ['proposed', 'approved', 'superseded', 'rejected'];
/** One immutable version of a contract. `digest` is SHA-256 over the canonical JSON (RFC 8785) of `contract`. */
export const ContractVersion = z.strictObject({
    service: ServiceName,
    version: z.int().min(0),
    digest: z.string(),
    state: z.enum(contractStates),
    contract: Contract,
    origin: z.enum(['initial', 'learned', 'declared', 'mode-change']),
    /** How many observations a learned version rests on. */
    observed: z.int().min(0),
    proposedBy: z.string(),
    proposedAt: z.number(),
    decidedBy: z.string().nullable(),
    decidedAt: z.number().nullable(),
    reason: z.string().nullable(),
    /** Digest of the code (`code`) and image (`image`) the approver saw: what "clean" means. */
    clean: z.record(z.string(), z.string()),
});
