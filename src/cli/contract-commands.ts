/** The part of the catalogue that is about contracts, and the identities that they name. */
import { type CommandSpec, config, dataDir, reason } from './command-spec.js';

const contractsFrom = {
  flags: '--contracts <dir>',
  description: 'files instead of what is in force at a running control plane',
};
const setLabel = {
  flags: '--label <key=value>',
  description: 'of the services in the files, for bounds that are selected by labels',
  repeatable: true,
};

export const contractCommands: readonly CommandSpec[] = [
  {
    name: 'contract show',
    summary: 'show the contract of a service',
    arguments: [{ name: '[service]', description: 'all services when left out' }],
    options: [
      { flags: '--version <n>', description: 'a certain version' },
      { flags: '--proposed', description: 'what would be proposed now' },
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-show.js'),
  },
  {
    name: 'contract propose',
    summary: 'propose a contract from a file; it is in force when somebody approves it',
    arguments: [{ name: '<file>', description: 'YAML or JSON, as `contract validate` takes it' }],
    options: [config, dataDir],
    load: () => import('./commands/contract-propose.js'),
  },
  {
    name: 'contract explain',
    summary: 'why a request or connection was refused or let through, and what would change that',
    arguments: [{ name: '<id>', description: 'the `decision` that the caller was given, or the id of an observation' }],
    options: [config, dataDir],
    load: () => import('./commands/contract-explain.js'),
  },
  {
    name: 'contract diff',
    summary: 'show rights added and removed, between two versions or between files; exit 2 if there are any',
    arguments: [
      { name: '<old>', description: 'name of the service; or a file or folder with contracts' },
      { name: '[new]', description: 'the file or folder it is compared with; no server is asked' },
    ],
    options: [
      { flags: '--beside <dir>', description: 'with files: where bases and bounds of both are' },
      { flags: '--at <time>', description: 'with files: what has ended by then is left out (default: now)' },
      setLabel,
      { flags: '--from <n>', description: 'older version (default: the active one)' },
      { flags: '--to <n>', description: 'newer version (default: what was learned)' },
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-diff.js'),
  },
  {
    name: 'contract approve',
    summary: 'propose what was learned, or take a version, and make it the active contract',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [
      { flags: '--version <n>', description: 'a proposed version (default: what was learned)' },
      { flags: '--mode <modes>', description: 'LAYER=MODE, comma separated: runtime=audit,network=audit,api=enforce' },
      reason,
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-approve.js'),
  },
  {
    name: 'contract reject',
    summary: 'refuse a proposed version, with a reason that stands in its history',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [{ flags: '--version <n>', description: 'the proposed version' }, reason, config, dataDir],
    load: () => import('./commands/contract-reject.js'),
  },
  {
    name: 'contract shadow',
    summary:
      'let a proposed version decide beside the one in force, which alone is held; without options: what was found',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [
      { flags: '--version <n>', description: 'the proposed version' },
      { flags: '--stop', description: 'end it' },
      reason,
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-shadow.js'),
  },
  {
    name: 'contract rollout',
    summary: 'hold a part of what happens to a proposed version; it ends by itself when it refuses too much',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [
      { flags: '--version <n>', description: 'the proposed version' },
      { flags: '--percent <share>', description: 'of the decisions of each replica (default: 100 with --on)' },
      { flags: '--on <attributes...>', description: 'only replicas whose identity has these: host=web-1' },
      {
        flags: '--most <share>',
        description: 'refusals of what passes now beyond which it ends (default: 1%)',
      },
      { flags: '--stop', description: 'end it: what was in force is in force everywhere again' },
      reason,
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-rollout.js'),
  },
  {
    name: 'contract validate',
    summary: 'check contracts, bases and bounds in files, each by itself and as a set; exit 2 if one cannot be held',
    arguments: [{ name: '<paths...>', description: 'files, or folders with .yaml, .yml and .json files' }],
    load: () => import('./commands/contract-validate.js'),
  },
  {
    name: 'contract fmt',
    summary: 'write contracts in one order and style; comments stay',
    arguments: [{ name: '<files...>', description: 'YAML files' }],
    options: [
      { flags: '--write', description: 'replace the files (default: print the one file)' },
      { flags: '--check', description: 'change nothing; exit 2 if a file is not in that style' },
    ],
    load: () => import('./commands/contract-fmt.js'),
  },
  {
    name: 'contract decide',
    summary: 'ask contracts what they decide, and why; exit 4 if the answer is deny',
    arguments: [
      { name: '[service]', description: 'whose contract is asked' },
      { name: '[method]', description: 'of a request to it' },
      { name: '[path]', description: 'of that request' },
    ],
    options: [
      { flags: '--as <identity>', description: 'who asks: a SPIFFE ID, or the name of a service' },
      {
        flags: '--attributes <file>',
        description: 'JSON object: attributes of that identity; one not given is missing',
      },
      { flags: '--claims <file>', description: 'JSON object: claims of the verified user' },
      { flags: '--at <time>', description: 'when (default: now)' },
      { flags: '--connect <host:port>', description: 'instead of a request: the service connects there' },
      { flags: '--exec <file>', description: 'the service starts a program' },
      { flags: '--open <file:mode>', description: 'the service opens a file, for read or write' },
      { flags: '--publish <topic>', description: 'the service publishes to a topic' },
      contractsFrom,
      {
        flags: '--requests <file>',
        description: 'many questions, a JSON object on each line (- for standard input); exit 0',
      },
      setLabel,
      config,
      dataDir,
    ],
    rows: true,
    load: () => import('./commands/contract-decide.js'),
  },
  {
    name: 'contract replay',
    summary: 'ask recorded decisions again of contracts in files; exit 2 when one is answered otherwise',
    options: [
      { flags: '--against <dir>', description: 'file or folder with the new contracts' },
      { flags: '--since <time>', description: 'how far back, as 30m, 24h or 7d (default: 7d)' },
      {
        flags: '--requests <file>',
        description: 'rows of JSON with their `decision` instead of a control plane; - for standard input',
      },
      { flags: '--clauses', description: 'the same answer by another clause counts as well' },
      setLabel,
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-replay.js'),
  },
  {
    name: 'contract test',
    summary: 'run tables of questions against contracts in files, and find clauses that no question protects',
    arguments: [{ name: '[dir]', description: 'folder with contracts and tests (default: this one)' }],
    options: [
      {
        flags: '--mutate',
        description: 'make one mistake in each clause after the other, and tell which no test notices',
      },
      { flags: '--require-coverage <percent>', description: 'exit 2 when fewer clauses are reached' },
      setLabel,
    ],
    load: () => import('./commands/contract-test.js'),
  },
  {
    name: 'contract can',
    summary: 'who can do something, and what a service can do, from the contracts alone',
    options: [
      { flags: '--who-can <operation>', description: 'like "POST payments:/charges"' },
      { flags: '--what-can <service>', description: 'name of the service' },
      contractsFrom,
      setLabel,
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-can.js'),
  },
  {
    name: 'contract compile',
    summary: 'write a contract for what enforces elsewhere, and say what is lost; exit 2 if an enforced clause is',
    arguments: [{ name: '<service>', description: 'name of the service' }],
    options: [
      {
        flags: '--target <names>',
        description: 'comma separated: seccomp, nftables, docker, compose, systemd, kubernetes, nats, mosquitto',
      },
      contractsFrom,
      { flags: '--place <file>', description: 'YAML: addresses, labels, units of the services' },
      { flags: '--at <time>', description: 'clauses that ended before are left out (default: now)' },
      { flags: '--out <dir>', description: 'write the files there (default: print them)' },
      { flags: '--force', description: 'replace files there that this command did not write' },
      { flags: '--acceptances <file>', description: 'YAML: who answers for what is lost, why and until when' },
      setLabel,
      config,
      dataDir,
    ],
    load: () => import('./commands/contract-compile.js'),
  },
  {
    name: 'identity show',
    summary: 'show workloads, their identities and what was attested',
    arguments: [{ name: '[service]', description: 'all services when left out' }],
    options: [config, dataDir],
    load: () => import('./commands/identity-show.js'),
  },
];
