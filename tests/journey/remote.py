"""What the journeys of a log behind a URL share: a small web server that serves a directory as it lies, and misbehaves
where it is told to. It is nobody's log server: `accord serve` has journeys of its own."""

import http.server
import threading
import time

from journey import *

os.environ["no_proxy"] = "127.0.0.1"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def hang_up(self):
        self.close_connection = True

    def do_GET(self):
        web = self.server.web
        web.paths.append(self.path)
        fault = web.fault(self.path)
        try:
            if fault is not None:
                fault(self)
                return
            try:
                self.reply(200, (web.root / self.path.lstrip("/")).read_bytes())
            except OSError:
                self.reply(404, b"not here")
        except (BrokenPipeError, ConnectionResetError):
            self.hang_up()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        web = self.server.web
        web.paths.append(f"POST {self.path}")
        web.post(self, body)

    def log_message(self, *_):
        pass


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True
    connections = 0

    def get_request(self):
        got = super().get_request()
        self.connections += 1
        return got

    def handle_error(self, *_):
        pass


class Web:
    """Serves DIR/<root> on a loopback port. fault: what answers a path in place of the file, or None."""

    def __init__(self, root, post=None):
        self.root, self.paths = DIR / root, []
        self.fault = lambda path: None
        self.post = post or (lambda handler, body: handler.reply(405))
        self.server = Quiet(("127.0.0.1", 0), Handler)
        self.server.web = self
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def misbehave(self, path, fault):
        """fault answers from now on where the path begins so; None: all is well again."""
        self.fault = (lambda asked: fault if asked.startswith(path) else None) if fault else lambda asked: None


def refused_port():
    """A URL where nobody listens."""
    import socket
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def new_log(name="log", key="log.key", origin="remote.example/log"):
    """A log in DIR/<name>; its vkey."""
    vkey = must(accord("key", "new", "--for", "log", origin, "-o", key)).out.strip()
    must(accord("log", "new", name, "--key", key))
    return vkey


def fill(*entries, name="log", key="log.key"):
    """Adds these entries, and publishes them."""
    batch = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
    must(accord("log", "add", name, "--batch", "-", stdin=batch))
    must(accord("log", "publish", name, "--key", key))
