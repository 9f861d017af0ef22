"""What coercion comes to: each thing that a vendor, a log, witnesses or a feed can be forced to do, by the command that does it,
and the refusal of a device. (Other journeys go deeper: vendor-own-log, below-quorum, one-jurisdiction, product-policy.)"""

import hashlib
import time

from journey import *

OURS = ["--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe"]
KEY = ["--key", "keys/cisco.com/release.key"]
new_accord()
AMERICANS = [domain for domain, place in members().items() if place == "US"]


def refused(name, rule, file, *options):
    run = verify(file, options=["--json", *options])
    return check(f"{name}: {rule}", run.status == 1 and run.json()["files"][0]["rule"] == rule, run)


def statement(file, version, *keys):
    """A release that the vendor signs, and logs nowhere."""
    run = must(accord("release", *OURS, *(keys or KEY), "--version", version, "--statement-only", file))
    return write(f"{file}.entry", run.bytes)


def fork_with(entry, cosigners, name):
    """A second history of the log, for one customer: these witnesses are forced to cosign it. Returns a proof."""
    copy_accord(name)
    must(accord("log", "add", f"{name}/public", "--key", "accord/private/log.key", entry))
    options = [option for member in cosigners for option in ("--cosign", f"keys/{member}/witness.key")]
    must(accord("log", "publish", f"{name}/public", "--key", "accord/private/log.key", *options, "--state", f"{name}.db"))
    index = read(f"{name}/public/checkpoint").decode().splitlines()[1]
    must(accord("log", "prove", f"{name}/public", str(int(index) - 1), "-o", f"{name}.tlog-proof"))
    return f"{name}.tlog-proof"


must(accord("require", *OURS, *KEY, "--public-for", "2s", "--max-age", "1h", "--notice", "1h"))
must(release(write("image-1", "for everybody, with a flaw"), version="1"))
time.sleep(3.2)
must(accord("current", *OURS, "--key", "keys/cisco.com/current.key", "-o", "current-1"))
NOW = ["--current", "current-1", "--state", "state"]
expect("what everybody gets", verify("image-1", options=NOW), 0)
remembered = read("state")

# The vendor, to sign a special version for one customer
special = statement(write("special", "with a back door"), "1.1")
expect("a special version without a proof", verify("special", options=NOW), 3, "the proof that its vendor gives out")
refused("with the proof of another", "wrong-file", "special", "--proof", "image-1.tlog-proof", "--bundle", "image-1.bundle", *NOW)

# The log, to fork for that customer; and then all witnesses of one country, to cosign it
proof = fork_with(special, [], "alone")
refused("in a fork that nobody cosigned", "quorum", "special", "--proof", proof, "--bundle", "image-1.bundle", *NOW)
proof = fork_with(special, AMERICANS, "american")
refused(f"in a fork that all {len(AMERICANS)} witnesses of one country cosigned", "quorum", "special", "--proof", proof,
        "--bundle", "image-1.bundle", *NOW)

# The same, in public: it verifies in time, and whoever watches the name knows at once
must(release(write("image-1b", "for everybody, too"), version="1.0.1"))
write("mine", "".join(f"sha256:{hashlib.sha256(read(name)).hexdigest()}\n" for name in ["image-1", "image-1b"]))
run = accord("monitor", "--trust", "accord.trust", "--state", "monitor", "--vendor", "cisco.com", "--expect", "mine", "accord",
             "--json")
seen = [json.loads(line) for line in run.out.splitlines()]
check("before, nothing is reported that is not its vendor's", not [s for s in seen if s["code"] == "release"], run)
must(release("special", version="1.1"))
refused("a release that was pushed minutes before it is installed", "not-public", "special", *NOW)
run = accord("monitor", "--trust", "accord.trust", "--state", "monitor", "--vendor", "cisco.com", "--expect", "mine", "accord",
             "--json")
seen = [json.loads(line) for line in run.out.splitlines()]
check("and a monitor of the name tells at once", run.status == 1 and [s["code"] for s in seen].count("release") == 1, run)

# The vendor, to loosen its policy, or to add a key
must(accord("require", *OURS, *KEY, "--drop", "public-for"))
must(release(write("special-2", "with another back door"), version="1.2"))
refused("a policy that was loosened has its notice to run", "not-public", "special-2", *NOW)
must(accord("key", "new", "--for", "release", "cisco.com/new", "-o", "new.key"))
run = accord("release", *OURS, "--key", "new.key", "--version", "1.3", write("special-3", "under a new key"))
expect("a key that no roster knows releases nothing", run, 1, "not signed by a key of the party")
entry = statement("special-3", "1.3", "--key", "new.key")
log_it(entry, "special-3.tlog-proof")
refused("nor where the log takes anything", "wrong-signer", "special-3", *NOW)

# The feed, to stand still at a vulnerable version; to go back; to give out what was taken back
must(release(write("image-2", "without the flaw"), version="2"))
must(accord("require", *OURS, *KEY, "--max-age", "2s"))
must(release(write("image-3", "the same, later"), version="3"))
time.sleep(3.2)
must(accord("current", *OURS, "--key", "keys/cisco.com/current.key", "-o", "current-2", "--lowest", "3"))
LATER = ["--current", "current-2", "--state", "state"]
expect("what everybody gets now", verify("image-3", options=LATER), 0)
refused("an older one than before", "rollback", "image-1", "--bundle", "image-3.bundle", *LATER)
refused("an old one, to a device that saw none", "superseded", "image-1", "--bundle", "image-3.bundle", "--current", "current-2")
refused("an older word of what is current", "rollback", "image-3", *NOW)
time.sleep(3.2)
refused("a feed that stands still", "stale", "image-3", *LATER)
must(accord("withdraw", *OURS, *KEY, "--sequence", "6", "--reason", "compromised", "-o", "withdrawn"))
must(accord("current", *OURS, "--key", "keys/cisco.com/current.key", "-o", "current-3"))
refused("a release that was taken back", "withdrawn", "image-3", "--current", "current-3", "--state", "state")
refused("whoever only has the withdrawal knows, too", "withdrawn", "image-3", "--bundle", "withdrawn", "--current", "current-3")

# The two histories of the log, in the hands of anybody
expect("what the customer was shown and what everybody sees is evidence",
       accord("evidence", "make", "alone/public", "accord/public", "-o", "fork.evidence"), 0)
refused("with which the log is believed no more", "distrusted", "image-3", "--evidence", "fork.evidence")
finish()
