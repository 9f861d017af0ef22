"""A log shows two histories. Two mails become evidence, a third party verifies it with nothing but the keys, and from then
on nothing in that log verifies."""

import hashlib
import textwrap

from journey import *

new_accord()
must(release(write("image", "an image for everybody")))
copy_accord("coerced")
must(release(write("honest", "the next one"), version="17.3.2"))
entry = must(accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "6.6.6",
                    "--key", "keys/cisco.com/release.key", "--statement-only", write("coerced-image", "made for one court")))
write("entry", entry.bytes)
log_it("entry", "coerced-image.tlog-proof", cosigners=["abb.com"], dir="coerced")
must(accord("log", "checkpoint", "accord", "-o", "ours.note"))
must(accord("log", "checkpoint", "coerced", "-o", "theirs.note"))


def mail(note):
    """What is left of a checkpoint that was answered twice, by people whose programs break long lines."""
    lines = []
    for line in read(note).decode().splitlines():
        lines += textwrap.wrap(line, 60, break_long_words=False, break_on_hyphens=False) or [""]
    quoted = "".join(f"> > {line}".rstrip() + "\r\n" for line in lines)
    return f"From: a friend\r\nSubject: what do you see?\r\n\r\nThis is what I got:\r\n{quoted}\r\n-- \r\nA friend\r\n"


write("ours.mail", mail("ours.note"))
write("theirs.mail", mail("theirs.note"))
check("the mails break the signatures' lines", b"\r\n> > abb.com/witness\r\n" in read("theirs.mail")
      or re.search(rb"> > \xe2\x80\x94 [^ ]+\r\n", read("theirs.mail")), read("theirs.mail"))

# Same size, other root: that contradicts itself as it is.
run = accord("evidence", "make", "ours.mail", "theirs.mail", "-o", "fork.evidence")
expect("evidence from two mails", run, 0, "evidence: tech-accord-2018/log showed a tree of 4 entries and a tree of 4 that "
       "contradict each other\n  2 keys stand under both")
check("small, and holds both views as they were", read("ours.note") in read("fork.evidence")
      and read("theirs.note") in read("fork.evidence") and len(read("fork.evidence")) < 8192)
run = accord("evidence", "make", "coerced-image.tlog-proof", "-", stdin=read("ours.note"))
expect("from a proof and standard input", run, 0)
check("on standard output", run.bytes.startswith(b"accord/v1/evidence\n"), run)
run = accord("evidence", "make", "ours.note", "coerced", "--json")
expect("from a log itself, as JSON", run, 0)
check("names whose signatures stand under both", run.json()["signed_both"] == ["tech-accord-2018/log", "abb.com/witness"]
      and run.json()["sizes"] == [4, 4] and run.json()["evidence"].startswith("accord/v1/evidence\n"), run)

expect("one view with itself", accord("evidence", "make", "ours.note", "ours.mail"), 1,
       "^accord: these agree: both show the same tree of 4 entries$")
must(accord("log", "checkpoint", "accord", "-o", "early.note"))
must(release(write("later", "and one more"), version="17.3.3"))
must(accord("log", "checkpoint", "accord", "-o", "late.note"))
expect("a log that grew", accord("evidence", "make", "early.note", "late.note", "--log", "accord"), 1,
       "^accord: these agree: the tree of 5 entries begins with the tree of 4$")
expect("two sizes and no proof", accord("evidence", "make", "theirs.note", "late.note"), 2,
       "the trees have 4 and 5 entries, and nothing shows how the larger one begins: give --log LOG that serves it, or "
       "--proof FILE")
run = accord("evidence", "make", "late.note", "theirs.mail", "--log", "accord", "-o", "grown.evidence")
expect("two sizes and the larger tree's log", run, 0, "a tree of 4 entries and a tree of 5")
check("the same from the log as a view", must(accord("evidence", "make", "theirs.note", "accord")).bytes
      == read("grown.evidence"))
proof = read("grown.evidence").split(b"\n\n")[0].split(b"\n", 1)[1] + b"\n"
write("proof", proof)
check("the same from a file", must(accord("evidence", "make", "theirs.note", "late.note", "--proof", "proof")).bytes
      == read("grown.evidence"))
lines = proof.splitlines(True)
write("bad-proof", b"".join([lines[1], lines[0], *lines[2:]]))
expect("another proof", accord("evidence", "make", "theirs.note", "late.note", "--proof", "bad-proof"), 1,
       "^accord: bad-proof: the consistency proof does not hold")
expect("the wrong log's tiles", accord("evidence", "make", "early.note", "late.note", "--log", "coerced"), 3)
write("nothing.mail", "What do you mean?\n")
expect("a mail without a checkpoint", accord("evidence", "make", "nothing.mail", "ours.note"), 1,
       "^accord: nothing.mail: view: this does not follow its grammar: found neither a checkpoint nor a line$")
write("both.mail", read("ours.mail") + read("theirs.mail"))
expect("a mail with two", accord("evidence", "make", "both.mail", "ours.note"), 1, "several in one text")
must(accord("key", "new", "--for", "log", "other.example/log", "-o", "other.key"))
must(accord("log", "new", "other", "--key", "other.key"))
must(accord("log", "add", "other", "--key", "other.key", "image"))
must(accord("log", "publish", "other", "--key", "other.key"))
expect("views of two logs", accord("evidence", "make", "other", "ours.note"), 1,
       "these are views of two logs: this is not the key that belongs here: expected other.example/log, found "
       "tech-accord-2018/log")

# A third party: it has the file and the keys.
log_key = [line.split()[1] for line in must(accord("policy", "accord")).out.splitlines() if line.startswith("log ")][0]
run = accord("evidence", "verify", "fork.evidence", "--vkey", log_key)
expect("verified with the log's key alone", run, 0, "evidence holds: tech-accord-2018/log showed a tree of 4 entries and a "
       "tree of 4 that cannot both be true\n  convicted: the log tech-accord-2018/log\n$")
run = accord("evidence", "verify", "grown.evidence", "--trust", "accord.trust", "--json")
expect("and with a trust file, as JSON", run, 0)
check("convicts the log and the witness that cosigned both, and nobody else",
      [(c["role"], c["name"], c["jurisdiction"]) for c in run.json()["convicted"]]
      == [("log", "tech-accord-2018/log", None), ("witness", "abb.com", "CH")], run)
expect("in words", accord("evidence", "verify", "fork.evidence", "--trust", "accord.trust"), 0,
       r"\n  convicted: the log tech-accord-2018/log\n  convicted: the witness of abb.com \(CH\)\n$")
must(accord("policy", "accord", "-o", "policy"))
expect("or a policy", accord("evidence", "verify", "fork.evidence", "--policy", "policy"), 0,
       "convicted: the witness abb.com\n")
sap = must(accord("key", "public", "keys/sap.com/witness.key")).out.strip()
expect("who cosigned one of them is not convicted", accord("evidence", "verify", "fork.evidence", "--vkey", sap), 1,
       "^accord: fork.evidence: the two views contradict each other, but none of the 1 keys that are known here signed both$")
write("forged", read("fork.evidence").replace(b"\n4\n", b"\n5\n", 1))
expect("a view that was changed", accord("evidence", "verify", "forged", "--vkey", log_key), 1)
write("forged", read("grown.evidence").replace(b"\n4\n", b"\n3\n", 1))
expect("another size", accord("evidence", "verify", "forged", "--vkey", log_key), 1, "consistency proof does not hold")

# From here on: nothing in that log.
expect("without the evidence all is well", verify("honest"), 0)
run = verify("honest", options=["--evidence", "fork.evidence"])
expect("with it the log is refused", run, 1,
       "^REFUSED: honest: tech-accord-2018/log: this log is convicted of two histories: nothing in it is accepted any more\n"
       "  not counted: tech-accord-2018/log signed two histories; evidence fork.evidence\n$")
run = verify("honest", options=["--evidence", "fork.evidence", "--json"])
check("and in JSON", run.json()["files"][0]["rule"] == "distrusted" and run.json()["files"][0]["distrusted"]
      == [{"role": "log", "name": "tech-accord-2018/log", "evidence": "fork.evidence"}], run)
expect("damaged evidence does not pass for none", verify("honest", options=["--evidence", "forged"]), 1,
       "^accord: forged: the proof: the consistency proof does not hold")
expect("nor does evidence that is not there", verify("honest", options=["--evidence", "absent"]), 3)

run = accord("trust", "distrust", "accord.trust", "fork.evidence", "grown.evidence")
expect("the trust file is fed", run, 0, "distrusted from here on: the log tech-accord-2018/log, by fork.evidence\n"
       r"distrusted from here on: the witness of abb.com \(CH\), by fork.evidence\n"
       "already distrusted: the log tech-accord-2018/log, by grown.evidence\n")
check("with the evidence's digest", f"distrust {log_key} sha256:{hashlib.sha256(read('fork.evidence')).hexdigest()}\n".encode()
      in read("accord.trust"))
expect("every later verify refuses", verify("honest", "image"), 1, r"(REFUSED: \w+: .*\n  not counted: .* signed two histories; evidence sha256:[0-9a-f]{64}\n){2}$")
fed = read("accord.trust")
expect("so does pinning anew from that log", accord("trust", "pin", "accord", "-o", "accord.trust"), 1,
       "this log is convicted of two histories")
check("and leaves the trust file as it is", read("accord.trust") == fed)
lines = fed.decode().split("\n")
at = [i for i, line in enumerate(lines) if line.startswith("distrust ")]
lines[at[0]], lines[at[1]] = lines[at[1]], lines[at[0]]
write("unsorted.trust", "\n".join(lines))
expect("a trust file that somebody edited badly", accord("verify", "--trust", "unsorted.trust", "honest"), 1,
       "^accord: unsorted.trust: line 5: this is not a trust file that can be used: expected distrust lines sorted")
expect("is not overwritten", accord("trust", "pin", "accord", "-o", "unsorted.trust"), 1, "line 5")
os.symlink("loop", DIR / "loop")
expect("nor is what cannot be looked at, so that nobody whom it distrusts is forgotten",
       accord("trust", "pin", "accord", "-o", "loop"), 3, "loop")
finish()
