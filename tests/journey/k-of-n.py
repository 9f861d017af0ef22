"""A vendor whose releases take several keys, which lie on different machines: statements go round, keys do not. And what its
policy allows more of them in an emergency."""

from journey import *

OURS = ["--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe"]
MACHINES = ["release", "b", "c"]


def key(machine):
    return f"keys/cisco.com/{machine}.key"


def statement(name, version, machine, *options):
    """What a machine signs, and writes into a file."""
    run = accord("release", *OURS, "--version", version, "--key", key(machine), "--statement-only", *options, name)
    write(f"{name}.{machine}", run.bytes)
    return run


def refused(name, rule, file, *options):
    run = verify(file, options=["--json", *options])
    check(f"{name}: {rule}", run.status == 1 and run.json()["files"][0]["rule"] == rule, run)


# The vendor asks for three keys, of which two have to sign; the members take that into the next roster.
new_accord()
for machine in ["b", "c"]:
    must(accord("key", "new", "--for", "release", f"cisco.com/{machine}", "-o", key(machine)))
present = [option for role in ["release", "stage", "current", "receipt"] for option in ("--key", key(role))]
must(accord("member", "rotate", "--accord", "accord", "--domain", "cisco.com", *present, "--key", "release=" + key("b"), "--key",
            "release=" + key("c"), "--threshold", "2", "-o", "cisco.apply"))
must(accord("member", "admit", "--accord", "accord", "cisco.apply", "-o", "next"))
for domain in list(members())[:24]:
    must(accord("member", "sign", "next", "--accord", "accord", "--key", f"keys/{domain}/release.key"))
must(accord("member", "enact", "next", "--accord", "accord"))
must(accord("trust", "pin", "accord", "-o", "accord.trust"))

# A release
name = write("image", "an image")
expect("one key is not enough", release(name, version="1"), 1, "too few of the keys")
expect("nor is one key twice", release(name, version="1", options=["--key", key("release")]), 1, "too few|only once|twice")
expect("one machine signs", statement(name, "1", "release"), 0)
expect("another", statement(name, "1", "b"), 0)
check("no key but its own is in what each gives out", all(b"PRIVATE" not in read(f"{name}.{m}") for m in ["release", "b"]))
expect("what one signed is not enough", accord("release", *OURS, "--version", "1", "--signed", f"{name}.release", name), 1,
       "too few of the keys")
expect("nor is it twice", accord("release", *OURS, "--version", "1", "--signed", f"{name}.release", "--signed", f"{name}.release",
                                 name), 1)
expect("another version is another statement", accord("release", *OURS, "--version", "1.1", "--signed", f"{name}.release",
                                                      "--signed", f"{name}.b", name), 1, "version 1.1.*version 1")
statement(name, "1.1", "c")
expect("nor do two machines speak of two", accord("release", *OURS, "--version", "1", "--signed", f"{name}.release", "--signed",
                                                  f"{name}.c", name), 1, "the same statement")
broken = read(f"{name}.b").replace(b"\n\xe2\x80\x94 cisco.com/b ", b"\n\xe2\x80\x94 cisco.com/b A", 1)
write("broken", broken[:-5] + broken[-1:] if len(broken) % 4 else broken)
run = accord("release", *OURS, "--version", "1", "--signed", f"{name}.release", "--signed", "broken", name)
check("a signature that is damaged does not pass", run.status == 1, run)
expect("a file that is none", accord("release", *OURS, "--version", "1", "--signed", name, name), 1, "image")
expect("nobody signs", accord("release", *OURS, "--version", "1", name), 2, "nobody signs")
check("nothing was logged so far", not (DIR / f"{name}.tlog-proof").exists())
expect("both together", accord("release", *OURS, "--version", "1", "--signed", f"{name}.release", "--signed", f"{name}.b", name), 0)
expect("verify", verify(name), 0)
statement(name, "2", "b", "--sequence", "9")
expect("one that was signed elsewhere, and a key that is here", release(name, version="2", options=["--sequence", "9", "--signed",
                                                                                                    f"{name}.b"]), 0, "sequence 9")

# A policy, and its way out, take two keys as well
expect("a policy takes as many", accord("require", *OURS, "--key", key("release"), "--public-for", "1h", "--emergency", "3"), 1,
       "too few of the keys")
run = accord("require", *OURS, "--key", key("b"), "--public-for", "1h", "--emergency", "3", "--statement-only")
write("policy.b", must(run).bytes)
run = accord("require", *OURS, "--key", key("c"), "--public-for", "1h", "--emergency", "3", "--signed", "policy.b")
check("two machines make it, and its proof is kept", run.status == 0 and "could not be logged" not in run.err, run)
name = write("fix", "a fix that cannot wait")
must(release(name, version="3", options=["--key", key("b")]))
refused("two keys wait", "not-public", name)
os.remove(DIR / "fix.tlog-proof")
must(release(name, version="3.1", options=["--key", key("b"), "--key", key("c")]))
expect("three do not, and it shows", verify(name), 0, "EMERGENCY")
run = verify(name, options=["--json"])
check("for programs, too", run.json()["files"][0]["judgement"]["policy"]["emergency"] is True, run)
run = accord("withdraw", *OURS, "--key", key("b"), "--sequence", "11", "--reason", "defective", "--statement-only")
write("withdraw.b", must(run).bytes)
expect("one key takes nothing back", accord("withdraw", *OURS, "--key", key("b"), "--sequence", "11", "--reason", "defective"), 1,
       "too few of the keys")
expect("two do", accord("withdraw", *OURS, "--signed", "withdraw.b", "--key", key("c"), "--sequence", "11", "--reason", "defective",
                        "-o", "withdrawn"), 0)
refused("which whoever has it heeds", "withdrawn", name, "--bundle", "withdrawn")
finish()
