/** What every target has to hold to: read back, its files allow nothing that the contract refuses, but what it says it loses. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { compileContract, type Deed, type Held, partsOf, type Target } from '../../src/contract/index.js';
import type { Contract, Layer } from '../../src/model/index.js';
import { at, inputOf, randomContract, refusedNames, versionOf } from './random-contract.js';

const paths = ['/app/run', '/app/secret', '/app/lib/x.so', '/usr/bin/node', '/bin/sh', '/etc/passwd', '/opt/other'];
const written = ['/var/cache/app/x', '/data/x', '/srv/a b/c', '/app/a', '/etc/passwd'];
const addresses = ['192.0.2.7', '10.0.0.1', '10.1.0.1', '203.0.113.9', 'fd00::1', '2001:db8::7', '2001:db8::8'];

/** Deeds that the contract refuses, with the sections whose lines may say that they pass all the same. */
function refusedDeeds(contract: Contract): readonly { readonly deed: Deed; readonly sections: readonly string[] }[] {
  const { mayExec, mayOpen, mayConnect } = askerOf(contract);
  const { syscalls, capabilities } = refusedNames(contract);
  const list: { deed: Deed; sections: readonly string[] }[] = [
    ...syscalls.map((name) => ({ deed: { kind: 'syscall', name } as const, sections: ['runtime.syscalls'] })),
    ...capabilities.map((name) => ({
      deed: { kind: 'capability', name } as const,
      sections: ['runtime.capabilities'],
    })),
  ];
  for (const path of paths)
    if (!mayExec(path)) list.push({ deed: { kind: 'exec', path }, sections: ['runtime.executables', 'deny'] });
  for (const access of ['read', 'write'] as const)
    for (const path of access === 'read' ? paths : written)
      if (!mayOpen(path, access))
        list.push({ deed: { kind: 'open', path, access }, sections: ['runtime.files', 'deny'] });
  for (const address of addresses)
    for (const [port, protocol] of [
      [443, 'tcp'],
      [53, 'udp'],
      [8_080, 'tcp'],
    ] as const)
      if (!mayConnect(address, port, protocol))
        list.push({ deed: { kind: 'connect', address, port, protocol }, sections: ['network.egress', 'deny'] });
  return list;
}

/** An address of which nothing else is known belongs to the service that is placed there. */
function askerOf(contract: Contract) {
  const compiled = compileContract(versionOf(contract));
  const passes = (effect: string) => effect !== 'deny';
  return {
    mayExec: (path: string) => passes(compiled.decideExec({ path, at }).effect),
    mayOpen: (path: string, access: 'read' | 'write') => passes(compiled.decideFile({ path, access, at }).effect),
    mayConnect: (address: string, port: number, protocol: 'tcp' | 'udp') => {
      const service = address === '192.0.2.7' || address === '2001:db8::7' ? 'db' : undefined;
      return passes(
        compiled.decideEgress({ address, port, protocol, at, ...(service === undefined ? {} : { service }) }).effect,
      );
    },
  };
}

/** How many refused deeds the files were asked about, and how many of them they refuse. */
export function expectRoundTrip(target: Target, layers: readonly Layer[], runs = 300): { asked: number; held: number } {
  const count = { asked: 0, held: 0 };
  fc.assert(
    fc.property(randomContract, (contract) => {
      const { artefacts, diagnostics } = target.compile(inputOf(contract));
      expect(target.compile(inputOf(contract)).artefacts).toEqual(artefacts);
      const told = new Set(diagnostics.map(({ section, clause }) => `${section} ${clause}`));
      for (const layer of layers)
        for (const { section, clause } of partsOf(contract, layer)) expect(told).toContain(`${section} ${clause}`);
      if (artefacts.length === 0) return;
      const held: Held = target.read(artefacts);
      const lost = new Set(diagnostics.filter(({ level }) => level !== 'exact').map(({ section }) => section));
      for (const { deed, sections } of refusedDeeds(contract)) {
        if (!layers.includes(deed.kind === 'connect' ? 'network' : 'runtime')) continue;
        count.asked += 1;
        const answer = held.allows(deed);
        if (answer === false) count.held += 1;
        else
          expect({ deed, answer, lost: sections.some((section) => lost.has(section)) }).toMatchObject({ lost: true });
      }
    }),
    { numRuns: runs },
  );
  return count;
}
