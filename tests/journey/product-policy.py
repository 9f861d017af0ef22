"""What a vendor demands of its own releases: policies, publicity, current statements, withdrawals; each refusal."""

import time

from journey import *

OURS = ["--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe"]
KEY = ["--key", "keys/cisco.com/release.key"]


def require(*options):
    return accord("require", *OURS, *KEY, *options)


def current(to, *options, key="keys/cisco.com/current.key"):
    return accord("current", *OURS, "--key", key, "-o", to, *options)


def withdraw(sequence, to, *options):
    return accord("withdraw", *OURS, *KEY, "--sequence", sequence, "--reason", "vulnerable", "-o", to, *options)


def rule(run):
    return run.json()["files"][0]["rule"]


def refused(name, expected, *files, options=()):
    run = verify(*files, options=["--json", *options])
    check(f"{name}: {expected}", run.status == 1 and rule(run) == expected, run)


def wait_for(seconds):
    """Until a checkpoint that is made now is so much later than one that was made before."""
    time.sleep(seconds + 1.1)


new_accord()
must(release(write("before", "before any policy"), version="1"))
expect("a release of a product without a policy", verify("before"), 0)
check("has no bundle", not (DIR / "before.bundle").exists())

# Policies
expect("nothing that is no value", require("--public-for", "soon"), 2, "--public-for soon")
expect("nothing that is no stage", require("--stage", "party=vendor"), 2, "--stage party=vendor")
expect("nothing that the grammar refuses", require("--stage", "use=vendor"), 1, "design, source")
expect("nor names that would add lines", accord("require", "--accord", "accord", "--vendor", "cisco.com", "--product",
                                                "x\nnumber 9", *KEY), 1)
expect("another member's key makes no policy", accord("require", *OURS, "--key", "keys/sap.com/release.key"), 1,
       "not signed by a key of the party")
run = require("--public-for", "2s", "--notice", "4s")
expect("the first policy", run, 0, "policy 1")
expect("a policy without a change is one, too", require("--json"), 0)
run = verify("before")
expect("a release of before the policies, without them", run, 0)
must(release(write("v2", "two"), version="2"))
check("a release brings a bundle", (DIR / "v2.bundle").exists())
check("and names the newest policy", "policy 2 sha256:" in str(must(accord("proof", "show", "v2.tlog-proof"))))
refused("seen a moment ago", "not-public", "v2")
os.rename(DIR / "v2.bundle", DIR / "kept")
refused("without its policies", "policy", "v2")
os.rename(DIR / "kept", DIR / "v2.bundle")
wait_for(2)
must(current("now"))
expect("seen long enough, says a later checkpoint", verify("v2", options=["--current", "now"]), 0, "public for 2 seconds")
must(accord("proof", "refresh", "v2.tlog-proof", "--accord", "accord", "-o", "later"))
expect("or the same proof, made again later", verify("v2", options=["--bundle", "later"]), 0)
expect("since the bundle knows since when", verify("v2", options=["--proof", "later"]), 0)
os.rename(DIR / "v2.tlog-proof", DIR / "kept")
expect("one bundle is enough", verify("v2", options=["--current", "now"]), 0)
os.rename(DIR / "kept", DIR / "v2.tlog-proof")
must(accord("proof", "refresh", "v2.bundle", "--accord", "accord", "-o", "v2.new"))
must(accord("proof", "refresh", "v2.new", "--accord", "accord", "-o", "v2.newer"))
check("a bundle that is refreshed twice grows once", len(read("v2.new")) == len(read("v2.newer")) > len(read("v2.bundle")))
expect("and is enough without anything else", verify("v2", options=["--proof", "v2.newer", "--bundle", "v2.newer"]), 0)

# Tightened at once, loosened after a notice
run = require("--drop", "public-for", "--json")
check("a policy that loosens says so", run.status == 0 and run.json()["loosens"] is True, run)
must(release(write("v3", "three"), version="3"))
refused("what was loosened holds no sooner than its notice", "not-public", "v3")
wait_for(4)
must(current("now2"))
must(release(write("v4", "four"), version="4"))
expect("but then it holds", verify("v4"), 0)
run = require("--public-for", "60s", "--json")
check("a policy that tightens", run.status == 0 and run.json()["loosens"] is False, run)
must(release(write("v5", "five"), version="5"))
refused("holds at once", "not-public", "v5")
old = verify("v4", options=["--bundle", "v5.bundle"])
check("also for what was released before", old.status == 1 and "public" in old.err, old)
must(require("--drop", "public-for"))
must(require("--public-for", "1s"))
must(require("--threshold", "2"))
run = release(write("v6", "six"), version="6")
must(run)
refused("a threshold that its keys do not meet", "threshold", "v6")
expect("nor is there a next policy without them", require(), 1, "too few of the keys")

# Another product: current, channels, withdrawals
OURS[-1] = "nx-os"
must(require("--max-age", "1h", "--notice", "0"))


def released(name, version):
    must(release(write(name, version), product="nx-os", version=version))


expect("nothing is current of a product without a release", current("none"), 3, "nx-os")
released("n1", "1")
refused("a product that must be known as current", "stale", "n1")
expect("a release key does as well", current("c1", key="keys/cisco.com/release.key"), 0)
expect("no other", current("x", key="keys/cisco.com/stage.key"), 1)
expect("nor another member's", current("x", key="keys/sap.com/current.key"), 1)
state = ["--state", "state"]
expect("it is current", verify("n1", options=["--current", "c1", *state]), 0, "newest is sequence 1, fit for use from 0")
check("which is remembered", re.fullmatch(rb"cisco.com nx-os 1 policy 1 sha256:\w+ current \d+ \d+ \S+ time \d+ roster 1\n",
                                               read("state")),
      read("state"))
released("n2", "2")
must(current("c2", "--lowest", "2"))
refused("an old release, proven again, to a device that never saw another", "superseded", "n1", options=["--current", "c2"])
expect("the newest", verify("n2", options=["--current", "c2", *state]), 0)
before = read("state")
refused("an older current statement than one that was seen", "rollback", "n2", options=["--current", "c1", *state])
refused("an older release", "rollback", "n1", options=["--current", "c2", *state])
check("refusals change no memory", read("state") == before)
must(accord("require", *OURS, *KEY, "--max-age", "1h", "--stage", "test=any"))
released("n3", "3")
must(current("c3"))
refused("a stage that nobody attests", "missing-stage", "n3", options=["--current", "c3"])
refused("a current statement that knows a policy which is not there", "policy", "n2", options=["--current", "c3"])
must(accord("require", *OURS, *KEY, "--drop", "test"))
released("n4", "4")
must(current("c4", "--channel", "beta=4", "--channel", "stable=2", "--lowest", "stable=2", "--lowest", "beta=4"))
now = ["--current", "c4"]
expect("fit for any channel", verify("n4", options=now), 0)
expect("fit for its channel", verify("n4", options=[*now, "--channel", "beta"]), 0)
expect("older, for the other one", verify("n2", options=[*now, "--channel", "stable", "--bundle", "n4.bundle"]), 0)
run = verify("n2", options=[*now, "--channel", "beta", "--bundle", "n4.bundle"])
expect("not for the first", run, 1, "not fit for use")
run = verify("n4", options=[*now, "--channel", "nightly"])
expect("a channel that there is not", run, 1, "nightly")
expect("a withdrawal, with a reason", withdraw("4", "w4", "--text", "CVE-2026-1", "--replaced-by", "5"), 0)
expect("a text with a newline adds no line", withdraw("4", "x", "--text", "a\nreplaced-by 1"), 1)
expect("before anybody hears of it", verify("n4", options=now), 0)
run = verify("n4", options=[*now, "--bundle", "w4"])
expect("whoever has it refuses", run, 1, "taken this release back.*sequence 5.*vulnerable: CVE-2026-1")
must(current("c5"))
refused("and so does who has what is current since", "withdrawn", "n4", options=["--current", "c5"])
expect("the channels are as they were", verify("n2", options=["--current", "c5", "--channel", "stable", "--bundle",
                                                             "n4.bundle"]), 0, "newest is sequence 2")
must(require("--max-age", "1s"))
released("n5", "5")
must(current("c6", "--channel", "stable=5"))
wait_for(1)
refused("a feed that stands still", "stale", "n5", options=["--current", "c6"])
must(accord("proof", "refresh", "c6", "--accord", "accord", "-o", "c6-again"))
refused("also where the old word is proven again", "stale", "n5", options=["--current", "c6-again"])
must(current("c7"))
expect("until it moves on", verify("n5", options=["--current", "c7"]), 0)
run = verify("n5", options=["--current", "c7", "--explain"])
expect("which is explained", run, 0, "known as current within 1 second")

# The same from the log itself, in one step
must(require("--max-age", "1h"))
released("n6", "6")
must(current("c8", "--channel", "stable=6", "--channel", "beta=6"))
ask = ["--current", "accord"]
expect("what the log says is current", verify("n6", options=[*ask, *state]), 0, "newest is sequence 6")
expect("of its public half, too", verify("n6", options=["--current", "accord/public"]), 0, "newest is sequence 6")
os.rename(DIR / "n6.bundle", DIR / "kept")
expect("it has the policies", verify("n6", options=ask), 0)
os.rename(DIR / "kept", DIR / "n6.bundle")
refused("what it took back", "withdrawn", "n4", options=ask)
refused("what is too old", "superseded", "n1", options=[*ask, "--channel", "beta"])
must(accord("require", *OURS[:5], "waits", *KEY, "--public-for", "1s"))
must(release(write("waits", "what must be public for a second"), product="waits"))
refused("what was released a moment ago", "not-public", "waits", options=ask)
wait_for(1)
must(release(write("plain", "a product without a policy"), product="plain"))
expect("the log itself says that it is later now", verify("waits", options=ask), 0, "public for 1 second")
run = verify("n6", "plain", "waits", options=ask)
expect("several products at once", run, 0)
must(withdraw("6", "w6"))
refused("what was taken back since", "withdrawn", "n6", options=ask)
expect("a log that is none", verify("n6", options=["--current", "keys"]), 3)

# Damage
bundle = read("n5.bundle")
for found in re.finditer(rb"\nextra (\S+)\n", bundle):
    place = found.start(1) + 40
    write("n5.bundle", bundle[:place] + (b"B" if bundle[place:place + 1] == b"A" else b"A") + bundle[place + 1:])
    expect(f"an entry of a bundle that was changed, at {place}", verify("n5", options=["--current", "c7"]), 1, "n5.bundle, part")
write("n5.bundle", bundle[:-1])
expect("a bundle that is cut off", verify("n5", options=["--current", "c7"]), 1)
write("n5.bundle", bundle + b"x")
expect("or goes on", verify("n5", options=["--current", "c7"]), 1)
finish()
