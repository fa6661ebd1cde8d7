"""A server under test, its API, and a web site that its beacon is on."""

import http.server
import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

PATIENCE = float(os.environ.get("WEIR_BROWSER_PATIENCE", "150"))


class Server:
    """`weir serve` on a folder; it can be ended and started again at the same address."""

    def __init__(self, program, folder):
        self.program, self.folder, self.address = program, folder, "127.0.0.1:0"
        self.start()

    def start(self):
        # The one thing that may be in the way of an address used before is its last connections.
        end = time.monotonic() + PATIENCE
        while True:
            self.process = subprocess.Popen(
                [self.program, "serve", "--data", self.folder, "--http", self.address, "--udp", "off", "--log-level", "error"],
                stdout=subprocess.PIPE, text=True)
            line = self.process.stdout.readline()
            if line.startswith("listening http="):
                self.address = line.split("http=")[1].split()[0]
                self.url = "http://" + self.address
                return
            self.process.wait()
            if time.monotonic() > end:
                raise RuntimeError(f"the server does not start: {line!r}")
            time.sleep(0.2)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)

    def request(self, path, body=None, headers=None):
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {})
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.read()

    def query(self, kind, **query):
        return json.loads(self.request(f"/v1/query/{kind}", json.dumps(query).encode(), {"Content-Type": "application/json"}))

    def send(self, events, site="shop", backfill=False):
        path = f"/v1/events?site={site}" + ("&backfill=true" if backfill else "")
        answer = json.loads(self.request(path, "\n".join(json.dumps(event) for event in events).encode(),
                                         {"Content-Type": "application/x-ndjson"}))
        if answer["rejected"]:
            raise RuntimeError(f"rejected: {answer}")
        return answer

    def events(self, site):
        return self.query("events", site=site, range="all", limit=1000)["events"]


def until(work, what):
    """The first result of `work` that is true."""
    end = time.monotonic() + PATIENCE
    last = None
    while time.monotonic() < end:
        last = work()
        if last:
            return last
        time.sleep(0.05)
    raise TimeoutError(f"waited for {what}; the last was {last}")


class Site:
    """A web site of another origin than the server: `pages` by path, without their query."""

    def __init__(self, pages):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.split("?")[0]
                body = pages.get(path, "").encode()
                self.send_response(200 if path in pages else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
