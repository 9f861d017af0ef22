"""accord serve as the years go by: restarts, reloads, a second server on the same directory, signals, what a full or a
read-only disk does."""

from serving import *
import resource

vkey = new_log()

# restarts keep everything
config()
server = Server()
check("entries", [server.index(b"entry %d" % i) for i in range(300)] == list(range(300)))
check("a graceful stop ends with 0", server.stop() == 0, server.said())
size = int(read("log/checkpoint").split(b"\n")[1])
check("what was acknowledged is published by then", size == 300, size)
config("interval 1h", interval=None)
server = Server()
check("after a restart an entry has its index still", server.index(b"entry 7") == 7)
check("and a new one the next", server.index(b"entry 300") == 300)
until(lambda: server.size() == 301, 3)
before = server.index(b"entry 301")
check("what waits for its interval", server.size() < 302 and server.stop() == 0, server.said())
check("is published by the stop", int(read("log/checkpoint").split(b"\n")[1]) == before + 1)
server = Server()
server.index(b"entry 302")
server.stop(signal.SIGKILL)
server = Server()
check("what was acknowledged outlives SIGKILL", server.index(b"entry 302") == 302)
check("and is published by the next server", server.published(303), server.said())

# the second server
second = Server(ready=False)
check("a second server on one directory is refused", second.process.wait(20) == 3, second.process.returncode)
second.reader.join(5)
check("because of the lock", "another process holds the lock" in second.said(), second.said())
check("the first is undisturbed", server.index(b"entry 303") == 303)
check("and ends well", server.stop() == 0)

# reload
config("interval 50ms", interval=None)
server = Server()
config("interval 50ms", interval=None, accept="accept statements")
server.send(signal.SIGHUP)
check("SIGHUP: accept statements, in a log that has none", server.event("reloaded"), server.said())
answer = until(lambda: (lambda a: a if a.status != 200 else None)(server.add(b"entry 400")))
check("takes nothing from nobody", answer and answer.status in (400, 403, 503), f"{answer}\n{server.said()}")
config("interval 50ms", interval=None)
said = len(server.lines)
server.send(signal.SIGHUP)
check("and back", server.event("reloaded", said) and until(lambda: server.add(b"entry 400").status == 200), server.said())
for name, text in {"a keyword that there is not": "tea yes", "a policy that is absent": "policy absent"}.items():
    config("interval 50ms", text, interval=None)
    said = len(server.lines)
    server.send(signal.SIGHUP)
    line = server.event("reload-failed", said)
    check(f"{name} is refused", line and ("tea" in line or "absent" in line), server.said())
    check("and all stays as it is", server.add(b"entry 400").status == 200)
config("interval 50ms", "dedup off", "connections 5", interval=None, listen="listen 127.0.0.1:1")
said = len(server.lines)
server.send(signal.SIGHUP)
check("what needs a restart is named", "keywords=listen,dedup,connections" in (server.event("reload-needs-restart", said) or ""),
      server.said())
check("and the rest goes on", server.add(b"entry 401").status == 200)
write("other.policy", "quorum none\n")
config("interval 50ms", "policy other.policy", interval=None)
said = len(server.lines)
server.send(signal.SIGHUP)
check("a policy that does not know the log is refused", server.event("reload-failed", said), server.said())
witness = must(accord("key", "new", "--for", "witness", "w.example/w", "-o", "w.key")).out.strip()
write("policy", f"log {vkey}\nwitness w1 {witness} http://127.0.0.1:1/\nquorum w1\n")
config("interval 50ms", "policy policy", "witness-timeout 1s", interval=None)
said = len(server.lines)
server.send(signal.SIGHUP)
check("a policy whose witness is dead", server.event("reloaded", said), server.said())
size = server.size()
server.index(b"unwitnessed")
check("is asked for its cosignature", until(lambda: (server.metric('accord_log_witness_answers_total{witness="w1",outcome="failed"}') or 0) > 0),
      server.get("/metrics").text)
check("and nothing is published without it", until(lambda: server.metric("accord_log_unpublished_seconds") > 0) and server.size() <= size,
      server.get("/metrics").text)
check("reads go on", server.get("/tile/0/000").status == 200)
begun = time.monotonic()
server.send(signal.SIGTERM)
server.event("stopping")
server.send(signal.SIGTERM)
check("a second SIGTERM waits for nobody", server.process.wait(20) == 0 and time.monotonic() - begun < 5, server.said())
server.kill()
config("policy policy", "witness-timeout 1s", "without-quorum publish 1s")
server = Server()
check("with a fallback it is published in the end", server.published(server.index(b"unwitnessed") + 1), server.said())
check("which is said", server.event("published-without-quorum"), server.said())
server.kill()

# wrong configurations
for name, text, says in [("no log", "listen 127.0.0.1:0\n", "log"), ("nowhere to listen", "log log log.key\n", "listen"),
                         ("a key that is absent", "listen :0\nlog log absent.key\n", "absent.key"),
                         ("a log that is absent", "listen :0\nlog absent log.key\n", "absent"),
                         ("another log's key", "listen :0\nlog log w.key\n", "w.key"),
                         ("a mailbox for a log of anything", "listen :0\nlog log log.key\naccept any\nmailbox box\n", "statements"),
                         ("a role that is none", "listen :0\nlog log log.key\npostbox box\n", "line 3: postbox"),
                         ("a file twice", "listen :0\nlog log log.key\nlog log log.key\n", "line 3"),
                         ("no certificates", "listen :0 tls\nlog log log.key\n", "tls")]:
    write("wrong", text)
    run = accord("serve", "wrong")
    check(f"{name} is refused", run.status in (1, 3) and re.search(says, run.err), run)
run = accord("serve", "--check", "wrong")
expect("and so by --check", run, 1, "tls")
expect("a configuration that is absent", accord("serve", "absent.conf"), 3, "absent.conf")
with socket.socket() as taken:
    taken.bind(("127.0.0.1", 0))
    taken.listen()
    config(listen=f"listen 127.0.0.1:{taken.getsockname()[1]}")
    run = accord("serve", "config")
    expect("an address that is taken", run, 3, "in use")

# a disk that is full, by the limit of a file's size
shutil.rmtree(DIR / "log")
must(accord("log", "new", "log", "--key", "log.key"))
config()
server = Server(preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
check("a log with room", server.index(b"small") == 0 and server.published(1))
resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (256 * 1024, resource.RLIM_INFINITY))
big = [b"%d" % i + os.urandom(60000) for i in range(12)]
answers = [server.add(entry) for entry in big]
full = [answer for answer in answers if answer.status == 503]
check("a full disk: 503 with Retry-After", full and all("retry-after" in answer.headers for answer in full),
      "\n".join(str(answer) for answer in answers))
acknowledged = {int(answer.text): entry for answer, entry in zip(answers, big) if answer.status == 200}
check("reads go on", server.get("/checkpoint").status == 200)
check("and it is not healthy, or takes what is small", server.get("/healthz").status in (200, 503))
resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
check("with room again it takes entries, without a restart",
      until(lambda: all(server.add(entry).status == 200 for entry in big), 30), server.said())
check("it is healthy again", until(lambda: server.get("/healthz").status == 200), server.get("/healthz"))
check("what was acknowledged kept its index", all(server.index(entry) == index for index, entry in acknowledged.items()))
check("all of it is published", server.published(13) and server.stop() == 0, server.said())
expect("and the log checks", accord("log", "check", "log", "--vkey", vkey), 0, "all 13 entries")
finish()
