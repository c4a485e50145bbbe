// Runs inside a protected container: tries each way around the sidecar and prints what came of it, as JSON.
// `node -e "$(cat around.mjs)" HOST PORT`: a listener of the host that nobody declared.
const net = require('node:net');
const dgram = require('node:dgram');
const fs = require('node:fs');
const [host, port] = process.argv.slice(1);

const greeted = (to, at) =>
  new Promise((resolve) => {
    const socket = net.connect(Number(at), to);
    socket.setTimeout(5000, () => socket.destroy());
    let came = '';
    socket.on('data', (chunk) => {
      came += chunk;
      socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(came));
  });
const udp = (to, at) =>
  new Promise((resolve) => {
    const socket = dgram.createSocket('udp4');
    socket.on('error', (error) => resolve(error.code));
    socket.connect(Number(at), to, (problem) => {
      if (problem) return resolve(problem.code);
      socket.send('x', (error) => {
        socket.close();
        resolve(error?.code ?? 'sent');
      });
    });
  });
const looksAt = (path) => {
  try {
    return fs.readdirSync(path).sort();
  } catch (error) {
    return error.code;
  }
};
void (async () => {
  process.stdout.write(
    JSON.stringify({
      listener: await greeted(host, port),
      loopback: await greeted('127.0.0.1', port),
      udp: await udp('10.9.8.7', 54),
      interfaces: looksAt('/sys/class/net'),
      engine: looksAt('/var/run/docker.sock'),
      run: looksAt('/run'),
      hosts: fs.readFileSync('/etc/hosts', 'utf8').includes('inventory.shop'),
      write: (() => {
        try {
          fs.appendFileSync('/etc/hosts', '1.2.3.4 evil\n');
          return 'written';
        } catch (error) {
          return error.code;
        }
      })(),
      status: fs.readFileSync('/proc/self/status', 'utf8').match(/^(CapEff|NoNewPrivs|Seccomp):\s+(\S+)/gm),
    }),
  );
})();
