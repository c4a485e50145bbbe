import { type Command, exitCode, text } from '../command.js';
import { locate } from '../installation.js';
import { startHouse } from '../supervisor/house.js';
import { tellManager } from '../supervisor/service-manager.js';
import type { StatusAnswer } from '../../server/index.js';
import { openApi, readAccess } from '../api.js';
import { patientApi } from '../patient-api.js';
import { coverageLines } from '../output/coverage.js';
import { environment } from '../../base/index.js';

/** Stays in the foreground until Ctrl-C or SIGTERM, then stops what it started. */
export const command: Command = async (invocation) => {
  const { output } = invocation;
  const installation = locate(invocation);
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  const say = (line: string) => output.progress(`  ${line}`);
  const house = await startHouse(installation, {
    say,
    user: text(invocation, 'user'),
    demo: environment('TRICORDON_DEMO') === '1',
  });
  const api = patientApi(openApi(readAccess(installation.dataDir)), { who: 'the control plane', say });
  const status = await api.get<StatusAnswer>('/v1/status');
  const host = status.hosts.find((row) => row.host === installation.host);
  output.row(
    {
      schemaVersion: 1,
      ready: true,
      console: house.consoleUrl,
      login: house.loginUrl,
      fingerprint: house.fingerprint,
      dataDir: installation.dataDir,
      coverage: host?.coverage ?? null,
    },
    () =>
      [
        ...(host === undefined ? [] : coverageLines(output, host.coverage)),
        '',
        `Console      ${house.consoleUrl}`,
        `Sign in      ${house.loginUrl}   (once, within 15 minutes)`,
        `Certificate  SHA-256 ${house.fingerprint}`,
        'Stop with Ctrl-C, or `tricordon down`.',
      ].join('\n'),
  );
  await tellManager('ready', output.progress);
  await ended;
  output.progress('stopping …');
  await tellManager('stopping', output.progress);
  await house.stop();
  return exitCode.done;
};
