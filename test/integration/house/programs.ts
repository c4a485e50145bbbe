/** Servers in other languages that know nothing of us, as a user's own would be. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const server = `import os, socket, subprocess, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

def identity():
    api = socket.socket(socket.AF_UNIX)
    api.settimeout(10)
    try:
        api.connect(os.environ['SPIFFE_ENDPOINT_SOCKET'][len('unix://'):])
        api.sendall(b'PRI * HTTP/2.0\\r\\n\\r\\nSM\\r\\n\\r\\n' + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
        return 'answered' if len(api.recv(9)) > 0 else 'closed'
    except OSError as error:
        return str(error)
    finally:
        api.close()

class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        if self.path == '/exit':
            os._exit(7)
        if self.path == '/forge':
            for line in open(os.path.join(os.path.dirname(__file__), 'forged.txt')):
                print(line, end='', flush=True)
            subprocess.run(['/bin/echo', chr(27) + '[31mFORGED-ARGUMENT' + chr(10) + '{"kind":"flow"}'])
        body = (identity() if self.path == '/identity' else 'hello from ' + self.path).encode()
        self.send_response(200)
        self.send_header('content-length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *args):
        pass

ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler).serve_forever()
`;

const goServer = `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello from go") })
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], nil); err != nil {
		os.Exit(1)
	}
}
`;

export const python = '/usr/bin/python3';

/** A directory with `server.py PORT`: GET / and any path answer 200, /exit ends with 7, /forge prints what is forged, /identity asks the Workload API. */
export function pythonServer(directory: string, forged = ''): string {
  const folder = join(directory, 'app');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'server.py'), server, { mode: 0o644 });
  writeFileSync(join(folder, 'forged.txt'), forged, { mode: 0o644 });
  return folder;
}

/** A directory with the source of a server, to be built with `go build`. */
export function goSource(directory: string): string {
  const folder = join(directory, 'go');
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, 'main.go'), goServer);
  writeFileSync(join(folder, 'go.mod'), 'module example.invalid/server\n\ngo 1.19\n');
  return folder;
}
