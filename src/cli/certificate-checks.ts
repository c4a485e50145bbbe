/** When the certificates of an installation end: long before they do. */
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { codeOf, openPlainFile, type ProbeResult } from '../base/index.js';

export interface CertificateCheck extends ProbeResult {
  readonly name: string;
  readonly category: 'keys';
  readonly title: string;
  /** Ms since 1970; null when it cannot be read. */
  readonly notAfter: number | null;
}

const day = 86_400_000;
/** Far more than a chain takes. */
const largest = 65_536;

interface Kept {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  /** Days before its end from which on somebody should know. */
  readonly warnDays: number;
  /** What to do then. */
  readonly fix: string;
  /** Without it nothing more is issued; the others are made anew by whoever uses them. */
  readonly essential: boolean;
}

const renewed = 'it is renewed by itself while `tricordon up` runs; if it runs, look at its logs';
const kept: readonly Kept[] = [
  {
    name: 'root',
    title: 'certificate authority',
    path: 'keys/ca/root.crt.pem',
    warnDays: 90,
    fix: 'change it while it is good: `tricordon key rotate ca`',
    essential: true,
  },
  { name: 'console', title: 'console', path: 'keys/ca/console.pem', warnDays: 1, fix: renewed, essential: false },
  {
    name: 'host',
    title: 'identity of this host',
    path: 'agent/identity.json',
    warnDays: 0.25,
    fix: renewed,
    essential: false,
  },
];

/** Nothing where there is no installation. @param now ms since 1970 */
export async function certificateChecks(dataDir: string, now: number): Promise<CertificateCheck[]> {
  return (await Promise.all(kept.map((one) => checksOf(one, dataDir, now)))).flat();
}

async function checksOf(one: Kept, dataDir: string, now: number): Promise<CertificateCheck[]> {
  const { name, title } = one;
  const about = { name, category: 'keys', title } as const;
  try {
    const notAfter = Date.parse(leafOf(await textOf(join(dataDir, one.path))).validTo);
    const left = notAfter - now;
    const until = `until ${new Date(notAfter).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
    if (left > one.warnDays * day) return [{ ...about, notAfter, status: 'ok', detail: `valid ${until}` }];
    const over = left <= 0;
    const status = over && one.essential ? 'fail' : 'warn';
    return [
      {
        ...about,
        notAfter,
        status,
        detail: over ? `over: it was valid ${until}` : `valid only ${until}`,
        fix: one.fix,
      },
    ];
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    const denied = code === 'EACCES';
    const fix = denied ? 'run as the account that ran `tricordon up` (sudo?)' : 'restore it from a backup';
    const detail = denied ? 'cannot be read' : 'holds no certificate';
    return [{ ...about, notAfter: null, status: 'warn', detail, fix }];
  }
}

/** The accounts of our own processes can write there, and `doctor` may be root: nothing is followed or waited for. */
async function textOf(path: string): Promise<string> {
  const { file, facts } = await openPlainFile(path);
  try {
    return facts.size > largest ? '' : await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/** Of a PEM file, or of the chain in a JSON file. */
function leafOf(text: string): X509Certificate {
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text.replaceAll('\\n', '\n'))?.[0];
  return new X509Certificate(pem ?? '');
}
