"""accord serve and those who do it no good: slow clients, half requests, malformed HTTP, oversized bodies, more connections
than there are files, more bytes than there is memory for. Each is bounded; the others do not notice."""

from serving import *
import gzip
import resource

vkey = new_log()
config("idle-timeout 2s", "request-timeout 2s", "memory 32M")
began = time.monotonic()
server = Server()


def reply(raw, seconds=PATIENCE):
    """All that the server says until it closes the connection; None where it does not close it."""
    raw.settimeout(seconds)
    said = b""
    try:
        while part := raw.recv(65536):
            said += part
    except socket.timeout:
        return None
    except OSError:
        pass
    return said


def others(name):
    begun = time.monotonic()
    answer = server.add(f"while there are {name}".encode())
    took = time.monotonic() - begun
    check(f"others are served while there are {name}", answer.status == 200 and took < 2, f"{answer} after {took:.3f} s")


# slow ones
idle = [server.socket() for _ in range(50)]
slow = [server.socket() for _ in range(50)]
for number, raw in enumerate(slow):
    raw.sendall([b"POST /add HTT", b"POST /add HTTP/1.1\r\nHost: x\r\nX-Header: ", b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"]
                [number % 3])
others("silent and half requests")
trickle = server.socket()
trickle.sendall(b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
begun, cut = time.monotonic(), None
while time.monotonic() - begun < PATIENCE and cut is None:
    try:
        trickle.sendall(b"x")
        time.sleep(0.1)
        trickle.setblocking(False)
        try:
            cut = trickle.recv(4096) == b"" or None
        except BlockingIOError:
            pass
        trickle.setblocking(True)
    except OSError:
        cut = True
took = time.monotonic() - begun
check("a body that trickles is cut off in time", cut and 1 < took < 8, took)
check("so are half requests", all(reply(raw) is not None for raw in slow))
check("and silent connections", all(reply(raw) == b"" for raw in idle))
check("none of them is left", until(lambda: server.metric("accord_http_connections") <= 1), server.get("/metrics").text)
reader = server.socket()  # asks and asks, and reads nothing
reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
reader.settimeout(0.2)
try:
    for _ in range(20000):
        reader.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
except OSError:
    pass
others("clients that do not read")
reader.close()

# malformed ones
for name, sent in {
        "nothing known": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20 + b"\r\n\r\n",
        "a line without a version": b"GET\r\n\r\n",
        "a length that is none": b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: ten\r\n\r\n0123456789",
        "a negative length": b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "a length beyond 64 bits": b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "a header without end": b"GET / HTTP/1.1\r\nHost: " + b"x" * 100000,
        "headers without end": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000,
        "a path without end": b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        "chunks that are none": b"POST /add HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
        "a NUL in a path": b"GET /check\0point HTTP/1.1\r\nHost: x\r\n\r\n"}.items():
    raw = server.socket()
    try:
        raw.sendall(sent)
    except OSError:
        pass
    said = reply(raw, 10)
    check(f"{name}: no entry, and the connection ends", said is not None and not re.search(rb"HTTP/1\.1 200", said), said)
    raw.close()
others("malformed requests")
raw = server.socket()
raw.sendall(b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled")
said = reply(raw, 10)
check("two lengths that contradict each other add nothing", said is not None and b"HTTP/1.1 200" not in said, said)
raw.close()
raw = server.socket()
raw.sendall(b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 50\r\n\r\nhello")
said = reply(raw, 10)
check("nor do two Content-Lengths: 400", said is not None and said.startswith(b"HTTP/1.1 400 ") and said.count(b"HTTP/1.1") == 1, said)
raw.close()
raw = server.socket()
raw.sendall(b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length : 35\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
said = reply(raw, 10)
check("nor a length before whose colon there is a space", said is not None and said.startswith(b"HTTP/1.1 400 ") and said.count(b"HTTP/1.1") == 1, said)
raw.close()
for method in ("GET /checkpoint", "PUT /add", "DELETE /add", "POST /nowhere", "POST /checkpoint"):
    raw = server.socket(5)
    inner = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    raw.sendall(f"{method} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(inner)}\r\n\r\n".encode() + inner)
    said = reply(raw, 10) or b""
    check(f"{method}: a body where none belongs is no request", said.count(b"HTTP/1.1 ") == 1 and b" 413 " not in said, said)
    raw.close()
complaints = [line for line in server.lines if " event=http " in line]
check("and of all these the log holds a line each ten seconds at most", len(complaints) <= 1 + (time.monotonic() - began) / 10,
      server.said())

# bodies that are too large, and too many of them
raw = server.socket()
raw.sendall(b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n")
said = b""
while b"\r\n\r\n" not in said:
    said += raw.recv(4096) or b"\r\n\r\n"
check("a body of 10 GB is refused before it comes", said.startswith(b"HTTP/1.1 413"), said)
raw.close()
raw = server.socket()
raw.sendall(b"POST /add HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
sent = 0
try:
    while sent < 64 << 20:
        raw.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")
        sent += 65536
except OSError:
    pass
check("a body without end is cut off", sent < 64 << 20, sent)
raw.close()
memory = server.metric("process_resident_memory_bytes")
held, eight = [], 8 << 20
for _ in range(2):  # 16 MB of the bodies that 32M allows
    raw = server.socket()
    raw.sendall(b"POST /add-batch HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % eight)
    raw.sendall(b"\0\1a" * ((eight - 4096) // 3))
    held.append(raw)
check("half requests are held", until(lambda: (server.metric("accord_http_body_bytes") or 0) > 16_000_000), server.get("/metrics").text)
raw = server.socket()
raw.sendall(b"POST /add-batch HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n")
said = raw.recv(65536)
check("one more is told to come again: 503 with Retry-After", said.startswith(b"HTTP/1.1 503") and b"retry-after: " in said.lower(), said)
raw.close()
others("bodies that are held")
check("once they are gone", all(reply(raw) is not None for raw in held))
check("there is room again", until(lambda: server.metric("accord_http_body_bytes") == 0) == True
      and server.ask("POST", "/add-batch", batch(b"a") * 1000000).status in (200, 413), server.get("/metrics").text)
check("memory is bounded", server.metric("process_resident_memory_bytes") - memory < 96 << 20,
      server.metric("process_resident_memory_bytes"))
check("it is well", server.get("/healthz").status == 200 and server.stop() == 0, server.said())

# more connections than files: 64 files, 200 clients
config("idle-timeout 2s", "request-timeout 2s")
server = Server(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))
check("it says that it has fewer connections", "event=fewer-connections" in server.said(), server.said())
crowd = []
for _ in range(200):
    raw = server.socket()
    raw.setblocking(False)
    crowd.append(raw)


def served():
    try:
        return server.add(b"in a crowd").status == 200
    except (OSError, http.client.HTTPException):
        return False


check("someone new is served in the crowd", until(served, 15), server.said())
check("it publishes", until(lambda: served() and server.size() > 0, 15), server.said())
for raw in crowd:
    raw.close()
check("when the crowd is gone all is as before", until(served, 10) and server.get("/healthz").status == 200
      and until(lambda: server.metric("accord_http_connections") <= 1), server.said())
check("it ends", server.stop() == 0, server.said())

# thousands of idle connections
limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
count = min(3000, limit // 2 - 200)
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
config()
server = Server(env={"MALLOC_PERTURB_": "0"})  # which would touch every page that is set aside
before = server.metric("process_resident_memory_bytes")
crowd = [server.socket() for _ in range(count)]
others(f"{count} idle connections")
after = server.metric("process_resident_memory_bytes")
check("each costs little memory", after - before < count * 4096 + (8 << 20), f"{before} {after}")
big = crowd[:min(1000, count)]
for raw in big:  # each begins a body, so that each has a place of its own, and then they end one after the other
    raw.sendall(b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\nx")
until(lambda: server.metric("accord_http_body_bytes") >= len(big))
before = server.metric("process_resident_memory_bytes")
for raw in big:
    raw.sendall(b"x" * 59999)
    raw.recv(4096)
after = server.metric("process_resident_memory_bytes")
check("bodies that are gone leave no memory behind", after - before < 40 << 20, f"{before} {after}")
for raw in crowd:
    raw.close()
check("it ends", server.stop() == 0, server.said())

# those who hold every connection
config("connections 50")
server = Server()
for name, begun in {"silence": b"", "half requests": b"POST /add HTTP/1.1\r\nHost: x\r\n",
                    "half bodies": b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"}.items():
    crowd = []
    for _ in range(60):
        try:
            crowd.append(server.socket())
            crowd[-1].sendall(begun)
        except OSError:
            pass
    check(f"connections held with {name} make room", until(served, 10), server.said())
    for raw in crowd:
        raw.close()

# those who have it compress, and compress
words = [f"{number * 2654435761 % 2**32:08x}" for number in range(500)]
lines = [" ".join(words[(number * 31 + place * place) % 500] for place in range(90)) + f" {number}" for number in range(512)]
first, count = map(int, server.ask("POST", "/add-batch", batch(*(line.encode() for line in lines))).text.split())
check("(a bundle of these is full)", count == 512 and server.published(first + count))
full = f"/tile/entries/{(first + count) // 256 - 1:03}"
connection, encodings, bundles = server.connection(), [], set()
for _ in range(600):
    connection.request("GET", full, headers={"Accept-Encoding": "gzip"})
    answer = Answer(connection.getresponse())
    encodings.append(answer.headers.get("content-encoding"))
    bundles.add(gzip.decompress(answer.body) if encodings[-1] else answer.body)
connection.close()
check("a client has bundles compressed", encodings[0] == "gzip", encodings[:5])
check("but not the loop for itself: what comes too fast comes as it is", None in encodings, encodings.count("gzip"))
check("the bytes are the same", len(bundles) == 1 and len(bundles.pop()) > 100000)
check("it ends", server.stop() == 0, server.said())

# those who read slowly, because they cannot read faster
config("request-timeout 1s", "connections 20")
server = Server()
for number in range(4):
    first = int(server.ask("POST", "/add-batch", batch(*(b"%d %d " % (number, entry) + b"x" * 60000 for entry in range(128)))).text.split()[0])
check("(a bundle of 15 MB is full)", server.published(first + 128))
full = f"/tile/entries/{(first + 128) // 256 - 1:03}"
raw = socket.socket()
raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
raw.connect(server.socket().getpeername())
raw.settimeout(PATIENCE)
raw.sendall(f"GET {full} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
time.sleep(2.5)
said = reply(raw) or b""
check("a large bundle may take longer than a request", said.startswith(b"HTTP/1.1 200") and len(said) > 15_000_000, len(said))
raw.close()
crowd = [server.socket() for _ in range(25)]
for raw in crowd:
    try:
        raw.sendall(f"GET {full} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    except OSError:
        pass
check("but not keep the others out", until(served, 10), server.said())
for raw in crowd:
    raw.close()
check("it ends", server.stop() == 0, server.said())

# an operator who does not read what it says
read_end, write_end = os.pipe()
server = Server(ready=False, stderr=write_end)
os.close(write_end)
said = b""
while b"event=ready" not in said:
    said += os.read(read_end, 65536)
server.addresses.append((re.search(rb"address=(\S+)", said).group(1).decode(), False))
for _ in range(1500):  # reloads, each of which is a line
    server.send(signal.SIGHUP)
    time.sleep(0.001)
others("log lines that nobody reads")
os.set_blocking(read_end, False)
said = os.read(read_end, 1 << 20)
check("(the pipe is full)", len(said) > 60000, len(said))
check("what was said is whole lines", all(line.startswith(b"time=") for line in said.splitlines()) and said.endswith(b"\n"), said[-300:])
check("it ends", server.stop() == 0)
expect("the log checks", accord("log", "check", "log", "--vkey", vkey), 0)

# a directory that may not be written
shutil.rmtree(DIR / "log")
must(accord("log", "new", "log", "--key", "log.key"))
DIR.chmod(0o755)
(DIR / "log.key").chmod(0o644)
for path in [DIR / "log", *(DIR / "log").rglob("*")]:
    path.chmod(0o555 if path.is_dir() else 0o444)
options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
server = Server(ready=False, **options)
check("a log that may not be written is not served", server.process.wait(20) == 3, server.process.returncode)
server.reader.join(5)
check("and the sentence says why", re.search("log.*Permission denied", server.said()), server.said())
for path in [DIR / "log", *(DIR / "log").rglob("*")]:
    path.chmod(0o755 if path.is_dir() else 0o644)
finish()
