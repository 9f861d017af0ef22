"""accord serve as a witness (C2SP tlog-witness): every status code, in the order in which faults are told; what monitors
read; known logs from the config, lists and a roster, that come and go with SIGHUP; forks that race; what outlives
SIGKILL."""

import base64
import hashlib
import threading

from serving import *

ADD = "/w/add-checkpoint"


def key(purpose, name, file):
    return must(accord("key", "new", "--for", purpose, name, "-o", file)).out.strip()


def log(name, file):
    """A log and its key; its vkey."""
    vkey = key("log", name, file + ".key")
    must(accord("log", "new", file, "--key", file + ".key"))
    return vkey


def grow(file, *entries, of=None):
    for entry in entries:
        write("entry", entry)
        must(accord("log", "add", file, "--key", (of or file) + ".key", "entry"))


def request(file, old, of=None):
    return must(accord("log", "request", file, "--key", (of or file) + ".key", "--old", old)).bytes


def monitored(origin):
    return "/w/" + hashlib.sha256(origin.encode()).hexdigest() + "/checkpoint"


def signature_line(body):
    """The last line of a request: the log's signature."""
    return body.rstrip(b"\n").rsplit(b"\n", 1)[1] + b"\n"


def config(*lines, witness=("witness w.key w.state /w",)):
    return write("config", "\n".join(("listen 127.0.0.1:0", *witness, *lines)) + "\n")


one = log("one.example/log", "one")
two = log("two.example/log", "two")
witness = key("witness", "watch.example/w", "w.key")
config(f"known-log {one}")
server = Server()
check("it says what it is", re.search(r"event=ready .*witness-keys=1 mirror-keys=0 known-logs=1", server.said()),
      server.said())
check("its key can be read there", witness in server.get("/w/").text and witness in server.get("/w").text)

# the first checkpoints
empty = request("one", 0)
answer = server.get(monitored("one.example/log"))
check("a log that it never cosigned: 404", answer.status == 404, answer)
answer = server.ask("POST", ADD, empty)
check("the empty tree", answer.status == 200 and answer.text.startswith("\u2014 watch.example/w "), answer)
grow("one", b"a", b"b", b"c")
first = request("one", 0)
answer = server.ask("POST", ADD, first)
check("the first tree", answer.status == 200, answer)
check("one signature line of the witness", re.fullmatch("\u2014 watch[.]example/w [A-Za-z0-9+/=]+\n", answer.text), answer)
line = answer.body
write("policy", f"log {one}\nwitness w {witness}\nquorum w\n")
write("response", line)
expect("the cosignature verifies", accord("log", "publish", "one", "--key", "one.key", "--policy", "policy",
                                          "--cosignatures", "response"), 0)
answer = server.get(monitored("one.example/log"))
check("a monitor reads the checkpoint, with the log's signature and that cosignature",
      answer.status == 200 and answer.body == first.split(b"\n\n", 1)[1] + line, answer)
check("which is not to be cached", answer.headers["cache-control"] == "no-cache", answer.headers)
check("HEAD, too", server.ask("HEAD", monitored("one.example/log")).status == 200)

# conflicts
answer = server.ask("POST", ADD, first)
check("another old size: 409", answer.status == 409, answer)
check("with the size that was seen last", answer.body == b"3\n", answer)
check("in its type", answer.headers["content-type"] == "text/x.tlog.size", answer.headers)
answer = server.ask("POST", ADD, request("one", 3))
check("the same tree again", answer.status == 200, answer)
grow("one", b"d", b"e")
grown = request("one", 3)
head, note = grown.split(b"\n\n", 1)

# what is wrong, from the request alone to what was seen
bad_proof = head.replace(head.split(b"\n")[1][:8], b"AAAAAAAA") + b"\n\n" + note
wrong = note.replace(b"AAAA", b"BBBB") if b"AAAA" in note else note[:-6] + (b"AAAA=\n" if note[-6:] != b"AAAA=\n" else b"BBBB=\n")
stranger = request("two", 0)
cases = [
    ("nothing", b"", 400),
    ("no old line", note, 400),
    ("an old size with a zero before it", b"old 03" + grown[5:], 400),
    ("an old size that is negative", b"old -3" + grown[5:], 400),
    ("a proof line that is not base64", b"old 3\nx\n\n" + note, 400),
    ("64 proof lines", b"old 3\n" + 64 * (base64.b64encode(bytes(32)) + b"\n") + b"\n" + note, 400),
    ("a checkpoint that is none", b"old 3\n\nx\n", 400),
    ("carriage returns", grown.replace(b"\n", b"\r\n"), 400),
    ("a byte after the end", grown + b"x", 400),
    ("an unknown log", stranger, 404),
    ("an unknown log, whose old size is too large as well", b"old 9\n" + stranger.split(b"\n", 1)[1], 404),
    ("a log's text under another key", head + b"\n\n" + note.rsplit(b"\n\n", 1)[0] + b"\n\n" +
     signature_line(stranger).replace(b"two.example", b"one.example"), 403),
    ("a wrong signature", head + b"\n\n" + wrong, 403),
    ("a wrong signature, and an old size that is too large", b"old 9\n\n" + wrong, 403),
    ("an old size that is larger than the tree", b"old 6\n\n" + note, 400),
    ("an old size that was not seen", b"old 4\n" + grown.split(b"\n", 1)[1], 409),
    ("an old size that was not seen, and a bad proof", b"old 2\n" + bad_proof.split(b"\n", 1)[1], 409),
    ("a bad proof", bad_proof, 422),
    ("no proof", b"old 3\n\n" + note, 422),
    ("a proof line too many", head + b"\n" + base64.b64encode(bytes(32)) + b"\n\n" + note, 422),
]
for name, body, status in cases:
    answer = server.ask("POST", ADD, body)
    check(f"{name}: {status}", answer.status == status, answer)
    check("says why" if status != 409 else "says the size",
          answer.body.endswith(b"\n") and (len(answer.body) > 15 if status != 409 else answer.body == b"3\n"), answer)
answer = server.ask("POST", ADD, grown.rstrip(b"\n") + b"\n" + signature_line(stranger))
check("signatures of strangers are ignored", answer.status == 200, answer)
check("and not shown to monitors", b"two.example" not in server.get(monitored("one.example/log")).body)
check("too large: 413", server.ask("POST", ADD, bytes(200000)).status == 413)
for method, path, status in (("GET", ADD, 405), ("POST", monitored("one.example/log"), 405), ("GET", "/w/x", 404),
                             ("GET", "/w/" + 64 * "A" + "/checkpoint", 404), ("GET", "/wx", 404), ("GET", "/", 404),
                             ("GET", "/checkpoint", 404), ("POST", "/add", 404)):
    answer = server.ask(method, path, b"x" if method == "POST" else None)
    check(f"{method} {path[:20]}: {status}", answer.status == status, answer)
check("keep-alive: many on one connection", (lambda connection: [
    connection.request("POST", ADD, request("one", 5)) or Answer(connection.getresponse()).status for _ in range(3)
])(server.connection()) == [200, 200, 200])

# what is counted
for outcome, least in {"cosigned": 5, "malformed": 5, "unsigned": 3, "unknown_log": 2, "conflict": 3, "refused": 3}.items():
    value = server.metric(f'accord_witness_requests_total{{outcome="{outcome}"}}')
    check(f"/metrics counts {outcome}", value >= least, value)
check("and nothing of a log", "accord_log_size" not in server.get("/metrics").text)
check("/healthz", server.get("/healthz").status == 200)

# forks that race: a tree of 6, in 16 forms
grow("one", b"f")
must(accord("log", "publish", "one", "--key", "one.key"))
forks = []
for i in range(16):
    shutil.copytree(DIR / "one", DIR / f"fork{i}")
    grow(f"fork{i}", b"fork %d" % i, of="one")
    forks.append(request(f"fork{i}", 5, of="one"))
answers = [None] * 16


def race(i):
    answers[i] = server.ask("POST", ADD, forks[i])


threads = [threading.Thread(target=race, args=(i,)) for i in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
statuses = sorted(answer.status for answer in answers)
check("16 forks of one log are raced: exactly one wins", statuses == [200] + 15 * [409], statuses)
winner = next(i for i in range(16) if answers[i].status == 200)
for i in (winner, (winner + 1) % 16):
    answer = server.ask("POST", ADD, request(f"fork{i}", 7, of="one"))
    check("the winner goes on" if i == winner else "the others never again", answer.status == (200 if i == winner else 422), answer)

# known logs come and go
config(f"known-log {one}", f"known-log {two}")
server.send(signal.SIGHUP)
check("SIGHUP", server.event("reloaded"), server.said())
check("a log is known now", server.ask("POST", ADD, stranger).status == 200)
write("logs", f"# a list\nlog {two}\n")
config("known-logs logs")
said = len(server.lines)
server.send(signal.SIGHUP)
check("SIGHUP again, with a list", server.event("reloaded", said), server.said())
check("another is known no more", until(lambda: server.ask("POST", ADD, request(f"fork{winner}", 7, of="one")).status == 404))
check("but what was seen of it", server.ask("POST", ADD, request("two", 0)).status == 200)
write("logs", f"log {two}\nlog nonsense\n")
said = len(server.lines)
server.send(signal.SIGHUP)
line = server.event("reload-failed", said)
check("a list with a mistake changes nothing, and the line is told", line and "logs" in line and "line 2" in line, line)
check("so the other is known still", server.ask("POST", ADD, request("two", 0)).status == 200)
write("logs", f"logs/v0\n\nvkey {one}\nqpd 86400\ncontact somebody\n\nvkey {two}\n")
said = len(server.lines)
server.send(signal.SIGHUP)
check("a list as the witness network writes it", server.event("reloaded", said), server.said())
check("all of it", server.metric("accord_known_logs") == 2)

# killed
grow(f"fork{winner}", b"more", of="one")
answer = server.ask("POST", ADD, request(f"fork{winner}", 7, of="one"))
check("a tree of 8", answer.status == 200, answer)
server.stop(signal.SIGKILL)
server = Server()
answer = server.ask("POST", ADD, request(f"fork{winner}", 7, of="one"))
check("what was cosigned outlives SIGKILL", answer.status == 409 and answer.body == b"8\n", answer)
second = Server(ready=False)
check("a second server on one state is refused", second.process.wait(20) == 3, second.said())
check("a graceful stop ends with 0", server.stop() == 0, server.said())

# a key whose process is gone
server = Server()
keeper = int(pathlib.Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text())
os.kill(keeper, signal.SIGKILL)
answer = server.ask("POST", ADD, request(f"fork{winner}", 8, of="one"))
check("a key whose process was killed signs nothing: 503", answer.status == 503 and "keeps the key" in answer.text, answer)
answer = server.ask("POST", ADD, request(f"fork{winner}", 7, of="one"))
check("what needs no key is answered", answer.status == 409, answer)
check("/healthz goes on saying that something is wrong", server.get("/healthz").status == 503)
check("it is said once", sum("event=witness-failing" in line for line in server.lines) == 1, server.said())
check("it ends", server.stop() == 0)

# a backup that is put back
server = Server()
check("its key is in a process of its own", "accord-keeper" in (pathlib.Path("/proc") / pathlib.Path(
    f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()[0] / "comm").read_text())
shutil.copy(DIR / "w.state", DIR / "backup")
grow(f"fork{winner}", b"after the backup", of="one")
body = request(f"fork{winner}", 8, of="one")
check("a tree of 9", server.ask("POST", ADD, body).status == 200)
seen = server.get(monitored("one.example/log")).body
check("it ends", server.stop() == 0)
shutil.copy(DIR / "backup", DIR / "w.state")
run = accord("serve", "config")
check("a state from a backup is refused", run.status == 3 and "accord witness restore" in run.err and "lacks" in run.err, run)
expect("the command that is named explains", accord("witness", "restore", "--state", "w.state"), 1, "--checkpoint")
write("seen", seen)
write("strange", seen.replace(b"watch.example", b"other.example"))
expect("a checkpoint without its cosignature is refused", accord("witness", "restore", "--state", "w.state", "--checkpoint",
                                                                 "strange", "--confirm"), 1, "cosignature")
run = accord("witness", "restore", "--state", "w.state", "--checkpoint", "seen", "--json")
check("its memory is raised", run.status == 1 and run.json()["raised"][0]["size"] == 9, run)
check("which confirms nothing yet", accord("serve", "config").status == 3)
expect("and the operator confirms", accord("witness", "restore", "--state", "w.state", "--confirm"), 0, "used from here on")
server = Server()
answer = server.ask("POST", ADD, body)
check("so it knows what it cosigned", answer.status == 409 and answer.body == b"9\n", answer)
check("it ends", server.stop() == 0)
shutil.copy(DIR / "backup", DIR / "w.state")
must(accord("witness", "restore", "--state", "w.state", "--confirm"))
server = Server()
answer = server.ask("POST", ADD, b"old 8\n\n" + seen)
check("confirmed though it was not so: a cosignature of its own shows it", answer.status == 503, answer)
check("and from then on it cosigns nothing", server.ask("POST", ADD, request("two", 0)).status == 503)
check("/healthz says so", server.get("/healthz").status == 503)
check("it ends", server.stop() == 0)
check("also after a restart", accord("serve", "config").status == 3)
shutil.copy(DIR / "backup", DIR / "w.state")
must(accord("witness", "restore", "--state", "w.state", "--confirm"))
(DIR / "shown").mkdir()
write("shown/checkpoint", seen)
web = subprocess.Popen([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", DIR / "shown", "0"],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
atexit.register(web.kill)
port = re.search(rb"port (\d+)", web.stdout.readline()).group(1).decode()
kept = read("config")
config(f"known-log {one} http://127.0.0.1:{port}/")
server = Server(ready=False)
check("what the log shows at its start is looked at, too", server.event("witness-failing"), server.said())
server.stop()
web.kill()
write("config", kept)
must(accord("witness", "restore", "--state", "w.state", "--checkpoint", "seen", "--confirm"))

# several keys: one witness, or several
key("witness", "watch.example/w", "v.key")
key("witness", "other.example/w", "o.key")
config("known-logs logs", witness=("witness w.key w.state /w", "witness v.key w.state /w", "witness o.key w.state /other"))
server = Server()
grow(f"fork{winner}", b"and more", of="one")
body = request(f"fork{winner}", 9, of="one")
answer = server.ask("POST", ADD, body)
check("two keys under one prefix: two lines, and a new key has the witness's memory",
      answer.status == 200 and answer.text.count("\n") == 2 and answer.text.count("\u2014 watch.example/w ") == 2, answer)
shown = server.get(monitored("one.example/log"))
check("monitors see both", shown.body == body.split(b"\n\n", 1)[1] + answer.body, shown)
answer = server.ask("POST", "/other/add-checkpoint", body)
check("another witness has seen nothing", answer.status == 409 and answer.body == b"0\n", answer)
answer = server.ask("POST", "/other/add-checkpoint", request(f"fork{winner}", 0, of="one"))
check("and cosigns for itself", answer.status == 200 and answer.text.startswith("\u2014 other.example/w "), answer)
check("it ends", server.stop() == 0, server.said())

# a key of each kind, where this machine has ML-DSA-44
post = accord("key", "new", "--for", "witness", "--mldsa44", "watch.example/w", "-o", "m.key")
if post.status == 0:
    config("known-logs logs", witness=("witness w.key w.state /w", "witness m.key w.state /w"))
    server = Server()
    grow(f"fork{winner}", b"for both kinds", of="one")
    body = request(f"fork{winner}", 10, of="one")
    answer = server.ask("POST", ADD, body)
    check("Ed25519 and ML-DSA-44 cosign together", answer.status == 200 and answer.text.count("\n") == 2, answer)
    write("policy", f"log {one}\nwitness w {witness}\nwitness m {post.out.strip()}\ngroup g all w m\nquorum g\n")
    write("response", answer.body)
    expect("and both verify", accord("log", "publish", f"fork{winner}", "--key", "one.key", "--policy", "policy",
                                     "--cosignatures", "response"), 0)
    shown = server.get(monitored("one.example/log")).body
    check("monitors are shown the very cosignatures that it let out", shown.endswith(answer.body), shown)
    root = shown.split(b"\n")[2]
    answer = server.ask("POST", "/w/sign-subtree", b"subtree 0 11\n" + root + b"\n\n" + shown)
    check("sign-subtree: the whole tree", answer.status == 200 and answer.text.count("\n") == 1 and
          answer.text.startswith("\u2014 watch.example/w "), answer)
    zero = base64.b64decode(answer.text.split(" ")[2])[4:12]
    check("without a time", zero == bytes(8), zero)
    for name, path, status in (("a range that is no subtree", b"subtree 1 11\n" + root + b"\n\n" + shown, 400),
                               ("a hash that is another", b"subtree 0 8\n" + root + b"\n\n" + shown, 422),
                               ("a checkpoint that is not ours", b"subtree 0 11\n" + root + b"\n\n" +
                                body.split(b"\n\n", 1)[1], 403)):
        answer = server.ask("POST", "/w/sign-subtree", path)
        check(f"{name}: {status}", answer.status == status, answer)
    check("GET is none of its methods", server.ask("GET", "/w/sign-subtree").status == 405)
    check("it ends", server.stop() == 0, server.said())
    shutil.copy(DIR / "w.state", DIR / "backup")
    server = Server()
    grow(f"fork{winner}", b"for both kinds again", of="one")
    check("a tree of 12", server.ask("POST", ADD, request(f"fork{winner}", 11, of="one")).status == 200)
    shown = server.get(monitored("one.example/log")).body
    root = shown.split(b"\n")[2]
    check("it ends", server.stop() == 0)
    shutil.copy(DIR / "w.state", DIR / "newest")
    shutil.copy(DIR / "backup", DIR / "w.state")
    must(accord("witness", "restore", "--state", "w.state", "--confirm"))
    server = Server()
    answer = server.ask("POST", "/w/sign-subtree", b"subtree 0 12\n" + root + b"\n\n" + shown)
    check("sign-subtree of what it cosigned and does not remember: 503", answer.status == 503, answer)
    check("and from then on it cosigns nothing", server.ask("POST", ADD, request("two", 0)).status == 503)
    check("it ends", server.stop() == 0)
    shutil.copy(DIR / "newest", DIR / "w.state")
    must(accord("witness", "restore", "--state", "w.state", "--confirm"))
else:
    expect("without ML-DSA-44 on this machine, its keys are refused", post, 3, "library")

# a roster's logs
write("members.tsv", "A\ta.example\tUS\nB\tb.example\tFI\n")
must(accord("init", "accord", "--name", "roster.example", "--members", "members.tsv", "--demo-keys", "keys"))
must(accord("trust", "pin", "accord", "-o", "trust"))
config("known-accord trust")
server = Server()
check("a witness knows the logs of its accord's roster", server.metric("accord_known_logs") >= 1)
origin = read("accord/public/checkpoint").split(b"\n")[0].decode()
note = read("accord/public/checkpoint")
answer = server.ask("POST", ADD, b"old 0\n\n" + note)
check("and cosigns them", answer.status == 200, answer)
check("it ends", server.stop() == 0, server.said())

# what cannot be
key("log", "log.example", "log.key")
for name, lines, says in (
        ("a log's key", ("witness log.key w.state /w",), "a key that was made --for witness"),
        ("a key twice", ("witness w.key w.state /w", "witness copy.key w.state /v"), "each key once"),
        ("a key that is absent", ("witness absent.key w.state /w",), "absent.key"),
        ("a list that is absent", ("witness w.key w.state /w", "known-logs absent"), "absent"),
        ("a trust file that is none", ("witness w.key w.state /w", "known-accord policy"), "policy"),
        ("a state that is something else", ("witness w.key policy /w",), "policy")):
    shutil.copy(DIR / "w.key", DIR / "copy.key")
    config(witness=lines)
    run = accord("serve", "config")
    check(f"{name} is refused", run.status in (1, 2, 3) and says in run.err, run)

finish()
