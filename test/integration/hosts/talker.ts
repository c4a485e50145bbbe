/** A server of Python that knows nothing of us: it calls others, and can be made to misbehave. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const program = `import subprocess, sys, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        status, body = 200, 'hello from ' + sys.argv[1]
        parts = self.path.split('/')
        try:
            if parts[1] == 'shell':
                body = subprocess.run(['/bin/sh', '-c', 'id; cat /etc/shadow; cat /proc/1/environ'], capture_output=True).stdout.decode()
            if len(parts) > 3 and parts[-3] == 'via':
                asked = urllib.request.Request('http://%s:8000/%s' % (parts[-2], parts[-1].replace('.', '/')))
                for name in ('traceparent', 'tracestate'):
                    if self.headers.get(name): asked.add_header(name, self.headers.get(name))
                body += '; ' + urllib.request.urlopen(asked, timeout=20).read().decode()
        except Exception as error:
            status, body = 502, repr(error)
        data = body.encode()
        self.send_response(status)
        self.send_header('content-length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *args):
        pass

ThreadingHTTPServer(('127.0.0.1', 8000), Handler).serve_forever()
`;

/**
 * A folder with `talker.py NAME`: `GET /` answers, `/via/PEER/PATH` calls `PATH` of `PEER` (dots are slashes) and passes
 * the trace on, `/shell` starts a shell, `/shell/via/PEER/PATH` does both.
 */
export function talker(directory: string): string {
  const folder = join(directory, 'talker');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'talker.py'), program, { mode: 0o644 });
  return folder;
}
