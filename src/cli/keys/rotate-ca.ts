/** `key rotate ca`: takes the next step in changing the root of the authority, or shows where the change stands. */
import { printable } from '../../base/index.js';
import type { AuthorityAnswer, RotationRequest } from '../../server/index.js';
import type { Api } from '../api.js';
import { CliError, type Command, exitCode, flag, type Invocation } from '../command.js';
import type { Output } from '../output/output.js';
import { apiOf } from '../signed-in.js';

export const rotate: Command = async (invocation) => {
  const wanted = wantedOf(invocation);
  const api = apiOf(invocation);
  const before = await api.get<AuthorityAnswer>('/v1/authority');
  const step = stepFor(wanted, before);
  const answer = step === undefined ? before : await take(api, step, flag(invocation, 'force'));
  const { output } = invocation;
  output.result({ schemaVersion: 1, step: step ?? null, ...answer }, () => told(answer, output));
  return exitCode.done;
};

type Wanted = 'next' | 'status' | 'finish' | 'abort';

function wantedOf(invocation: Invocation): Wanted {
  const chosen = (['status', 'finish', 'abort'] as const).filter((name) => flag(invocation, name));
  const [only, another] = chosen;
  if (another !== undefined) throw new CliError('usage', `\`--${only}\` and \`--${another}\` exclude each other`);
  if (flag(invocation, 'force') && (only === 'status' || only === 'abort'))
    throw new CliError('usage', `\`--force\` says nothing beside \`--${only}\``);
  return only ?? 'next';
}

/** Undefined: nothing is to be done but to look. */
function stepFor(wanted: Wanted, { phase, waitsFor }: AuthorityAnswer): RotationRequest['step'] | undefined {
  if (wanted === 'finish' || wanted === 'abort') return wanted;
  if (wanted === 'status') return undefined;
  if (phase === 'none') return 'begin';
  // By itself as soon as nobody is waited for; before that only by force, which the control plane asks for.
  return phase === 'announced' && waitsFor.length > 0 ? 'switch' : undefined;
}

function take(api: Api, step: RotationRequest['step'], force: boolean): Promise<AuthorityAnswer> {
  return api.post<AuthorityAnswer>('/v1/authority/rotation', { step, force } satisfies RotationRequest);
}

function told(answer: AuthorityAnswer, output: Output): string {
  const lost = answer.hosts.filter(({ needsToken }) => needsToken).map(({ host }) => host);
  return [
    sentence(answer),
    '',
    output.table(
      ['ROOT', 'SHA-256', 'UNTIL'],
      answer.roots.map(({ role, fingerprint, notAfter }) => [role, fingerprint, at(notAfter)]),
    ),
    ...(answer.phase === 'none' || answer.hosts.length === 0
      ? []
      : [
          '',
          output.table(
            ['HOST', 'LAST HEARD', 'TRUSTS THE NEW ROOT', 'USES IT'],
            answer.hosts.map(({ host, seenAt, trusts, moved }) => [
              host,
              seenAt === null ? 'never' : at(seenAt),
              trusts ? 'yes' : 'no',
              moved ? 'yes' : 'no',
            ]),
          ),
        ]),
    ...(lost.length === 0 ? [] : ['', output.style('bad', `a new token is needed: ${lost.join(', ')}`)]),
    ...next(answer).map((line) => `\n${line}`),
  ].join('\n');
}

function sentence({ phase, by, since, ended }: AuthorityAnswer): string {
  const who = since === null ? '' : ` (${printable(by ?? '', 100)}, ${at(since)})`;
  if (phase === 'announced') return `a new root is announced: both are trusted, and the old one signs${who}`;
  if (phase === 'switched') return `the new root signs, and the old one is still trusted${who}`;
  return ended === null ? 'the root was never changed' : `the last change of the root was ${ended}${who}`;
}

function next({ phase, waitsFor, leavesEnd, shown }: AuthorityAnswer): string[] {
  const waiting = waitsFor.length === 0 ? '' : `\nWaits for: ${waitsFor.join(', ')}`;
  if (phase === 'announced')
    return [
      `The new root signs as soon as every host trusts it.${waiting}\nWithout them: tricordon key rotate ca --force    Take it back: tricordon key rotate ca --abort`,
    ];
  if (phase === 'switched')
    return [
      `The old root goes at ${at(leavesEnd ?? 0)}, when nothing it signed is valid any more.${waiting}\nAt once: tricordon key rotate ca --finish\nHosts, browsers and people elsewhere: tricordon trust install; tricordon login with the fingerprint of the root that signs`,
    ];
  return [`\`--ca-fingerprint\` takes ${shown}`];
}

function at(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
