"""A flaw on its way to its vendor: sealed, logged, opened; to several, blinded, cut off and gone on with, copied, changed
on its way, after the vendor's keys changed, and as large as a proof of concept may be."""

import hashlib
import resource
import signal
import stat
import tarfile
import time

from journey import *

TOOL = os.environ["SIGN_NOTE"]
CISCO, SAP = "keys/cisco.com/report.key", "keys/sap.com/report.key"


def report(*args, to=("cisco.com",), dir="accord", trust="accord.trust"):
    return accord("report", "--accord", dir, "--trust", trust, *[a for v in to for a in ("--to", v)], *args)


def inbox(*args, key=(CISCO,), dir="accord"):
    return accord("inbox", "--accord", dir, "--trust", "accord.trust", *[a for k in key for a in ("--key", k)], *args)


def entries(dir="accord"):
    """The entries of a small log, from its bundles."""
    found = []
    for path in sorted((DIR / dir / "public/tile/entries").rglob("000.p/*"), key=lambda p: int(p.name))[-1:]:
        data = path.read_bytes()
        while data:
            size = int.from_bytes(data[:2], "big")
            found.append(data[2:2 + size])
            data = data[2 + size:]
    return found


def reports(dir="accord"):
    return [e for e in entries(dir) if e.startswith(b"accord/v1/report\n")]


def size_of(dir="accord"):
    return int(must(accord("log", "checkpoint", dir)).out.splitlines()[1])


def field(entry, key):
    return [line.split(" ", 1)[1] for line in entry.decode().split("\n\n")[0].splitlines() if line.startswith(key + " ")]


def mail(entry, dir="accord"):
    return DIR / dir / "public/mailbox" / field(entry, "sealed")[0].split(" ")[0].split(":")[1]


def case_parts(name):
    """The lines, the cover and the entry of a case file."""
    lines, rest, parts = {}, read(name), {}
    assert rest.startswith(b"accord/v1/case-file\n")
    rest = rest.split(b"\n", 1)[1]
    while rest:
        line, rest = rest.split(b"\n", 1)
        key, value = line.decode().split(" ", 1)
        lines[key] = value
        if key in ("cover", "entry"):
            parts[key], rest = rest[:int(value)], rest[int(value):]
    return lines, parts["cover"], parts["entry"]


new_accord()
write("poc.py", "print('overflow')\n")
write("notes to you.txt", "x" * 1000)

# Before anything is sent
before = size_of()
run = report("--dry-run", "--title", "a heap overflow", "--product", "ios-xe", "poc.py")
expect("a dry run says what everybody will see", run, 0, r"vendor +cisco\.com")
check("and what nobody but the vendor will", "nobody but the vendor" in run.err and "overflow" not in run.err, run)
check("and sends nothing, and keeps nothing", size_of() == before and not list(DIR.glob("report.*")))
for what, args, status, says in (
        ("nobody to report to", ["-o", "x", "poc.py"], 2, "--to"),
        ("no file", ["--to", "cisco.com"], 2, "files"),
        ("a vendor who is no member", ["--to", "example.com", "poc.py"], 1, "no such member"),
        ("a vendor twice", ["--to", "cisco.com", "--to", "cisco.com", "poc.py"], 2, "each vendor once"),
        ("a day that is past", ["--to", "cisco.com", "--opens", "2018-04-17", "poc.py"], 2, "a day to come"),
        ("a day that is none", ["--to", "cisco.com", "--opens", "soon", "poc.py"], 2, "a day to come"),
        ("more custodians than there are", ["--to", "cisco.com", "--custodians", "6/5", "poc.py"], 2, "K/N"),
        ("custodians and no number", ["--to", "cisco.com", "--custodian", "sap.com", "poc.py"], 2, "K/N"),
        ("the vendor as its custodian", ["--to", "cisco.com", "--custodians", "1/1", "--custodian", "cisco.com", "poc.py"], 2, "not the vendor"),
        ("a title of two lines", ["--to", "cisco.com", "--title", "a\nproduct b", "poc.py"], 1, "one line"),
        ("a product that is no token", ["--to", "cisco.com", "--product", "ios xe", "poc.py"], 1, "token"),
        ("a file that is not there", ["--to", "cisco.com", "absent"], 3, "absent"),
        ("a directory", ["--to", "cisco.com", "keys"], 3, "pack a directory")):
    expect(f"refused: {what}", accord("report", "--accord", "accord", *args), status, says)

# Names
(DIR / "a").mkdir()
(DIR / "b").mkdir()
write("a/same", "1")
write("b/same", "2")
write("n" * 101, "long")
write("COVER", "cover")
write("two\nlines", "newline")
write("\x1b[2Jx", "escape")
for what, names, says in (("a name twice", ["a/same", "b/same"], "each file name once"), ("a name of 101", ["n" * 101], "100 bytes"),
                          ("the cover's name", ["COVER"], "not COVER"), ("a newline", ["two\nlines"], "control characters"),
                          ("an escape", ["\x1b[2Jx"], "control characters")):
    expect(f"refused: {what}", report(*names), 1, says)
check("nothing of that was logged, or is left", size_of() == before and not list(DIR.glob("report.*")))
write("-rf", "a name that looks like an option")
write("n" * 100, "just short enough")

# The whole way
run = report("--title", "a heap overflow", "--product", "ios-xe", "--affected", "17.3.1", "--severity", "CVSS:3.1/AV:N", "--contact",
             "someone@example.org", "-o", "one", "--json", "poc.py", "notes to you.txt", "./-rf", "n" * 100)
check("a report is logged", run.status == 0 and run.json()["cases"][0]["vendor"] == "cisco.com", run)
case = run.json()["cases"][0]
entry = reports()[0]
check("its case is the digest of its entry", case["case"] == "sha256:" + hashlib.sha256(entry).hexdigest(), case)
check("the next entry is a tick", entries()[case["index"] + 1].startswith(b"accord/v1/tick\n"))
check("the entry says nothing of what it is about", not any(word in entry for word in (b"heap", b"ios-xe", b"poc.py", b"17.3", b"someone")))
check("what is kept only its owner reads", all(stat.S_IMODE((DIR / n).stat().st_mode) == 0o600 for n in ("one.accord-case", "one.age")))
check("the mailbox has what was sealed", mail(entry).read_bytes() == read("one.age"))
check("nothing else is left", sorted(p.name for p in DIR.glob("one*")) == ["one.accord-case", "one.age"])
check("it opens after 90 days", 89 * 86400 < case["opens"] - time.time() < 91 * 86400, case)
check("and its vendor is silent after 7", 6 * 86400 < case["silent"] - time.time() < 8 * 86400, case)
write("empty.accord-case", "")
must(report("-o", "empty", "poc.py", to=("nokia.com",)))
check("but a case file that was cut off while it was made", len(read("empty.accord-case")) > 1000)
expect("nothing is written over", report("-o", "one", "poc.py"), 1, "exists already")
run = inbox("--json", "-o", "in")
found = run.json()["reports"][0]
short = found["case"].split(":")[1][:16]
check("the vendor opens it", run.status == 0 and found["opened"] and found["case"] == case["case"], run)
check("and reads what it says", [found[k] for k in ("title", "product", "affected", "severity", "contact")]
      == ["a heap overflow", "ios-xe", ["17.3.1"], "CVSS:3.1/AV:N", "someone@example.org"], run)
names = ["poc.py", "notes to you.txt", "-rf", "n" * 100]
check("its files lie in a directory of their own", sorted(p.name for p in (DIR / "in" / short).iterdir()) == sorted([*names, "COVER"]))
check("as they were", all(read(f"in/{short}/{n}") == read(n) for n in names))
check("and only their owner reads them", all(stat.S_IMODE(p.stat().st_mode) == 0o600 for p in (DIR / "in" / short).iterdir())
      and stat.S_IMODE((DIR / "in" / short).stat().st_mode) == 0o700)
write(f"in/{short}/poc.py", "edited")
expect("once more writes nothing over", inbox("-o", "in"), 0, "a heap overflow")
check("what was edited is as it was edited", read(f"in/{short}/poc.py") == b"edited" and not (DIR / f"in/{short}.part").exists())
run = inbox("--json", key=(SAP,))
check("another's inbox is empty", run.status == 0 and run.json()["reports"] == [], run)

before = size_of()
run = accord("report", "--accord", "accord", "--to", "cisco.com", "-o", "late", "poc.py",
             env={"LD_PRELOAD": os.environ["SHIFTED_CLOCK"], "CLOCK_SHIFT": "-200000", "ASAN_OPTIONS": "verify_asan_link_order=0"})
expect("a clock that is two days late makes no report that would not count", run, 1, "this machine's clock")
check("nothing of it is logged, or left", size_of() == before and not list(DIR.glob("late.*")))

# What others make of it
if shutil.which("age"):
    plain = subprocess.run(["age", "-d", "-i", DIR / CISCO, DIR / "one.age"], capture_output=True, check=True).stdout
    write("one.tar", plain)
    check("age opens it, and the case file names its digest", hashlib.sha256(plain).hexdigest() == case_parts("one.accord-case")[0]["parcel"])
    with tarfile.open(DIR / "one.tar") as tar:
        check("Python's tarfile reads it", tar.getnames() == ["COVER", *names])
    for program in ("tar", "bsdtar"):
        if shutil.which(program):
            (DIR / program).mkdir()
            subprocess.run([program, "-xf", DIR / "one.tar", "-C", DIR / program], check=True)
            check(f"{program} extracts it", all(read(f"{program}/{n}") == read(n) for n in names))

# Several vendors
run = report("-o", "both", "--json", "poc.py", to=("cisco.com", "sap.com"))
check("several vendors get a case each", run.status == 0 and len(run.json()["cases"]) == 2, run)
first, second = [case_parts(f"both.{v}.accord-case") for v in ("cisco.com", "sap.com")]
check("with keys, salts and seeds of their own", all(first[0][k] != second[0][k] for k in ("key", "salt", "seed", "parcel")))
lines = [set(e.decode().split("\n\n")[0].splitlines()) for e in reports()[-2:]]
check("their entries have no line in common but what all have", all(
    line.split(" ")[0] in ("accord/v1/report", "opens", "time") for line in lines[0] & lines[1]), lines[0] & lines[1])
group = [line for line in first[1].decode().splitlines() if line.startswith("group ")]
keys = sorted(line.split(" ")[1].encode() for c in (first[1], second[1]) for line in c.decode().splitlines() if line.startswith("case "))
check("a commitment in both covers ties them", group and group[0] in second[1].decode()
      and group[0] == "group " + hashlib.sha256(b"accord/v1/group\n" + b"".join(k + b"\n" for k in keys)).hexdigest(), group)
check("each opens its own", [r["opened"] for r in inbox("--json", key=(SAP,)).json()["reports"]] == [True])

# Blinded
run = must(report("-o", "blind", "--blinded", "--json", "poc.py", to=("sap.com",)))
entry = reports()[-1]
check("a blinded report does not name its vendor", b"sap" not in entry and field(entry, "blinded"), entry)
got = inbox("--json", key=(SAP,)).json()
check("its vendor finds it", [r["opened"] for r in got["reports"]] == [True, True] and got["reports"][1]["blinded"], got)
got = inbox("--json").json()
check("to others it is somebody else's", got["foreign"] == 1 and len(got["reports"]) == 2, got)

# What a stranger wrote is shown as text
must(report("-o", "tricky", "--title", "a\x7f\u009b2J \u202eb", "poc.py", to=("arm.com",)))
run = inbox(key=("keys/arm.com/report.key",))
expect("what a terminal would obey is a question mark", run, 0, r"a\?\?2J \?b")

# Custodians
run = must(report("-o", "kept", "--custodians", "3/5", "--json", "poc.py"))
entry = reports()[-1]
chosen = [line.split(" ")[0] for line in field(entry, "custodian")]
table = members()
check("custodians are of as many jurisdictions as there are", len({table[c] for c in chosen}) == 5 and "cisco.com" not in chosen, chosen)
check("and their recipient is the cover's last", field(entry, "recipient")[0]
      == [line.split(" ")[1] for line in case_parts("kept.accord-case")[1].decode().splitlines() if line.startswith("recipient ")][-1])
check("three coefficients for three", len(field(entry, "coefficient")) == 3 and field(entry, "custody") == ["3"])
must(report("-o", "named", "--custodians", "2/2", "--custodian", "sap.com", "--custodian", "arm.com", "poc.py"))
check("or those that were named", [line.split(" ")[0] for line in field(reports()[-1], "custodian")] == ["sap.com", "arm.com"])
check("the vendor opens these, too", inbox().status == 0)

# Introduced
must(report("-o", "introduced", "--introduce", "keys/arm.com/release.key", "poc.py"))
check("a member introduces a report", field(reports()[-1], "introduced") == ["arm.com"] and b"arm.com/release" in reports()[-1])
expect("nobody introduces with a key that is no member's", report("-o", "x", "--introduce", "accord/private/log.key", "poc.py"), 1)
check("and nothing is left of that", not list(DIR.glob("x.*")))

# Where it seals
write("precious", "keep")
(DIR / "linked.age.part").symlink_to(DIR / "precious")
must(report("-o", "linked", "poc.py"))
check("a link where it seals is not followed", read("precious") == b"keep" and not (DIR / "linked.age").is_symlink())
with open(DIR / "big", "wb") as big:
    big.truncate(600 << 20)
before = size_of()
running = subprocess.Popen([ACCORD, "report", "--accord", "accord", "--to", "cisco.com", "-o", "both", "big"], cwd=DIR, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, env={k: v for k, v in os.environ.items() if not k.startswith("ACCORD")} | {"HOME": str(DIR)})
while running.poll() is None and not (DIR / "both.age.part").exists():
    time.sleep(0.002)
(DIR / "both.age.part").unlink()
write("both.age.part", "what another run seals")
out = running.communicate()
check("of two that seal under one name none logs what it has not", running.returncode == 3 and b"another run" in out[1] and size_of() == before
      and not (DIR / "both.accord-case").exists(), (running.returncode, out))
(DIR / "both.age.part").unlink(missing_ok=True)
(DIR / "big").unlink()

# A passphrase
write("pass", "sesame\n")
must(report("-o", "closed", "--passphrase-file", "pass", "poc.py"))
check("the case file is encrypted to a passphrase", read("closed.accord-case").startswith(b"-----BEGIN AGE"))
expect("without it nothing goes on", accord("report", "--resume", "closed.accord-case"), 2, "--passphrase-file")
expect("with it everything is done", accord("report", "--resume", "closed.accord-case", "--passphrase-file", "pass"), 0, "reported to cisco.com")

# Cut off, at every step: the log before it, and a part of what came after
shutil.copytree(DIR / "accord", DIR / "then")
must(accord("witness", "restore", "--state", "then/private/witnesses.db", "--confirm"))


def cut_off(name, how):
    """Runs a report in a copy of the log, then goes on from where it was cut off, in another copy."""
    for n in ("now", "later"):
        shutil.rmtree(DIR / n, True)
    for path in DIR.glob("cut.*"):
        path.unlink()
    shutil.copytree(DIR / "then", DIR / "now")
    must(accord("witness", "restore", "--state", "now/private/witnesses.db", "--confirm"))
    must(report("-o", "cut", "poc.py", dir="now"))
    entry = case_parts("cut.accord-case")[2]
    shutil.copytree(DIR / "then", DIR / "later")
    must(accord("witness", "restore", "--state", "later/private/witnesses.db", "--confirm"))
    shutil.rmtree(DIR / "now")
    (DIR / "later").rename(DIR / "now")
    how(entry)
    run = accord("report", "--resume", "cut.accord-case", "--json")
    got = inbox("--json", dir="now")
    check(f"cut off {name}: it goes on", run.status == 0 and got.json()["reports"][-1]["opened"]
          and got.json()["reports"][-1]["case"] == run.json()["cases"][0]["case"], f"{run}\n{got}")
    after = entries("now")
    check(f"cut off {name}: one case, and a tick after it", after.count(case_parts("cut.accord-case")[2]) == 1
          and len(reports("now")) == len(reports()) + 1 and after[-1].startswith(b"accord/v1/tick\n"), len(after))
    again = accord("report", "--resume", "cut.accord-case", "--json")
    check(f"cut off {name}: once more changes nothing", again.status == 0 and entries("now") == after, again)


def add(entry):
    must(accord("log", "add", "now/public", "--key", "now/private/log.key", write("cut.entry", entry)))


def unpublished(entry):
    add(entry)


def published(entry):
    add(entry)
    must(publish(*members(), dir="now"))


def unnamed(entry):
    (DIR / "cut.age").rename(DIR / "cut.age.part")


def delivered(entry):
    published(entry)
    box = DIR / "now/public/mailbox"
    box.mkdir(exist_ok=True)
    shutil.copy(DIR / "cut.age", box / hashlib.sha256(read("cut.age")).hexdigest())


def old(entry):
    """As if it had been made a day ago: too old to count."""
    lines, cover, _ = case_parts("cut.accord-case")
    write("cut.key", lines["key"] + "\n")
    text = entry.split(b"\n\n")[0] + b"\n"
    made = int(field(entry, "time")[0])
    text = text.replace(b"\ntime %d\n" % made, b"\ntime %d\n" % (made - 90000))
    signed = subprocess.run([TOOL, DIR / "cut.key"], input=text, capture_output=True, check=True).stdout
    data = read("cut.accord-case")
    before = data[:len(data) - len(entry) - len(b"entry %d\n" % len(entry))]
    write("cut.accord-case", before + b"entry %d\n" % len(signed) + signed)


cut_off("before it was logged", lambda entry: None)
cut_off("before what was sealed had its name", unnamed)
cut_off("before the log published it", unpublished)
cut_off("before the mailbox had it", published)
cut_off("before the tick", delivered)
cut_off("a day ago", old)

# Killed, at any time
shutil.rmtree(DIR / "now", True)
shutil.copytree(DIR / "then", DIR / "now")
must(accord("witness", "restore", "--state", "now/private/witnesses.db", "--confirm"))
environment = {k: v for k, v in os.environ.items() if not k.startswith("ACCORD")} | {"XDG_CONFIG_HOME": str(DIR / "config"), "HOME": str(DIR)}
held, bad = 0, ""
started = time.monotonic()
must(accord("report", "--accord", "now", "--to", "cisco.com", "-o", "timed", "poc.py"))
whole = time.monotonic() - started
for turn in range(24):
    name = f"killed-{turn}"
    process = subprocess.Popen([ACCORD, "report", "--accord", "now", "--to", "cisco.com", "-o", name, "poc.py"], cwd=DIR, env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(whole * turn / 24)
    process.send_signal(signal.SIGKILL)
    process.wait()
    if not (DIR / f"{name}.accord-case").exists() or not read(f"{name}.accord-case"):
        continue
    held += 1
    run = accord("report", "--resume", f"{name}.accord-case")
    bad += "" if run.status == 0 else str(run)
    if not run.status and entries("now").count(case_parts(f"{name}.accord-case")[2]) != 1:
        bad += f"{name} is not once in the log\n"
check(f"killed at any time: {held} of 24 had a case file, and each of them went on", held > 0 and not bad, bad)
got = inbox("--json", dir="now")
check("and all that was logged opens", got.status == 0 and len(got.json()["reports"]) == len(inbox("--json").json()["reports"]) + 1 + held, got)  # and the one that was timed

# A copied report: another's octets, in an entry of the thief's own
must(accord("key", "new", "--for", "release", "reporter", "-o", "thief.key"))
vkey = must(accord("key", "public", "thief.key")).out.strip()
original = reports()[0]
text = original.decode().split("\n\n")[0] + "\n"
stolen = text.replace(field(original, "case")[0], vkey)
log_it(write("stolen.entry", subprocess.run([TOOL, DIR / "thief.key"], input=stolen.encode(), capture_output=True, check=True).stdout), "stolen.proof")
run = inbox("--json")
got = run.json()["reports"][-1]
check("a copied report is named as such", run.status == 1 and not got["opened"] and got["rule"] == "commitment" and "copied another's" in got["found"], run)
expect("in words, too", inbox(), 1, "somebody copied another's report")

# What lies in the mailbox was changed, or is gone
box = mail(original)
kept = box.read_bytes()
for what, data, rule, says in (("changed", kept[:-1] + bytes([kept[-1] ^ 1]), "commitment", "the octets whose digest"),
                               ("changed at its beginning", b"b" + kept[1:], "commitment", "the octets whose digest"),
                               ("cut off", kept[:-1], "commitment", "the octets whose digest"),
                               ("longer", kept + b"x", "commitment", "as many octets"),
                               ("gone", None, "not-found", "does not exist")):
    box.unlink(missing_ok=True)
    if data is not None:
        box.write_bytes(data)
    run = inbox("--json", "-o", "in-changed")
    got = run.json()["reports"][0]
    check(f"what was {what} does not open", run.status == 1 and not got["opened"] and got["rule"] == rule, run)
    check(f"and nothing of it is extracted ({what})", not (DIR / f"in-changed/{short}").exists() and not (DIR / f"in-changed/{short}.part").exists())
    expect(f"why is said: {what}", inbox(), 1, says)
box.write_bytes(kept)

# The vendor's key changes
must(accord("key", "new", "--for", "report", "cisco.com", "-o", "new-report.key"))
recipient = must(accord("key", "public", CISCO)).out.strip()
must(accord("member", "rotate", "--accord", "accord", "--domain", "cisco.com", "--key", "report=new-report.key", "--drop", recipient,
            *[a for r in ("release", "stage", "current", "receipt") if (DIR / f"keys/cisco.com/{r}.key").exists()
              for a in ("--key", f"keys/cisco.com/{r}.key")], "-o", "cisco.apply"))
must(accord("member", "admit", "--accord", "accord", "cisco.apply", "-o", "roster-2"))
copies = []
for domain in list(members())[:24]:
    copies.append(f"roster-2.{domain}")
    shutil.copy(DIR / "roster-2", DIR / copies[-1])
    must(accord("member", "sign", copies[-1], "--accord", "accord", "--key", f"keys/{domain}/release.key"))
must(accord("member", "enact", *copies, "--accord", "accord"))
must(accord("trust", "pin", "accord", "-o", "accord.trust"))
must(report("-o", "after", "--title", "to the new key", "poc.py"))
run = inbox("--json", key=("new-report.key",))
check("what came before needs the key that was", run.status == 1 and [r["opened"] for r in run.json()["reports"]][-1:] == [True]
      and run.json()["reports"][0]["rule"] == "wrong-key", run)
got = inbox("--json", key=("new-report.key", CISCO)).json()["reports"]
check("with both keys everything opens but the copy", [r["opened"] for r in got].count(False) == 1, got)
expect("the old key alone is nobody's", inbox(), 1, "--vendor")
expect("unless somebody says whose it was", inbox("--vendor", "cisco.com"), 1, "does not open: this is not the key")

# A large one
with open(DIR / "large", "wb") as file:
    for _ in range(100):
        file.write(os.urandom(1 << 20))
peak = 0


def measured(*args):
    """Runs accord; its peak of memory in KiB."""
    process = subprocess.Popen([ACCORD, *args], cwd=DIR, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_maxrss, errors


status, peak, errors = measured("report", "--accord", "accord", "--to", "sap.com", "-o", "large-one", "large")
check(f"100 MiB are sealed within 64 MiB ({peak} KiB)", status == 0 and peak < 65536, errors)
shutil.rmtree(DIR / "in", True)
status, peak, errors = measured("inbox", "--accord", "accord", "--key", SAP, "-o", "in")
name = hashlib.sha256(reports()[-1]).hexdigest()[:16]
check(f"and opened ({peak} KiB)", status == 0 and peak < 65536 and hashlib.sha256(read(f"in/{name}/large")).digest()
      == hashlib.sha256(read("large")).digest(), errors)
finish()
