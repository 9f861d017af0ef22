"""An accord lives: members come and go, keys are changed, lost and stolen, witnesses are all replaced, a log is closed; and
whoever knew roster 1 comes to the newest one, offline, from one file. Every member signs in a directory of its own."""

import base64

from journey import *

MEMBERS = list(members())
ADMIT = 24
OLD_LOG, NEW_LOG = "tech-accord-2018/log", "tech-accord-2018/log-2"
log = "accord"  # where the next roster is logged


def member(*args, **more):
    return accord("member", *args, **more)


def key(domain, role):
    return f"keys/{domain}/{role}.key"


def new_key(domain, role, name):
    must(accord("key", "new", "--for", role, f"{domain}/{name}", "-o", f"keys/{domain}/{name}.key"))
    return f"keys/{domain}/{name}.key"


def vkey(path):
    return must(accord("key", "public", path)).out.strip()


def signed_copies(next_file, signers):
    """Each signer takes the file home, looks at it, signs, and sends it back."""
    copies = []
    for domain in signers:
        home = DIR / "homes" / domain
        home.mkdir(parents=True, exist_ok=True)
        copy = home / pathlib.Path(next_file).name
        shutil.copy(DIR / next_file, copy)
        must(member("sign", copy, "--accord", log, "--key", key(domain, KEYS.get(domain, "release"))))
        copies.append(copy)
    return copies


KEYS = {}  # whose release key is another file by now
SIGNERS = MEMBERS[:ADMIT]


def enact(name, *args):
    """The next roster, from these files and options to its enactment."""
    run = must(member("admit", "--accord", log, *args, "-o", name))
    done = member("enact", *signed_copies(name, SIGNERS), "--accord", log)
    expect(f"{name}: {ADMIT} members signed it", done, 0, "it is in force")
    return run


def released(domain, name, version, signer=None, dir=None):
    """A release of one file; its index, or the run that was refused."""
    return accord("release", "--accord", dir or log, "--vendor", domain, "--product", "p", "--version", version, "--key",
                  signer or key(domain, KEYS.get(domain, "release")), write(name, name), "--json")


def index_of(run):
    return must(run).json()["index"]


def prove(name, index, dir=None):
    """The proof anew, under the newest checkpoint."""
    path = DIR / f"{name}.tlog-proof"
    path.unlink(missing_ok=True)
    must(accord("log", "prove", f"{dir or log}/public", index, "-o", path))


def pin(name="accord.trust"):
    return accord("trust", "pin", log, "-o", name)


new_accord()
shutil.copy(DIR / "accord.trust", DIR / "roster-1.trust")
run = member("list", "accord")
expect("list", run, 0, r"34 members, 24 of whom sign the next one")
listed = member("list", "accord", "--json").json()
check("with every key, for a program", len(listed["members"]) == 34
      and {"release", "stage", "witness"} <= {k["role"] for k in listed["members"][0]["keys"]}, listed["members"][0])

# Somebody applies.
(DIR / "keys/new.example").mkdir()
for role in ("release", "stage", "witness", "report"):
    must(accord("key", "new", "--for", role, *([f"new.example/{role}"] if role != "report" else ["new.example"]), "-o",
                f"keys/new.example/{role}.key"))
application = ["apply", "--accord", "accord", "--domain", "new.example", "--jurisdiction", "FR", "--title", "Société New",
               "--key", key("new.example", "release"), "--key", key("new.example", "witness"), "--url",
               "witness=https://witness.new.example/", "--key", key("new.example", "report")]
run = member(*application, "--key", key("new.example", "stage"), "-o", "new.apply")
expect("apply", run, 0, "release new.example/release")
check("no private key is in it", b"PRIVATE" not in read("new.apply") and b"SECRET" not in read("new.apply"))
check("all its keys are", all(f"\nkey {r} ".encode() in read("new.apply") for r in ("release", "stage", "witness", "report")))
run = member(*application, "--public", "stage=" + vkey(key("new.example", "stage")), "-o", "partial.apply")
expect("with a key that is on another machine", run, 0, "new.example/stage.* has yet to sign")
expect("it is not complete", member("admit", "--accord", "accord", "partial.apply", "-o", "x"), 1, "new.example/stage")
expect("it is signed there", member("sign", "partial.apply", "--accord", "accord", "--key", key("new.example", "stage")), 0,
       "1 signatures added")
text = read("partial.apply").split(b"\n\n")[0]
check("and says the same", text == read("new.apply").split(b"\n\n")[0])
write("other.apply", read("new.apply").replace(b"charter sha256:", b"charter sha256:0", 1)[:-1] + b"\n")
expect("of a damaged application", member("admit", "--accord", "accord", "other.apply", "-o", "x"), 1)
expect("a role that is none", member(*application, "--public", "colour=x", "-o", "x"), 2, "--public colour=x")

# They admit it; each signs in a place of its own.
run = member("admit", "--accord", "accord", "new.apply", "-o", "roster-2", "--json")
check("what changes is said", run.status == 0 and any("new.example: joins: FR, Société New" in c for c in run.json()["changes"]), run)
must(member("admit", "--accord", "accord", "partial.apply", "-o", "roster-2b"))
check("the same application makes the same text", read("roster-2") == read("roster-2b"))
expect("nobody signed yet", member("enact", "roster-2", "--accord", "accord"), 1, "too few")
copies = signed_copies("roster-2", SIGNERS)
expect("too few have", member("enact", *copies[:-1], "--accord", "accord"), 1, "expected 24, found 23")
expect("nor does one count twice", member("enact", *copies[:-1], copies[0], "--accord", "accord"), 1, "expected 24, found 23")
shown = member("sign", copies[0], "--accord", "accord")
expect("looking signs nothing", shown, 0, "signed by 1 members of the 24")
mixed = write("mixed", copies[0].read_bytes().replace(b"Soci\xc3\xa9t\xc3\xa9", b"Society"))
expect("another text is not the same roster", member("enact", *copies, mixed, "--accord", "accord"), 1, "one and the same text")
head, line = copies[0].read_bytes().rstrip(b"\n").rsplit(b" ", 1)
signature = bytearray(base64.b64decode(line))
signature[-1] ^= 1
forged = write("forged", head + b" " + base64.b64encode(signature) + b"\n")
expect("a signature that is wrong does not count", member("enact", forged, *copies[1:], "--accord", "accord"), 1, "expected 24, found 23")
run = member("enact", forged, *copies, "--accord", "accord")
expect("and spoils nothing", run, 0, "left out: the signature of abb.com/release in .*forged does not verify")
expect("enough have", run, 0, "roster 2 is entry 2 .*\n.*enactment is entry 3")
expect("it is enacted once", member("enact", *copies, "--accord", "accord"), 0, "enactment is entry 4")
expect("the newest roster", member("list", "accord"), 0, "roster 2: 35 members")
expect("pinned", pin(), 0, "roster 2 with 35 members")
index_of(released("new.example", "hello", "1"))
expect("the new member's release verifies", verify("hello"), 0, "Société New")

# A key is changed, in two steps, without a gap.
first = index_of(released("arm.com", "arm-1", "1"))
new_key("arm.com", "release", "release-2")
run = must(member("rotate", "--accord", log, "--domain", "arm.com", *[a for r in ("release", "stage", "current", "receipt") if (DIR / key("arm.com", r)).exists()
                  for a in ("--key", key("arm.com", r))], "--key", "release=" + key("arm.com", "release-2"), "--threshold", "2", "-o", "arm.apply"))
enact("roster-3", "arm.apply")
KEYS["arm.com"] = "release"
run = released("arm.com", "arm-2", "2")
check("one key of two is not enough", run.status == 1 and run.json()["rule"] == "threshold", run)
expect("pinned", pin(), 0)
expect("what one key released before still verifies", verify("arm-1"), 0, "Arm")
run = accord("release", "--accord", log, "--vendor", "arm.com", "--product", "p", "--version", "2", "--key", key("arm.com", "release"),
             "--key", key("arm.com", "release-2"), write("arm-2", "arm-2"))
expect("two are", run, 0)

# A key is lost.
dell = index_of(released("dell.com", "dell-1", "1"))
old = key("dell.com", "release")
new_key("dell.com", "release", "release-2")
others = [a for r in ("stage", "current", "receipt") if (DIR / key("dell.com", r)).exists() for a in ("--key", key("dell.com", r))]
run = member("rotate", "--accord", log, "--domain", "dell.com", "--key", key("dell.com", "release-2"), "--drop",
             "dell.com/release", *others, "-o", "dell.apply")
expect("rotate without the key that is lost", run, 0)
SIGNERS = [m for m in MEMBERS if m not in ("arm.com", "dell.com", "oracle.com", "cisco.com")][:ADMIT]
run = enact("roster-4", "dell.apply")
check("the others are told", "dell.com: this change of keys is NOT signed by its present release keys" in run.err, run)
check("what was it, in words", "dell.com: gives up key release dell.com/release" in run.err and "counts below index" in run.err, run)
KEYS["dell.com"] = "release-2"
must(pin())
index_of(released("dell.com", "dell-2", "2"))
expect("the new key releases", verify("dell-2"), 0)
prove("dell-1", dell)
expect("what the old key signed before verifies", verify("dell-1"), 0, "Dell")
run = released("dell.com", "dell-3", "3", signer=old)
expect("what it signs now does not", run, 1)
check("and it is said why", run.json()["rule"] == "wrong-signer" and "given up" in run.json()["found"], run)

# A member leaves.
oracle = index_of(released("oracle.com", "oracle-1", "1"))
expect("leave", member("leave", "--accord", log, "--domain", "oracle.com", "--key", key("oracle.com", "release"), "--reason",
                       "We go our own way", "-o", "oracle.leave"), 0)
expect("nobody leaves by another's hand", member("leave", "--accord", log, "--domain", "oracle.com", "--key", key("sap.com", "release"),
                                                 "-o", "x"), 1, "oracle.com")
run = enact("roster-5", "oracle.leave")
check("it is said", "oracle.com: leaves" in run.err, run)
must(pin())
prove("oracle-1", oracle)
expect("what a former member released verifies", verify("oracle-1"), 0, "Oracle")
run = released("oracle.com", "oracle-2", "2")
expect("it releases nothing more", run, 1)

# A key is stolen: revoked from the first entry that the thief signed.
good = index_of(released("cisco.com", "good", "1"))
bad = index_of(released("cisco.com", "bad", "2"))
prove("good", good)
for file in ("good", "bad"):
    expect(f"before the revocation {file} verifies", verify(file), 0)
new_key("cisco.com", "release", "release-2")
others = [a for r in ("stage", "current", "receipt") if (DIR / key("cisco.com", r)).exists() for a in ("--key", key("cisco.com", r))]
must(member("rotate", "--accord", log, "--domain", "cisco.com", "--key", key("cisco.com", "release-2"), "--drop", "cisco.com/release",
            *others, "-o", "cisco.apply"))
run = member("rotate", "--accord", log, "--domain", "cisco.com", "--key", key("cisco.com", "release-2"), "--drop", "cisco.com/release",
             "--key", key("cisco.com", "release"), *others, "-o", "both.apply")
expect("a key is not given up and kept in one", run, 1, "expected a key that is not given up with --drop")
stolen = vkey(key("cisco.com", "release"))
expect("a key that nobody has", member("admit", "--accord", log, "--revoke", stolen[:-4] + "AAAA@3", "-o", "x"), 1)
expect("an index that is none", member("admit", "--accord", log, "--revoke", stolen + "@x", "-o", "x"), 2, "--revoke")
run = enact("roster-6", "cisco.apply", "--revoke", f"{stolen}@{bad}")
KEYS["cisco.com"] = "release-2"
check("the point is said", f"counts below index {bad} of {OLD_LOG}" in run.err, run)
must(pin())
prove("good", good)
prove("bad", bad)
expect("after it what was signed before verifies", verify("good"), 0)
run = verify("bad", options=["--json"])
expect("what was signed then does not", run, 1)
check("by its rule", run.json()["files"][0]["rule"] == "wrong-signer" if "files" in run.json() else run.json()["rule"] == "wrong-signer", run)

# All witnesses change, in two rosters.
now = [m["domain"] for m in member("list", log, "--json").json()["members"]]
halves = now[0::2], now[1::2]
for number, half in zip((7, 8), halves):
    files = []
    for domain in half:
        new_key(domain, "witness", "witness-2")
        signing = [r for r in ("release", "release-2", "stage", "current", "receipt")
                   if (DIR / key(domain, r)).exists() and (domain in ("arm.com",) or r != ("release" if domain in ("dell.com", "cisco.com") else ""))]
        must(member("rotate", "--accord", log, "--domain", domain, "--key", key(domain, "witness-2"),
                    *[a for r in signing for a in ("--key", key(domain, r))], "-o", f"{domain}.apply"))
        files.append(f"{domain}.apply")
    enact(f"roster-{number}", *files)
expect("the log is pinned by its new witnesses", pin(), 0, "roster 8")
index_of(released("dell.com", "dell-4", "4"))
expect("what was enacted long ago is not enacted again", member("enact", "roster-8", "--accord", log), 1, "too few witnesses")
prove("good", good)
expect("what was released verifies", verify("good"), 0)

# Offline: one file leads whoever knew roster 1 to the newest.
run = accord("trust", "chain", log, "-o", "rosters.bundle")
expect("trust chain", run, 0, "up to number 8")
shutil.copy(DIR / "roster-1.trust", DIR / "t")
run = accord("trust", "follow", "rosters.bundle", "--trust", "t")
expect("trust follow", run, 0, "from roster 1 to roster 8")
check("comes to what is pinned online", read("t").split(b"\n\n", 1)[1] == read("accord.trust").split(b"\n\n", 1)[1])
expect("and verifies", accord("verify", "--trust", "t", "good"), 0)
expect("a second time nothing is newer", accord("trust", "follow", "rosters.bundle", "--trust", "t"), 0, "nothing newer")
expect("only a part of it", accord("trust", "chain", log, "--after", "6", "-o", "tail.bundle"), 0, "2 rosters")
kept = read("roster-1.trust")
run = accord("trust", "follow", "tail.bundle", "--trust", "roster-1.trust")
expect("a gap is refused", run, 1, "the next roster in the bundle: .*expected 2, found 7")
check("and the trust file is as it was", read("roster-1.trust") == kept)


def parts(bundle):
    data, found = bundle[len(b"accord/v1/bundle\n"):], []
    while data:
        line, data = data.split(b"\n", 1)
        size = int(line.split(b" ")[1])
        found, data = found + [data[:size]], data[size:]
    return found


def bundle(*proofs):
    return b"accord/v1/bundle\n" + b"".join(b"proof %d\n" % len(p) + p for p in proofs)


def with_entry(proof, entry):
    lines = proof.split(b"\n")
    return b"\n".join([lines[0], b"extra " + base64.b64encode(entry)] + lines[2:])


def entry_of(proof):
    return base64.b64decode(proof.split(b"\n")[1][6:])


def follow(what, proofs, rule, trust="roster-1.trust"):
    shutil.copy(DIR / trust, DIR / "t2")
    write("b", bundle(*proofs))
    run = accord("trust", "follow", "b", "--trust", "t2", "--json")
    check(what, run.status == 1 and run.json()["rule"] == rule and read("t2") == read(trust), run)


chain = parts(read("rosters.bundle"))
by_number = {int(re.search(rb"\nnumber (\d+)\n", entry_of(p)).group(1)): p for p in chain}
text, signatures = entry_of(by_number[2]).split(b"\n\n")
few = text + b"\n\n" + b"\n".join(signatures.split(b"\n")[:23]) + b"\n"
follow("too few signatures", [with_entry(by_number[2], few)], "threshold")
again = text + b"\n\n" + signatures.rstrip(b"\n") + b"\n" + signatures.split(b"\n")[0] + b"\n"
follow("two rosters of one number", [by_number[2], with_entry(by_number[2], again)], "chain")
head, checkpoint = by_number[2].split(b"\n\n", 1)
note, lines = checkpoint.split(b"\n\n")
alone = head + b"\n\n" + note + b"\n\n" + b"\n".join(lines.split(b"\n")[:1]) + b"\n"
follow("no quorum of the roster before", [alone], "quorum")
follow("an old roster", [by_number[3], by_number[2]], "rollback", "accord.trust")
follow("nothing", [by_number[2].replace(b"extra ", b"extra\t")], "malformed")
follow("another entry's proof", [with_entry(by_number[2], entry_of(by_number[2]).replace(b"\n\n", b"\n\n" + signatures.split(b"\n")[5] + b"\n", 1))],
       "inclusion")

# A log is closed; its proofs go on, without its host.
(DIR / "accord-2/private").mkdir(parents=True)
must(accord("key", "new", "--for", "log", NEW_LOG, "-o", "accord-2/private/log.key"))
must(accord("log", "new", "accord-2/public", "--key", "accord-2/private/log.key"))
shutil.copy(DIR / "accord/private/demo", DIR / "accord-2/private/demo")
enact("roster-9", "--open-log", vkey("accord-2/private/log.key") + "=https://log-2.example/")
expect("carry the chain over", member("carry", "accord", "accord-2"), 0, "rosters")
early = read("good.tlog-proof")
prove("good", good)
prove("bad", bad)
prove("hello", 5)
log = "accord-2"
run = enact("roster-10", "--close-log", OLD_LOG + "=accord")
check("the closing is said", f"closes log {OLD_LOG}" in run.err, run)
expect("a log that is not there cannot be closed", member("admit", "--accord", log, "--close-log", OLD_LOG + "=accord", "-o", "x"), 1)
must(pin())
shutil.rmtree(DIR / "accord")
expect("a proof of the closed log verifies", verify("good"), 0, "the log is closed: the roster names its last tree")
check("for a program, too", verify("good", options=["--json"]).json()["files"][0]["closed_log"] is True)
run = verify("bad")
expect("what was revoked in it stays so", run, 1, "given up")
last = read("good.tlog-proof")
write("good.tlog-proof", early)
expect("a checkpoint that is not its last is refused", verify("good"), 1, "this log is closed")
must(accord("trust", "chain", log, "-o", "rosters.bundle"))
shutil.copy(DIR / "roster-1.trust", DIR / "t")
expect("from roster 1 to roster 10, from the new log alone", accord("trust", "follow", "rosters.bundle", "--trust", "t"), 0,
       "from roster 1 to roster 10")
index_of(released("cisco.com", "new", "9"))
expect("the new log takes releases", verify("new"), 0)
listed = member("list", log, "--json").json()
check("what was is listed", [f["domain"] for f in listed["former"]] == ["oracle.com"] and
      any(entry["closed"] for entry in listed["logs"]) and len(listed["past"]) >= 3, listed)



def convicted(name, origin):
    """The trust file with a line that says that evidence convicted this log's key."""
    key = next(entry["key"] for entry in listed["logs"] if entry["key"].startswith(origin + "+"))
    head, roster = read("accord.trust").split(b"\n\n", 1)
    return write(name, head + f"\ndistrust {key} sha256:{'0' * 64}\n\n".encode() + roster)


must(verify("new"))
write("good.tlog-proof", last)
expect("a closed log that was convicted: the members named the tree that counts",
       accord("verify", "--trust", convicted("t3", OLD_LOG), "good"), 0)
run = accord("verify", "--trust", convicted("t4", NEW_LOG), "--json", "new")
check("an open one is refused", run.status == 1 and run.json()["files"][0]["rule"] == "distrusted", run)

finish()
