import { stringify } from 'yaml';
import { containerPlan, tmpfsOptions } from '../container/settings.js';
import type { CompiledTarget, TargetInput } from '../target.js';
import type { ComposeFile, ComposeService } from './file.js';

/** Quoted throughout: to a reader of YAML 1.1 `10:10` is a number. */
const style = { lineWidth: 0, defaultStringType: 'QUOTE_DOUBLE', defaultKeyType: 'PLAIN' } as const;

/** A second file: `docker compose -f compose.yaml -f NAME.compose.yaml up`. */
export function compile(input: TargetInput): CompiledTarget {
  const { contract, place, version, digest } = input;
  const { settings, profile, diagnostics } = containerPlan('compose', input);
  const { user, readOnly, noNewPrivileges, capabilities, seccomp, cpus, memory, pids, mounts, noNetwork } = settings;
  const options = [
    ...(noNewPrivileges === undefined ? [] : ['no-new-privileges:true']),
    ...(seccomp === undefined ? [] : [`seccomp:./${seccomp}`]),
  ];
  const tmpfs = mounts.filter(({ volume }) => volume === null);
  const volumes = mounts.flatMap(({ volume, path, access }) =>
    volume === null
      ? []
      : [
          {
            type: 'volume' as const,
            source: volume,
            target: path,
            ...(access === 'read' ? { read_only: true as const } : {}),
          },
        ],
  );
  const service: ComposeService = {
    ...(user === undefined ? {} : { user }),
    ...(readOnly === undefined ? {} : { read_only: true }),
    ...(options.length === 0 ? {} : { security_opt: options }),
    ...(capabilities === undefined ? {} : { cap_drop: ['ALL'], cap_add: [...capabilities] }),
    ...(cpus === undefined ? {} : { cpus }),
    ...(memory === undefined ? {} : { mem_limit: memory, memswap_limit: memory }),
    ...(pids === undefined ? {} : { pids_limit: pids }),
    ...(tmpfs.length === 0 ? {} : { tmpfs: tmpfs.map(({ path, access }) => `${path}:${tmpfsOptions(access)}`) }),
    ...(volumes.length === 0 ? {} : { volumes }),
    ...(noNetwork === undefined ? {} : { network_mode: 'none' }),
  };
  const name = place.services[contract.service]?.container ?? contract.service;
  const document: ComposeFile = {
    services: { [name]: service },
    ...(volumes.length === 0 ? {} : { volumes: Object.fromEntries(volumes.map(({ source }) => [source, {}])) }),
  };
  const about = `${contract.service}${version === null ? '' : ` version ${version}`} ${digest}`;
  const text = `# Contract of ${about}. Made by \`tricordon contract compile\`.\n${stringify(document, style)}`;
  const file = { file: `${contract.service}.compose.yaml`, text };
  return { artefacts: profile === undefined ? [file] : [file, profile], diagnostics };
}
