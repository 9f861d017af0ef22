"""accord log mirror: a copy of a log that is the log, whatever happens in between; and what does not belong to it is
refused, named, and changes nothing. Of a URL and of a directory."""

import gzip
import random
import signal

from remote import *

VKEY = new_log()
web = Web("log")


def mirror(*options, url=None, to="copy", vkey=VKEY):
    return accord("log", "mirror", url or web.url, to, *(["--vkey", vkey] if vkey else []), *options)


def files(name):
    """Every public file of a directory."""
    base = DIR / name
    return {str(path.relative_to(base)): path.read_bytes() for path in base.rglob("*")
            if path.is_file() and ".accord" not in path.parts}


def full(name):
    """The files that do not depend on how the log grew: a log may keep forms of its last tiles from before."""
    return {path: data for path, data in files(name).items() if ".p/" not in path}


def is_copy(name="copy", of="log"):
    return full(name) == full(of) and files(name).items() <= files(of).items()


def state(name="copy"):
    return {str(path.relative_to(DIR / name)): path.read_bytes() for path in (DIR / name).rglob("*") if path.is_file()}


def grow(first, end, name="log", key="log.key"):
    fill(*(b"entry %d" % i for i in range(first, end)), name=name, key=key)


# Copying
run = mirror()
expect("an empty log", run, 0, "holds all 0 entries of remote.example/log")
check("is a copy", is_copy(), sorted(files("copy")))
for first, end in ((0, 1), (1, 255), (255, 256), (256, 257), (257, 3000)):
    grow(first, end)
    expect(f"grown to {end}", mirror(), 0, f"holds all {end} entries of remote.example/log, {end - first} of them new")
    check("is a copy", is_copy(), sorted(files("copy")))
run = mirror("--json")
check("nothing new is said so",
      run.json() == {"ok": True, "origin": "remote.example/log", "size": 3000, "held": 3000, "new": 0,
                     "root": run.json()["root"], "changed": False, "cosigned": False, "stopped": False, "reports": 0,
                     "reports_missing": 0}, run)
expect("of a directory", mirror(url="log", to="other"), 0, "3000 of them new")
check("is the same", files("other") == files("copy"))
expect("it checks", accord("log", "check", "copy", "--vkey", VKEY), 0, "all 3000 entries")
run = accord("log", "follow", "copy", "--vkey", VKEY, "--once", "--from", "2999")
check("it can be followed", run.status == 0 and json.loads(run.out)["entry"] == "entry 2999", run)
must(accord("log", "prove", "copy", "1234", "-o", "proof"))
write("policy", f"log {VKEY}\nquorum none\n")
expect("what it proves verifies", accord("proof", "verify", "proof", "--entry", write("entry", "entry 1234"),
                                         "--policy", "policy"), 0)
copies = Web("copy")
expect("a web server gives it out", accord("log", "check", copies.url, "--vkey", VKEY), 0, "all 3000 entries")
expect("and it can be mirrored again", mirror(url=copies.url, to="second"), 0, "3000 of them new")
check("as it is", files("second") == files("copy"))
check("nothing in it is secret: only a lock", [path for path in state() if path.startswith(".accord")] == [".accord/lock"], sorted(state()))

# Who must have signed
for options in ([], ["--vkey", VKEY, "--policy", "policy"], ["--policy", "policy", "--trust", "x"]):
    expect(f"wrong usage: {' '.join(options)[:30]}", mirror(*options, vkey=None), 2, "one of --vkey, --policy and --trust")
expect("a policy", mirror("--policy", "policy", vkey=None), 0, "nothing new")
stranger = must(accord("key", "new", "--for", "log", "remote.example/log", "-o", "stranger.key")).out.strip()
expect("another key", mirror(vkey=stranger, to="none"), 1, "no key that is known here")
check("nothing is made of it", not files("none"))
other = must(accord("key", "new", "--for", "log", "other.example/log", "-o", "other.key")).out.strip()
expect("another log's key", mirror(vkey=other, to="none"), 1, "expected other.example/log, found remote.example/log")
expect("not a key", mirror(vkey="x"), 1, "--vkey")
new_accord()
must(release(write("image.bin", "image")))
expect("an accord, by its trust file", mirror("--trust", "accord.trust", vkey=None, url="accord", to="members"), 0, "3 of them new")
before = state("members")
must(accord("log", "add", "accord/public", "-", stdin=b"more"))
must(publish("cisco.com"))
expect("without the quorum", mirror("--trust", "accord.trust", vkey=None, url="accord", to="members"), 1, "too few witnesses")
check("nothing changes", state("members") == before)
expect("into a log that is written to", mirror(to="accord/public"), 3, "a log that is written to here")
write("full/file", "x") if (DIR / "full").mkdir() is None else None
expect("into a directory of something else", mirror(to="full"), 3, "an empty directory")
expect("into another log's copy", mirror(to="members"), 1, "found remote.example/log")

# Cosigning
mirror_vkey = must(accord("key", "new", "--for", "witness", "mirror.example/m", "-o", "mirror.key")).out.strip()
run = mirror("--key", "mirror.key", "--json")
check("with a key it is cosigned", run.status == 0 and run.json()["changed"] and run.json()["cosigned"], run)
write("mirrored", f"log {VKEY}\nwitness m {mirror_vkey}\nquorum m\n")
must(accord("log", "prove", "copy", "17", "-o", "proof"))
expect("and the cosignature counts", accord("proof", "verify", "proof", "--entry", write("entry", "entry 17"), "--policy", "mirrored"), 0)
check("the log's own checkpoint is the rest of it", read("copy/checkpoint").startswith(read("log/checkpoint")))
expect("once", mirror("--key", "mirror.key"), 0, "nothing new")
expect("a log's key cosigns nothing", mirror("--key", "log.key"), 1, "witness's key")
expect("no key", mirror("--key", "nothing.key"), 3, "nothing.key")

# Interrupted
shutil.rmtree(DIR / "copy")
slow = threading.Event()
web.misbehave("/tile/entries/007", lambda handler: (slow.wait(30), handler.reply(404)))


class Running:
    def __init__(self, *options, to="copy"):
        self.process = subprocess.Popen([ACCORD, "log", "mirror", web.url, to, "--vkey", VKEY, *options], cwd=DIR,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        atexit.register(self.process.kill)

    def until(self, name, seconds=20):
        end = time.monotonic() + seconds
        while not (DIR / name).exists() and time.monotonic() < end:
            time.sleep(0.01)
        return (DIR / name).exists()

    def end(self, number, seconds=20):
        self.process.send_signal(number)
        return self.process.wait(seconds)


running = Running("--json")
check("what is whole is there before the rest", running.until("copy/tile/entries/006"), sorted(files("copy")))
expect("another one waits for nobody", mirror(), 3, "another process holds the lock")
running.process.send_signal(signal.SIGINT)
time.sleep(0.3)
slow.set()
out = json.loads(running.process.communicate(timeout=20)[0])
check("SIGINT ends it", running.process.returncode == 3 and not out["ok"], out)
check("nothing is published", not (DIR / "copy" / "checkpoint").exists())
web.misbehave("", None)
web.paths.clear()
expect("the next run goes on", mirror(), 0, f"{3000 - 7 * 256} of them new")
check("and asks for nothing twice", not any(f"/tile/entries/00{i}" in web.paths for i in range(7)), web.paths)
check("it is a copy", is_copy())
shutil.rmtree(DIR / "copy")
web.misbehave("/tile/entries/003", lambda handler: (time.sleep(20), handler.reply(404)))
running = Running()
check("(it has begun)", running.until("copy/tile/entries/002"))
running.process.send_signal(signal.SIGINT)
time.sleep(0.3)
check("a second signal waits for nothing", running.end(signal.SIGINT, 5) == -signal.SIGINT)
web.misbehave("", None)
expect("the next run goes on", mirror(), 0, f"{3000 - 3 * 256} of them new")

# Killed, at any time
grow(3000, 30000)
random.seed(20180417)
for number in range(20):
    if number % 5 == 0:
        shutil.rmtree(DIR / "copy", True)
    running = Running()
    time.sleep(random.uniform(0.005, 0.25))
    running.end(signal.SIGKILL)
    held = read("copy/checkpoint").split(b"\n")[1] if (DIR / "copy" / "checkpoint").exists() else b"0"
    if held not in (b"0", b"30000"):
        check(f"kill {number}: what is published is a whole tree", False, held)
    if held == b"30000" and accord("log", "check", "copy", "--vkey", VKEY).status != 0:
        check(f"kill {number}: what is published is there", False)
expect("after 20 kills it goes on", mirror(), 0, "holds all 30000 entries")
check("and is the log, byte for byte", is_copy())

# Logs that do not hold to it
before = files("copy")


def refused(name, options, status, says, log=None):
    expect(name, mirror(*options, url=log), status, says)
    check("what was published stays", files("copy")["checkpoint"] == before["checkpoint"])
    expect("and is whole", accord("log", "check", "copy", "--vkey", VKEY), 0)


def remake(name, entries):
    must(accord("log", "new", name, "--key", "log.key"))
    fill(*entries, name=name)


ENTRIES = [b"entry %d" % i for i in range(30000)]
remake("older", ENTRIES[:29000])
refused("a log that was set back", [], 1, "older version.*expected 30000, found 29000", "older")
remake("forked", ENTRIES[:20000] + [b"another"] + ENTRIES[20001:] + [b"entry 30000"])
refused("a log that forked", [], 1, "may have forked", "forked")
remake("same", ENTRIES[:20000] + [b"another"] + ENTRIES[20001:])
refused("of the same size too", [], 1, "may have forked", "same")
accepted, shown = read("copy/.accord/fork-accepted"), read("copy/.accord/fork-shown")
check("both signed checkpoints of the first are kept", accepted == read("copy/checkpoint") and shown == read("older/checkpoint"))
shutil.rmtree(DIR / "copy" / ".accord")
refused("where nothing was kept", [], 1, "fork-shown", "forked")
expect("they are evidence", accord("evidence", "make", "copy/.accord/fork-accepted", "copy/.accord/fork-shown", "--log",
                                   "forked", "-o", "fork.evidence"), 0)
expect("against the log", accord("evidence", "verify", "fork.evidence", "--vkey", VKEY), 0)

grow(30000, 33000)
web.misbehave("/tile/entries/120", lambda handler: handler.reply(200, b"\0\5wrong" * 256))
refused("entries that are not the log's", [], 1, "tile/entries/120: .*entries that the checkpoint's tree holds")
check("what came before them is there", accord("log", "mirror", "log", "copy", "--vkey", VKEY, "--json").json()["new"] == 33000 - 120 * 256)
grow(33000, 40000)
before = files("copy")
bad = {
    "too few entries": (lambda handler: handler.reply(200, b"\0\5wrong" * 255), 1, "tile/entries/150: .*as many whole entries"),
    "too many": (lambda handler: handler.reply(200, b"\0\5wrong" * 257), 1, "tile/entries/150: .*as many whole entries"),
    "a cut answer": (lambda handler: (handler.send_response(200), handler.send_header("Content-Length", "9000"), handler.end_headers(),
                                      handler.wfile.write(b"x" * 100), handler.hang_up()), 3, "tile/entries/150"),
    "no answer": (lambda handler: handler.hang_up(), 3, "tile/entries/150"),
    "another place": (lambda handler: handler.reply(301, Location="/"), 3, "redirects are not followed"),
    "an error": (lambda handler: handler.reply(500), 3, "HTTP status 500"),
    "nothing there": (lambda handler: handler.reply(404), 3, "tile/entries/150: it does not exist"),
}


def endless(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"10000\r\n" + b"\0" * 65536 + b"\r\n")
    except OSError:
        handler.hang_up()


bad["an endless answer"] = (endless, 1, "tile/entries/150: .*as many whole entries")
bad["one that unpacks to too much"] = (lambda handler: handler.reply(200, gzip.compress(bytes(32 << 20)), Content_Encoding="gzip"), 1,
                                       "tile/entries/150: .*as many whole entries")
for name, (fault, status, says) in bad.items():
    web.misbehave("/tile/entries/150", fault)
    refused(f"a bundle: {name}", [], status, says)
web.misbehave("/checkpoint", endless)
refused("an endless checkpoint", [], 1, "checkpoint: this is larger than accord accepts")
web.misbehave("/checkpoint", lambda handler: handler.reply(200, read("log/checkpoint") + b"\xe2\x80\x94 junk " + b"A" * 600_000))
refused("a huge one that is no note", [], 1, "checkpoint")
web.misbehave("/checkpoint", lambda handler: handler.reply(200, b"<html>"))
refused("a page", [], 3, "found a page")
web.misbehave("/tile/entries", lambda handler: handler.reply(200, gzip.compress((web.root / handler.path.lstrip("/")).read_bytes()),
                                                              Content_Encoding="gzip"))
expect("the log itself goes on, also with bundles that come packed", mirror(), 0, "holds all 40000 entries")
web.misbehave("", None)
check("and is a copy", is_copy())

# A terminal
shutil.rmtree(DIR / "copy")
web.misbehave("/tile/entries", lambda handler: (time.sleep(0.15), handler.reply(200, (web.root / handler.path.lstrip("/")).read_bytes())))
ends = terminal()
if ends:
    master, slave = ends
    done = subprocess.run([ACCORD, "log", "mirror", web.url, "copy", "--vkey", VKEY], stdout=subprocess.PIPE, stderr=slave, cwd=DIR)
    seen = os.read(master, 65536).decode()
    check("it says how far it is, and how fast", re.search(r"holds \d+ of 40000 entries, \d+/s", seen) and done.stdout == b"", seen[-500:])
    os.close(master), os.close(slave)
finish()
