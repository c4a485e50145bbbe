/** Where the demo lives: one directory that only it uses, so that a killed demo can be found and removed. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { environment } from '../../base/index.js';

export interface DemoPlace {
  readonly base: string;
  /** Data directory of the installation. */
  readonly house: string;
  readonly runtime: string;
  readonly shop: string;
  readonly shopData: string;
  readonly configFile: string;
}

export function demoPlace(): DemoPlace {
  const root = process.getuid?.() === 0;
  const base = root
    ? '/var/lib/tricordon-demo'
    : join(environment('XDG_DATA_HOME') ?? join(homedir(), '.local/share'), 'tricordon-demo');
  const runtimeHome = environment('XDG_RUNTIME_DIR');
  const runtime = root
    ? '/run/tricordon-demo'
    : runtimeHome === undefined
      ? `/tmp/tricordon-demo-${process.getuid?.() ?? 0}`
      : join(runtimeHome, 'tricordon-demo');
  return {
    base,
    house: join(base, 'house'),
    runtime,
    shop: join(base, 'shop'),
    shopData: join(base, 'shop-data'),
    configFile: join(base, 'tricordon.yaml'),
  };
}
