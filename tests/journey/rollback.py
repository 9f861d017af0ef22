"""A verifier that remembers takes no older release than one that it took before."""

from journey import *

new_accord()
for version in ["1", "2", "3"]:
    must(release(write(f"v{version}", f"version {version}"), version=version))
must(release(write("other", "another product"), product="other"))
state = ["--state", "state"]
expect("version 2 is taken", verify("v2", options=state), 0)
check("and remembered", read("state") == b"cisco.com ios-xe 2 roster 1\n", read("state"))
expect("version 2 again", verify("v2", options=state), 0)
expect("version 1 is refused", verify("v1", options=state), 1, "older version.*sequence 2.*sequence 1")
check("which changes nothing", read("state") == b"cisco.com ios-xe 2 roster 1\n", read("state"))
expect("version 1 without a memory", verify("v1"), 0)
expect("version 3 is taken", verify("v3", options=state), 0)
expect("another product has its own sequence", verify("other", options=state), 0)
check("lines are sorted", read("state") == b"cisco.com ios-xe 3 roster 1\ncisco.com other 1 roster 1\n", read("state"))
write("v3", "changed")
os.remove(DIR / "state")
expect("a refused file", verify("v3", options=state), 1)
check("is not remembered", not (DIR / "state").exists() or read("state") == b"")
run = verify("v2", "v1", "other", options=state)
expect("in one run, in order", run, 1, "v1: .*older version")
check("the others are remembered", read("state") == b"cisco.com ios-xe 2 roster 1\ncisco.com other 1 roster 1\n", read("state"))
for name, junk in [("a word too many", "a b 1 2\n"), ("no newline", "a b 1"), ("out of order", "b b 1\na a 1\n"),
                   ("a leading zero", "a b 01\n"), ("a line twice", "a b 1\na b 2\n"), ("a roster 0", "a b 1 roster 0\n"),
                   ("two rosters", "a b 1 roster 1 roster 2\n"), ("a roster before the time", "a b 1 roster 1 time 1\n")]:
    write("state", junk)
    expect(f"a damaged memory is no empty memory: {name}", verify("v2", options=state), 3, "state file")
    check("and stays as it is", read("state") == junk.encode())
must(release(write("v9", "chosen"), version="9", options=["--sequence", "9"]))
must(release(write("v10", "next"), version="10"))
expect("the next sequence follows the highest", verify("v10"), 0, "sequence 10")
subprocess.run('exec "$ACCORD" verify --trust accord.trust --state state2 v10 2>&-', shell=True, cwd=DIR)
check("the words to a closed standard error go into no file", read("state2.lock") == b"", read("state2.lock"))
check("and the memory is kept", read("state2") == b"cisco.com ios-xe 10 roster 1\n", read("state2"))
finish()
