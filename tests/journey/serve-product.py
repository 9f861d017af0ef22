"""Policies, current statements and withdrawals by way of a log that `accord serve` runs, and a device that asks it: what a server
leaves out or changes is noticed."""

import hashlib

from serving import *

OURS = ["--vendor", "a.example", "--product", "router"]
KEY = ["--key", "keys/a.example/release.key"]
write("members.tsv", "A\ta.example\tUS\nB\tb.example\tFI\nC\tc.example\tCH\n")
must(accord("init", "accord", "--name", "served.example", "--members", "members.tsv", "--demo-keys", "keys"))
must(accord("trust", "pin", "accord", "-o", "accord.trust"))
policy = must(accord("policy", "accord")).out

# The witnesses' server, and the log's, whose policy says where they are.
log_vkey = next(line.split()[1] for line in policy.splitlines() if line.startswith("log "))
write("witnesses", "listen 127.0.0.1:0\n" + "".join(f"witness keys/{m}.example/witness.key {m}.state /{m}\n" for m in "abc") +
      f"known-log {log_vkey}\n")
witnesses = Server("witnesses")
address = witnesses.addresses[0][0]
policy = re.sub(r"^witness (\w)(\.example) (\S+).*$", rf"witness \1\2 \3 http://{address}/\1", policy, flags=re.M)
write("policy", policy)
config("policy policy", log="log accord accord/private/log.key", accept=None)
server = Server()
LOG = f"http://{server.addresses[0][0]}"


def by_url(command, *options, key=KEY):
    return accord(command, "--accord", LOG, *OURS, *key, "--timeout", "20", *options)


def release_by_url(name, version, *options):
    write(name, f"version {version}")
    return by_url("release", "--version", version, *options, name)


def refused(name, rule, file, *options):
    run = verify(file, options=["--json", *options])
    return check(f"{name}: {rule}", run.status == 1 and run.json()["files"][0]["rule"] == rule, run)


expect("a policy", by_url("require", "--max-age", "1h", "--threshold", "1"), 0)
expect("another, by another member, is refused by the server", accord("require", "--accord", LOG, *OURS, "--key",
                                                                     "keys/b.example/release.key"), 1)
expect("a release", release_by_url("v1", "1"), 0)
refused("which must be known as current", "stale", "v1")
expect("it is", by_url("current", "-o", "c1", key=["--key", "keys/a.example/current.key"]), 0)
expect("so it verifies", verify("v1", options=["--current", "c1"]), 0, "newest is sequence 1")
expect("and by what the log itself says", verify("v1", options=["--current", LOG]), 0, "newest is sequence 1")
shutil.copytree(DIR / "accord/public", DIR / "frozen")
expect("the next release", release_by_url("v2", "2"), 0)
expect("which is the only one that is fit now", by_url("current", "--lowest", "2", "-o", "c2", key=["--key",
                                                                                              "keys/a.example/current.key"]), 0)
refused("says the log", "superseded", "v1", "--current", LOG)
expect("of the new one it does not", verify("v2", options=["--current", LOG, "--state", "state"]), 0)
write("plain", "a product of which its vendor says nothing more")
expect("another product", accord("release", "--accord", LOG, "--vendor", "a.example", "--product", "plain", "--version", "1", *KEY,
                                 "plain"), 0)
expect("of which the log knows nothing more", verify("plain", options=["--current", LOG]), 0)
expect("a withdrawal", by_url("withdraw", "--sequence", "2", "--reason", "defective", "-o", "w2"), 0)
refused("of which the log tells", "withdrawn", "v2", "--current", LOG)
check("the server ends", server.stop() == 0, server.said())
witnesses.stop()


# What a server shows that is not believed
def size_of(log):
    return int(read(f"{log}/checkpoint").split(b"\n")[1])


def changed(name, old, new):
    """A copy of the log that reads out an entry otherwise, and hides it as well as it can: the leaf's hash is made to fit."""
    shutil.copytree(DIR / "accord/public", DIR / name)
    size = size_of(name)
    path, hashes = DIR / f"{name}/tile/entries/000.p/{size}", DIR / f"{name}/tile/0/000.p/{size}"
    data, leaves, at, index = path.read_bytes(), bytearray(hashes.read_bytes()), 0, 0
    result = b""
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at:at + 2], "big")
        entry = data[at + 2:end]
        if old in entry:
            entry = entry.replace(old, new)
            leaves[32 * index:32 * index + 32] = hashlib.sha256(b"\0" + entry).digest()
        result += len(entry).to_bytes(2, "big") + entry
        at, index = end, index + 1
    path.write_bytes(result)
    hashes.write_bytes(leaves)
    return ["--current", name]


expect("a copy of the log as it is", verify("v2", options=["--current", "accord/public"]), 1, "taken this release back")
run = verify("v2", options=changed("silent", b"accord/v1/withdraw\n", b"accord/v1/withdrew\n"))
expect("one that leaves a withdrawal out", run, 1, "does not agree with itself")
run = verify("v1", options=changed("older", b"accord/v1/current\n", b"accord/v1/currant\n"))
expect("one that leaves current statements out", run, 1, "does not agree with itself")
expect("an old copy, to a device that saw nothing newer", verify("v1", options=["--current", "frozen"]), 0)
refused("and to one that did", "rollback", "v1", "--current", "frozen", "--state", "state")
write("frozen/checkpoint", read("frozen/checkpoint").replace(b"served.example", b"other.example", 1))
expect("a checkpoint that no log signed", verify("v1", options=["--current", "frozen"]), 1)
must(accord("key", "new", "--for", "log", "empty.example/log", "-o", "empty.key"))
must(accord("log", "new", "empty", "--key", "empty.key"))
must(accord("log", "publish", "empty", "--key", "empty.key"))
expect("that a stranger's log knows nothing says nothing", verify("plain", options=["--current", "empty"]), 1, "not one that the policy trusts")
finish()
