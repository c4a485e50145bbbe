/**
 * Mail by a program of the host that takes a message (RFC 5322) on standard input, as `sendmail -t` does. Run without a
 * shell, bounded in time; tried again, and what could not be sent is counted.
 */
import { randomBytes } from 'node:crypto';
import { type Clock, exec, type Logger, printable } from '../../base/index.js';

export interface Mailer {
  /** Returns at once. Lines of the text are ours; hostile text in them is escaped. */
  send(subject: string, text: string): void;
  /** Messages given up since the start. */
  unsent(): number;
}

export interface MailSettings {
  /** Program and arguments. */
  readonly command: readonly string[];
  readonly to: readonly string[];
}

interface Message {
  readonly text: string;
  readonly subject: string;
}

const attempts = 3;
/** Beyond this the oldest that waits is given up: mail must not eat memory. */
const mostWaiting = 100;

export function createMailer(
  settings: MailSettings | null,
  options: { readonly clock: Clock; readonly log: Logger; readonly from: string; readonly pauseMs?: number },
): Mailer {
  const waiting: Message[] = [];
  let sending = false;
  let unsent = 0;
  if (settings === null) return { send: () => {}, unsent: () => 0 };
  const [program = '', ...args] = settings.command;
  return {
    unsent: () => unsent,
    send: (subject, text) => {
      waiting.push({ subject, text: message(settings, options.from, options.clock.now(), subject, text) });
      if (waiting.length > mostWaiting && waiting.shift() !== undefined) unsent += 1;
      if (!sending) void sendAll();
    },
  };

  async function sendAll(): Promise<void> {
    sending = true;
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await deliver(next);
    sending = false;
  }

  async function deliver({ subject, text }: Message): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const done = await exec(program, args, { input: text, timeoutMs: 30_000, maxBytes: 4_096 });
      if (done.status === 0) return;
      const why =
        done.error?.code ?? (done.timedOut ? 'no end within 30 s' : `exit status ${done.status ?? done.signal}`);
      const said = printable(done.stderr.trim(), 500);
      options.log[attempt === attempts ? 'error' : 'warn'](
        { subject, program, why, said, attempt },
        'mail was not sent',
      );
      if (attempt === attempts) {
        unsent += 1;
        return;
      }
      await new Promise((resume) => setTimeout(resume, (options.pauseMs ?? 5_000) * attempt).unref());
    }
  }
}

/** Header fields take no text of others but the subject, which is encoded (RFC 2047) where it is not plain. */
export function message(settings: MailSettings, from: string, at: number, subject: string, text: string): string {
  const headers = [
    `Date: ${new Date(at).toUTCString().replace('GMT', '+0000')}`,
    `From: Tricordon <${from}>`,
    `To: ${settings.to.join(', ')}`,
    `Message-ID: <${randomBytes(12).toString('hex')}@${from.slice(from.indexOf('@') + 1)}>`,
    `Subject: ${words(printable(subject, 200))}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: base64',
    'Auto-Submitted: auto-generated',
  ];
  const lines = text
    .split('\n')
    .map((line) => printable(line, 2_000))
    .join('\r\n');
  const body = Buffer.from(lines, 'utf8').toString('base64').replace(/.{76}/g, '$&\r\n');
  return `${headers.join('\r\n')}\r\n\r\n${body}\r\n`;
}

/** In words of at most 75 characters, none of which cuts a character in two. */
function words(subject: string): string {
  if (/^[\x20-\x7e]{1,60}$/.test(subject)) return subject;
  const parts: string[] = [''];
  for (const char of subject) {
    const last = parts.at(-1) ?? '';
    if (Buffer.byteLength(last + char) <= 42) parts[parts.length - 1] = last + char;
    else parts.push(char);
  }
  return parts.map((part) => `=?utf-8?B?${Buffer.from(part).toString('base64')}?=`).join('\r\n ');
}
