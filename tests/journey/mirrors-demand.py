"""A policy that asks for mirrors: a release counts only when members in other jurisdictions hold a copy of the log with it."""

from journey import *

OURS = ["--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe"]
KEY = ["--key", "keys/cisco.com/release.key"]
HOSTS = ["cisco.com", "bt.com", "arm.com", "sap.com"]  # US, GB, GB, DE


def mirror_key(domain):
    return f"keys/{domain}/mirror.key"


def refused(name, rule, *options):
    run = verify("image", options=["--json", *options])
    return check(f"{name}: {rule}", run.status == 1 and run.json()["files"][0]["rule"] == rule, run)


def mirrored(domain, key=None):
    """The member copies the log, cosigns the copy, and proves the release from it. Returns options for verify."""
    must(accord("log", "mirror", "accord", f"copy-{domain}", "--trust", "accord.trust", "--key", key or mirror_key(domain)))
    must(accord("proof", "refresh", "image.tlog-proof", "--accord", f"copy-{domain}", "-o", f"proof-{domain}"))
    return ["--bundle", f"proof-{domain}"]


# Four members say in the roster that they run mirrors.
new_accord()
for domain in HOSTS:
    must(accord("key", "new", "--for", "mirror", f"{domain}/mirror", "-o", mirror_key(domain)))
    vkey = must(accord("key", "public", mirror_key(domain))).out.strip()
    keys = [option for role in ["release", "stage", "current", "receipt"] for option in ("--key", f"keys/{domain}/{role}.key")]
    must(accord("member", "rotate", "--accord", "accord", "--domain", domain, *keys, "--public", f"mirror={vkey}", "-o", f"{domain}.apply"))
must(accord("member", "admit", "--accord", "accord", *[f"{domain}.apply" for domain in HOSTS], "-o", "next"))
for domain in list(members())[:24]:
    must(accord("member", "sign", "next", "--accord", "accord", "--key", f"keys/{domain}/release.key"))
must(accord("member", "enact", "next", "--accord", "accord"))
must(accord("trust", "pin", "accord", "-o", "accord.trust"))

must(accord("require", *OURS, *KEY, "--mirrors", "3/2", "--notice", "0"))
must(release(write("image", "an image")))
refused("nobody has a copy yet", "not-public")
american, british, other = mirrored("cisco.com"), mirrored("bt.com"), mirrored("arm.com")
refused("one copy", "not-public", *american)
refused("two are too few", "not-public", *british, *other)
run = verify("image", options=[*american, *british, *other])
expect("three, in two jurisdictions", run, 0, "3 mirrors in 2 jurisdictions .there are 3 in 2.")
must(accord("require", *OURS, *KEY, "--mirrors", "2/2"))
must(release("image"))
must(accord("current", *OURS, *KEY, "-o", "now"))
british, other = mirrored("bt.com"), mirrored("arm.com")
refused("two of one jurisdiction", "not-public", *british, *other)
expect("two of two", verify("image", options=[*british, *mirrored("sap.com")]), 0)

# Who holds it is said by the mirror's key, and by no other of the member's.
refused("a witness's cosignature is no mirror's", "not-public", *british)
must(accord("key", "new", "--for", "mirror", "sap.com/mirror", "-o", "forged.key"))
shutil.rmtree(DIR / "copy-sap.com")
refused("nor is that of a key which no roster has", "not-public", *british, *mirrored("sap.com", "forged.key"))
# A copy that was made before the release says nothing of it, and cannot prove it.
must(release(write("image-2", "the next image")))
run = accord("proof", "refresh", "image-2.tlog-proof", "--accord", "copy-bt.com", "-o", "x")
expect("an old copy cannot prove a newer release", run, 1, "older version|shorter|size")

# Nor do mirrors of a tree without it count because something else in that tree is in a larger one, too.
index = must(accord("require", *OURS, *KEY, "--mirrors", "2/2", "--json")).json()["index"]
early = []
for domain in ["cisco.com", "bt.com"]:
    shutil.rmtree(DIR / f"copy-{domain}")
    must(accord("log", "mirror", "accord", f"copy-{domain}", "--trust", "accord.trust", "--key", mirror_key(domain)))
    must(accord("log", "prove", f"copy-{domain}", index, "-o", f"early-{domain}"))
    early += ["--bundle", f"early-{domain}"]
must(release("image", version="3"))
must(accord("log", "prove", "accord/public", index, "-o", "late"))
refused("mirrors of a smaller tree", "not-public", *early)
refused("and a larger tree without them", "not-public", *early, "--bundle", "late")
refused("in the other order", "not-public", "--bundle", "late", *early)
for domain in ["cisco.com", "arm.com"]:
    shutil.rmtree(DIR / f"copy-{domain}")
expect("but those of a tree with it do", verify("image", options=[*mirrored("arm.com"), *mirrored("cisco.com")]), 0)

# A mirror that cosigned two histories, of whichever log, holds nothing any more.
shutil.copy(DIR / "accord.trust", DIR / "innocent.trust")
must(accord("key", "new", "--for", "log", "other.example/log", "-o", "other.key"))
for log, entry in (("one", "a"), ("two", "b")):
    must(accord("log", "new", log, "--key", "other.key"))
    must(accord("log", "add", log, "--key", "other.key", write(entry, entry)))
    must(accord("log", "publish", log, "--key", "other.key"))
    must(accord("log", "mirror", log, f"copy-{log}", "--vkey", must(accord("key", "public", "other.key")).out.strip(),
                "--key", mirror_key("arm.com")))
must(accord("evidence", "make", "copy-one", "copy-two", "-o", "mirror.evidence"))
run = accord("evidence", "verify", "mirror.evidence", "--trust", "accord.trust", "--json")
check("two histories convict a mirror as they do a witness", run.status == 0 and
      [(c["role"], c["name"], c["jurisdiction"]) for c in run.json()["convicted"]] == [("mirror", "arm.com", "GB")], run)
expect("by name", accord("evidence", "verify", "mirror.evidence", "--trust", "accord.trust"), 0,
       r"convicted: the mirror of arm\.com \(GB\)")
held = [*mirrored("arm.com"), *mirrored("cisco.com")]
expect("with its copy the release verifies", verify("image", options=held), 0)
run = verify("image", options=[*held, "--evidence", "mirror.evidence"])
expect("and without it does not", run, 1, "mirrors that hold it")
check("the evidence is not said to convict nobody", "convicts nobody" not in run.err, run)
expect("the trust file is fed", accord("trust", "distrust", "accord.trust", "mirror.evidence"), 0,
       r"^distrusted from here on: the mirror of arm\.com \(GB\), by mirror\.evidence\n$")
expect("for good", verify("image", options=held), 1, "mirrors that hold it")
finish()
