"""accord serve, killed with SIGKILL at random moments: under load, while it starts, while it stops. What it acknowledged
is where it said, with its bytes; every checkpoint that anybody saw is a beginning of the next one.

20 rounds on one log; $ACCORD_CRASH_ROUNDS logs, one after another. The seed is printed; $ACCORD_CRASH_SEED repeats it,
as far as the machine's timing can be repeated. $ACCORD_PEERS/bin/fsck, where it is there, has the last word."""

import base64
import hashlib
import pathlib
import random
import signal
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "journey"))
from journey import *

ROUNDS = 20
LOGS = int(os.environ.get("ACCORD_CRASH_ROUNDS", "1"))
SEED = int(os.environ.get("ACCORD_CRASH_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
ORIGIN = "crash.example/log"
LOG = DIR / "log"
CLIENTS = 6
chance = random.Random(SEED)


class Connection:
    """HTTP/1.1 on one socket, kept open. Raises OSError where the server goes away."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def exchange(self, head, body=b""):
        self.socket.sendall(f"{head} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        while b"\r\n\r\n" not in self.rest:
            self.more()
        lines, self.rest = self.rest.split(b"\r\n\r\n", 1)
        size = int(re.search(rb"(?i)\r\ncontent-length: *(\d+)", lines).group(1))
        while len(self.rest) < size:
            self.more()
        answer, self.rest = self.rest[:size], self.rest[size:]
        return int(lines[9:12]), answer

    def more(self):
        part = self.socket.recv(65536)
        if not part:
            raise ConnectionError("closed")
        self.rest += part


class Server:
    def __init__(self):
        self.errors = open(DIR / "errors", "wb")
        self.process = subprocess.Popen([ACCORD, "serve", "config"], cwd=DIR, stdin=subprocess.DEVNULL,
                                        stdout=self.errors, stderr=self.errors)

    def wait_until_it_listens(self):
        for _ in range(1000):
            if self.process.poll() is not None:
                break
            try:
                return Connection(PORT)
            except OSError:
                time.sleep(0.01)
        self.end(signal.SIGKILL)
        print(f"Bail out! the server does not serve\n{read('errors').decode(errors='replace')}", flush=True)
        sys.exit(1)

    def end(self, number):
        self.process.send_signal(number)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.errors.close()
        return status


class Tree:
    """The tree as its entries make it, leaf by leaf; the root at its present size."""

    def __init__(self):
        self.size, self.edge = 0, []  # of (level, hash), the largest subtree first

    def add(self, leaf):
        level = 0
        while self.edge and self.edge[-1][0] == level:
            leaf = hashlib.sha256(b"\x01" + self.edge.pop()[1] + leaf).digest()
            level += 1
        self.edge.append((level, leaf))
        self.size += 1

    def root(self):
        if not self.edge:
            return hashlib.sha256(b"").digest()
        root = self.edge[-1][1]
        for _, left in reversed(self.edge[:-1]):
            root = hashlib.sha256(b"\x01" + left + root).digest()
        return root


class Seen:
    """What the server said, to whomever: entries and their indexes, checkpoints in their order."""

    def __init__(self):
        self.lock = threading.Lock()
        self.index = {}         # of each entry that was acknowledged
        self.lost = []          # entries that were sent and not answered
        self.checkpoints = [(0, Tree().root())]
        self.wrong = []

    def answer(self, entries, first):
        with self.lock:
            for i, entry in enumerate(entries):
                if self.index.setdefault(entry, first + i) != first + i:
                    self.wrong.append(f"{entry[:40]} was at {self.index[entry]}, now at {first + i}")

    def checkpoint(self, text):
        lines = text.decode().split("\n")
        point = int(lines[1]), base64.b64decode(lines[2])
        with self.lock:
            if lines[0] != ORIGIN:
                self.wrong.append(f"a checkpoint of {lines[0]}")
            if point[0] < self.checkpoints[-1][0]:
                self.wrong.append(f"a checkpoint of {self.checkpoints[-1][0]}, then one of {point[0]}")
            if point != self.checkpoints[-1]:
                self.checkpoints.append(point)


def entry_path(number, width):
    name = f"{number % 1000:03}"
    while number >= 1000:
        number //= 1000
        name = f"x{number % 1000:03}/{name}"
    return LOG / "tile" / "entries" / (name if width == 256 else f"{name}.p/{width}")


def bundle(number, size):
    """The entries of a bundle in a tree of this size."""
    width = min(256, size - 256 * number)
    path = entry_path(number, width)
    data = (path if path.exists() else entry_path(number, 256)).read_bytes()
    entries, at = [], 0
    while len(entries) < width:
        end = at + 2 + int.from_bytes(data[at:at + 2], "big")
        entries.append(data[at + 2:end])
        at = end
    return entries


def compare(seen, tree, size, held):
    """Reads on to the tree of this size. held: entry to index, of the whole log."""
    roots = {}
    for at, root in seen.checkpoints:
        roots.setdefault(at, set()).add(root)

    def agree():
        for root in roots.get(tree.size, ()):
            if root != tree.root():
                seen.wrong.append(f"the checkpoint of {tree.size} has another root than its entries")

    agree()
    while tree.size < size:
        for entry in bundle(tree.size // 256, size)[tree.size % 256:]:
            held.setdefault(entry, tree.size)
            tree.add(hashlib.sha256(b"\x00" + entry).digest())
            agree()
    seen.checkpoints = [(tree.size, tree.root())]


def load(seen, stop, number, name):
    """Adds, one after another, until the server goes away. Every seventh request is a batch."""
    own = random.Random(f"{SEED} {name} {number}")
    entries = []
    try:
        connection = Connection(PORT)
        for turn in range(1_000_000):
            count = own.randrange(1, 300) if own.randrange(7) == 0 else 0
            entries = [f"{name} client {number} turn {turn} entry {i} {own.randrange(1 << 32)} ".encode().ljust(
                own.randrange(60, 400), b".") for i in range(max(count, 1))]
            if stop.is_set():
                entries = []
                return
            if count:
                body = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
                status, answer = connection.exchange("POST /add-batch", body)
            else:
                status, answer = connection.exchange("POST /add", entries[0])
            if status == 200:
                words = answer.split()
                if count and int(words[1]) != count:
                    seen.wrong.append(f"{count} entries were sent, {words[1]} acknowledged")
                seen.answer(entries, int(words[0]))
            elif status != 503:
                seen.wrong.append(f"status {status}: {answer[:100]}")
    except OSError:
        with seen.lock:
            seen.lost += entries


def watch(seen, stop):
    try:
        connection = Connection(PORT)
        while not stop.is_set():
            status, text = connection.exchange("GET /checkpoint")
            if status == 200:
                seen.checkpoint(text)
            time.sleep(0.002)
    except OSError:
        pass


def again(seen, connection, recent):
    """After a restart: what was acknowledged gets its index, what was not gets one."""
    old = list(seen.index)
    for entry in [chance.choice(old) for _ in range(10 if old else 0)] + recent[-10:] + seen.lost[-10:]:
        status, answer = connection.exchange("POST /add", entry)
        if status != 200:
            seen.wrong.append(f"sent again: status {status} {answer[:100]}")
        else:
            seen.answer([entry], int(answer.split()[0]))
    seen.lost = []


def settle(seen, connection):
    """Waits until all that was acknowledged is published; the size then."""
    wanted = max(seen.index.values(), default=-1) + 1
    until = time.monotonic() + 20
    while time.monotonic() < until:
        status, text = connection.exchange("GET /checkpoint")
        if status == 200:
            seen.checkpoint(text)
        if seen.checkpoints[-1][0] >= wanted:
            return seen.checkpoints[-1][0]
        time.sleep(0.02)
    seen.wrong.append(f"{wanted} entries are acknowledged, {seen.checkpoints[-1][0]} published after 20 s")
    return seen.checkpoints[-1][0]


def serve_round(seen, name, how):
    """Loads the server and ends it; says with which exit status."""
    server = Server()
    if how == "start":
        time.sleep(chance.uniform(0, 0.04))
        return server.end(signal.SIGKILL)
    server.wait_until_it_listens()
    stop = threading.Event()
    threads = [threading.Thread(target=load, args=(seen, stop, i, name)) for i in range(CLIENTS)]
    threads.append(threading.Thread(target=watch, args=(seen, stop)))
    for thread in threads:
        thread.start()
    time.sleep(chance.uniform(0.02, 0.7))
    if how == "stop":
        server.process.send_signal(signal.SIGTERM)
        time.sleep(chance.uniform(0, 0.06))
    status = server.end(signal.SIGTERM if how == "end" else signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join()
    return status


def verify_round(seen, tree, held, recent, name):
    """Starts the server again, and compares everything."""
    seen.checkpoint((LOG / "checkpoint").read_bytes())
    expect(f"{name}: the log that is left checks", accord("log", "check", "log", "--vkey", VKEY), 0)
    server = Server()
    connection = server.wait_until_it_listens()
    again(seen, connection, recent)
    size = settle(seen, connection)
    compare(seen, tree, size, held)
    absent = [f"{entry[:40]} at {index}, found at {held.get(entry)}" for entry, index in seen.index.items()
              if held.get(entry) != index]
    status = server.end(signal.SIGTERM if chance.randrange(2) else signal.SIGKILL)
    check(f"{name}: what was acknowledged is there, and checkpoints agree", not absent and not seen.wrong,
          "\n".join(seen.wrong[:10] + absent[:10]))
    check(f"{name}: a graceful stop ends with 0", status in (0, -signal.SIGKILL), status)
    seen.wrong = []


def last_word(seen):
    """All of it again from the first entry on, and by other programs."""
    tree, held = Tree(), {}
    size = int((LOG / "checkpoint").read_text().split("\n")[1])
    seen.checkpoints = [(size, base64.b64decode((LOG / "checkpoint").read_text().split("\n")[2]))]
    compare(seen, tree, size, held)
    absent = [index for entry, index in seen.index.items() if held.get(entry) != index]
    check("all that was acknowledged is in the tree", not absent and not seen.wrong,
          f"{len(seen.index)} acknowledged, {size} published: {seen.wrong} {absent[:10]}")
    expect("the log checks", accord("log", "check", "log", "--vkey", VKEY), 0)
    fsck = pathlib.Path(os.environ.get("ACCORD_PEERS", "/nonexistent")) / "bin" / "fsck"
    if fsck.exists():
        done = subprocess.run([fsck, f"--storage_url=file://{LOG}/", f"--origin={ORIGIN}", f"--public_key={DIR}/vkey",
                               "--ui=false"], capture_output=True, text=True)
        check("Tessera's fsck accepts it", done.returncode == 0, done.stdout + done.stderr)


def history(name):
    """A new log's."""
    shutil.rmtree(LOG, True)
    must(accord("log", "new", "log", "--key", "log.key"))
    seen, tree, held = Seen(), Tree(), {}
    hows = ["load", "load", "start", "stop", "load", "end"]
    for number in range(ROUNDS):
        how = hows[number % len(hows)]
        turn = f"{name} round {number} ({how})"
        before = len(seen.index)
        status = serve_round(seen, turn, how)
        if how == "end":
            check(f"{turn}: a graceful stop under load ends with 0", status == 0, f"{status}\n{read('errors')[-1000:]}")
            published = int((LOG / "checkpoint").read_text().split("\n")[1])
            check(f"{turn}: and all that was acknowledged is published",
                  published > max(seen.index.values(), default=-1), published)
        recent = list(seen.index)[before:]
        print(f"# {turn}: {len(recent)} acknowledged, {len(seen.lost)} not answered", flush=True)
        verify_round(seen, tree, held, recent, turn)
    last_word(seen)


print(f"# seed {SEED}, {LOGS} logs, {ROUNDS} rounds each", flush=True)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    PORT = free.getsockname()[1]
must(accord("key", "new", "--for", "log", ORIGIN, "-o", "log.key"))
VKEY = must(accord("key", "public", "log.key")).out.strip()
write("vkey", VKEY + "\n")
write("config", f"listen 127.0.0.1:{PORT}\nlog log log.key\naccept any\ninterval 100ms\n")
for number in range(LOGS):
    history(f"log {number}")
finish()
