import { concerns, type ContractVersion, type GlassOpening, type Layer } from '../model/index.js';

/**
 * The version as it counts while the glass is open: layers that are enforced are audited, everything else stays. Version and
 * digest go on naming what was approved; the mode in each decision says what was in force.
 */
export function loosened(
  version: ContractVersion,
  openings: readonly Pick<GlassOpening, 'services' | 'layers'>[],
): ContractVersion {
  const layers = new Set(openings.filter((one) => concerns(one, version.service)).flatMap((one) => one.layers));
  const { mode } = version.contract;
  const modeOf = (layer: Layer) => (layers.has(layer) && mode[layer] === 'enforce' ? 'audit' : mode[layer]);
  const open = { runtime: modeOf('runtime'), network: modeOf('network'), api: modeOf('api') };
  if (open.runtime === mode.runtime && open.network === mode.network && open.api === mode.api) return version;
  return { ...version, contract: { ...version.contract, mode: open } };
}
