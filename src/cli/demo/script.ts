/** The demo itself, step by step, over the public API and the commands: it has no door of its own. */
import { exec } from '../../base/index.js';
import type { Coverage, LayerCoverage, ModeByLayer, Signal } from '../../model/index.js';
import type {
  ActionRow,
  ActionsAnswer,
  ContractAnswer,
  ContractsAnswer,
  DiffAnswer,
  EvidenceList,
  EvidenceAnswer,
  IncidentAnswer,
  IncidentsAnswer,
  StatusAnswer,
  TokenCreated,
} from '../../server/index.js';
import { type Api, openApi, readAccess } from '../api.js';
import { CliError } from '../command.js';
import { coverageLines } from '../output/coverage.js';
import type { Output } from '../output/output.js';
import { patientApi } from '../patient-api.js';
import { settle } from '../settle.js';
import { type AttackRun, judge, runAttack } from './attack.js';
import { type Customers, customers } from './customers.js';
import { enforce, restartHeld } from './hardening.js';
import type { HouseProcess } from './house-process.js';
import { learn } from './learning.js';
import type { DemoPlace } from './location.js';
import { endedSince, heldEverywhere, partsOf } from './parts.js';
import type { DemoReport } from './report.js';

export interface Stage {
  readonly place: DemoPlace;
  readonly house: HouseProcess;
  /** HOST:PORT that the attack calls out to. */
  readonly listener: string;
  readonly say: (line: string) => void;
  readonly output: Output;
}

const victim = 'catalog';
const firstModes: ModeByLayer = { runtime: 'audit', network: 'audit', api: 'enforce' };

export async function play(stage: Stage): Promise<DemoReport> {
  const { place, say, output } = stage;
  const api = await demoUser(place, say);
  const { base, status } = await opened(api);
  const host = status.hosts[0];
  for (const line of host === undefined ? [] : coverageLines(output, host.coverage)) say(line);
  const report: DemoReport = {
    schemaVersion: 1,
    platform: {
      system: `${process.platform} ${process.arch}`,
      kernel: (await exec('uname', ['-r'])).stdout.trim(),
      node: process.version,
      root: process.getuid?.() === 0,
      capture: host?.coverage.network.by ?? '',
    },
    coverage: null,
    contracts: [],
    traffic: { requests: 0, denied: 0 },
    attack: { name: '', steps: [] },
    incidents: [],
    evidence: { bundle: null, verified: false },
    restored: false,
    hardened: { firstStep: null, outcome: 'failed', incidents: [] },
  };

  const shoppers = customers({ place, base, traffic: report.traffic, say, output });
  await shoppers.look();
  say(`customers come to ${base}`);
  await learn({ place, say, output, api, shoppers });
  say('approving what was learned, as the user `demo`');
  report.contracts = await approveAll(api, stage);
  await shoppers.trade(48);

  say('the attack: a command injection through the public API');
  const run = await attack(stage, base);
  const incident = await story(api, run);
  report.attack = { name: run.name, steps: judge(run, incident?.incident.signals ?? []) };
  for (const [index, step] of report.attack.steps.entries()) {
    const why = step.outcome === 'failed' ? ` (${run.steps[index]?.detail || 'no answer'})` : '';
    say(`  ${step.layer.padEnd(8)} ${step.outcome.padEnd(9)} ${step.name}${why}`);
  }
  if (incident === undefined)
    throw new CliError('demo-failed', 'the attack opened no incident', {
      hint: 'look at the observations with --keep',
    });
  say(`${incident.row.id}: ${incident.row.title}`);

  say('containing it: pause, evidence, isolate, withdraw the identity, restart clean');
  const actions = await contain(api, incident.row.id, say);
  report.evidence = await evidenceOf(api, incident.row.id, say);
  if (!actions.some((action) => action.kind === 'restart' && action.status === 'done'))
    await release(api, actions, say);
  report.restored = await restored(shoppers, api, base);
  report.incidents = await incidentRows(api, run, actions);

  say('switching to enforce what this host can enforce, and attacking again');
  await enforce(api, say);
  await heldEverywhere(api, place, say);
  const held = await restartHeld(api, say);
  await serving(base);
  await shoppers.look();
  report.hardened = await again(stage, api, base, report, held.has(victim));
  // The service may have fallen with the repeated attack: customers must be served all the same.
  await shoppers.trade(12);
  report.contracts = await contractRows(api);
  const now = await api.get<StatusAnswer>('/v1/status');
  report.coverage = reported(now.hosts[0]?.coverage);
  return report;
}

/** The labelled user of the demo: a token of its own through the public API, so that the audit trail names it. */
async function demoUser(place: DemoPlace, say: (line: string) => void): Promise<Api> {
  const access = readAccess(place.house);
  const patience = { who: 'the control plane', say };
  const administrator = patientApi(openApi(access), patience);
  const made = await administrator.post<TokenCreated>('/v1/tokens', {
    name: 'demo',
    account: 'demo',
    scopes: ['read', 'operate', 'approve'],
    ttlSeconds: 7_200,
  });
  return patientApi(openApi({ ...access, token: made.token }), patience);
}

/** Once the agent has reported the shop's public door. */
async function opened(api: Api): Promise<{ base: string; status: StatusAnswer }> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const status = await api.get<StatusAnswer>('/v1/status');
    const door = status.sockets.find((socket) => socket.owner === 'gateway' && socket.service === 'storefront');
    if (door !== undefined) return { base: `http://${door.address}:${door.port}`, status };
    await pause(100);
  }
  throw new CliError('demo-failed', 'the shop has no public address', { hint: 'see log/storefront.log with --keep' });
}

async function approveAll(api: Api, stage: Stage): Promise<DemoReport['contracts']> {
  const { contracts } = await api.get<ContractsAnswer>('/v1/contracts');
  for (const { service } of contracts.filter((row) => row.service !== 'gateway')) {
    const proposed = await api.post<ContractAnswer>(`/v1/contracts/${service}/propose`, { mode: firstModes });
    const diff = await api.get<DiffAnswer>(`/v1/contracts/${service}/diff?to=${proposed.version.version}`);
    stage.say(`  ${service}: ${diff.rows.length} changes`);
    if (service === victim || service === 'payments')
      for (const row of diff.rows.slice(0, 12))
        stage.say(`    ${row.change === 'added' ? '+' : row.change === 'removed' ? '-' : '~'} ${row.sentence}`);
    await api.post<ContractAnswer>(`/v1/contracts/${service}/approve`, {
      version: proposed.version.version,
      digest: proposed.version.digest,
      reason: 'demo: learned from normal traffic',
    });
  }
  await heldEverywhere(api, stage.place, stage.say);
  return contractRows(api);
}

async function contractRows(api: Api): Promise<DemoReport['contracts']> {
  const { contracts } = await api.get<ContractsAnswer>('/v1/contracts');
  return contracts.flatMap((row) =>
    row.active === null || row.service === 'gateway'
      ? []
      : [{ service: row.service, version: row.active.version, mode: row.active.mode }],
  );
}

/** Who died meanwhile saw and refused nothing: whatever is missing in the story is then no riddle. */
async function attack({ place, listener, say, output }: Stage, base: string): Promise<AttackRun> {
  const before = await partsOf(place, say);
  const run = await runAttack(place.shop, base, listener);
  const ended = endedSince(before, await partsOf(place, say));
  if (ended.length > 0) output.warn(`during the attack these ended, and saw and refused nothing: ${ended.join(', ')}`);
  const unanswered = run.status === 0 || (ended.length > 0 && run.status >= 502);
  if (!unanswered) return run;
  say('  the attacker got no answer, and tries again once the shop is back');
  await serving(base);
  // What the first try did get done counts too.
  return { ...(await runAttack(place.shop, base, listener)), startedAt: run.startedAt };
}

/** The incident, once no further signal comes. */
async function story(api: Api, run: AttackRun): Promise<IncidentAnswer | undefined> {
  return quiet(run, async () => {
    const { incidents } = await api.get<IncidentsAnswer>('/v1/incidents');
    const found = incidents
      .filter((row) => row.lastAt >= run.startedAt - 60_000)
      .sort((a, b) => a.openedAt - b.openedAt)[0];
    if (found === undefined) return { signals: [], value: undefined };
    const value = await api.get<IncidentAnswer>(`/v1/incidents/${found.id}`);
    return { signals: value.incident.signals, value };
  });
}

/** Looks until no further signal comes; longer where a step is without one, since on a busy host they come late. */
async function quiet<T>(
  run: AttackRun,
  look: () => Promise<{ readonly signals: readonly Signal[]; readonly value: T }>,
): Promise<T> {
  let count = 0;
  let still = 0;
  for (let attempt = 1; ; attempt += 1) {
    const { signals, value } = await look();
    still = signals.length > 0 && signals.length === count ? still + 1 : 0;
    count = signals.length;
    const open = judge(run, signals).some((step) => step.outcome === 'unseen' || step.outcome === 'failed');
    if (still >= (open ? 30 : 8) || attempt === 100) return value;
    await pause(150);
  }
}

async function contain(api: Api, incident: string, say: (line: string) => void): Promise<ActionRow[]> {
  const plan = await api.post<ActionsAnswer>('/v1/actions/plan', { incident });
  const ids = plan.actions.filter((action) => action.applicable).map((action) => action.id);
  await api.post<ActionsAnswer>('/v1/actions/apply', { actions: ids });
  const done = await settle(api, ids, 90_000);
  for (const action of done) say(`  ${action.kind.padEnd(8)} ${action.status.padEnd(11)} ${action.detail}`);
  return done;
}

/** A clean restart gives back what was taken; where the host could not restart, it is taken back by hand. */
async function release(api: Api, actions: readonly ActionRow[], say: (line: string) => void): Promise<void> {
  const back = actions.filter(
    (action) => action.status === 'done' && (action.kind === 'isolate' || action.kind === 'revoke'),
  );
  for (const action of [...back].reverse()) {
    const undo = await api.post<ActionsAnswer>(`/v1/actions/${action.id}/undo`, {});
    const rows = await settle(
      api,
      undo.actions.map((row) => row.id),
      30_000,
    );
    for (const row of rows) say(`  ${row.kind.padEnd(8)} ${row.status.padEnd(11)} ${row.detail}`);
  }
}

async function evidenceOf(api: Api, incident: string, say: (line: string) => void): Promise<DemoReport['evidence']> {
  const { evidence } = await api.get<EvidenceList>(`/v1/evidence?incident=${incident}`);
  const bundle = evidence.find((row) => row.incident === incident);
  if (bundle === undefined) return { bundle: null, verified: false };
  const { evidence: checked } = await api.get<EvidenceAnswer>(`/v1/evidence/${bundle.id}`);
  say(
    `  evidence ${bundle.id}: ${bundle.files} files, ${checked.verified === 'ok' ? 'signature and hashes good' : checked.problems.join('; ')}`,
  );
  return { bundle: bundle.id, verified: checked.verified === 'ok' };
}

/** Until the shop answers again, or half a minute is over: what follows says which. */
async function serving(base: string): Promise<void> {
  for (let attempt = 0; attempt < 60; attempt += 1) {
    const ok = await fetch(`${base}/products`, { signal: AbortSignal.timeout(5_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return;
    await pause(500);
  }
}

async function restored(shoppers: Customers, api: Api, base: string): Promise<boolean> {
  await serving(base);
  await shoppers.look();
  const works = await shoppers.trade(24);
  const { workloads } = await api.get<{ workloads: { service: string; state: string }[] }>(
    `/v1/workloads?service=${victim}`,
  );
  return works && workloads.some((workload) => workload.state === 'running');
}

async function incidentRows(api: Api, run: AttackRun, actions: readonly ActionRow[]): Promise<DemoReport['incidents']> {
  const { incidents } = await api.get<IncidentsAnswer>('/v1/incidents');
  return incidents.map((row) => ({
    id: row.id,
    layers: row.layers,
    tactics: row.tactics,
    signals: row.signals,
    services: row.services,
    detectMs: Math.round(row.openedAt - run.startedAt),
    containMs: row.containedAt === null ? null : Math.round(row.containedAt - run.startedAt),
    actions: actions
      .filter((action) => action.incident === row.id)
      .map((action) => ({ kind: action.kind, status: action.status })),
  }));
}

async function again(
  stage: Stage,
  api: Api,
  base: string,
  report: DemoReport,
  held: boolean,
): Promise<DemoReport['hardened']> {
  const known = new Set(report.incidents.map((incident) => incident.id));
  const run = await attack(stage, base);
  const { fresh, signals } = await quiet(run, async () => {
    const { incidents } = await api.get<IncidentsAnswer>('/v1/incidents');
    const fresh = incidents.filter((row) => row.lastAt >= run.startedAt);
    const answers = await Promise.all(fresh.map((row) => api.get<IncidentAnswer>(`/v1/incidents/${row.id}`)));
    const signals = answers.flatMap((answer) =>
      answer.incident.signals.filter((signal) => signal.at >= run.startedAt - 1_000),
    );
    return { signals, value: { fresh, signals } };
  });
  const steps = judge(run, signals, held);
  const end = steps.findIndex((step) => step.outcome === 'refused');
  steps.forEach((step, index) => {
    // What came after the refusal had nobody left to do it.
    const outcome = end >= 0 && index > end && step.outcome === 'failed' ? 'never came' : step.outcome;
    stage.say(`  ${step.layer.padEnd(8)} ${outcome.padEnd(10)} ${step.name}`);
  });
  const first = steps.find((step) => step.outcome === 'refused') ?? steps.find((step) => step.outcome === 'failed');
  return {
    firstStep: first?.name ?? null,
    outcome: first?.outcome ?? 'detected',
    incidents: fresh.filter((row) => !known.has(row.id)).map((row) => row.id),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** As the report promises it: which services wait for a restart stands among the gaps. */
function reported(coverage: Coverage | undefined): DemoReport['coverage'] {
  if (coverage === undefined) return null;
  const plain = ({ level, by, gaps }: LayerCoverage): LayerCoverage => ({ level, by, gaps });
  return { runtime: plain(coverage.runtime), network: plain(coverage.network), api: plain(coverage.api) };
}
