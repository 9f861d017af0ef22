"""accord log follow: every entry once and in order, as it comes; on from where it stopped; and an end where the log shows
something else than it did before. Of a URL and of a directory."""

import base64
import hashlib
import signal

from remote import *

VKEY = new_log()
TEXTS = [b"one", "zwei ü".encode(), b"\x00\xff not text", b'"quoted"\nlines\n', b"with \x00 inside"]
fill(*TEXTS)
web = Web("log")


def follow(*options, url=None, vkey=VKEY):
    return accord("log", "follow", url or web.url, *(["--vkey", vkey] if vkey else []), *options)


def once(*options, **more):
    return follow("--once", *options, **more)


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


def indexes(run):
    return [line["index"] for line in lines(run.out)]


def state(name="state"):
    return dict(line.split(" ", 1) for line in read(name).decode().splitlines()[1:])


class Following:
    """accord log follow in the background; its lines as they come."""

    def __init__(self, *options, url=None):
        self.lines = []
        self.process = subprocess.Popen([ACCORD, "log", "follow", url or web.url, "--vkey", VKEY, *options], cwd=DIR,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        atexit.register(self.process.kill)

    def read(self):
        for line in self.process.stdout:
            if line.endswith(b"\n"): # the last one may be cut where it was killed
                self.lines.append(json.loads(line))

    def has(self, count, seconds=20):
        end = time.monotonic() + seconds
        while len(self.lines) < count and time.monotonic() < end and self.process.poll() is None:
            time.sleep(0.02)
        return len(self.lines) >= count

    def end(self, number=None, seconds=20):
        if number is not None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = f"still there after {seconds} s"
        self.reader.join(5)
        return status


# What a line says
run = once()
check("each entry is a line", run.status == 0 and indexes(run) == [0, 1, 2, 3, 4], run)
for number, (line, entry) in enumerate(zip(lines(run.out), TEXTS)):
    got = line["entry"].encode() if "entry" in line else base64.b64decode(line["entry_base64"])
    leaf = "sha256:" + hashlib.sha256(b"\0" + entry).hexdigest()
    check(f"entry {number} is as it was", got == entry and line["size"] == len(entry) and line["leaf"] == leaf, line)
check("bytes that are no text are base64", "entry_base64" in lines(run.out)[2] and "entry" in lines(run.out)[0], run)
check("the directory says the same", once(url="log").out == run.out)
loud = "rich \x9b31m text \x1b]0;title\x07 \u202e, a dash \u2014"  # as UTF-8, what a terminal obeys and what it turns round
must(accord("log", "new", "loud", "--key", "log.key"))
fill(loud.encode(), name="loud")
plain = once(url="loud")
check("control characters of UTF-8 are text for a pipe", lines(plain.out)[0]["entry"] == loud, plain)
ends = terminal()
if ends:
    master, slave = ends
    done = subprocess.run([ACCORD, "log", "follow", DIR / "loud", "--once", "--vkey", VKEY], stdout=slave, stderr=subprocess.PIPE, cwd=DIR)
    seen = os.read(master, 4096).strip()
    check("and escaped for a terminal", done.returncode == 0 and all(0x20 <= byte < 0x7f for byte in seen) and json.loads(seen)["entry"] == loud, seen)
    os.close(master), os.close(slave)
check("it may begin later", indexes(once("--from", 3)) == [3, 4])
check("or past the end", indexes(once("--from", 17)) == [])
run = once(vkey=None)
check("without a key it says that nobody's signature is asked for",
      run.status == 0 and "--vkey" in run.err and len(lines(run.out)) == 5, run)
new_accord()
must(release(write("image.bin", "image")))
must(accord("policy", "accord", "-o", "accord.policy"))
run = accord("log", "follow", "accord", "--once", "--policy", "accord.policy")
check("a statement is named by its kind", [line.get("statement") for line in lines(run.out)] == ["charter", "roster", "release"], run)
must(accord("log", "add", "accord/public", "-", stdin=b"more"))
must(publish("cisco.com"))
run = accord("log", "follow", "accord", "--once", "--policy", "accord.policy")
check("without its quorum nothing is believed", run.status == 1 and not run.out and "too few witnesses" in run.err, run)

for words, options in (("--vkey or --policy, not both", ["--policy", "accord.policy"]), ("--from", ["--from", "x"]),
                       ("--interval", ["--interval", "0"]), ("--interval", ["--interval", "x"])):
    expect(f"wrong usage: {' '.join(options)}", once(*options), 2, words)

# Going on
check("with a state, all of it at first", indexes(once("--state", "state")) == [0, 1, 2, 3, 4])
check("the state says where it is", state()["next"] == "5" and state()["origin"] == "remote.example/log", state())
check("and nothing the second time", indexes(once("--state", "state")) == [])
fill(*(b"entry %d" % i for i in range(5, 700)))
check("then what is new", indexes(once("--state", "state")) == list(range(5, 700)))
check("--from goes before the state", indexes(once("--state", "state", "--from", 690)) == list(range(690, 700)))

following = Following("--state", "live")
check("what is there comes at once", following.has(700), len(following.lines))
fill(b"entry 700", b"entry 701")
check("what is new comes as it comes", following.has(702), len(following.lines))
check("SIGTERM ends it well", following.end(signal.SIGTERM) == 0, following.process.stderr.read())
check("with its state", state("live")["next"] == "702")
following = Following("--state", "live")
fill(b"entry 702")
check("the next one goes on", following.has(1) and [line["index"] for line in following.lines] == [702], following.lines)
check("SIGINT ends it well too", following.end(signal.SIGINT) == 0)

# A crash
fill(*(b"entry %d" % i for i in range(703, 2000)))
slow = threading.Event()


def hold(handler):
    slow.wait(30)
    handler.reply(404)


web.misbehave("/tile/entries/006", hold)
following = Following("--state", "live")
check("killed in the middle", following.has(6 * 256 - 703 - 300) and following.end(signal.SIGKILL) == -signal.SIGKILL, len(following.lines))
slow.set()
web.misbehave("", None)
seen = {line["index"] for line in following.lines}
run = once("--state", "live")
check("it leaves nothing out", run.status == 0 and seen | set(indexes(run)) == set(range(703, 2000)), f"{run}"[:500])
check("and each run is in order", indexes(run) == list(range(indexes(run)[0], 2000)))

# Who reads it
following = Following("--interval", "1")
following.has(100)
done = subprocess.run(f"'{ACCORD}' log follow {web.url} --vkey {VKEY} | head -n 3", shell=True, cwd=DIR, capture_output=True, timeout=30)
check("it ends where nobody reads any more", done.stdout.count(b"\n") == 3 and done.stderr == b"", done)
following.end(signal.SIGTERM)
idle = subprocess.Popen([ACCORD, "log", "follow", web.url, "--vkey", VKEY, "--from", "2000"], cwd=DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
atexit.register(idle.kill)
time.sleep(0.5)
idle.stdout.close()
try:
    status = idle.wait(10)
except subprocess.TimeoutExpired:
    status = "still there"
check("also where nothing comes", status == 0, status)

# A reader who stalls: what it was not given comes again.
shutil.rmtree(DIR / "stalled", True)
must(accord("log", "new", "stalled", "--key", "log.key"))
fill(*(b"%d " % i + b"x" * 3000 for i in range(200)), name="stalled")
stalled = subprocess.Popen([ACCORD, "log", "follow", "stalled", "--vkey", VKEY, "--state", "stalled.state"], cwd=DIR,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
atexit.register(stalled.kill)
time.sleep(0.5)
stalled.send_signal(signal.SIGTERM)
try:
    status = stalled.wait(10)
except subprocess.TimeoutExpired:
    status = "still there"
check("a reader who stalls does not keep it from ending", status == 0, status)
given = lines(b"\n".join(stalled.stdout.read().split(b"\n")[:-1]))
run = once("--state", "stalled.state", url="stalled")
check("and loses nothing", 0 < len(given) < 200 and set(range(200)) <= {line["index"] for line in given} | set(indexes(run)),
      f"{len(given)} {run}"[:300])

# A server that does not answer
following = Following("--from", "2000")
time.sleep(0.5)
silence = threading.Event()
web.misbehave("/checkpoint", lambda handler: silence.wait(60))
time.sleep(1.5)
started = time.monotonic()
check("SIGTERM ends it while nobody answers", following.end(signal.SIGTERM) == 0 and time.monotonic() - started < 5,
      time.monotonic() - started)
silence.set()
web.misbehave("/", None)

# Troubles that pass
following = Following("--interval", "1", "--from", "1999")
following.has(1)
web.misbehave("/", lambda handler: handler.reply(500))
time.sleep(2.5)
fill(b"entry 2000")
web.misbehave("/", None)
check("a server's troubles pass", following.has(2, 30), following.lines)
check("SIGTERM ends it while it waits", following.end(signal.SIGTERM) == 0)
check("what went wrong was said", b"HTTP status 500" in following.process.stderr.read())
expect("a server that never answered is refused at once", once(url=refused_port()), 3)
expect("also without --once", follow(url=refused_port()), 3)

# Logs that show something else
stranger = must(accord("key", "new", "--for", "log", "remote.example/log", "-o", "stranger.key")).out.strip()
run = once(vkey=stranger)
check("a log that another key signs", run.status == 1 and not run.out and "no key that is known here" in run.err, run)
must(once("--state", "state"))
now = read("state")
shutil.copytree(DIR / "log", DIR / "kept")


def show(name, reason, says, *options):
    """The log in this directory, in place of the one that was seen."""
    web.root = DIR / name
    run = once("--state", "state", *options)
    expect(reason, run, 1, says)
    check("and nothing of it is printed", run.out == "", run.out[:300])
    check("nor remembered", read("state") == now, read("state"))
    web.root = DIR / "log"


def remake(name, entries):
    """Another log of the same key."""
    must(accord("log", "new", name, "--key", "log.key"))
    fill(*entries, name=name)


SEEN = TEXTS + [b"entry %d" % i for i in range(5, 2001)]
remake("shorter", SEEN[:1990])
show("shorter", "a log that was rolled back", "older version.*expected 2001, found 1990")
remake("forked", SEEN[:1500] + [b"another"] + SEEN[1501:] + [b"entry 2001"])
show("forked", "a log that forked", "the log may have forked")
remake("same-size", SEEN[:1500] + [b"another"] + SEEN[1501:])
show("same-size", "of the same size too", "the log may have forked")
remake("longer", SEEN + [b"entry %d" % i for i in range(2001, 2300)])
bundle = DIR / "longer" / "tile" / "entries" / "007"
bundle.write_bytes(bundle.read_bytes().replace(b"entry 2040", b"entry 2999"))
show("longer", "a changed entry", "tile/entries/007")

# The changed entry's leaf too, so that the bundle agrees with its tile.
tile = DIR / "longer" / "tile" / "0" / "007"
leaf = lambda entry: hashlib.sha256(b"\0" + entry).digest()
check("(the tile is changed as well)", leaf(b"entry 2040") in tile.read_bytes())
tile.write_bytes(tile.read_bytes().replace(leaf(b"entry 2040"), leaf(b"entry 2999")))
show("longer", "a changed entry with a tile that agrees", "(may have forked|does not lead to the checkpoint's root|does not agree)")
web.root = DIR / "longer"
run = once()
expect("also where nothing was seen before", run, 1, "does not lead to the checkpoint's root")
check("what is printed is what was proven", indexes(run) == list(range(7 * 256)), run.out[-300:])
web.root = DIR / "log"
run = accord("log", "follow", web.url, "--once", "--state", "state")
check("the log itself goes on", run.status == 0, run)

write("state", read("state").replace(b"remote.example/log", b"other.example/log"))
expect("another log's state is refused", once("--state", "state"), 3, "state: .*expected remote.example/log, found other.example/log")
write("state", now[:-10])
expect("a damaged one too", once("--state", "state"), 3, "not a state file")
finish()
