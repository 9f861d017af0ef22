"""How each signatory stands, computed from the log alone: the same bytes everywhere; what was forged, logged again or
signed with somebody else's key counts for nothing; what cannot be checked is never called verified."""

import datetime
import html.parser
import time

from journey import *

new_accord()
WITNESSES = list(members())


def status(*options, log="accord"):
    run = must(accord("status", log, "--json", *options))
    answer = run.json()
    return answer, {member["member"]: member for member in answer["members"]}, run


def product(member, name):
    return next(p for p in member["products"] if p["product"] == name)


def demand(member, *options):
    return accord("demand", "--accord", "accord", "--member", member, "--key", f"keys/{member}/release.key", *options)


def attest(stage, output, *options, by="cisco.com", file="image.bin"):
    return accord("attest", "--accord", "accord", "--stage", stage, "--vendor", "cisco.com", "--product", "ios-xe", "--by", by,
                  "--key", f"keys/{by}/stage.key", "-o", output, *options, file)


def day(offset):
    return str(datetime.datetime.now(datetime.timezone.utc).date() + datetime.timedelta(days=offset))


def add(entry):
    """Logs an entry as it is."""
    must(accord("log", "add", "accord", "--key", "accord/private/log.key", entry))


def entry_of(proof, name):
    """The entry that a proof carries, in its extra line."""
    import base64
    extra = next(line for line in read(proof).decode().splitlines() if line.startswith("extra "))
    return write(name, base64.b64decode(extra.split(" ", 1)[1]))


answer, stands, run = status()
check("a new accord: everybody witnesses, nobody published anything",
      answer["size"] == 2 and answer["roster"] == 1 and len(stands) == 34 and answer["statements"] == 0
      and all(s["witness"]["cosigned_newest"] and s["releases"] == 0 and s["demand"] is None for s in stands.values()), run)
table = must(accord("status", "accord"))
check("as a table", "cisco.com" in table.out and "cosigns" in table.out and "34 members" in table.out, table)

# Stages and releases
write("image.bin", "an image")
must(attest("source", "source.proof"))
must(attest("build", "build.proof"))
must(release("image.bin", options=["--attest", "source.proof", "--attest", "build.proof"]))
must(release(write("plain.bin", "no stages"), version="17.3.2"))
_, stands, run = status()
cisco = stands["cisco.com"]
check("releases count, and how many of them have which stages attested",
      cisco["releases"] == 2 and cisco["releases_attested"] == {"design": 0, "source": 1, "build": 1, "test": 0, "distribution": 0}
      and cisco["attestations"] == 2, cisco)
check("the newest of a product", product(cisco, "ios-xe")["newest"] == {"version": "17.3.2", "sequence": 2, "index": 5}, cisco)

# Rebuilds
entry_of("build.proof", "build.entry")
digest = "sha256:" + __import__("hashlib").sha256(read("build.entry")).hexdigest()
must(attest("build", "again", "--outcome", "match", "--repeats", digest, by="sap.com"))
must(attest("build", "other", "--outcome", "mismatch", "--repeats", digest, by="nokia.com"))
must(attest("build", "own", "--outcome", "match", "--repeats", digest))
_, stands, run = status()
check("rebuilds count for both sides, and one's own are none",
      stands["sap.com"]["rebuilds"]["for_others_match"] == 1 and stands["nokia.com"]["rebuilds"]["for_others_mismatch"] == 1
      and stands["cisco.com"]["rebuilds"] == {"for_others_match": 0, "for_others_mismatch": 0, "by_others_match": 1, "by_others_mismatch": 1}, run)

# One member can say once of one build that it came out otherwise, and of a build that there is
for i in range(3):
    must(attest("build", "other", "--outcome", "mismatch", "--repeats", digest, "--parameter", f"time={i}", by="nokia.com"))
    must(attest("build", "none", "--outcome", "mismatch", "--repeats", f"sha256:{i:064}", by="nokia.com"))
must(attest("build", "mine.proof", by="nokia.com"))
entry_of("mine.proof", "mine.entry")
mine = "sha256:" + __import__("hashlib").sha256(read("mine.entry")).hexdigest()
must(attest("build", "none", "--outcome", "mismatch", "--repeats", mine, by="nokia.com"))
must(attest("build", "again", "--outcome", "match", "--repeats", digest, "--parameter", "time=2", by="sap.com"))
_, stands, run = status()
check("whoever says it again and again, or of builds that are its own or nowhere, counts no more",
      stands["nokia.com"]["rebuilds"]["for_others_mismatch"] == 1 and stands["sap.com"]["rebuilds"]["for_others_match"] == 1
      and stands["cisco.com"]["rebuilds"] == {"for_others_match": 0, "for_others_mismatch": 0, "by_others_match": 1, "by_others_mismatch": 1}, run)
must(attest("build", "again", "--outcome", "match", "--repeats", mine, by="sap.com"))
_, stands, run = status()
check("another's build of the same product counts", stands["sap.com"]["rebuilds"]["for_others_match"] == 2
      and stands["cisco.com"]["rebuilds"]["by_others_match"] == 2, run)

# Policies, current, withdrawals
must(accord("require", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--key", "keys/cisco.com/release.key", "--max-age", "7d"))
_, stands, run = status("--at", day(20))
check("a policy asks for statements, and there are none", product(stands["cisco.com"], "ios-xe")["current"] == {"statements": 0, "distinct": 0, "overdue": True}, run)
for i in range(2):
    must(accord("current", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--key", "keys/cisco.com/current.key", "-o", f"now{i}"))
must(accord("withdraw", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--key", "keys/cisco.com/release.key",
            "--sequence", "1", "--reason", "vulnerable", "-o", "withdrawn"))
_, stands, run = status()
ios = product(stands["cisco.com"], "ios-xe")
check("policies, current statements and withdrawals are a product's",
      ios["policy"]["number"] == 1 and ios["policy"]["max_age_seconds"] == 604800 and ios["current"]["statements"] == 2
      and ios["withdrawals"] == 1 and not ios["current"]["overdue"], ios)
said = {read(entry_of(f"now{i}", f"now{i}.entry")) for i in range(2)}  # one, unless a second went by between them
check("a timer that has nothing new to say is told apart", ios["current"]["distinct"] == len(said), ios)
_, stands, run = status("--at", day(6))
check("in six days it is not overdue", not product(stands["cisco.com"], "ios-xe")["current"]["overdue"], run)
_, stands, run = status("--at", day(9))
check("in nine it is", product(stands["cisco.com"], "ios-xe")["current"]["overdue"], run)
check("and the table says so", "OVERDUE of 1" in must(accord("status", "accord", "--at", day(9))).out)

# Demands
must(demand("cisco.com", "--from", day(-90), "--to", day(-1), "--next", day(5), "--count", "US:content:0-249", "--count", "any:metadata:0",
            "-o", "demand"))
must(demand("nokia.com", "--from", day(-90), "--to", day(-30), "--next", day(-1), "--count", "any:content:0"))
_, stands, run = status()
check("a demand statement is there, with what it says",
      stands["cisco.com"]["demand"]["said_unverified"][0] == {"jurisdiction": "US", "kind": "content", "least": 0, "most": 249}
      and not stands["cisco.com"]["demand"]["overdue"], stands["cisco.com"]["demand"])
check("one that should have come is overdue", stands["nokia.com"]["demand"]["overdue"], stands["nokia.com"]["demand"])
check("and one who never said anything is not", stands["sap.com"]["demand"] is None)
_, stands, run = status("--at", day(5))
check("on the day it is named for it is not late", not stands["cisco.com"]["demand"]["overdue"], run)
_, stands, run = status("--at", day(6))
check("on the next it is", stands["cisco.com"]["demand"]["overdue"], run)
table = must(accord("status", "accord"))
check("the table tells what is said from what is computed",
      re.search(r"no machine can check it:\n(.*\n)*  cisco\.com, legal demands(.*\n)*    content, by the law of US: 0 to 249", table.out)
      and "OVERDUE since" in table.out, table)
must(demand("nokia.com", "--to", day(-1), "--next", day(30), "--count", "any:content:0", "-o", "nokia.new"))
_, before, run = status()
check("what comes late ends it", not before["nokia.com"]["demand"]["overdue"] and before["nokia.com"]["demand"]["statements"] == 2, run)

# What counts for nothing
def without_times(stands):
    """The newest checkpoint is a later one."""
    for stand in stands.values():
        stand["witness"]["last_seen"] = None
        for product in stand["products"]:
            product["current"].pop("not_after", None)
    return stands


size = status()[0]["size"]
add(entry_of("nokia.com.demand", "old.entry"))
add(entry_of("image.bin.tlog-proof", "release.entry"))
add(entry_of("withdrawn", "withdraw.entry"))
add(write("forged", read("release.entry").replace(b"17.3.1", b"99.9.9")))
add(write("garbage", "accord/v1/demand\nmember cisco.com\n\n\u2014 x AAAAAAAA\n"))
add(write("binary", os.urandom(300)))
must(publish(*WITNESSES))
answer, after, run = status()
check("an old statement that is logged again is not new, and nothing counts twice",
      answer["size"] == size + 6 and without_times(after) == without_times(before) and answer["passed_over"] == 3, f"{answer['passed_over']}\n{after}\n{before}")

# By when something was in the log
must(accord("require", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--key", "keys/cisco.com/release.key", "--max-age", "6d"))
time.sleep(2)
add(write("later", "later"))
must(publish(*WITNESSES))
answer, stands, run = status()
check("a proof that was logged dates what was in the log before it",
      0 < product(stands["cisco.com"], "ios-xe")["current"]["not_after"] < answer["quorum_time"], run)

# A key that was given up, and what its thief signs
before = status()[1]["sap.com"]["releases"]
must(accord("release", "--accord", "accord", "--vendor", "sap.com", "--product", "p", "--version", "1", "--key", "keys/sap.com/release.key", write("sap-1", "1")))
must(accord("key", "new", "--for", "release", "sap.com/release-2", "-o", "keys/sap.com/release-2.key"))
others = [a for role in ("stage", "current", "receipt") for a in ("--key", f"keys/sap.com/{role}.key")]
must(accord("member", "rotate", "--accord", "accord", "--domain", "sap.com", "--key", "keys/sap.com/release-2.key", "--drop", "sap.com/release",
            *others, "-o", "sap.apply"))
must(accord("member", "admit", "--accord", "accord", "sap.apply", "-o", "next"))
copies = []
for i, domain in enumerate([m for m in WITNESSES if m != "sap.com"][:24]):
    shutil.copy(DIR / "next", DIR / f"next.{i}")
    must(accord("member", "sign", f"next.{i}", "--accord", "accord", "--key", f"keys/{domain}/release.key"))
    copies.append(f"next.{i}")
must(accord("member", "enact", *copies, "--accord", "accord"))
os.makedirs(DIR / "thief")
text = read(entry_of("sap-1.tlog-proof", "sap.entry")).split(b"\n\n")[0].replace(b"version 1", b"version 66").replace(b"sequence 1", b"sequence 66") + b"\n"
add(write("thief.entry", subprocess.run([os.environ["SIGN_NOTE"], DIR / "keys/sap.com/release.key"], input=text, capture_output=True, check=True).stdout))
must(accord("release", "--accord", "accord", "--vendor", "sap.com", "--product", "p", "--version", "2", "--key", "keys/sap.com/release-2.key", write("sap-2", "2")))
answer, stands, run = status()
check("what a key signed before it was given up counts, and what its successor signs", stands["sap.com"]["releases"] == before + 2
      and answer["roster"] == 2, stands["sap.com"])
check("an enactment shows who cosigned it", answer["enactments"] == 1 and stands["cisco.com"]["witness"]["enactments"] == 1, stands["cisco.com"])

# Witnesses
add(write("more", "more"))
must(publish(*WITNESSES[:-1]))
answer, stands, run = status()
silent = WITNESSES[-1]
check("a witness that does not cosign is silent", not stands[silent]["witness"]["cosigned_newest"]
      and sum(s["witness"]["cosigned_newest"] for s in stands.values()) == 33, stands[silent])
check("as the table says", re.search(rf"{silent} +.. +SILENT", must(accord("status", "accord")).out))
add(write("yet-more", "yet more"))
publish("cisco.com")
expect("without a quorum there is no answer", accord("status", "accord"), 1, "too few witnesses")
must(publish(*WITNESSES))

# Anywhere the same
copy_accord("elsewhere")
page = must(accord("status", "accord", "--html", "-"))
for what, one, other in (("JSON", accord("status", "accord", "--json"), accord("status", "elsewhere/public", "--json", env={"TZ": "Asia/Tokyo", "LC_ALL": "de_DE.UTF-8"})),
                         ("the table", accord("status", "accord"), accord("status", "elsewhere", env={"LC_ALL": "C", "TZ": "America/Lima"})),
                         ("the page", page, accord("status", "elsewhere", "--html", "-", env={"TZ": "Asia/Tokyo"}))):
    check(f"{what} is the same anywhere, byte for byte", one.status == other.status == 0 and one.bytes == other.bytes and one.out, f"{one}{other}")


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links = set(), []

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        self.links += [value for name, value in attributes if name in ("src", "href") or name.startswith("on")]


parsed = Page()
parsed.feed(page.out)
check("the page runs nothing and loads nothing", not parsed.tags & {"script", "link", "img", "iframe", "object", "form"} and not parsed.links
      and "OVERDUE" not in page.out and "by the law of US: 0 to 249" in page.out, parsed.tags)
expect("the page as a file", accord("status", "accord", "--html", "page.html"), 0)
check("is the same", read("page.html") == page.bytes)

# Whose charter
expect("with a trust file", accord("status", "accord", "--trust", "accord.trust"), 0)
must(accord("init", "second", "--name", "second", "--members", SIGNATORIES, "--demo-keys", "keys2"))
expect("another accord's log is not this one's", accord("status", "second", "--trust", "accord.trust"), 1)
expect("a log without an accord has no signatories", accord("status", "empty"), 3)
expect("a day that is none", accord("status", "accord", "--at", "tomorrow"), 2, "a day of the calendar")
bundle = next((DIR / "elsewhere/public/tile/entries").glob("000.p/*"))
largest = max((DIR / "elsewhere/public/tile/entries").glob("000.p/*"), key=lambda p: int(p.name))
data = bytearray(largest.read_bytes())
data[-3] ^= 1
largest.write_bytes(data)
expect("an entry that is not that of the tree", accord("status", "elsewhere"), 1)
finish()
