import { accountNamed, messageOf, type Probe, type ProbeResult, probes, systemClock } from '../../base/index.js';
import { certificateChecks } from '../certificate-checks.js';
import { kernelTracers } from '../../sensor/index.js';
import { CliError, type Command, exitCode, type Invocation, list } from '../command.js';
import { diskCheck } from '../disk-check.js';
import { locate } from '../installation.js';
import { rootKeyChecks } from '../root-key-check.js';
import { rotationChecks } from '../rotation-check.js';

const categories = ['host', 'store', 'runtime', 'network', 'keys', 'test'] as const;

type Check = Omit<Probe, 'run' | 'category'> & ProbeResult & { readonly category: (typeof categories)[number] };

/** The kernel's tracers see the same: where one works, nothing is missing without the other. */
function withStandIns(checks: readonly Check[]): readonly Check[] {
  const tracers = checks.filter(({ name }) => kernelTracers.some((tracer) => tracer === name));
  const working = tracers.find(({ status }) => status === 'ok');
  return checks.map((check) => {
    if (working === undefined || check.status !== 'warn' || !tracers.includes(check)) return check;
    const { fix: _fix, ...rest } = check;
    return { ...rest, status: 'ok', detail: `${check.detail}; not needed, since ${working.name} sees the same` };
  });
}

function disk(invocation: Invocation): readonly Check[] {
  try {
    const { configuration, dataDir } = locate(invocation);
    return [diskCheck(configuration, dataDir)];
  } catch (error) {
    const about = { name: 'disk', category: 'store', title: 'room for what is kept' } as const;
    const [why = ''] = messageOf(error).split(/\\x0a|\n/);
    return [{ ...about, status: 'warn', detail: why, fix: 'tricordon config check' }];
  }
}

/** Broken settings must not keep the rest from being seen. */
async function certificates(invocation: Invocation): Promise<readonly Check[]> {
  try {
    const { dataDir, rootMode } = locate(invocation);
    const now = systemClock.now();
    return [
      ...(await certificateChecks(dataDir, now)),
      ...(await rotationChecks(dataDir, now)),
      ...(await rootKeyChecks(dataDir, rootMode ? accountNamed('tricordon-keys') : undefined)),
    ];
  } catch (error) {
    const about = { name: 'settings', category: 'keys', title: 'where the installation lies' } as const;
    const [why = ''] = messageOf(error).split(/\\x0a|\n/);
    return [{ ...about, status: 'warn', detail: why, fix: 'tricordon config check' }];
  }
}

/** Every check of the categories asked for; of all but `test` when none is. */
export async function examine(invocation: Invocation, only: readonly string[]): Promise<readonly Check[]> {
  const chosen = probes.filter((probe) =>
    only.length === 0 ? probe.category !== 'test' : only.includes(probe.category),
  );
  const probed: Check[] = [];
  for (const probe of chosen)
    probed.push({ name: probe.name, category: probe.category, title: probe.title, ...(await probe.run()) });
  const keys = only.length === 0 || only.includes('keys');
  const store = only.length === 0 || only.includes('store');
  return [...withStandIns(probed), ...(store ? disk(invocation) : []), ...(keys ? await certificates(invocation) : [])];
}

/** Runs the preflight probes. Exit 0 if nothing failed, 3 if something that must be there is not. */
export const command: Command = async (invocation) => {
  const only = list(invocation, 'only');
  const unknown = only.find((name) => !categories.some((category) => category === name));
  if (unknown !== undefined) {
    throw new CliError('usage', `there is no category \`${unknown}\``, { hint: `use one of ${categories.join(', ')}` });
  }
  const checks = await examine(invocation, only);
  const failed = checks.filter((check) => check.status === 'fail').length;
  const { output } = invocation;
  output.result({ schemaVersion: 1, ok: failed === 0, checks }, () =>
    categories
      .flatMap((category) => {
        const rows = checks.filter((check) => check.category === category);
        if (rows.length === 0) return [];
        const lines = rows.map((check) => {
          const mark =
            check.status === 'ok'
              ? output.style('ok', 'ok  ')
              : check.status === 'warn'
                ? output.style('warn', 'warn')
                : output.style('bad', 'fail');
          const fix = check.fix === undefined ? '' : `\n        ${output.style('dim', `fix: ${check.fix}`)}`;
          return `  ${mark}  ${check.title}: ${check.detail}${fix}`;
        });
        return [output.style('strong', category), ...lines];
      })
      .join('\n'),
  );
  return failed === 0 ? exitCode.done : exitCode.missing;
};
