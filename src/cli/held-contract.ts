/** The contract whose runtime part a command is started under: checked, handed to the launcher, its answer heard. */
import { Socket } from 'node:net';
import type { spawnProcess } from '../base/index.js';
import { contractDescriptor, HeldRules } from '../agent/index.js';
import { contractDigest, holdsRuntime } from '../contract/index.js';
import type { ContractVersion } from '../model/index.js';
import { CliError } from './command.js';

const mostBytes = 1 << 20;

/**
 * The agent's word counts for what it says: `run` may be root, and checks that it is this service's contract, whole.
 *
 * @throws CliError when it is not
 */
export function believed(version: ContractVersion | null, service: string): ContractVersion | null {
  if (version === null) return null;
  const { contract, digest } = version;
  const own = version.service === service && contract.service === service;
  if (own && contractDigest(contract) === digest && holdsRuntime(contract)) return version;
  throw new CliError('prerequisite', `the contract that the agent gave for \`${service}\` is not one to be held to`, {
    hint: 'restart with `tricordon down` and `tricordon up`',
  });
}

/** Null when the launcher ended without a word: then it did not become the command either. */
export function handOver(child: ReturnType<typeof spawnProcess>, version: ContractVersion): Promise<HeldRules | null> {
  const line = child.stdio[contractDescriptor];
  if (!(line instanceof Socket)) return Promise.resolve(null);
  return new Promise((resolve) => {
    let said = '';
    const settle = (value: HeldRules | null) => {
      line.destroy();
      resolve(value);
    };
    line.on('error', () => {}); // it ended before it read all; `close` follows
    line.on('close', () => resolve(null));
    child.once('exit', () => settle(null));
    child.once('error', () => settle(null));
    line.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const end = said.indexOf('\n');
      if (end < 0 && said.length < mostBytes) return;
      settle(parsed(said.slice(0, Math.max(0, end))));
    });
    line.write(`${JSON.stringify(version)}\n`);
  });
}

function parsed(text: string): HeldRules | null {
  try {
    return HeldRules.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
