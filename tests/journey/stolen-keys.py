"""A vendor whose release and current keys were stolen: what the thief said of its product, and how the vendor goes on from before."""

from journey import *

OURS = ["--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe"]
OLD = {role: f"keys/cisco.com/{role}.key" for role in ["release", "current"]}
NEW = {role: f"{role}-2.key" for role in OLD}


def current(to, key, *options):
    must(accord("current", *OURS, "--key", key["current"], "-o", to, *options))
    return ["--current", to]


def released(name, version, key, *options):
    return accord("release", *OURS, "--version", version, "--key", key["release"], *options, write(name, f"version {version}"))


def refused(name, rule, file, *options):
    run = verify(file, options=["--json", *options])
    check(f"{name}: {rule}", run.status == 1 and run.json()["files"][0]["rule"] == rule, run)


new_accord()
must(accord("require", *OURS, "--key", OLD["release"], "--max-age", "1h", "--notice", "0"))
must(released("v1", "1", OLD))
now = current("now", OLD, "--channel", "stable=1", "--lowest", "1")
expect("before", verify("v1", options=[*now, "--state", "state"]), 0)

# What a thief does with both keys
stolen_at = int(read("accord/public/checkpoint").split(b"\n")[1])
must(accord("require", *OURS, "--key", OLD["release"], "--drop", "max-age"))
must(released("evil", "evil", OLD, "--sequence", str(2**64 - 1)))
must(accord("withdraw", *OURS, "--key", OLD["release"], "--sequence", "1", "--reason", "defective", "-o", "forged-withdrawal"))
forged = current("forged-current", OLD, "--channel", "stable=99", "--lowest", "99")
expect("a device believes it, so far", verify("evil", options=[*forged, "--bundle", "evil.bundle"]), 0)

# The vendor's new keys; the old ones count up to the theft
for role in OLD:
    must(accord("key", "new", "--for", role, f"cisco.com/{role}-2", "-o", NEW[role]))
revoke = []
for role in OLD:
    revoke += ["--revoke", must(accord("key", "public", OLD[role])).out.strip() + f"@{stolen_at}"]
must(accord("member", "rotate", "--accord", "accord", "--domain", "cisco.com", *[a for role in OLD for a in
            ("--key", f"{role}={NEW[role]}", "--drop", f"cisco.com/{role}")], "--key", "keys/cisco.com/stage.key", "--key", "keys/cisco.com/receipt.key",
            "-o", "apply"))
must(accord("member", "admit", "--accord", "accord", "apply", *revoke, "-o", "next"))
for domain in list(members())[:24]:
    must(accord("member", "sign", "next", "--accord", "accord", "--key", f"keys/{domain}/release.key"))
must(accord("member", "enact", "next", "--accord", "accord"))
must(accord("trust", "pin", "accord", "-o", "accord.trust"))
refused("the thief's release", "wrong-signer", "evil", "--bundle", "evil.bundle")
refused("the thief's word", "wrong-signer", "v1", *forged)
expect("the old word still holds", verify("v1", options=now), 0)
expect("and what the log says, without the thief", verify("v1", options=["--current", "accord", "--state", "state"]), 0,
       "newest is sequence 1, fit for use from 1")

# The vendor goes on from before the theft
run = accord("require", *OURS, "--key", NEW["release"], "--max-age", "2h", "--json")
check("its next policy follows the last one of its own", run.status == 0 and run.json()["number"] == 2, run)
run = released("v2", "2", NEW)
expect("and its next release the last one of its own", run, 0, "sequence 2")
now = current("now-2", NEW)
check("nothing of the thief is in the next word", b"channel stable 2 1" in must(accord("proof", "show", "now-2")).out.encode() +
      must(accord("proof", "show", "now-2")).err.encode() and "withdrawn" not in str(must(accord("proof", "show", "now-2"))))
expect("the new release", verify("v2", options=[*now, "--state", "state"]), 0, "policy 2 demands")
expect("by what the log says, too", verify("v2", options=["--current", "accord", "--state", "state"]), 0)
thiefs = ["--bundle", "forged-withdrawal", "--bundle", "evil.bundle"]
expect("the thief's policy and withdrawal beside the vendor's change nothing", verify("v2", options=[*now, *thiefs]), 0,
       "policy 2 demands")
os.rename(DIR / "v2.bundle", DIR / "kept")
expect("the log has what is needed", verify("v2", options=["--current", "accord"]), 0)
refused("the thief's in the place of the vendor's", "wrong-signer", "v2", *now, *thiefs)
finish()
