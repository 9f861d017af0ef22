"""A log of anything: keys, entries, batches, witnesses with and without a wire, proofs, checks; no accord needed."""

from journey import *

# keys
run = accord("key", "new", "--for", "log", "example.com/log", "-o", "log.key")
expect("a log's key", run, 0)
vkey = run.out.strip()
check("its public half is a vkey", vkey.startswith("example.com/log+"), run)
check("its file is the owner's alone", (DIR / "log.key").stat().st_mode & 0o777 == 0o600)
expect("a key is never overwritten", accord("key", "new", "--for", "log", "x", "-o", "log.key"), 1, "exists")
check("the same public half again", must(accord("key", "public", "log.key")).out.strip() == vkey)
expect("a purpose that there is not", accord("key", "new", "--for", "tea", "x", "-o", "tea.key"), 2, "tea")
expect("no private key on standard output", accord("key", "new", "--for", "log", "x", "-o", "-"), 2)
expect("a name that is none", accord("key", "new", "--for", "log", "two words", "-o", "bad.key"), 1)
run = accord("key", "new", "--for", "report", "psirt", "-o", "report.key")
expect("a report key", run, 0)
check("has an age recipient", re.fullmatch("age1[a-z0-9]{58}\n", run.out), run)
write("passphrase", "a long enough passphrase\n")
witness = must(accord("key", "new", "--for", "witness", "example.net/witness", "-o", "witness.key", "--passphrase-file",
                      "passphrase")).out.strip()
check("a key can be sealed", read("witness.key").startswith(b"-----BEGIN AGE ENCRYPTED FILE-----") or
      read("witness.key").startswith(b"age-encryption.org"))
expect("and opens with its passphrase", accord("key", "public", "witness.key", "--passphrase-file", "passphrase"), 0)
write("wrong", "another passphrase\n")
expect("not with another", accord("key", "public", "witness.key", "--passphrase-file", "wrong"), 1, "passphrase")
other = must(accord("key", "new", "--for", "witness", "example.org/witness", "-o", "other.key")).out.strip()

# a log
expect("a witness's key makes no log", accord("log", "new", "none", "--key", "other.key"), 1, "cannot be used here")
expect("a new log", accord("log", "new", "log", "--key", "log.key"), 0)
expect("is never made twice", accord("log", "new", "log", "--key", "log.key"), 1, "exists")
check("its checkpoint is of the empty tree",
      must(accord("log", "checkpoint", "log")).out.startswith("example.com/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n"))
run = accord("log", "add", "log", "--key", "log.key", write("a", "a"), "-", stdin=b"from standard input")
check("two entries have two indexes", run.status == 0 and run.out == "0\n1\n", run)
expect("an entry that is absent", accord("log", "add", "log", "a", "absent"), 3, "absent")
expect("an empty entry", accord("log", "add", "log", write("empty", "")), 1, "empty")
expect("an entry that is too large", accord("log", "add", "log", write("large", b"x" * 65536)), 1, "larger")
run = accord("log", "add", "log", write("largest", b"x" * 65535))
check("the largest there is; what was refused left no gap", run.status == 0 and run.out == "2\n", run)
expect("another log's key", accord("log", "add", "log", "--key", "other.key", "a"), 1, "not the key that belongs")
expect("no entry at all", accord("log", "add", "log"), 2)


def batch(entries):
    return b"".join(len(e).to_bytes(2, "big") + e for e in entries)


many = batch(b"entry %d" % i + b"." * 400 for i in range(20000))
run = accord("log", "add", "log", "--batch", "-", stdin=many)
check("a batch of 8 MB in several pieces is one run of indexes", run.status == 0 and run.out == "3 20000\n", run)
run = accord("log", "add", "log", "--json", "--batch", write("batch", batch([b"b1", b"b2"])))
check("a batch as JSON", run.status == 0 and run.json() == {"first": 20003, "count": 2, "ok": True, "rule": "ok"}, run)
expect("a batch that is cut short", accord("log", "add", "log", "--batch", write("cut", batch([b"x"])[:-1])), 1)
expect("a batch and entries", accord("log", "add", "log", "--batch", "batch", "a"), 2, "not both")
expect("an index that is not published yet", accord("log", "prove", "log", "0"), 1, "not inside the tree")

# a policy that wants two witnesses: one in this process, one behind an air gap
policy = write("policy", f"log {vkey}\nwitness here {other}\nwitness gap {witness} http://127.0.0.1:9/\n"
                         "group both all here gap\nquorum both\n")
before = must(accord("log", "checkpoint", "log")).out
run = accord("log", "publish", "log", "--key", "log.key", "--policy", policy, "--cosign", "other.key", "--state", "here.db")
expect("half a quorum does not publish", run, 1, "too few witnesses")
check("it says whom it asked in vain", "gap: " in run.err and "http://127.0.0.1:9/add-checkpoint" in run.err, run)
check("and nothing changed", must(accord("log", "checkpoint", "log")).out == before)
expect("a witness without memory", accord("log", "publish", "log", "--key", "log.key", "--cosign", "other.key"), 2, "--state")

cosign = ["witness", "cosign", "--key", "witness.key", "--passphrase-file", "passphrase", "--state", "gap.db", "--log-vkey"]
request = must(accord("log", "request", "log", "--key", "log.key")).bytes
run = accord(*cosign, vkey, stdin=request)
expect("an air-gapped witness cosigns", run, 0)
check("one signature line", run.out.startswith("— example.net/witness ") and run.out.count("\n") == 1, run)
write("response", run.bytes)
publish_both = ["log", "publish", "log", "--key", "log.key", "--policy", policy, "--cosign", "other.key", "--state", "here.db",
                "--cosignatures", "response"]
expect("the quorum publishes", accord(*publish_both), 0, "20005 entries, 3 signatures")
expect("nothing new the second time", accord("log", "publish", "log", "--key", "log.key", "--policy", policy), 0, "nothing new")
must(accord("log", "add", "log", "a"))
run = accord(*publish_both)
expect("cosignatures of an earlier size are no good", run, 1)
check("and it says why", "has it grown" in run.err, run)

run = accord(*cosign, vkey, stdin=must(accord("log", "request", "log", "--key", "log.key")).bytes)
expect("a witness that saw another size", run, 1, "another size.*20005")
check("says nothing to programs", run.out == "", run)
run = accord(*cosign, vkey, "--json", stdin=must(accord("log", "request", "log", "--key", "log.key")).bytes)
check("but in JSON the size", run.status == 1 and run.json()["witnesses"][0]["status"] == 409
      and run.json()["witnesses"][0]["size"] == 20005 and run.json()["ok"] is False, run)
request = must(accord("log", "request", "log", "--key", "log.key", "--old", "20005")).bytes
run = accord(*cosign, vkey, stdin=request)
expect("from the size that it saw", run, 0)
write("response", run.bytes)
expect("and so the quorum publishes", accord(*publish_both), 0, "20006 entries")
expect("a log that the witness does not know", accord(*cosign, witness, stdin=request), 1)
expect("a request that is none", accord(*cosign, vkey, stdin=b"old x\n"), 1)
expect("an older size than there is", accord("log", "request", "log", "--key", "log.key", "--old", "30000"), 1)

# proofs
must(accord("log", "prove", "log", "1", "-o", "proof"))
write("entry", "from standard input")
run = accord("proof", "verify", "proof", "--entry", "entry", "--policy", policy)
expect("a proof verifies", run, 0, "entry 1 of example.com/log, in a tree of 20006")
check("it says who cosigned, and since when", "cosigned by gap" in run.err and "cosigned by here" in run.err
      and "public since" in run.err, run)
run = accord("proof", "verify", "proof", "--entry", "entry", "--policy", policy, "--json")
check("as JSON", run.status == 0 and set(run.json()["witnesses"]) == {"gap", "here"} and run.json()["index"] == 1, run)
run = accord("proof", "verify", "proof", "--entry", "a", "--policy", policy, "--json")
check("another entry is refused in JSON too", run.status == 1 and run.json()["ok"] is False
      and run.json()["rule"] == "inclusion", run)
must(accord("log", "prove", "log", "1", "--no-extra", "-o", "bare"))
check("a proof without the entry is smaller", b"\nextra " in read("proof") and b"\nextra " not in read("bare"))
expect("and verifies", accord("proof", "verify", "bare", "--entry", "entry", "--policy", policy), 0)
run = accord("proof", "show", "proof")
check("proof show explains it, and trusts nothing", run.status == 0 and "None of it has been verified" in run.out
      and "Ed25519 cosignature of 20" in run.out, run)
check("and so in JSON", must(accord("proof", "show", "proof", "--json")).json()["verified"] is False)
expect("an index that is no number", accord("log", "prove", "log", "-o", "x", "0x1"), 2, "decimal")

# checks
expect("the log checks", accord("log", "check", "log", "--vkey", vkey), 0, "all 20006 entries")
expect("not with another's key", accord("log", "check", "log", "--vkey", other), 1)
tile = DIR / "log" / "tile" / "entries" / "000"
data = bytearray(tile.read_bytes())
data[100000] ^= 1
tile.chmod(0o644)
tile.write_bytes(data)
expect("a flipped bit in an entry is named", accord("log", "check", "log", "--vkey", vkey), 1, "entries/000")
expect("a log at a URL where nobody is", accord("log", "check", "http://127.0.0.1:9/", "--vkey", vkey), 3, "127.0.0.1:9/checkpoint")
expect("a directory that is no log", accord("log", "checkpoint", "."), 3)

# standard output that goes away
full = subprocess.run([ACCORD, "log", "checkpoint", "log"], cwd=DIR, stdout=open("/dev/full", "wb"), stderr=subprocess.PIPE)
check("a full disk is noticed", full.returncode == 3 and b"No space left" in full.stderr, full.stderr)
pipe = subprocess.Popen([ACCORD, "log", "prove", "log", "2"], cwd=DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
pipe.stdout.close()
said = pipe.stderr.read()
check("so is a reader that went away", pipe.wait() == 3 and b"standard output" in said, said)

# What is no file is written to, and stays what it is; so does what a link leads to.
os.mkfifo(DIR / "pipe")
(DIR / "to-pipe").symlink_to("pipe")
for name in ["pipe", "to-pipe"]:
    reader = subprocess.Popen(["cat", DIR / "pipe"], stdout=subprocess.PIPE)
    expect(f"a checkpoint into {name}", accord("log", "checkpoint", "log", "-o", name), 0)
    check("arrives", reader.communicate(timeout=10)[0] == read("log/checkpoint"))
    check("and it is still a pipe", (DIR / "pipe").is_fifo() and (DIR / "to-pipe").is_symlink())
expect("a device that takes nothing", accord("log", "checkpoint", "log", "-o", "/dev/full"), 3, "No space left")
check("is still a device", pathlib.Path("/dev/full").is_char_device())
finish()
