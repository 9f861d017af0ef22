"""A member's witness follows its accord by itself: `known-accord` reads on in the accord's log, and where the next
roster is there, with the quorum of the one before, the trust file has it, and its logs are known without a restart."""

import hashlib

from remote import *
from serving import *

TOOL = os.environ["SIGN_NOTE"]
MEMBERS = ("a.example", "b.example", "c.example")
must(accord("key", "new", "--for", "witness", "watch.example/w", "-o", "w.key"))
write("members.tsv", "A\ta.example\tUS\nB\tb.example\tFI\nC\tc.example\tCH\n")
must(accord("init", "accord", "--name", "followed.example", "--members", "members.tsv", "--demo-keys", "keys"))
must(accord("trust", "pin", "accord", "-o", "trust"))
pinned = read("trust")


def new_log(name):
    vkey = must(accord("key", "new", "--for", "log", f"{name}.example/log", "-o", f"{name}.key")).out.strip()
    must(accord("log", "new", name, "--key", f"{name}.key"))
    return vkey


def request(name, key=None):
    return must(accord("log", "request", name, "--key", key or f"{name}.key", "--old", 0)).bytes


def cosigned(body):
    return server.ask("POST", "/w/add-checkpoint", body).status


def entry_of(trust):
    return trust[trust.index(b"accord/v1/roster\n"):]


def successor(entry, number, signers, *logs):
    """The roster after this one, with these logs as well."""
    text = entry.split(b"\n\n", 1)[0].decode() + "\n"
    text = "".join(line for line in text.splitlines(True) if not line.startswith("previous "))
    text = re.sub(r"\nnumber \d+\n", f"\nnumber {number}\nprevious sha256:{hashlib.sha256(entry).hexdigest()}\n", text)
    lines = text.splitlines(True)
    last = max(i for i, line in enumerate(lines) if line.startswith("log "))
    text = "".join(lines[:last + 1]) + "".join(f"log {log}\n" for log in logs) + "".join(lines[last + 1:])
    return subprocess.run([TOOL, *(DIR / f"keys/{member}/release.key" for member in signers)], input=text.encode(),
                          stdout=subprocess.PIPE, check=True).stdout


def log_entry(entry, cosigners, log="accord/public", key="accord/private/log.key"):
    write("entry", entry)
    must(accord("log", "add", log, "--key", key, "entry"))
    cosign = [part for member in cosigners for part in ("--cosign", f"keys/{member}/witness.key")]
    must(accord("log", "publish", log, "--key", key, *cosign, "--state", "accord/private/witnesses.db"))


def config(*lines):
    write("config", "\n".join(("listen 127.0.0.1:0", "witness w.key w.state /w", "pull-interval 1s", *lines)) + "\n")


web = Web("accord/public")
second, third = new_log("second"), new_log("third")
config(f"known-accord trust {web.url}")
server = Server()
check("the log of roster 1 is known", server.metric("accord_known_logs") == 1)
check("another is not", cosigned(request("second")) == 404)
check("it visits the accord's log", until(lambda: "/checkpoint" in web.paths), web.paths)

# what does not follow
first = entry_of(pinned)
log_entry(successor(first, 2, MEMBERS[:1], third), MEMBERS)
log_entry(successor(b"x" + first, 2, MEMBERS, third), MEMBERS)
checks = web.paths.count("/checkpoint")
check("it comes again", until(lambda: web.paths.count("/checkpoint") >= checks + 3))
check("a roster that too few signed, or after another one, changes nothing", read("trust") == pinned)

# a log that is not to be had
web.misbehave("/checkpoint", lambda handler: handler.reply(500))
check("a log that cannot be read is spoken of", server.event("accord-failed"), server.said())
web.misbehave("/checkpoint", None)
checks = web.paths.count("/checkpoint")
check("and visited again", until(lambda: web.paths.count("/checkpoint") >= checks + 2))

# the next roster
elsewhere = Web("second")
roster = successor(first, 2, MEMBERS, f"{second} {elsewhere.url}/")
log_entry(roster, MEMBERS)
check("the next roster is followed", server.event("accord-followed"), server.said())
check("it says which", re.search(r"event=accord-followed trust=\S*trust log=\S+ roster=2", server.said()), server.said())
check("the trust file has it", until(lambda: entry_of(read("trust")) == roster))
check("and the charter", read("trust").split(b"\n")[1] == pinned.split(b"\n")[1])
check("the new log is known without a restart", until(lambda: server.metric("accord_known_logs") == 2), server.said())
check("and cosigned", cosigned(request("second")) == 200)
check("as the first one still is", cosigned(request("accord/public", "accord/private/log.key")) == 200)
check("no other", cosigned(request("third")) == 404)
run = accord("trust", "show", "trust")
must(accord("trust", "pin", "accord", "-o", "by-hand", "--charter", pinned.decode().split("charter ")[1].split("\n")[0]))
check("the file is the one that `accord trust pin` makes", read("by-hand") == read("trust"), run)

# the roster after it, in the log that it opened; found by the URL that the roster gives
config("known-accord trust")
before = len(server.lines)
server.send(signal.SIGHUP)
check("reloaded", server.event("reloaded", before), server.said())
last = successor(roster, 3, MEMBERS, third)
log_entry(last, MEMBERS[:1], "second", "second.key")
check("the roster's own log is visited", until(lambda: "/checkpoint" in elsewhere.paths), elsewhere.paths)
checks = elsewhere.paths.count("/checkpoint")
check("again and again", until(lambda: elsewhere.paths.count("/checkpoint") >= checks + 2))
check("a roster without the quorum of the one before changes nothing", entry_of(read("trust")) == roster, server.said())
check("which is said", "quorum" in server.said().split("reloaded")[-1], server.said())
check("once", server.said().split("event=reloaded", 2)[-1].count("event=accord-failed") == 1, server.said())
must(accord("log", "publish", "second", "--key", "second.key", *[part for member in MEMBERS for part in
            ("--cosign", f"keys/{member}/witness.key")], "--state", "accord/private/witnesses.db"))
check("with it, it is followed", until(lambda: entry_of(read("trust")) == last, 40), server.said())
check("and its log is cosigned", until(lambda: cosigned(request("third")) == 200), server.said())

# at its end
elsewhere.misbehave("/checkpoint", lambda handler: time.sleep(60))
checks = elsewhere.paths.count("/checkpoint")
until(lambda: elsewhere.paths.count("/checkpoint") > checks)
begun = time.monotonic()
check("it ends while a log hangs", server.stop() == 0 and time.monotonic() - begun < 10, server.said())
finish()
