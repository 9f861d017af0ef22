"""--json gives programs the same answers: one JSON value on standard output, with names that stay."""

from journey import *

run = accord("init", "accord", "--name", "tech-accord-2018", "--members", SIGNATORIES, "--demo-keys", "keys", "--json")
expect("init", run, 0)
made = run.json()
check("names the charter's digest", re.fullmatch("sha256:[0-9a-f]{64}", made["charter"]), run)
check("and the rule", made["members"] == 34 and made["quorum"] == {"jurisdictions": 8, "witnesses": 1}, run)

run = accord("trust", "pin", "accord", "-o", "accord.trust", "--json")
expect("trust pin", run, 0)
check("names the same charter", run.json()["charter"] == made["charter"] and run.json()["roster"] == 1, run)

run = accord("policy", "accord", "-o", "policy", "--json")
expect("policy", run, 0)
check("names the roster and the rule", run.json()["roster"] == 1 and run.json()["quorum"]["jurisdictions"] == 8, run)

write("image", "an image")
run = release("image", options=["--json"])
expect("release", run, 0)
made = run.json()
check("names index, sequence and proofs", made["index"] == 2 and made["sequence"] == 1
      and made["files"][0]["proof"] == "image.tlog-proof", run)

run = verify("image", options=["--json"])
expect("verify", run, 0)
check("prints nothing for people", run.err == "", run)
[answer] = run.json()["files"]
check("the rule is ok", answer["rule"] == "ok" and answer["verified"] is True, run)
for key, value in {"file": "image", "vendor": "cisco.com", "product": "ios-xe", "version": "17.3.1", "sequence": 1,
                   "log": "tech-accord-2018/log", "index": 2}.items():
    check(f"{key} is {value}", answer[key] == value, run)
check("who vouches, by jurisdiction", answer["vouching"]["CH"] == 1 and sum(answer["vouching"].values()) == 34, run)
check("since when", isinstance(answer["public_since"], int), run)

write("changed", "changed")
shutil.copy(DIR / "image.tlog-proof", DIR / "changed.tlog-proof")
run = verify("image", "changed", "absent", options=["--json"])
expect("three files", run, 1)
check("have three answers", [a["rule"] for a in run.json()["files"]] == ["ok", "wrong-file", "not-found"], run)
check("a refusal has a sentence", "not among the artifacts" in run.json()["files"][1]["sentence"], run)
check("what was expected and found", run.json()["files"][1]["expected"] == "image"
      and run.json()["files"][1]["found"].startswith("sha256:"), run)

run = accord("verify", "--trust", "none", "image", "--json")
expect("a failure before any file", run, 3)
check("is JSON too", run.json()["rule"] == "not-found", run)
write("last", "of the last sequence")
last = 2**64 - 1
run = must(release("last", product="last", options=["--sequence", str(last), "--json"]))
check("a number beyond 2^63 stays itself, as a string", run.json()["sequence"] == str(last), run)
run = must(verify("last", options=["--json"]))
check("also to a verifier", run.json()["files"][0]["sequence"] == str(last), run)
run = accord("trust", "pin", "accord", "--charter", "sha256:" + "0" * 64, "--json")
expect("another charter", run, 1)
check("is a break of the chain", run.json()["rule"] == "chain", run)
finish()
