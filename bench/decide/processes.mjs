// An engine's process: one order on a line in, one line of JSON out.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Resolves when the engine has loaded the workload.
 *
 * @throws Error when it ends before, or has not loaded after `limit` milliseconds.
 */
export async function startEngine([command, ...args], limit) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-2_000);
  });
  child.stdin.on('error', () => {}); // its end is told below
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(signal ?? `status ${code}`));
  });
  ended.catch(() => {});
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`ended with ${await ended}${said === '' ? '' : `: ${firstLine(said)}`}`);
    return JSON.parse(value);
  };
  const stop = async () => {
    child.kill('SIGKILL');
    await ended.catch(() => {});
  };
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, limit);
  try {
    const ready = await answer();
    return {
      ready,
      ask: (order) => {
        child.stdin.write(`${order}\n`);
        return answer();
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw late ? new Error(`had not loaded after ${limit / 1_000} s`, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
  }
}

function firstLine(text) {
  return text.split('\n').find((line) => /[a-z]/i.test(line)) ?? '';
}
