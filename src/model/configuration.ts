/** `tricordon.yaml`: every key optional. The description of each is its documentation and `config explain`. */
import { z } from 'zod';
import { Labels } from './labels.js';
import { HostName, Port, ServiceName } from './names.js';

const AddressAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[0-9.]+):([0-9]{1,5})$/, 'written ADDR:PORT, like 127.0.0.1:8080');

function isLoopback(written: string): boolean {
  return /^127(\.[0-9]{1,3}){3}:/.test(written) || written.startsWith('[::1]:');
}

export const ServiceConfiguration = z
  .strictObject({
    name: ServiceName.describe('Name of the service: its identity is `spiffe://TRUST-DOMAIN/service/NAME`.'),
    port: Port.describe('The port that the command binds.'),
    command: z
      .array(z.string().min(1))
      .optional()
      .describe("Program and arguments; no shell is involved. With `image`: what takes the place of the image's CMD."),
    image: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .describe('Run a container of this image instead (root mode); the Docker Engine must have it.'),
    directory: z
      .string()
      .optional()
      .describe('Working directory; relative to the file. Default: the folder of the file.'),
    code: z
      .string()
      .optional()
      .describe("Directory whose digest is attested as the service's code. Default: the working directory."),
    publish: AddressAndPort.optional().describe('Public address at the gateway.'),
    calls: z.array(z.string()).optional().describe('Services it calls, each written NAME=HOST:PORT[@ENV].'),
    user: z.string().optional().describe('Account the command runs as (root mode). Default: who called sudo.'),
    environment: z
      .record(z.string(), z.string())
      .optional()
      .describe('Variables for the command or container. Not a place for secrets.'),
    labels: Labels.optional().describe(
      'Labels by which roles may be limited, like `team: shop` or `environment: production`. Given, they replace those before at the next `up`; left out, they stay as they are.',
    ),
  })
  .refine((service) => service.image !== undefined || (service.command ?? []).length > 0, 'give `command` or `image`');
export type ServiceConfiguration = z.infer<typeof ServiceConfiguration>;

function limitOf(what: string, defaults: { days: number; megabytes: number }, rule: string) {
  return z
    .strictObject({
      days: z.number().min(0.01).max(3_650).default(defaults.days).describe(`How long to keep ${what}.`),
      megabytes: z
        .int()
        .min(16)
        .max(100_000_000)
        .default(defaults.megabytes)
        .describe(`Space on disk, as measured, for ${what}; ${rule}.`),
    })
    .prefault({})
    .describe(`How much is kept of ${what}.`);
}

export const Configuration = z.strictObject({
  dataDir: z
    .string()
    .optional()
    .describe('Where everything lasting lies. Default: /var/lib/tricordon as root, else $XDG_DATA_HOME/tricordon.'),
  runtimeDir: z
    .string()
    .optional()
    .describe(
      'Sockets and other things of one run; keep it short. Default: /run/tricordon as root, else $XDG_RUNTIME_DIR/tricordon.',
    ),
  trustDomain: z
    .string()
    .regex(/^[a-z0-9._-]{1,255}$/)
    .default('tricordon.local')
    .describe('SPIFFE trust domain; fixed with the first start.'),
  host: HostName.optional().describe('Name of this host. Default: its host name.'),
  console: z
    .strictObject({
      listen: AddressAndPort.default('127.0.0.1:8443').describe(
        'Address of console and API (HTTPS). Port 0 takes a free one.',
      ),
      bindSessions: z
        .boolean()
        .default(true)
        .describe(
          'A session ends when its cookie comes from another network address than it was opened from (of IPv6: another /64). Turn it off only where one person reaches the console from changing addresses.',
        ),
    })
    .prefault({})
    .describe('Console and public API.'),
  agents: z
    .strictObject({
      listen: AddressAndPort.default('127.0.0.1:8444').describe(
        'Address on which agents report (mutual TLS). Port 0 takes a free one.',
      ),
      advertise: z.string().optional().describe('Host under which agents reach this address, when it is not the same.'),
    })
    .prefault({})
    .describe('The door for agents.'),
  agent: z
    .strictObject({
      metrics: z
        .strictObject({
          listen: AddressAndPort.refine(isLoopback, 'only an address of this host itself: 127.0.0.1 or [::1]')
            .optional()
            .describe(
              'Address on which every process of this host reads the agent’s metrics, without credentials. Default: only `tricordon metrics --process agent`.',
            ),
        })
        .prefault({})
        .describe('What it says of itself.'),
    })
    .prefault({})
    .describe('The agent of this host.'),
  mesh: z
    .strictObject({
      address: z
        .string()
        .default('127.0.0.1')
        .describe("Address on which this host's sidecars take mutual TLS from others."),
    })
    .prefault({})
    .describe('Traffic between services.'),
  database: z
    .strictObject({
      url: z
        .string()
        .optional()
        .describe(
          'Your own PostgreSQL (14 or newer), as postgresql://…; the password belongs into a pgpass file. Default: a private cluster.',
        ),
    })
    .prefault({})
    .describe('State.'),
  identity: z
    .strictObject({
      svidMinutes: z
        .number()
        .min(0.1)
        .max(1_440)
        .default(60)
        .describe("Lifetime of a workload's certificate; renewed at half of it."),
      passphraseFile: z.string().optional().describe('File with a passphrase that protects the root key at rest.'),
    })
    .prefault({})
    .describe('Certificates.'),
  users: z
    .strictObject({
      issuers: z
        .array(
          z.strictObject({
            issuer: z.string().min(1).max(512).describe('As its tokens say it in `iss`, letter by letter.'),
            audiences: z
              .array(z.string().min(1).max(512))
              .min(1)
              .max(16)
              .describe('Tokens are for one of these (`aud`); others do not count.'),
            jwks: z
              .string()
              .min(1)
              .describe(
                'Its public keys (JWKS): a file, relative to this one, or an https URL, read every minute. Private keys have no place in it.',
              ),
          }),
        )
        .max(16)
        .default([])
        .describe('Identity providers.'),
    })
    .prefault({})
    .describe('Users behind requests: whose bearer tokens (JWT) contracts may ask claims of.'),
  approval: z
    .strictObject({
      fourEyes: z
        .boolean()
        .default(false)
        .describe(
          'Contracts need two people: who proposed a version cannot approve it, programs cannot approve, and modes change by proposal.',
        ),
    })
    .prefault({})
    .describe('Approval of contracts.'),
  notify: z
    .strictObject({
      command: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe('Program that takes a message (RFC 5322) on standard input, like ["/usr/sbin/sendmail", "-t"].'),
      to: z
        .array(z.string().regex(/^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/, 'written name@host'))
        .min(1)
        .optional()
        .describe('Who is told when the glass is broken.'),
    })
    .prefault({})
    .refine(({ command, to }) => (command === undefined) === (to === undefined), 'give `command` and `to` together')
    .describe('Mail.'),
  sensor: z
    .strictObject({
      collectors: z
        .array(z.enum(['bpftrace', 'bpf', 'strace', 'proc']))
        .default(['bpftrace', 'bpf', 'strace', 'proc'])
        .describe('Runtime collectors that may be used, strongest first.'),
    })
    .prefault({})
    .describe('Runtime layer.'),
  spool: z
    .strictObject({
      maxMegabytes: z
        .int()
        .min(8)
        .default(1_024)
        .describe("Size of this host's raw event spool; the oldest shipped segments go first."),
      maxDays: z.number().min(0.01).default(14).describe('Age after which shipped segments go.'),
    })
    .prefault({})
    .describe('Raw events on disk.'),
  retention: z
    .strictObject({
      observations: limitOf(
        'observations that are no decisions',
        { days: 14, megabytes: 2_048 },
        'what incidents that are not closed refer to stays',
      ),
      decisions: limitOf(
        'what the data plane decided (requests and connections)',
        { days: 14, megabytes: 1_024 },
        'what was let through goes before what was refused',
      ),
      evidence: limitOf(
        'evidence bundles',
        { days: 365, megabytes: 4_096 },
        'at this size new bundles are refused; none goes before its days',
      ),
    })
    .prefault({})
    .describe("What the control plane keeps; see *What goes first* in the operator's guide."),
  logs: z
    .strictObject({
      megabytes: z
        .int()
        .min(1)
        .max(10_000)
        .default(16)
        .describe('Size at which a file in `log/` is set aside, also what your services print.'),
      files: z.int().min(0).max(100).default(4).describe('How many older files are kept of each.'),
    })
    .prefault({})
    .describe('Logs of our own processes and of services that `up` starts.'),
  services: z.array(ServiceConfiguration).default([]).describe('Services that `up` starts, each as `run` would.'),
});
export type Configuration = z.infer<typeof Configuration>;
