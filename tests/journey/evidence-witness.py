"""A witness cosigned two histories of some log. From then on its cosignature counts for nobody: while others suffice the
quorum is reached without it, and where they do not the refusal names it."""

from journey import *

new_accord()
must(release(write("image", "an image")))
of = members()
lonely = [domain for domain, code in of.items() if list(of.values()).count(code) == 1]
many = [domain for domain, code in of.items() if code == "US"]
check("there are jurisdictions with one witness", len(lonely) >= 3 and len(many) > 3, of)

# A log that nobody here trusts forks; some witnesses cosign both, from two memories.
must(accord("key", "new", "--for", "log", "other.example/log", "-o", "other.key"))
must(accord("log", "new", "one", "--key", "other.key"))
must(accord("log", "add", "one", "--key", "other.key", write("a", "a")))
shutil.copytree(DIR / "one", DIR / "two")
must(accord("log", "add", "one", "--key", "other.key", write("b", "b")))
must(accord("log", "add", "two", "--key", "other.key", write("c", "c")))
must(accord("log", "add", "two", "--key", "other.key", write("d", "d")))


def convict(*witnesses):
    """Evidence against these, and against the log."""
    for log in ("one", "two"):
        cosign = [word for domain in witnesses for word in ("--cosign", f"keys/{domain}/witness.key")]
        must(accord("log", "publish", log, "--key", "other.key", *cosign, "--state", f"{log}.{witnesses[0]}.db"))
    must(accord("evidence", "make", "one", "two", "-o", f"{witnesses[0]}.evidence"))
    return f"{witnesses[0]}.evidence"


three = convict(*lonely[:3])
run = accord("evidence", "verify", three, "--trust", "accord.trust")
expect("three witnesses are convicted", run, 0, "other.example/log showed a tree of 2 entries and a tree of 3")
check("by name and jurisdiction", [line for line in run.err.splitlines() if "convicted" in line]
      == [f"  convicted: the witness of {domain} ({of[domain]})" for domain in of if domain in lonely[:3]], run)
one = convict(many[0])
us = len(many) - 1

run = verify("image", options=["--evidence", one])
expect("where others suffice the release verifies", run, 0, "vouched for by 33 witnesses in 10 jurisdictions")
check("without that witness", f"US {us}" in run.err
      and run.err.endswith(f"\n  not counted: {many[0]} cosigned two histories; evidence {one}\n"), run)
run = verify("image", options=["--evidence", one, "--json"])
check("in JSON too", run.json()["files"][0]["distrusted"] == [{"role": "witness", "name": many[0], "evidence": one}]
      and run.json()["files"][0]["witnesses"] == 33, run)

run = verify("image", options=["--evidence", one, "--evidence", three])
named = [domain for domain in of if domain in lonely[:3] + many[:1]]
expect("where they do not the refusal names them", run, 1,
       "^REFUSED: image: not counting .*: too few witnesses vouch for this checkpoint: expected 1 witness in each of 8 "
       f"jurisdictions, found 7 of 8 jurisdictions: .*US {us}")
check("each with its evidence", run.err.split("\n", 1)[1]
      == "".join(f"  not counted: {domain} cosigned two histories; evidence {one if domain == many[0] else three}\n"
                 for domain in named), run)
run = verify("image", options=["--evidence", three, "--json"])
check("in JSON too", run.json()["files"][0]["rule"] == "quorum"
      and {d["name"] for d in run.json()["files"][0]["distrusted"]} == set(lonely[:3]), run)
expect("in any order", verify("image", "image", options=["--evidence", three, "--evidence", one]), 1, "7 of 8 jurisdictions")

# The same, for good.
shutil.copy(DIR / "accord.trust", DIR / "innocent.trust")
expect("the trust file is fed", accord("trust", "distrust", "accord.trust", one), 0,
       rf"^distrusted from here on: the witness of {many[0]} \(US\), by {one}\n$")
expect("verify discounts", verify("image"), 0, f"not counted: {many[0]} cosigned two histories; evidence sha256:[0-9a-f]{{64}}")
expect("pinned again", accord("trust", "pin", "accord", "-o", "accord.trust"), 0, "pinned")
expect("the line is still there", verify("image"), 0, f"not counted: {many[0]}")
run = accord("trust", "distrust", "accord.trust", one, three, "--json")
expect("fed again", run, 0)
check("says what is new", [(c["name"], c["new"]) for c in run.json()["convicted"]]
      == [(many[0], False)] + [(domain, True) for domain in of if domain in lonely[:3]], run)
expect("verify refuses", verify("image"), 1, "not counting .*: too few witnesses")
expect("and a release under the old trust still verifies", accord("verify", "--trust", "innocent.trust", "image"), 0)
expect("pinning by them is refused too", accord("trust", "pin", "accord", "-o", "accord.trust"), 1, "too few witnesses")

before = read("innocent.trust")
write("junk", "no evidence\n")
expect("what is no evidence changes nothing", accord("trust", "distrust", "innocent.trust", one, "junk"), 1,
       "^accord: junk: line 1: accord/v1/evidence: this does not follow its grammar")
check("nothing was written", read("innocent.trust") == before)
must(accord("key", "new", "--for", "log", "third.example/log", "-o", "third.key"))
for log, entry in (("x", "a"), ("y", "b")):
    must(accord("log", "new", log, "--key", "third.key"))
    must(accord("log", "add", log, "--key", "third.key", entry))
    must(accord("log", "publish", log, "--key", "third.key"))
must(accord("evidence", "make", "x", "y", "-o", "third.evidence"))
expect("nor does evidence against strangers", accord("trust", "distrust", "innocent.trust", "third.evidence"), 1,
       "^accord: third.evidence: no key that is known here signed this: expected a log or a witness of the trust file that "
       "signed both views$")
expect("which verify says, and goes on",
       accord("verify", "--trust", "innocent.trust", "--evidence", "third.evidence", "image"), 0,
       "^third.evidence: this evidence convicts nobody whom the trust file knows\nverified: image")
finish()
