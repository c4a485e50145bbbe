// Runs one captured command the way agent and `run` do, as whoever starts this. JSON lines on stdout; requests on stdin:
// `fetch` asks the workload through the inlet; `pause`, `resume`, `isolate`, `rejoin`, `kill`, `memory` act on it; `end`.
import { spawn } from 'node:child_process';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';

const { rung: name, spec, command, facts, control, log, memory } = JSON.parse(process.argv[2]);
const confine = await import(`${spec.programDir}/dist/agent/confine/index.js`);
const rung = confine.rungNamed(name);
const say = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

const probe = await rung.probe();
if (!probe.usable) {
  say({ type: 'unusable', ...probe });
  process.exit(0);
}
const prepared = await rung.prepare(spec);
const again = await rung.prepare(spec);
const plane = await confine.spawnPlane(confine.planeOptions(prepared, { control, log }));
const launch = confine.launchOf(prepared, spec);
const words = command.map((word) =>
  word === 'FACTS'
    ? JSON.stringify({ ...facts, inlet: plane.inlet?.pid ?? 0, neighbour: facts.neighbour ?? process.pid })
    : word,
);
await listening();
const child = spawn(launch.file, [...launch.args, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
const start = Number(readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1].split(' ')[19]);
const target = { prepared, process: { pid: child.pid, start } };
let output = '';
child.stdout.on('data', (chunk) => {
  output += chunk;
});
say({
  type: 'started',
  pid: child.pid,
  prepared,
  same: JSON.stringify(again.place) === JSON.stringify(prepared.place),
  plane,
});
child.on('close', (status, signal) => say({ type: 'ended', status, signal, output }));

// As root through the cgroup, the way the helper does it; as a user through the tree of processes.
const cgroup = prepared.cgroupPath;
const hands =
  cgroup === null
    ? confine.ownHands
    : {
        ...confine.ownHands,
        processes: async () => confine.processesOf(cgroup),
        pause: async () => await confine.freezeCgroup(cgroup, true),
        resume: async () => await confine.freezeCgroup(cgroup, false),
        kill: async () => confine.killCgroup(cgroup),
      };
for await (const line of createInterface({ input: process.stdin })) {
  const [verb, argument] = line.split(' ');
  try {
    say({ type: verb, value: await carryOut(verb, argument) });
  } catch (error) {
    say({ type: verb, error: error.message, code: error.code });
  }
  if (verb === 'end') break;
}
process.exit(0);

async function carryOut(verb, argument) {
  if (verb === 'fetch') return await ask(argument);
  if (verb === 'tree') return await hands.processes(target);
  if (verb === 'memory') return await hands.readMemory(target, (await hands.processes(target))[0], memory, 1 << 30);
  if (verb === 'end') {
    await hands.kill(target);
    confine.stopPlane(plane);
    await rung.cleanup(prepared);
    await rung.cleanup(prepared);
    return null;
  }
  return await hands[verb](target);
}

function ask(port) {
  return new Promise((resolve, reject) => {
    const socket = connect(control, () => socket.write(port));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

async function listening() {
  for (;;) {
    const there = await new Promise((resolve) => {
      const socket = connect(control, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => resolve(false));
    });
    if (there) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
