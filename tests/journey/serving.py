"""What the journeys of `accord serve` share: starting one, reading its log lines, speaking HTTP with it, ending it."""

import http.client
import signal
import socket
import ssl
import threading
import time

from journey import *

ORIGIN = "served.example/log"
PATIENCE = 20  # seconds, for what takes a moment; a busy machine gets them all


def new_log(name="log", key="log.key"):
    """A log in DIR/<name>; returns its vkey."""
    vkey = must(accord("key", "new", "--for", "log", ORIGIN, "-o", key)).out.strip()
    must(accord("log", "new", name, "--key", key))
    return vkey


def config(*lines, name="config", log="log log log.key", listen="listen 127.0.0.1:0", accept="accept any", interval="interval 50ms"):
    """Writes CONFIG, for a log of anything that publishes often."""
    text = "\n".join(line for line in (listen, log, accept, interval, *lines) if line) + "\n"
    return write(name, text)


def until(what, seconds=PATIENCE):
    """Asks again and again until the answer is true; returns the last one."""
    end = time.monotonic() + seconds
    while True:
        answer = what()
        if answer or time.monotonic() > end:
            return answer
        time.sleep(0.02)


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=PATIENCE)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self.path))


class Answer:
    def __init__(self, response):
        self.status, self.body = response.status, response.read()
        self.headers = {name.lower(): value for name, value in response.getheaders()}

    @property
    def text(self):
        return self.body.decode(errors="replace")

    def __str__(self):
        return f"{self.status} {self.headers} {self.body[:300]!r}"


class Server:
    """A running `accord serve`. ready=False: do not wait for it to be so."""

    def __init__(self, *args, ready=True, env=None, **options):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ACCORD", "LISTEN_", "NOTIFY_"))}
        environment |= {"HOME": str(DIR)} | (env or {})
        self.lines, self.addresses = [], []
        self.process = subprocess.Popen([ACCORD, "serve", *(args or ["config"])], cwd=DIR, stdin=subprocess.DEVNULL,
                                        env=environment, **{"stderr": subprocess.PIPE, **options})
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        atexit.register(self.kill)
        if ready and not self.event("ready"):
            print(f"Bail out! the server is not ready\n{self.said()}", flush=True)
            sys.exit(1)

    def read(self):
        for line in self.process.stderr or []:
            line = line.decode(errors="replace").rstrip("\n")
            match = re.search(r"event=listening address=(\S+) tls=(\w+)", line)
            if match:
                self.addresses.append((match.group(1).strip('"'), match.group(2) == "yes"))
            self.lines.append(line)

    def said(self):
        return "\n".join(self.lines)

    def event(self, name, after=0, seconds=PATIENCE):
        """Waits for a line with this event; returns it, or None where the server ended or said nothing."""
        def look():
            ended = self.process.poll() is not None
            if ended:
                self.reader.join(5)
            found = [line for line in list(self.lines)[after:] if f" event={name}" in line]
            return found[0] if found else ended and "ended"
        found = until(look, seconds)
        return None if found in (False, "ended") else found

    def connection(self, which=0, context=None):
        address, tls = self.addresses[which]
        if address.startswith("unix:"):
            return Unix(DIR / address[5:])
        host, port = address.rsplit(":", 1)
        if tls:
            return http.client.HTTPSConnection(host.strip("[]"), int(port), timeout=PATIENCE, context=context)
        return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=PATIENCE)

    def socket(self, timeout=PATIENCE):
        """A bare TCP connection to the first address."""
        host, port = self.addresses[0][0].rsplit(":", 1)
        return socket.create_connection((host.strip("[]"), int(port)), timeout)

    def ask(self, method, path, body=None, headers=None, which=0, context=None):
        connection = self.connection(which, context)
        try:
            connection.request(method, path, body, headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, path, headers=None, **options):
        return self.ask("GET", path, None, headers, **options)

    def add(self, entry, **options):
        return self.ask("POST", "/add", entry, **options)

    def index(self, entry):
        """Adds an entry; its index."""
        answer = self.add(entry)
        if answer.status != 200:
            print(f"Bail out! an entry is not added: {answer}\n{self.said()}", flush=True)
            sys.exit(1)
        return int(answer.text)

    def size(self):
        """Of the published tree."""
        return int(self.get("/checkpoint").text.split("\n")[1])

    def published(self, size, seconds=PATIENCE):
        """Waits until so many entries are published."""
        return until(lambda: self.size() >= size, seconds)

    def metric(self, name):
        match = re.search(rf"^{re.escape(name)} (\S+)$", self.get("/metrics").text, re.M)
        return float(match.group(1)) if match else None

    def send(self, number):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM, seconds=30):
        """Ends it; its exit status."""
        if self.process.poll() is None:
            self.send(number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = f"still there after {seconds} s"
        self.kill()
        self.reader.join(5)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def batch(*entries):
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
