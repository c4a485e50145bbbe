import { AgentStatus } from '../../agent/index.js';
import { diskLevel, messageOf, type Room, roomAt } from '../../base/index.js';
import { labelText } from '../../model/index.js';
import type { StatusAnswer } from '../../server/index.js';
import { askAgent } from '../agent-socket.js';
import { openApi, readAccess } from '../api.js';
import { CliError, type Command, exitCode } from '../command.js';
import { locate } from '../installation.js';
import { coverageLines } from '../output/coverage.js';
import { openingLine } from '../output/glass.js';
import { modes } from '../output/modes.js';
import { storeLines } from '../output/stores.js';
import { alive, readState } from '../state-file.js';

/** Exit 3 when nothing runs. With the control plane away it still says what the host's own files and agent know. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const installation = locate(invocation);
  const state = readState(installation.dataDir);
  if (state === undefined)
    throw new CliError('not-running', `nothing runs in \`${installation.dataDir}\``, {
      hint: 'start it with `tricordon up`',
    });
  const processes = [state.supervisor, ...state.processes, ...state.services].map((entry) => ({
    ...entry,
    running: alive(entry),
  }));
  const agent = await askAgent(state.agentSocket, 'GET', '/status', undefined, AgentStatus).catch(() => null);
  let silence = '';
  const control = await Promise.resolve()
    .then(() => openApi(readAccess(installation.dataDir)).get<StatusAnswer>('/v1/status'))
    .catch((error: unknown) => {
      silence = messageOf(error);
      return null;
    });
  const room = roomAt(installation.dataDir);
  const disk = { path: installation.dataDir, ...room, level: control?.disk.level ?? diskLevel(room) };
  output.result({ schemaVersion: 1, processes, disk, agent, control }, () => {
    const lines = [
      output.style('strong', 'processes'),
      output.table(
        ['NAME', 'PID', 'STATE'],
        processes.map((entry) => [entry.name, String(entry.pid), entry.running ? 'running' : 'DEAD']),
      ),
    ];
    if (disk.full) lines.push('', output.style('bad', noSpace(disk)));
    else if (disk.level === 'tight') lines.push('', output.style('bad', littleSpace(disk)));
    if (!processes[0]?.running)
      lines.push(
        '',
        'the supervisor is gone; sidecars and services run on: `tricordon up` adopts them, `tricordon down` removes them',
      );
    if (agent === null) lines.push('', 'the agent does not answer');
    else if (agent.versionApart !== null) lines.push('', output.style('bad', agent.versionApart));
    else if (agent.spool.lost > 0)
      lines.push('', `${agent.spool.lost} observations were lost since the agent started: there was no room for them`);
    const glass = control?.glass ?? agent?.glass ?? [];
    if (glass.length > 0)
      lines.push('', output.style('bad', 'the glass is broken: what contracts forbid is noted, not refused'));
    for (const opening of glass) lines.push(openingLine(opening));
    if (control !== null && control.unsentMail > 0)
      lines.push('', output.style('bad', `${control.unsentMail} mails could not be sent: log/control.log says why`));
    for (const { issuer, reason } of control?.unreadKeys ?? [])
      lines.push('', output.style('bad', `the keys of ${issuer}, which vouches for users, are old: ${reason}`));
    for (const host of control?.authority.needToken ?? [])
      lines.push('', output.style('bad', `${host} comes back with a new token only: tricordon agent token ${host}`));
    if (control === null) return [...lines, '', `coverage and contracts are not known now: ${silence}`].join('\n');
    for (const host of control.hosts)
      lines.push(
        '',
        output.style('strong', `coverage of ${host.host} (${host.state}${versions[host.version]})`),
        ...coverageLines(output, host.coverage),
      );
    lines.push('', output.style('strong', 'services'));
    lines.push(
      output.table(
        ['SERVICE', 'LABELS', 'RUNNING', 'CONTRACT', 'MODE'],
        control.services.map((row) => [
          row.service,
          labelText(row.labels),
          String(row.running),
          row.contract === null ? 'none' : `v${row.contract.version}`,
          row.contract === null ? '' : modes(row.contract.mode),
        ]),
      ),
    );
    lines.push('', output.style('strong', 'stores'), ...storeLines(output, control.stores, agent));
    lines.push('', output.style('strong', 'listening sockets'));
    lines.push(
      output.table(
        ['SERVICE', 'ADDRESS', 'OWNER', 'IDENTITY', 'MTLS', 'CONTRACT', 'BYPASSABLE', 'WHY'],
        control.sockets.map((row) => [
          row.service,
          `${row.address}:${row.port}`,
          row.owner,
          row.identity ?? 'none',
          row.mtls ? 'yes' : 'no',
          row.held === null ? 'none' : `v${row.held.version}`,
          row.bypassable ? 'YES' : 'no',
          row.reason,
        ]),
      ),
    );
    lines.push(
      '',
      `Console  ${control.console.url}  (SHA-256 ${control.console.fingerprint})`,
      `Incidents  ${control.incidents.open} open`,
    );
    return lines.join('\n');
  });
  const whole =
    processes.every((entry) => entry.running) && control !== null && !disk.full && agent?.spool.full !== true;
  return whole ? exitCode.done : exitCode.failed;
};

const versions = {
  current: '',
  unknown: '',
  behind: '; its agent is one version behind: upgrade tricordon there',
  apart: '; its agent is refused: its version is too far from the control plane’s',
} as const;

function noSpace({ path, freeBytes }: Room & { readonly path: string }): string {
  const free = Math.floor(freeBytes / 1_048_576);
  return `no space left in ${path} (${free} MB are free): what is decided stays in force, but nothing new is kept; free some space, and all comes back by itself`;
}

function littleSpace({ path, freeBytes }: Room & { readonly path: string }): string {
  const free = Math.floor(freeBytes / 1_048_576);
  return `little space left in ${path} (${free} MB are free): less is kept, and little new evidence is taken; free some space`;
}
