/** What one service may do, in clauses over three layers. Documented in docs/guide/contracts.md. */
import { z } from 'zod';
import { Labels } from './labels.js';
import { ModeByLayer } from './layer.js';
import { Digest, ServiceName } from './names.js';
import { ClaimName, Predicate, Selector } from './predicate.js';

/** In force a clause of a base is called `BASE/CLAUSE`; whoever writes one uses no `/` (`parseContract`). */
export const ClauseId = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}(\/[a-z0-9][a-z0-9._-]{0,63})?$/);
/** One port, a range of them or all: `tcp/8080`, `tcp/8000-8099`, `udp/*`. */
export const PortSpec = z
  .string()
  .regex(
    /^(tcp|udp)\/([1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?|\*)$/,
    'a port is written tcp/8080, a range tcp/8000-8099, all of them tcp/*',
  );
/** `*` stands inside one segment, `**` for any number of segments; absolute. */
export const FilePattern = z.string().min(1).max(1_024).regex(/^\//, 'a file pattern is absolute');
/** Literal segments, `{name}` or `{name:int|uuid|slug|hex|date|opaque}` for one segment, `**` only last. */
export const PathTemplate = z.string().min(1).max(1_024).regex(/^\//, 'a path template starts with /');
export const Method = z.string().regex(/^[A-Z]{1,16}$/);
/** Words with dots between; `*` is one word, `>` last one or more (as NATS writes subjects). */
export const TopicPattern = z
  .string()
  .max(512)
  .regex(/^[^\s.]+(\.[^\s.]+)*$/, 'a topic is words with dots between, without white space');
export const Moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()], {
  error: 'a time is written 2026-12-01T00:00:00Z, or 2026-12-01 for the beginning of that day (UTC)',
});
const Cidr = z.string().regex(/^[0-9a-f.:]+\/[0-9]{1,3}$/, 'an address range is written 10.0.0.0/8');
const Condition = z.string().min(1).max(2_000);
const BoundName = ServiceName;

/**
 * A peer. By identity: a service, identities with certain attributes, the public through the gateway, anyone with an
 * identity. By where it is: a name or an address range.
 */
export const Peer = z.union([
  z.strictObject({ service: ServiceName, match: Selector.optional() }),
  z.strictObject({ match: Selector }),
  z.strictObject({ builtin: z.enum(['public', 'any-identity']) }),
  z.strictObject({ host: z.string().min(1).max(253) }),
  z.strictObject({ cidr: Cidr, except: z.array(Cidr).min(1).max(100).optional() }),
]);
export type Peer = z.infer<typeof Peer>;

/** What is asked of the user whose token came with the request and was verified; `none`: nothing. */
export const User = z.union([
  z.literal('none'),
  z.strictObject({ issuer: z.string().max(512).optional(), claims: z.record(ClaimName, Predicate).optional() }),
]);
export type User = z.infer<typeof User>;

/** At most so many requests in a time, for each value of the keys (all callers together when there is none). */
export const Rate = z.strictObject({
  requests: z.int().min(1).max(1_000_000_000),
  per: z.string().regex(/^[1-9][0-9]{0,5}(ms|s|m|h)$/, 'a time is written 1s, 5m or 1h'),
  key: z
    .array(z.string().regex(/^(caller|user\..{1,256})$/, 'a key is `caller` or `user.CLAIM`'))
    .min(1)
    .max(4)
    .optional(),
});
export type Rate = z.infer<typeof Rate>;

/** What any clause may carry. `mode` is weaker than that of its layer and therefore ends; after `until` an allow is gone. */
const terms = {
  mode: z.enum(['audit', 'learn']).optional(),
  until: Moment.optional(),
};
const conditions = { ...terms, where: Condition.optional() };

const executable = {
  path: FilePattern,
  /** Only when started by this executable. */
  from: FilePattern.optional(),
  ...terms,
};
const fileAccess = { path: FilePattern, access: z.enum(['read', 'write']), ...terms };
const ingress = { from: Peer, ports: z.array(PortSpec).min(1), ...conditions };
const egress = { to: Peer, ports: z.array(PortSpec).min(1), ...conditions };
const serve = {
  methods: z.array(Method).min(1),
  path: PathTemplate,
  from: z.array(Peer).min(1),
  user: User.optional(),
  rate: Rate.optional(),
  ...conditions,
};
const call = {
  to: Peer,
  methods: z.array(Method).min(1),
  path: PathTemplate,
  /** Given, the connection is allowed as well. */
  ports: z.array(PortSpec).min(1).optional(),
  ...conditions,
};
const publish = { topic: TopicPattern, broker: ServiceName.optional(), ...terms };
const subscribe = { ...publish, group: z.string().min(1).max(128).optional() };

export const Executable = z.strictObject({ id: ClauseId, ...executable });
export const FileAccess = z.strictObject({ id: ClauseId, ...fileAccess });
export const Ingress = z.strictObject({ id: ClauseId, ...ingress });
export const Egress = z.strictObject({ id: ClauseId, ...egress });
export const Serve = z.strictObject({ id: ClauseId, ...serve });
export const Call = z.strictObject({ id: ClauseId, ...call });
export const Publish = z.strictObject({ id: ClauseId, ...publish });
export const Subscribe = z.strictObject({ id: ClauseId, ...subscribe });
/** What is mounted into a workload, by the class of its source. */
export const Mount = z.strictObject({
  id: ClauseId,
  path: FilePattern,
  source: z.enum(['volume', 'host', 'tmpfs', 'secret', 'config', 'socket']),
  access: z.enum(['read', 'write']),
});

export const Deny = z.discriminatedUnion('layer', [
  z.strictObject({
    id: ClauseId,
    layer: z.literal('runtime'),
    executable: FilePattern.optional(),
    file: FilePattern.optional(),
    ...terms,
  }),
  z.strictObject({
    id: ClauseId,
    layer: z.literal('network'),
    to: Peer,
    ports: z.array(PortSpec).optional(),
    ...conditions,
  }),
  z.strictObject({
    id: ClauseId,
    layer: z.literal('api'),
    methods: z.array(Method).optional(),
    path: PathTemplate.optional(),
    from: z.array(Peer).optional(),
    /** Instead of an operation: a topic that is never published or never subscribed. */
    publish: TopicPattern.optional(),
    subscribe: TopicPattern.optional(),
    ...conditions,
  }),
]);
export type Deny = z.infer<typeof Deny>;

/** Bytes, or a number with a binary unit. */
export const Bytes = z.union([
  z.int().min(0),
  z.string().regex(/^[1-9][0-9]{0,11}(Ki|Mi|Gi|Ti)$/, 'an amount is written in bytes, or 512Mi'),
]);
const SyscallName = z.string().regex(/^[a-z_][a-z0-9_]{0,63}$/);
const SyscallNames = z.array(SyscallName).max(600);

const runtime = z.strictObject({
  user: z.strictObject({ uid: z.int().min(0), gid: z.int().min(0).optional() }).optional(),
  rootfs: z.enum(['readonly', 'writable']).optional(),
  privilegeEscalation: z.boolean().optional(),
  executables: z.array(Executable).optional(),
  files: z.array(FileAccess).optional(),
  mounts: z.array(Mount).optional(),
  /** Linux capabilities without `CAP_`. */
  capabilities: z
    .array(z.string().regex(/^(?!CAP_)[A-Z][A-Z_]{1,31}$/, 'a capability is written NET_BIND_SERVICE'))
    .optional(),
  /** System calls: a floor of the language, and what is added to it or taken from it. */
  syscalls: z
    .strictObject({
      base: z.string().max(64).optional(),
      add: SyscallNames.optional(),
      remove: SyscallNames.optional(),
    })
    .optional(),
  resources: z
    .strictObject({
      /** Cores. */
      cpu: z.number().positive().max(4_096).optional(),
      memory: Bytes.optional(),
      pids: z.int().min(1).max(4_194_304).optional(),
      /** Bytes in a second. */
      io: z.strictObject({ read: Bytes.optional(), write: Bytes.optional() }).optional(),
    })
    .optional(),
});
const network = z.strictObject({ ingress: z.array(Ingress).optional(), egress: z.array(Egress).optional() });
const api = z.strictObject({
  listeners: z.array(z.strictObject({ port: PortSpec, protocol: z.enum(['http', 'grpc', 'tcp']) })).optional(),
  serves: z.array(Serve).optional(),
  calls: z.array(Call).optional(),
  messages: z
    .strictObject({ publish: z.array(Publish).optional(), subscribe: z.array(Subscribe).optional() })
    .optional(),
});
const sections = {
  runtime: runtime.optional(),
  network: network.optional(),
  api: api.optional(),
  deny: z.array(Deny).optional(),
};

/** One allow clause that goes by itself; it passes neither a bound nor a deny. */
export const Exception = z.strictObject({
  id: ClauseId,
  owner: z.string().min(1).max(128),
  reason: z.string().min(1).max(1_024),
  until: Moment,
  allow: z
    .strictObject({
      executable: z.strictObject(executable).optional(),
      file: z.strictObject(fileAccess).optional(),
      ingress: z.strictObject(ingress).optional(),
      egress: z.strictObject(egress).optional(),
      serve: z.strictObject(serve).optional(),
      call: z.strictObject(call).optional(),
      publish: z.strictObject(publish).optional(),
      subscribe: z.strictObject(subscribe).optional(),
    })
    .refine((allow) => Object.keys(allow).length === 1, 'allows exactly one clause'),
});
export type Exception = z.infer<typeof Exception>;

const apiVersion = z.literal('tricordon/v1');

/**
 * A contract. Absent section = unmanaged (passes with `layer-unmanaged`, counts as a gap); present and empty = deny all.
 *
 * @example
 * Contract.parse({ apiVersion: 'tricordon/v1', kind: 'Contract', service: 'payments',
 *   mode: { runtime: 'learn', network: 'audit', api: 'enforce' },
 *   api: { serves: [{ id: 'charge', methods: ['POST'], path: '/charges', from: [{ service: 'orders' }] }], calls: [] } });
 */
export const Contract = z.strictObject({
  apiVersion,
  kind: z.literal('Contract'),
  service: ServiceName,
  /** What the writer says of the service; bounds are selected by what the control plane knows of it. */
  labels: Labels.optional(),
  /** Attributes without which no workload of this service gets an identity. */
  require: Selector.optional(),
  /** Bases whose clauses count as if they stood here, except those named in `remove`. */
  extends: z
    .array(z.strictObject({ name: BoundName, version: z.int().min(0), digest: Digest }))
    .max(16)
    .optional(),
  remove: z.array(z.string().max(130)).max(10_000).optional(),
  mode: ModeByLayer,
  ...sections,
  exceptions: z.array(Exception).optional(),
});
export type Contract = z.infer<typeof Contract>;

/** Sections that contracts extend. */
export const Base = z.strictObject({
  apiVersion,
  kind: z.literal('Base'),
  name: BoundName,
  version: z.int().min(0),
  extends: Contract.shape.extends,
  remove: Contract.shape.remove,
  ...sections,
});
export type Base = z.infer<typeof Base>;

/**
 * What the organisation allows at most, for services whose labels match (`environment`, `tenant`, `sensitivity`, ...);
 * for every service when it selects none. A section that is absent bounds nothing. A service of which a label is not
 * known is bounded.
 */
export const Bound = z.strictObject({
  apiVersion,
  kind: z.literal('Bound'),
  name: BoundName,
  appliesTo: z.record(z.string().max(320), Predicate).optional(),
  ...sections,
});
export type Bound = z.infer<typeof Bound>;

export const contractStates = ['proposed', 'approved', 'superseded', 'rejected'] as const;
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
export type ContractVersion = z.infer<typeof ContractVersion>;
