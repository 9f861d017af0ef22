"""What a verifier remembers of products: several processes with one memory, a roster that went back, a sequence that a stolen key
forged; and what is brought for another product."""

import time

from journey import *

OURS = ["--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe"]
KEY = ["--key", "keys/cisco.com/release.key"]
STATE = ["--state", "state"]


def current(to, *options, product="ios-xe"):
    must(accord("current", *OURS[:4], "--product", product, "--key", "keys/cisco.com/current.key", "-o", to, *options))
    return ["--current", to]


def refused(name, rule, *files, options=()):
    before = read("state") if (DIR / "state").exists() else None
    run = verify(*files, options=["--json", *options])
    check(f"{name}: {rule}", run.status == 1 and run.json()["files"][0]["rule"] == rule, run)
    check("which leaves the memory as it was", before is None or read("state") == before)


def started(*args):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ACCORD")} | {"HOME": str(DIR)}
    return subprocess.Popen([ACCORD, "verify", "--trust", "accord.trust", *STATE, *args], cwd=DIR, env=environment,
                            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


# Several processes
new_accord()
for number in range(8):
    must(release(write(f"p{number}", f"product {number}"), product=f"p{number}"))
processes = [started(f"p{number}") for number in range(8) for _ in range(2)]
check("eight products by sixteen processes at once", all(process.wait(60) == 0 for process in processes))
check("each has its line", read("state") == b"".join(b"cisco.com p%d 1 roster 1\n" % number for number in range(8)), read("state"))
os.remove(DIR / "state")
os.remove(DIR / "state.lock")
slow = started("--proof", "p0.tlog-proof", "-")
for _ in range(500):
    if (DIR / "state.lock").exists():
        break
    time.sleep(0.01)
time.sleep(0.2)  # the lock is taken a moment after its file is made
second = started("p1")
try:
    second.wait(1)
except subprocess.TimeoutExpired:
    pass
check("one that has begun is waited for", second.poll() is None)
slow.communicate(b"product 0", 60)
check("both verify", slow.returncode == 0 and second.wait(60) == 0)
check("and both are remembered", read("state") == b"cisco.com p0 1 roster 1\ncisco.com p1 1 roster 1\n", read("state"))

# A `current` of another product is none
for version in ["1", "2", "3"]:
    must(release(write(f"v{version}", f"version {version}"), version=version))
other = current("other", product="p1")
now = current("now")
expect("what is current of it", verify("v3", options=[*now, *STATE]), 0, "newest is sequence 3")
os.remove(DIR / "state")
refused("what is current of another product", "stale", "v3", options=other)
expect("both, for both", verify("v3", "p1", options=[*now, *other]), 0)
expect("a log says what it knows", verify("v3", "p0", options=["--current", "accord"]), 0)

# A stolen key releases the highest sequence that there is; its vendor takes it back
expect("version 2", verify("v2", options=[*now, *STATE]), 0)
must(release(write("forged", "by a stolen key"), version="99", options=["--sequence", str(2**64 - 1)]))
expect("a device takes it", verify("forged", options=[*now, *STATE]), 0)
refused("and then nothing else", "rollback", "v3", options=[*now, *STATE])
run = release(write("v4", "version 4"), version="4")
expect("there is no next sequence", run, 1, "sequence")
must(release("v4", version="4", options=["--sequence", "4"]))
must(accord("withdraw", *OURS, *KEY, "--sequence", str(2**64 - 1), "--reason", "compromised", "-o", "withdrawn"))
refused("whoever has the withdrawal takes it no more", "withdrawn", "forged", options=["--bundle", "withdrawn"])
refused("but does not know what to go back to", "rollback", "v4", options=["--bundle", "withdrawn", *STATE])
now = current("now", "--channel", "stable=4", "--lowest", "3")
refused("until its vendor says it: not to this one", "superseded", "v2", options=[*now, *STATE])
expect("to this one", verify("v4", options=[*now, *STATE]), 0, "sequence 4")
check("which is remembered", read("state").startswith(b"cisco.com ios-xe 4 current "), read("state"))
refused("from here on as ever", "rollback", "v3", options=[*now, *STATE])
refused("and the forged one is taken back", "withdrawn", "forged", options=[*now, *STATE])

# A stolen current key says that nothing is fit, and adds a channel for which everything is
current("forged-word", "--channel", "stable=99", "--lowest", "stable=99", "--channel", "any=99")
refused("what a stolen key says of a channel", "superseded", "v4", options=["--current", "forged-word", "--channel", "stable"])
expect("where none is asked for, any channel's word is enough", verify("v1", options=["--current", "forged-word"]), 0)
now = current("now")
refused("the next word takes it over", "superseded", "v4", options=[*now, "--channel", "stable"])
now = current("now", "--only", "--channel", "stable=4", "--lowest", "stable=3")
expect("unless it says what there is, and no more", verify("v4", options=[*now, *STATE, "--channel", "stable"]), 0)
refused("then nothing of it is left", "superseded", "v1", options=now)
refused("nor is anything of it to be used again", "rollback", "v4", options=["--current", "forged-word", *STATE])
refused("what was taken back still is", "withdrawn", "forged", options=now)

# A trust file that went back
shutil.copy(DIR / "accord.trust", DIR / "old.trust")
must(accord("key", "new", "--for", "stage", "cisco.com/stage-2", "-o", "stage-2.key"))
keys = [option for role in ["release", "stage", "current", "receipt"] for option in ("--key", f"keys/cisco.com/{role}.key")]
must(accord("member", "rotate", "--accord", "accord", "--domain", "cisco.com", *keys, "--key", "stage=stage-2.key", "-o", "apply"))
must(accord("member", "admit", "--accord", "accord", "apply", "-o", "next"))
for domain in list(members())[:24]:
    must(accord("member", "sign", "next", "--accord", "accord", "--key", f"keys/{domain}/release.key"))
must(accord("member", "enact", "next", "--accord", "accord"))
must(accord("trust", "pin", "accord", "-o", "accord.trust"))
expect("the next roster", verify("v4", options=[*now, *STATE]), 0)
expect("a product of which nothing else is known", verify("p0", options=STATE), 0)
check("both are remembered with it", read("state").count(b" roster 2\n") == 2, read("state"))
shutil.copy(DIR / "old.trust", DIR / "accord.trust")
refused("the one before it", "trust", "v4", options=[*now, *STATE])
refused("the same, of the other product", "trust", "p0", options=STATE)
finish()
