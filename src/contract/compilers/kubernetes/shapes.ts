/** The parts of Kubernetes objects that are written here. */
import { z } from 'zod';

const labels = z.record(z.string(), z.string());
const port = z.strictObject({
  protocol: z.enum(['TCP', 'UDP']),
  port: z.int().min(1).max(65_535).optional(),
  endPort: z.int().min(1).max(65_535).optional(),
});
const peer = z.union([
  z.strictObject({
    podSelector: z.strictObject({ matchLabels: labels }),
    namespaceSelector: z.strictObject({ matchLabels: labels }).optional(),
  }),
  z.strictObject({ namespaceSelector: z.strictObject({}) }),
  z.strictObject({ ipBlock: z.strictObject({ cidr: z.string(), except: z.array(z.string()).optional() }) }),
]);
export type PolicyPeer = z.infer<typeof peer>;
export type PolicyPort = z.infer<typeof port>;

/** `networking.k8s.io/v1`. A rule without peers would mean everybody: there is none. */
export const NetworkPolicy = z.strictObject({
  apiVersion: z.literal('networking.k8s.io/v1'),
  kind: z.literal('NetworkPolicy'),
  metadata: z.strictObject({ name: z.string(), namespace: z.string().optional() }),
  spec: z.strictObject({
    podSelector: z.strictObject({ matchLabels: labels }),
    policyTypes: z.array(z.enum(['Ingress', 'Egress'])).min(1),
    ingress: z.array(z.strictObject({ from: z.array(peer).min(1), ports: z.array(port).min(1) })).optional(),
    egress: z.array(z.strictObject({ to: z.array(peer).min(1), ports: z.array(port).min(1) })).optional(),
  }),
});
export type NetworkPolicy = z.infer<typeof NetworkPolicy>;

const mount = z.strictObject({ name: z.string(), mountPath: z.string(), readOnly: z.literal(true).optional() });
const container = z.strictObject({
  name: z.string(),
  securityContext: z
    .strictObject({
      runAsUser: z.int().min(0).optional(),
      runAsGroup: z.int().min(0).optional(),
      runAsNonRoot: z.literal(true).optional(),
      readOnlyRootFilesystem: z.literal(true).optional(),
      allowPrivilegeEscalation: z.literal(false).optional(),
      capabilities: z.strictObject({ drop: z.tuple([z.literal('ALL')]), add: z.array(z.string()) }).optional(),
      seccompProfile: z.strictObject({ type: z.literal('Localhost'), localhostProfile: z.string() }).optional(),
    })
    .optional(),
  resources: z
    .strictObject({ limits: z.strictObject({ cpu: z.string().optional(), memory: z.string().optional() }) })
    .optional(),
  volumeMounts: z.array(mount).optional(),
});
export type PatchedContainer = z.infer<typeof container>;

/** A strategic merge patch of a Deployment, StatefulSet or DaemonSet. */
export const Patch = z.strictObject({
  spec: z.strictObject({
    template: z.strictObject({
      spec: z.strictObject({
        containers: z.tuple([container]),
        volumes: z
          .array(z.strictObject({ name: z.string(), emptyDir: z.strictObject({ medium: z.literal('Memory') }) }))
          .optional(),
      }),
    }),
  }),
});
export type Patch = z.infer<typeof Patch>;
