"""accord monitor over the network: witnesses that saw another tree, and hostile logs, which get a sentence in bounded time and
memory, whatever they answer. What was seen before them stays."""

import hashlib
import resource

from remote import *

new_accord()
must(release(write("image.bin", "image")))
WITNESSES = list(members())
ORIGIN = read("accord/public/checkpoint").decode().split("\n")[0]
SEEN = f"/{hashlib.sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
web, witness = Web("accord/public"), Web("witness")


def shown(note):
    """What the witness shows."""
    path = DIR / ("witness" + SEEN)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(note)


def monitor(*options, log=None, state="state"):
    return accord("monitor", "--trust", "accord.trust", "--state", state, *options, log or web.url)


def ask(*options, **more):
    return monitor("--json", "--witness", witness.url, *options, **more)


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def codes(run):
    return [line.get("code") or line.get("rule") for line in lines(run)]


def peak():
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def state():
    return read("state") if (DIR / "state").exists() else None


# Witnesses
shown(read("accord/public/checkpoint"))
run = ask()
check("a witness that saw the same has nothing to report", run.status == 0 and not run.out, run)
check("it is asked at its monitoring prefix", SEEN in witness.paths, witness.paths)
check("also of a log in a directory", ask(log="accord", state="local").status == 0)
check("a slash at the end is none too many", monitor("--witness", witness.url + "/").status == 0)
vkey = must(accord("key", "public", "keys/cisco.com/witness.key")).out.strip()
check("its vkey may be given", ask(state="state", log=web.url).status == 0 and monitor("--witness", f"{witness.url} {vkey}").status == 0)
stranger = must(accord("key", "new", "--for", "witness", "stranger.example", "-o", "stranger.key")).out.strip()
run = monitor("--json", "--witness", f"{witness.url} {stranger}")
check("and must have cosigned", run.status == 1 and codes(run) == ["witness-view"], run)
expect("what is no vkey", monitor("--witness", f"{witness.url} nonsense"), 3, "--witness")

old = read("accord/public/checkpoint")
copy_accord("fork")
must(release(write("second.bin", "second"), version="17.3.2"))
check("one that saw less is well", ask().status == 0)
must(accord("release", "--accord", "fork", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "17.3.9", "--key",
            "keys/cisco.com/release.key", write("secret.bin", "secret")))
shown(read("fork/public/checkpoint"))
run = ask()
check("one that saw another tree is a split view", run.status == 1 and codes(run) == ["split-view"], run)
evidence = DIR / lines(run)[0]["evidence"]
check("which is kept", evidence.is_file() and b"accord/v1/evidence" in evidence.read_bytes(), evidence)
check("and kept once", ask().status == 1 and len(list(evidence.parent.iterdir())) == 1)
must(release(write("third.bin", "third"), version="17.3.3"))
run = ask()
check("also where the log has grown since", run.status == 1 and codes(run) == ["split-view"], run)
for number in range(2):
    must(accord("release", "--accord", "fork", "--vendor", "cisco.com", "--product", "ios-xe", "--version", f"18.{number}", "--key",
                "keys/cisco.com/release.key", "secret.bin"))
shown(read("fork/public/checkpoint"))
run = ask()
check("one that saw more than the log shows", run.status == 1 and codes(run) == ["witness-ahead"], run)
note = read("accord/public/checkpoint").split(b"\n\n")[0]
shown(note + b"\n\n\xe2\x80\x94 x AAAAAAAA\n")
check("what the log has not signed proves nothing", codes(ask()) == ["witness-view"])
shown(b"<html>")
check("nor does what is no checkpoint", codes(ask()) == ["witness-view"])
shutil.rmtree(DIR / "witness")
check("nor a witness that never saw the log", codes(ask()) == ["witness-view"])
expect("one that does not answer could not be asked", monitor("--witness", refused_port()), 3, "a witness could not be asked")
run = monitor("--json", "--witness", refused_port().replace("http://", "http://user:secret@"))
check("its password is nobody's to read", run.status == 3 and "secret" not in run.out + run.err, run)
shown(read("accord/public/checkpoint"))
check("and all is well again", ask().status == 0)


# Hostile logs
def redirect(handler):
    handler.reply(302, Location=f"{web.url}/elsewhere")


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"endless\n" * 8192)


def huge(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "10000000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b"huge\n" * 8192)


def half(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.hang_up()


def longer(handler):
    handler.reply(200, (web.root / handler.path.lstrip("/")).read_bytes() + b"\0\x01x")


def shorter(handler):
    handler.reply(200, (web.root / handler.path.lstrip("/")).read_bytes()[:-1])


def signatures(handler):
    handler.reply(200, read("accord/public/checkpoint") + "— x AAAAAAAA\n".encode() * 60000)


must(accord("log", "add", "accord/public", "--key", "accord/private/log.key", "--batch", "-",
            stdin=b"".join(b"\0\x05%05d" % number for number in range(600))))
must(publish(*WITNESSES))
plain = peak()
before = state()
for name, fault, at_checkpoint, at_tile in (
        ("a redirect", redirect, 3, 3),
        ("an endless answer", endless, 1, 1),
        ("a huge answer", huge, 1, 1),
        ("half an answer", half, 3, 3),
        ("wrong sizes: too long", longer, 1, 1),
        ("wrong sizes: too short", shorter, 1, 1)):
    for what, path, status in (("checkpoint", "/checkpoint", at_checkpoint), ("bundles", "/tile/entries/", at_tile), ("tiles", "/tile/", at_tile)):
        web.misbehave(path, fault)
        started = time.monotonic()
        run = monitor("--json")
        took = time.monotonic() - started
        check(f"{name} in place of {what}: exit {status} in bounded time", run.status == status and took < 20, f"{took} s\n{run}")
        check(f"{name} in place of {what}: it is said", len(lines(run)) == 1 and lines(run)[0]["sentence"], run)
    if state() != before:
        check(f"{name}: nothing is remembered of it", b"\nnext 603\n" not in state() or before == state(), state())
web.misbehave("/checkpoint", signatures)
started = time.monotonic()
run = monitor("--json")
check("a note with more signatures than there may be", run.status == 1 and codes(run) == ["checkpoint"] and time.monotonic() - started < 20, run)
check("whatever came, it took less than 64 MB more", peak() - plain < 65536, f"{plain} KB, {peak()} KB")

# Entries beyond the end: tiles that go on for ever are not asked for.
web.misbehave("/", None)
web.paths.clear()
check("then all of it is judged", monitor().status == 0)
check("and no tile is asked for that the tree does not have", not [p for p in web.paths if re.search(r"entries/0*(0[4-9]|[1-9]\d)", p)], web.paths)

# --follow does not hide that a witness cannot be asked, nor that the log no longer answers.
must(publish(*WITNESSES))
process = subprocess.Popen([ACCORD, "monitor", "--trust", "accord.trust", "--state", "state", "--json", "--follow", "--interval", "1s",
                            "--stale", "4s", "--witness", refused_port(), web.url], cwd=DIR, stdout=subprocess.PIPE, text=True)
atexit.register(process.kill)
line = json.loads(process.stdout.readline())
check("a witness that cannot be asked is said", line["ok"] is False and "a witness could not be asked" in line["sentence"], line)
web.misbehave("/", lambda handler: handler.reply(503))
line = json.loads(process.stdout.readline())
check("so is a log that does not answer", line["ok"] is False and line["rule"] == "network", line)
line = json.loads(process.stdout.readline())
check("which is stale after a while", line.get("code") == "stale", line)
web.misbehave("/", None)
process.terminate()
check("SIGTERM ends it well", process.wait(30) == 0)

# A server that answers a byte a second holds nothing up for ever, and SIGTERM ends it at once.
slow = threading.Event()
web.misbehave("/checkpoint", lambda handler: slow.wait(60))
process = subprocess.Popen([ACCORD, "monitor", "--trust", "accord.trust", "--state", "slow", "--follow", web.url], cwd=DIR,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
atexit.register(process.kill)
time.sleep(1)
started = time.monotonic()
process.terminate()
try:
    status = process.wait(10)
except subprocess.TimeoutExpired:
    status = "still there"
check("SIGTERM ends it while nobody answers", status == 0 and time.monotonic() - started < 5, status)
slow.set()
finish()
