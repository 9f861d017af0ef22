"""accord serve on every kind of socket: IPv6, names, Unix sockets, those that systemd hands over, TLS; and what it tells the
service manager."""

from serving import *

vkey = new_log()
openssl = shutil.which("openssl")


def certificate(name):
    """A new self-signed certificate for loopback in DIR/tls.pem, its key in DIR/tls.key; a context that trusts it alone."""
    done = subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                           "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1,IP:::1", "-keyout", "tls.key", "-out",
                           "tls.pem"], cwd=DIR, capture_output=True)
    if done.returncode != 0:
        print(f"Bail out! {done.stderr.decode()}")
        sys.exit(1)
    return ssl.create_default_context(cafile=str(DIR / "tls.pem"))


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


# several addresses
listens = ["listen localhost:0", "listen unix:accord.socket"] + ["listen [::1]:0"] * has_ipv6()
config(*listens)
server = Server()
check("it listens at each address", len(server.addresses) >= 1 + len(listens), server.addresses)
for i, (address, _) in enumerate(server.addresses):
    answer = server.get("/checkpoint", which=i)
    check(f"and serves at {re.sub('[0-9]{4,5}$', 'PORT', address)}", answer.status == 200, answer)
unix = [i for i, (address, _) in enumerate(server.addresses) if address.startswith("unix:")][0]
answer = server.ask("POST", "/add", b"through a path", which=unix)
check("an entry comes through the Unix socket", answer.status == 200 and answer.text == "0", answer)
if not has_ipv6():
    print("# IPv6 is not here")
write("second", f"listen unix:accord.socket\nlog other other.key\naccept any\n")
must(accord("key", "new", "--for", "log", "other.example/log", "-o", "other.key"))
must(accord("log", "new", "other", "--key", "other.key"))
run = accord("serve", "second")
expect("a Unix socket that is served is not taken away", run, 3, "accord.socket")
check("it works still", server.get("/healthz", which=unix).status == 200)
check("and is removed at the end", server.stop() == 0 and not (DIR / "accord.socket").exists(), server.said())
server = Server()
server.stop(signal.SIGKILL)
check("a server that was killed leaves its socket", (DIR / "accord.socket").exists())
server = Server()
check("which the next one replaces", server.get("/healthz", which=unix).status == 200, server.said())
check("and removes", server.stop() == 0 and not (DIR / "accord.socket").exists())

# socket activation: LISTEN_PID is the server's own, so a shell says so before it becomes the server
config(listen=None)
run = accord("serve", "config")
expect("without any address it does not serve", run, 1, "listen")
with socket.socket() as passed:
    passed.bind(("127.0.0.1", 0))
    passed.listen(64)
    port = passed.getsockname()[1]
    waiting = socket.create_connection(("127.0.0.1", port))  # before the server is there
    waiting.sendall(b"GET /checkpoint HTTP/1.0\r\n\r\n")
    launch = f'import os, sys; os.dup2({passed.fileno()}, 3); os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1"); ' \
             f'os.execv(sys.argv[1], sys.argv[1:])'

    class Activated(Server):
        def __init__(self):
            self.lines, self.addresses = [], []
            self.process = subprocess.Popen([sys.executable, "-c", launch, ACCORD, "serve", "config"], cwd=DIR,
                                            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, close_fds=False)
            self.reader = threading.Thread(target=self.read, daemon=True)
            self.reader.start()
            atexit.register(self.kill)

    os.set_inheritable(passed.fileno(), True)
    server = Activated()
    check("with a socket from systemd it does", server.event("ready"), server.said())
    check("at the same address", server.addresses == [(f"127.0.0.1:{port}", False)], server.addresses)
    waiting.settimeout(PATIENCE)
    said = b""
    while part := waiting.recv(65536):
        said += part
    check("a client that came before it is served", said.startswith(b"HTTP/1.1 200") and ORIGIN.encode() in said, said)
    waiting.close()
    check("an entry is added there", server.index(b"by activation") == 1)
    check("it ends", server.stop() == 0, server.said())
    late = socket.create_connection(("127.0.0.1", port))  # the socket is open still: nobody is turned away
    check("and the socket is the manager's still", late.fileno() > 0)
    late.close()

# a person at a terminal reads a sentence
config()
ends = terminal()
if ends:
    ours, theirs = ends
    person = subprocess.Popen([ACCORD, "serve", "config"], cwd=DIR, stdin=subprocess.DEVNULL, stderr=theirs)
    atexit.register(lambda: person.poll() is None and person.kill())
    os.close(theirs)
    said = b""
    while b"event=ready" not in said:
        said += os.read(ours, 4096)
    check("at a terminal it says where it serves", re.search(rb"accord: serving at http://127\.0\.0\.1:\d+/\r\n", said), said)
    person.send_signal(signal.SIGINT)
    check("and ends at Ctrl-C", person.wait(20) == 0)
    os.close(ours)

# the service manager is told
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
    manager.bind(str(DIR / "notify"))
    manager.settimeout(PATIENCE)
    config()
    server = Server(env={"NOTIFY_SOCKET": str(DIR / "notify")})
    check("READY=1", manager.recv(4096) == b"READY=1")
    server.send(signal.SIGHUP)
    check("RELOADING=1 with its time", re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d+", manager.recv(4096)))
    check("READY=1 again", manager.recv(4096) == b"READY=1")
    check("it ends", server.stop() == 0)
    check("STOPPING=1", manager.recv(4096) == b"STOPPING=1")

# TLS
if openssl is None:
    print("# openssl is not here: nothing about TLS is tested")
    finish()
first = certificate("first")
config("listen 127.0.0.1:0 tls", "tls tls.pem tls.key")
server = Server()
check("one address speaks TLS, the other does not", [tls for _, tls in server.addresses] == [False, True], server.addresses)
answer = server.add(b"sealed", which=1, context=first)
check("an entry comes through TLS", answer.status == 200 and answer.text == "2", answer)
check("reads too", server.get("/checkpoint", which=1, context=first).status == 200)
check("without TLS the other", server.get("/checkpoint").status == 200)
port = int(server.addresses[1][0].rsplit(":", 1)[1])
for name, version in {"TLS 1.0": "TLSv1", "TLS 1.1": "TLSv1_1"}.items():
    old = ssl.create_default_context(cafile=str(DIR / "tls.pem"))
    old.minimum_version = old.maximum_version = getattr(ssl.TLSVersion, version)
    old.set_ciphers("ALL:@SECLEVEL=0")
    try:
        server.get("/checkpoint", which=1, context=old)
        check(f"{name} is not spoken", False)
    except (OSError, ssl.SSLError, http.client.HTTPException):
        check(f"{name} is not spoken", True)
with socket.create_connection(("127.0.0.1", port)) as plain:
    plain.settimeout(PATIENCE)
    plain.sendall(b"GET /checkpoint HTTP/1.0\r\n\r\n")
    try:
        said = plain.recv(4096)
    except OSError:
        said = b""
    check("plain HTTP is not answered there", b"200" not in said, said)
renewed = certificate("renewed")
server.send(signal.SIGHUP)
check("SIGHUP takes new certificates", server.event("reloaded"), server.said())
check("for new connections", server.get("/checkpoint", which=1, context=renewed).status == 200)
try:
    server.get("/checkpoint", which=1, context=first)
    check("the old ones are gone", False)
except (OSError, ssl.SSLError):
    check("the old ones are gone", True)
write("tls.pem", "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
said = len(server.lines)
server.send(signal.SIGHUP)
check("certificates that are none are refused", server.event("reload-failed", said), server.said())
check("and the old ones stay", server.get("/checkpoint", which=1, context=renewed).status == 200)
check("it ends", server.stop() == 0, server.said())
run = accord("serve", "config")
check("with such certificates it does not start", run.status != 0 and "tls" in run.err.lower(), run)
finish()
