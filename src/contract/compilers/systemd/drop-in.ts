/** The settings of a unit that are written here, each with what its values look like. */

export type Setting = readonly [name: string, value: string];

const name = '[a-z_][a-z0-9_]*';
const names = `${name}(?: ${name})*`;
const path = '-?(?:/|(?:/[A-Za-z0-9._@+,=~-]+)+)';
const range = '[0-9a-f.:]+/\\d{1,3}';
const port = '(?:tcp|udp):\\d{1,5}(?:-\\d{1,5})?';
const yes = 'yes';
const amount = '\\d+';

/** Stand once. */
const single = {
  User: amount,
  Group: amount,
  NoNewPrivileges: yes,
  ProtectSystem: 'strict',
  SystemCallArchitectures: 'native',
  SystemCallErrorNumber: 'EPERM',
  CPUQuota: '\\d+(?:\\.\\d{1,2})?%',
  MemoryMax: amount,
  MemorySwapMax: '0',
  TasksMax: amount,
};

/** Lists that open. They would grow by what the unit itself says: an empty value comes first and takes that back. */
const opening = {
  ReadWritePaths: path,
  ExecPaths: path,
  CapabilityBoundingSet: 'CAP_[A-Z_]+(?: CAP_[A-Z_]+)*',
  AmbientCapabilities: 'CAP_[A-Z_]+(?: CAP_[A-Z_]+)*',
  SystemCallFilter: `~clone3:ENOSYS|${names}`,
  SystemCallLog: `~${names}`,
  RestrictAddressFamilies: 'AF_[A-Z0-9]+(?: AF_[A-Z0-9]+)*',
  IPAddressAllow: range,
  SocketBindAllow: port,
};

/** Lists that close: what the unit itself says stays. */
const closing = {
  ReadOnlyPaths: path,
  InaccessiblePaths: path,
  NoExecPaths: path,
  TemporaryFileSystem: `${path}:(?:rw,mode=1777|ro)`,
  IPAddressDeny: `any|${range}`,
  SocketBindDeny: 'any',
  IOReadBandwidthMax: '/ \\d+',
  IOWriteBandwidthMax: '/ \\d+',
};

export interface SettingShape {
  readonly kind: 'single' | 'opening' | 'closing';
  readonly value: RegExp;
}

export const settings: ReadonlyMap<string, SettingShape> = new Map(
  Object.entries({ single, opening, closing }).flatMap(([kind, shapes]) =>
    Object.entries(shapes).map(([key, value]): [string, SettingShape] => [
      key,
      { kind: kind as SettingShape['kind'], value: new RegExp(`^(?:${value})$`) },
    ]),
  ),
);
