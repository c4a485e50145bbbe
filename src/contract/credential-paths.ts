/** Which files hold credentials, by name. Shared by the learner (never generalises over one) and the detection rules. */

const names = new Set([
  '.ssh',
  '.aws',
  '.azure',
  '.gnupg',
  '.kube',
  '.netrc',
  '.pgpass',
  '.git-credentials',
  '.vault-token',
  '.npmrc',
  '.pypirc',
  '.htpasswd',
  'secrets',
  'secret',
  'credentials',
  '.credentials',
]);
const fixed =
  /^\/(?:etc\/(?:g?shadow-?|sudoers|krb5\.keytab|ssh\/ssh_host_[a-z0-9]+_key)|etc\/sudoers\.d\/.*|(?:var\/)?run\/secrets\/.*)$/;
const processSecrets = /^\/proc\/[^/]+\/(?:task\/[^/]+\/)?(?:environ|mem)$/;
const basename =
  /(?:^|[-_.])(?:tokens?|passwords?|passwd|credentials?|api[-_]?keys?|private[-_]?keys?|secrets?|id_(?:rsa|dsa|ecdsa|ed25519))(?:$|[-_.])|\.(?:p12|pfx|jks|keytab|kdbx)$|^\.env(?:\..+)?$|(?:^|[-_.])key\.pem$|\.key$/i;
/** Program text is often called `token.js`, and is no credential. */
const code = /\.(?:[cm]?[jt]sx?|map|py[co]?|rb|go|rs|java|class|jar|h|c|cc|php|so(?:\.[0-9.]+)?|html?|css|md)$/i;
const libraries =
  /^\/(?:usr\/(?:lib|lib64|libexec|share|include|local\/lib)|lib|lib64|etc\/ssl\/certs)\/|\/node_modules\//;

/** True for a plain absolute path (see `plainPath`) that by its name holds a credential. */
export function isCredentialPath(path: string): boolean {
  if (fixed.test(path) || processSecrets.test(path)) return true;
  if (path === '/etc/passwd' || libraries.test(path)) return false;
  const parts = path.split('/');
  const last = parts.at(-1) ?? '';
  if (code.test(last)) return false;
  return parts.some((part) => names.has(part)) || basename.test(last);
}

/** Folders above credentials that everyone has: no pattern may stand directly beneath them. */
export function isAboveCredentials(folder: string): boolean {
  return above.has(folder) || /^\/home\/[^/]+$/.test(folder) || /^\/proc\/[^/]+$/.test(folder);
}

const above = new Set([
  '',
  '/',
  '/etc',
  '/etc/ssh',
  '/root',
  '/home',
  '/run',
  '/var',
  '/var/run',
  '/proc',
  '/dev',
  '/mnt',
  '/srv',
  '/opt',
]);
