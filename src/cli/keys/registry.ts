/** Every key and secret that the product holds. The page docs/reference/keys.md and `tricordon key list` are made of it. */

export interface KeyEntry {
  readonly name: string;
  readonly purpose: string;
  /** Relative to the data directory; null: not a file there, `kept` says where. */
  readonly path: string | null;
  readonly kept: string;
  /** Whose file it is as root; as an ordinary user all are that user's. */
  readonly owner: 'root' | 'control' | 'agent' | 'keys' | null;
  readonly life: string;
  readonly rotation: string;
  /** What whoever has it can do. */
  readonly theft: string;
}

const everyStart = 'made anew with every start of its process';
const notYet = 'not by command yet';

const underRoot = 'sealed under the root key';

export const keyRegistry: readonly KeyEntry[] = [
  {
    name: 'root key',
    purpose: 'seals the keys below that say so, each kind under a subkey of its own (HKDF-SHA-256, AES-256-GCM)',
    path: 'root-key/root.key',
    kept: 'in a folder of its own; under a passphrase (scrypt) where `identity.passphraseFile` is set. Who starts the processes reads it, and hands each the subkeys of its own keys',
    owner: 'keys',
    life: 'without end',
    rotation: 'tricordon key rotate root',
    theft:
      'with the files of control plane or agent: opens the keys in them. Alone, or under a passphrase that is not known: nothing',
  },
  {
    name: 'root key, the one before',
    purpose: 'opens what is not sealed anew yet, while the root key changes',
    path: 'root-key/root.key.old',
    kept: 'as the root key',
    owner: 'keys',
    life: 'until `key rotate root` ends, or the next start',
    rotation: 'by itself',
    theft: 'as above, for what lies in older copies',
  },
  {
    name: 'root',
    purpose:
      'signs the identities of workloads, agents and the control plane, and the console’s certificate (EC P-256)',
    path: 'keys/ca/root.key.pem',
    kept: underRoot,
    owner: 'control',
    life: 'one year',
    rotation: 'tricordon key rotate ca',
    theft:
      'can be any workload, any agent and the control plane: `tricordon key rotate ca`, and `--finish` once it signs',
  },
  {
    name: 'root certificate',
    purpose: 'what every side trusts; public',
    path: 'keys/ca/root.crt.pem',
    kept: 'as a file',
    owner: 'control',
    life: 'one year',
    rotation: 'with the root',
    theft: 'nothing: it is public. Whoever can change it decides whom the control plane trusts',
  },
  {
    name: 'trusted roots',
    purpose:
      'the root certificate, and while it changes the other one as well: for whatever is given roots as a file; public',
    path: 'keys/ca/roots.pem',
    kept: 'as a file',
    owner: 'control',
    life: 'as the root',
    rotation: 'with the root',
    theft: 'nothing: it is public',
  },
  ...besideTheRoot('next root', 'next-root', 'the root that is announced and signs nothing yet'),
  ...besideTheRoot('old root', 'old-root', 'the root before, for those who were away when the new one was announced'),
  {
    name: 'change of the root',
    purpose: 'says where the change of the root stands, so that a start ends what was begun; no secret',
    path: 'keys/ca/rotation.json',
    kept: 'as a file, from the first change on',
    owner: 'control',
    life: 'without end',
    rotation: 'with each step',
    theft: 'nothing; whoever can change it decides whom the control plane trusts',
  },
  {
    name: 'evidence',
    purpose: 'signs evidence bundles and the head of the audit trail (Ed25519)',
    path: 'keys/ca/evidence.key.pem',
    kept: underRoot,
    owner: 'control',
    life: 'without end',
    rotation: notYet,
    theft:
      'can sign forged bundles and a forged head of the trail: what was signed before stays good where a copy lies elsewhere',
  },
  {
    name: 'people',
    purpose: 'seals the secrets of second factors in the database (AES-256-GCM)',
    path: 'keys/ca/people.key',
    kept: underRoot,
    owner: 'control',
    life: 'without end',
    rotation: 'tricordon key rotate people',
    theft: 'with the database: can compute codes; passwords stay hashed',
  },
  {
    name: 'console',
    purpose: 'key and certificate of console and API (TLS)',
    path: 'keys/ca/console.pem',
    kept: underRoot,
    owner: 'control',
    life: '13 days',
    rotation: 'by itself, also without a restart',
    theft: 'can pose as the console until the certificate ends',
  },
  {
    name: 'audit head',
    purpose: 'signed head of the audit trail; no secret',
    path: 'keys/ca/audit-checkpoint.json',
    kept: 'as a file',
    owner: 'control',
    life: 'two seconds',
    rotation: 'by itself',
    theft: 'nothing; an older one put back hides what came after it',
  },
  {
    name: 'operator token',
    purpose: 'lets the commands on this host speak to the API, with all scopes',
    path: 'token',
    kept: 'as a file of whoever ran `up`; the database holds its SHA-256',
    owner: 'root',
    life: 'until the next start of the control plane',
    rotation: everyStart,
    theft: 'may everything that the API offers: `tricordon down`, then `up`',
  },
  {
    name: 'operator token, as left by the control plane',
    purpose: 'the same, for `up` to take over',
    path: 'keys/access.json',
    kept: 'as a file',
    owner: 'control',
    life: 'until the next start of the control plane',
    rotation: everyStart,
    theft: 'as above',
  },
  {
    name: 'control settings',
    purpose: 'what `up` tells the control plane; may hold `database.url`',
    path: 'keys/control.json',
    kept: 'as a file',
    owner: 'control',
    life: 'until the next start',
    rotation: everyStart,
    theft: 'names the database; its password belongs into a pgpass file',
  },
  {
    name: 'host',
    purpose: 'key and certificate of this host’s agent: speaks for the workloads of this host',
    path: 'agent/identity.json',
    kept: underRoot,
    owner: 'agent',
    life: 'one day',
    rotation: 'by itself, at half of its life',
    theft: 'can attest workloads as this host, for services that may run here: `tricordon agent withdraw HOST`',
  },
  {
    name: 'spool',
    purpose: 'encrypts and chains the raw events on this host (AES-256-GCM)',
    path: 'agent/spool.key',
    kept: underRoot,
    owner: 'agent',
    life: 'without end; an older one until nothing in the spool needs it',
    rotation: 'tricordon key rotate spool',
    theft: 'with the spool: can read what happened on this host while the key counted, and write a spool of its own',
  },
  {
    name: 'one-time token of a host',
    purpose: 'lets the agent enrol, once',
    path: 'agent/enrol-token',
    kept: 'as a file, until it is used; the database holds its SHA-256',
    owner: 'agent',
    life: '15 minutes',
    rotation: 'tricordon agent token HOST',
    theft: 'can enrol as that host, before it does: `tricordon agent withdraw HOST`',
  },
  {
    name: 'sealed code of a host',
    purpose: 'breaks the glass on that host; what lies here is a hash',
    path: 'agent/glass.json',
    kept: 'SHA-256 with the host’s name, here and in the database; the code itself is on paper',
    owner: 'agent',
    life: 'until it is used',
    rotation: 'tricordon break-glass code HOST',
    theft: 'of the hash: nothing. Of the code, by who can open the agent’s socket: breaks the glass once, loudly',
  },
  {
    name: 'recovery key, public part',
    purpose: 'seals backups',
    path: 'recovery.pub',
    kept: 'as a file',
    owner: 'root',
    life: 'without end',
    rotation: 'tricordon backup key --out FILE --replace',
    theft: 'nothing; whoever replaces it makes backups that only he opens: compare with `backup verify`',
  },
  {
    name: 'recovery key',
    purpose: 'opens backups (X25519)',
    path: null,
    kept: 'in the file that `backup key` wrote, away from this host',
    owner: null,
    life: 'without end',
    rotation: 'tricordon backup key --out FILE --replace; older backups need the older one',
    theft: 'with a backup: has the root, and everything else in this table that lies in a file of the control plane',
  },
  {
    name: 'workload',
    purpose: 'key and certificate of one workload (X509-SVID)',
    path: null,
    kept: 'in the memory of agent and sidecar, and of a workload that asks the Workload API',
    owner: null,
    life: '`identity.svidMinutes`, one hour',
    rotation: 'by itself, at half of its life',
    theft: 'is that service until it ends: `tricordon respond` revokes it',
  },
  {
    name: 'control plane',
    purpose: 'key and certificate of the agents’ door',
    path: null,
    kept: 'in the memory of the control plane',
    owner: null,
    life: 'one day',
    rotation: 'by itself',
    theft: 'can pose as the control plane towards agents until it ends',
  },
  {
    name: 'passwords',
    purpose: 'people sign in with them',
    path: null,
    kept: 'in the database, scrypt with a salt of each',
    owner: null,
    life: 'without end',
    rotation: 'tricordon password; tricordon user reset NAME',
    theft: 'of the hashes: each has to be guessed. Of a password: is that person, where no second factor is on',
  },
  {
    name: 'second factors and recovery codes',
    purpose: 'codes of an authenticator (RFC 6238); ten codes in their place',
    path: null,
    kept: 'in the database: secrets sealed with `people`, recovery codes as hashes',
    owner: null,
    life: 'without end; a recovery code once',
    rotation: 'tricordon totp off; tricordon totp on',
    theft: 'of the rows: nothing without `people`',
  },
  {
    name: 'sessions, tokens and one-time links',
    purpose: 'what people and programs show after they signed in',
    path: null,
    kept: 'in the database, as SHA-256; a person’s session in `$XDG_CONFIG_HOME/tricordon/session.json`, mode 0600',
    owner: null,
    life: '12 hours; as asked for; 15 minutes or one day',
    rotation: 'tricordon session revoke; tricordon token revoke',
    theft: 'of the rows: nothing. Of a session or token: may what it may, until it ends or is revoked',
  },
];

/** While the root changes there are two; their files come and go with it. */
function besideTheRoot(name: string, file: string, purpose: string): readonly KeyEntry[] {
  const life = 'while the root changes; one day at most once the new one signs';
  return [
    {
      name,
      purpose,
      path: `keys/ca/${file}.key.pem`,
      kept: 'as the root',
      owner: 'control',
      life,
      rotation: 'tricordon key rotate ca --finish, or --abort',
      theft: 'as of the root, for as long as it is trusted',
    },
    {
      name: `${name} certificate`,
      purpose: 'trusted beside the root; public',
      path: `keys/ca/${file}.crt.pem`,
      kept: 'as a file',
      owner: 'control',
      life,
      rotation: 'with its key',
      theft: 'nothing: it is public. Whoever can change it decides whom the control plane trusts',
    },
  ];
}
