"""One release of several files for several architectures: each verifies on its own."""

from journey import *

new_accord()
(DIR / "amd64").mkdir()
(DIR / "arm64").mkdir()
write("amd64/tool", "for amd64")
write("arm64/tool", "for arm64")
write("tool with spaces.txt", "a manual")
run = release("--platform", "linux/amd64", "amd64/tool", "--platform", "linux/arm64", "arm64/tool", "--platform", "",
              "tool with spaces.txt", product="tool", version="2.0")
expect("a release of three files", run, 0)
expect("the first", verify("amd64/tool"), 0, "linux/amd64")
expect("the second", verify("arm64/tool"), 0, "linux/arm64")
expect("the third", verify("tool with spaces.txt"), 0, "verified")
run = verify("amd64/tool", "arm64/tool", "tool with spaces.txt")
expect("all at once", run, 0)
check("are told in order", re.search("amd64/tool(.|\n)*arm64/tool(.|\n)*tool with spaces", run.err), run)
shutil.copy(DIR / "arm64/tool.tlog-proof", DIR / "proof")
expect("any of the proofs proves any of the files", verify("amd64/tool", options=["--proof", "proof"]), 0)

names = [write(f"many-{i}", f"file {i}") for i in range(200)]
expect("a release of two hundred files", release(*names, product="many"), 0)
run = verify(*names)
expect("verifies as one", run, 0)
check("in order", [line.split()[-1] for line in run.err.splitlines() if line.startswith("verified")] == names, run.err[:2000])
write("many-77", "changed")
run = verify(*names)
expect("one changed among them is refused", run, 1, "many-77: .*not among the artifacts")
check("and the others verify", run.err.count("verified:") == 199, run.err[:2000])

forged = write("odd\nverified: absent\x1b[2J", "an odd name")
shutil.copy(DIR / "proof", DIR / f"{forged}.tlog-proof")
run = verify(forged)
expect("a name that would say more than it should", run, 1, "odd.verified: absent")
check("is told on one line", run.err.count("\n") == 1 and "\x1b" not in run.err, run)
shutil.copy(DIR / "amd64/tool", DIR / forged)
run = verify(forged)
check("and where it verifies, too", run.status == 0 and not re.search("^verified: absent", run.err, re.M)
      and "\x1b" not in run.err, run)

write("large", os.urandom(9_000_001))
expect("a file larger than what is read at once", release("large", product="large"), 0)
expect("verifies", verify("large"), 0, "verified")
with open(DIR / "large", "r+b") as file:
    file.seek(8_999_999)
    file.write(b"??")
expect("and its last bytes count", verify("large"), 1, "not among the artifacts")
finish()
