/** Break-glass: opened for a while, told to everybody, closed by itself. */
import { randomBytes } from 'node:crypto';
import { printable } from '../base/index.js';
import { hostCodeHash } from '../identity/index.js';
import { type GlassOpening, type GlassRequest, glassMinutes, type Signal } from '../model/index.js';
import type { Repositories } from '../store/index.js';
import type { Note } from './changes.js';
import type { Context } from './context.js';
import { ServerError } from './errors.js';
import { noService } from './reach.js';

/** @throws ServerError `not-found` for a service that nobody knows */
export async function openGlass(context: Context, request: GlassRequest, by: string): Promise<GlassOpening> {
  const known = new Set((await context.store.services.list()).map(({ name }) => name));
  const stranger = request.services?.find((service) => !known.has(service));
  if (stranger !== undefined) throw noService(stranger);
  const now = context.clock.now();
  const opening: GlassOpening = {
    id: `GLASS-${randomBytes(5).toString('hex')}`,
    services: request.services === null ? null : [...new Set(request.services)],
    layers: [...new Set(request.layers)],
    host: null,
    openedAt: now,
    until: now + request.minutes * 60_000,
    by,
    reason: request.reason,
    closed: null,
  };
  await context.changes.transact((tx, note) => record(tx, note, opening));
  announce(context, opening);
  return opening;
}

/** What a host opened by its code while we were away, or closed since. Said again and again: the first counts. */
export async function takeOpenings(context: Context, host: string, reported: readonly GlassOpening[]): Promise<void> {
  for (const opening of reported) {
    // A host speaks of its own code alone.
    if (opening.host !== host || !opening.id.startsWith(`GLASS-${host}-`))
      throw new ServerError('foreign-host', `host \`${host}\` cannot say that \`${opening.id}\` was opened`);
    if (opening.until - opening.openedAt > glassMinutes.max * 60_000)
      throw new ServerError('invalid', `\`${opening.id}\` would be open for longer than ${glassMinutes.max} minutes`);
    const known = await context.store.glass.get(opening.id);
    if (known !== undefined && (known.closed !== null || opening.closed === null)) continue;
    const isNew = await context.changes.transact(async (tx, note) => {
      if (known === undefined) {
        const added = await record(tx, note, opening);
        const code = await tx.glass.code(host);
        if (added && code !== undefined && code.madeAt < opening.openedAt)
          await tx.glass.setCode(host, null, `agent/${host}`);
        return added;
      }
      await tx.glass.close(opening.id, opening.closed ?? { at: context.clock.now(), by: `agent/${host}` });
      note.revise();
      note.tell('glass', opening.id, 'closed');
      return false;
    });
    if (isNew) announce(context, opening);
    else if (opening.closed !== null) announceEnd(context, { ...opening, closed: opening.closed });
  }
}

export function noGlass(id: string): ServerError {
  return new ServerError('not-found', `the glass was never opened as \`${printable(id, 100)}\``);
}

/** @throws ServerError `conflict` when it is closed already */
export async function closeGlass(context: Context, opening: GlassOpening, by: string): Promise<GlassOpening> {
  const { id } = opening;
  const closed = { at: context.clock.now(), by };
  const done = await context.changes.transact(async (tx, note) => {
    const was = await tx.glass.close(id, closed);
    if (was) {
      note.revise();
      note.tell('glass', id, 'closed');
    }
    return was;
  });
  if (!done) throw new ServerError('conflict', `\`${id}\` is closed already`);
  announceEnd(context, { ...opening, closed });
  return { ...opening, closed };
}

/** A new code for the sealed envelope at a host; the one before is worth nothing as soon as the host has heard of it. */
export async function makeHostCode(context: Context, host: string, by: string): Promise<string> {
  if ((await context.store.hosts.get(host)) === undefined)
    throw new ServerError('not-found', `there is no host \`${host}\``, { hint: 'list them with `tricordon status`' });
  // 160 bits, in groups that can be read aloud.
  const code = (randomBytes(20).toString('hex').match(/.{5}/g) ?? []).join('-');
  await context.changes.transact(async (tx, note) => {
    await tx.glass.setCode(host, hostCodeHash(host, code), by);
    note.revise();
  });
  return code;
}

async function record(tx: Repositories, note: Note, opening: GlassOpening): Promise<boolean> {
  if (!(await tx.glass.open(opening))) return false;
  await tx.signals.insert([signalOf(opening)]);
  note.revise();
  note.tell('glass', opening.id, 'opened');
  return true;
}

/** Stands among the signals of its time, so that whoever reads what was seen then knows what was not refused. */
function signalOf(opening: GlassOpening): Signal {
  const [layer = 'api'] = opening.layers;
  return {
    id: `GLASS:${opening.id}`,
    at: opening.openedAt,
    host: opening.host ?? 'control-plane',
    layer,
    service: opening.services?.length === 1 ? (opening.services[0] ?? null) : null,
    workload: null,
    identity: null,
    rule: 'GLASS',
    kind: 'rule',
    severity: 'high',
    tactic: 'TA0005',
    technique: null,
    title: printable(`${opening.by} broke the glass: ${scopeOf(opening)}`, 500),
    detail: printable(opening.reason, 2_000),
    outcome: 'detected',
    observation: opening.id,
    join: {},
  };
}

export function scopeOf({ services, layers, host }: GlassOpening): string {
  return `${services?.join(', ') ?? 'all services'} (${layers.join(', ')})${host === null ? '' : ` on ${host}`}`;
}

function announce({ mailer, log, addresses, clock }: Context, opening: GlassOpening): void {
  const { id, by, reason, until } = opening;
  log.warn({ glass: id, by, reason, until, scope: scopeOf(opening) }, 'the glass was broken');
  const late = clock.now() - opening.openedAt;
  mailer.send(
    `[Tricordon] glass broken: ${scopeOf(opening)}`,
    [
      `${by} broke the glass: deviations of ${scopeOf(opening)} are noted, not refused.`,
      '',
      `Reason: ${reason}`,
      `From:   ${new Date(opening.openedAt).toISOString()}`,
      `Until:  ${new Date(until).toISOString()} (it ends by itself)`,
      ...(late > 60_000
        ? [`Told ${Math.round(late / 60_000)} minutes late: the host could not reach the control plane.`]
        : []),
      '',
      `Close it: tricordon break-glass close ${id}`,
      `Console:  ${addresses.consoleUrl}`,
    ].join('\n'),
  );
}

export function announceEnd(
  { mailer, log }: Context,
  opening: GlassOpening & { closed: NonNullable<GlassOpening['closed']> },
): void {
  const { id, closed } = opening;
  log.warn({ glass: id, by: closed.by, scope: scopeOf(opening) }, 'the glass is closed');
  mailer.send(
    `[Tricordon] glass closed: ${scopeOf(opening)}`,
    `${id}, opened by ${opening.by}, ended ${new Date(closed.at).toISOString()} by ${closed.by}: ${scopeOf(opening)} is refused again what its contract does not allow.`,
  );
}
