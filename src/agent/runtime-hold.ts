/** Which contract the kernel holds each running command to at the runtime layer, and what it should be by now. */
import { holdsRuntime, runtimeDigest } from '../contract/index.js';
import type { ContractVersion, LayerCoverage } from '../model/index.js';
import type { WorkloadRecord } from './workload-record.js';

type Running = Pick<WorkloadRecord, 'id' | 'request' | 'prepared' | 'held' | 'process'>;

/**
 * What watches the layer, and what refuses at it: rules are laid on a command when it starts and stay until it ends, so
 * that a version approved since holds from the next start on.
 *
 * @param landlock version of the kernel's interface; undefined where native calls cannot be made
 */
export function runtimeCoverage(
  watched: LayerCoverage,
  landlock: number | undefined,
  records: readonly Running[],
  contractOf: (service: string) => ContractVersion | undefined,
): LayerCoverage {
  const running = records.filter(({ process }) => process !== null);
  const held = running.filter((record) => record.held !== null && record.held.landlock > 0);
  const gaps = running.flatMap((record) => gapsOf(record, contractOf(record.request.service), landlock));
  const unheld = running.flatMap((record) => unheldOf(record, contractOf(record.request.service), landlock));
  const unable = landlock === undefined || landlock === 0 ? [cannotRefuse(landlock)] : [];
  const refusing = held.length === 0 ? '' : `Landlock refuses in ${held.length} of ${running.length} workloads`;
  return {
    level: watched.level,
    by: [watched.by, refusing].filter((part) => part !== '').join('; '),
    gaps: [...watched.gaps, ...unable, ...gaps],
    ...(unheld.length === 0 ? {} : { unheld }),
  };
}

/** A version approved to be enforced that does not refuse yet, or never will on this host. */
function unheldOf(
  { request, held }: Running,
  approved: ContractVersion | undefined,
  landlock: number | undefined,
): NonNullable<LayerCoverage['unheld']> {
  const { service, image } = request;
  if (approved?.contract.mode.runtime !== 'enforce') return [];
  if (image !== null) return [{ service, until: 'never', reason: 'a container is observed, not refused' }];
  if (landlock === undefined || landlock === 0)
    return [{ service, until: 'never', reason: 'this host observes programs and files, it cannot refuse them' }];
  if (!holdsRuntime(approved.contract))
    return [{ service, until: 'never', reason: 'the contract lists neither programs nor files' }];
  const inForce = held === null || held.landlock === 0 ? undefined : held;
  if (inForce?.rules === runtimeDigest(approved.contract)) return [];
  const now = inForce === undefined ? 'no version' : `version ${inForce.version}`;
  const reason = `${now} is in force, version ${approved.version} takes hold at the next start`;
  return [{ service, until: 'next-start', reason }];
}

function gapsOf(
  { request, held }: Running,
  approved: ContractVersion | undefined,
  landlock: number | undefined,
): LayerCoverage['gaps'] {
  const name = request.service;
  const wanted = approved !== undefined && holdsRuntime(approved.contract) ? approved : undefined;
  const again = `tricordon respond restart ${name}`;
  const inForce = held === null || held.landlock === 0 ? undefined : held;
  if (wanted === undefined) {
    if (approved?.contract.mode.runtime === 'enforce')
      return [
        { what: `${name}: runtime is to be enforced, but its contract lists neither programs nor files`, fix: null },
      ];
    if (inForce === undefined) return [];
    return [{ what: `${name}: runtime contract in force: version ${inForce.version}, until it ends`, fix: again }];
  }
  if (inForce === undefined) {
    if (request.image !== null)
      return [{ what: `${name}: runtime is to be enforced, and a container is only observed`, fix: null }];
    if (landlock === undefined || landlock === 0)
      return [{ what: `${name}: runtime is to be enforced, and this host only observes it`, fix: null }];
    return [
      {
        what: `${name}: no runtime contract in force; version ${wanted.version} takes hold at the next start`,
        fix: again,
      },
    ];
  }
  const stale = inForce.rules !== runtimeDigest(wanted.contract);
  return [
    ...(stale
      ? [
          {
            what: `${name}: runtime contract in force: version ${inForce.version}; version ${wanted.version} takes hold at the next start`,
            fix: again,
          },
        ]
      : []),
    ...inForce.gaps.map(({ what, fix }) => ({ what: `${name}: ${what}`, fix })),
  ];
}

function cannotRefuse(landlock: number | undefined): LayerCoverage['gaps'][number] {
  return landlock === undefined
    ? { what: 'programs and files are observed, not refused: no native calls', fix: 'npm install --include=optional' }
    : {
        what: 'programs and files are observed, not refused: this kernel has no Landlock',
        fix: 'Linux 5.13 or newer with landlock in lsm=',
      };
}
