"""Custodians: K of N signatories open a report when the witnesses' clock says so, and not before; no vendor, no reporter,
no host can prevent or hasten it. Months go by: the machine's clock is shifted, and the witnesses' with it."""

import base64
import hashlib
import signal

from remote import *

os.environ["LD_PRELOAD"] = os.environ["SHIFTED_CLOCK"]
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
DAY = 86400
NINE = ["abb.com", "arm.com", "avast.com", "bitdefender.com", "f-secure.com", "guardtime.com", "sap.com", "telefonica.com", "trendmicro.com"]
THREE = ["sap.com", "abb.com", "arm.com"]
MEMBERS = NINE + ["cisco.com", "microsoft.com", "nokia.com"]
today = 0


def clock(day):
    """What every machine calls now."""
    global today
    today = day
    os.environ["CLOCK_SHIFT"] = str(int(day * DAY))


def come(day):
    """The day comes, and the witnesses say so."""
    clock(day)
    must(publish(*MEMBERS))


def key(domain, role):
    return f"keys/{domain}/{role}.key"


def custodian(domain, *options, keys=None, dir="accord", state=None, sign="receipt"):
    trust, state = f"{domain}.trust", state or f"{domain}.state"
    if not (DIR / trust).exists():
        shutil.copy(DIR / "accord.trust", DIR / trust)
    given = [a for k in keys or [key(domain, "report")] for a in ("--key", k)]
    return accord("custodian", "run", "--accord", dir, "--member", domain, *given, "--sign", key(domain, sign), "--trust", trust,
                  "--state", state, *options)


def did(run):
    """What a custodian did, of which kind; -1 where it failed."""
    return [one["did"] for one in run.json()["did"]] if run.status == 0 else [-1, str(run)]


def size():
    return int(must(accord("log", "checkpoint", "accord")).out.splitlines()[1])


def report(name, custodians, k, *options, opens="30d"):
    """Its case, by its digits."""
    named = [a for c in custodians for a in ("--custodian", c)]
    run = must(accord("report", "--accord", "accord", "--to", "cisco.com", "--title", name, "--opens", opens, "--custodians",
                      f"{k}/{len(custodians)}", *named, "-o", name, *options, write(f"{name}.poc", f"how to {name}")))
    return re.search(r"case ([0-9a-f]{16})", run.err)[1]


def opened(case, *options):
    return accord("case", "open", "--accord", "accord", "--trust", "accord.trust", *options, case)


def entry_of(name):
    """The text of a report's entry, and a file with its key."""
    lines = read(f"{name}.accord-case").decode().splitlines(True)
    at = next(i for i, line in enumerate(lines) if line.startswith("entry "))
    text = "".join(lines[at + 1:])
    secret = next(line for line in lines if line.startswith("key "))
    return text[:text.index("\n\n") + 1], write(f"{name}.key", secret[4:])


def log_forged(text, signer):
    """Logs an entry that no command makes: its case, by its digits, and its index."""
    note = subprocess.run([os.environ["SIGN_NOTE"], DIR / signer], input=text.encode(), capture_output=True, check=True).stdout
    index = must(accord("log", "add", "accord/public", "--key", "accord/private/log.key", write("forged", note))).out.strip()
    must(publish(*MEMBERS))
    return hashlib.sha256(note).hexdigest()[:16], index


def line(text, begin):
    return next(one for one in text.splitlines(True) if one.startswith(begin))


def age(*arguments, stdin):
    return subprocess.run([os.environ["AGE_TOOL"], *arguments], input=stdin, capture_output=True, check=True, cwd=DIR).stdout


def given_to(text, domain, report):
    """The line that gives a custodian the share of this text, made for another report: as only whoever knows the share can."""
    opened = age("open", key(domain, "report"), stdin=base64.b64decode(line(text, f"custodian {domain}").split()[2]))
    plain = opened[:32] + hashlib.sha256(b"accord/v1/share\n" + line(report, "case ")[5:-1].encode()).digest()
    recipient = must(accord("key", "public", key(domain, "report"))).out.strip()
    return f"custodian {domain} {base64.b64encode(age('seal', recipient, stdin=plain)).decode()}\n"


clock(0)
rows = [row for row in SIGNATORIES.read_text().splitlines() if set(row.split("\t")) & set(MEMBERS)]
new_accord(members=write("members.tsv", "\n".join(rows) + "\n"))

# Nothing before its time
plain = report("plain", THREE, 2)
before = size()
run = custodian("sap.com", "--json")
check("a share is checked when it comes", did(run) == ["checked"] and run.json()["waiting"] == 1, run)
run = custodian("sap.com", "--json")
check("once", did(run) == [] and run.json()["waiting"] == 1, run)
check("what is kept says so, and holds no secret", re.search(rb"checked sha256:[0-9a-f]{64} right\n", read("sap.com.state"))
      and b"SECRET" not in read("sap.com.state"), read("sap.com.state"))
expect("too few: who is missing, and until when nothing is due", opened(plain), 1,
       "sap.com has not given its share(.|\n)*arm.com has not(.|\n)*0 of 2 shares .* none is due before 20")
clock(60)  # of the custodian's machine alone
for options in (["--json"], ["--json", "--dry-run"], ["--json", "--once"]):
    run = custodian("sap.com", *options)
    check(f"whatever its own clock says: {options[1:]}", did(run) == [] and run.json()["waiting"] == 1, run)
come(29)
for member in THREE:
    run = custodian(member, "--json")
    check(f"{member}: not a day before", "share" not in did(run) and run.json()["waiting"] == 1, run)
check("nothing was logged", size() == before)
come(31)
run = custodian("sap.com", "--dry-run", "--json", state="none.state")
check("a dry run says what is due", did(run) == ["checked", "share-due"], run)
check("and does nothing", size() == before and not (DIR / "none.state").exists())
run = custodian("sap.com", "--json")
check("its share is logged when it is due", did(run) == ["share"], run)
check("and a tick after it, under which its time counts", size() == before + 2, size())
run = custodian("sap.com", "--json")
check("once", did(run) == [], run)
check("nothing more", size() == before + 2)
expect("one share is too few", opened(plain), 1, "sap.com gave its share(.|\n)*abb.com has not(.|\n)*1 of 2 shares .* is over")
check("and nothing of it is extracted", opened(plain, "-o", "never").status == 1 and not (DIR / "never").exists())
check("the second gives its own", did(custodian("arm.com", "--json")) == ["share"])
run = opened(plain, "-o", "plain.out")
expect("two of three open it", run, 0, "shares of 2 custodians")
check("what was reported comes out", read("plain.out/plain.poc") == b"how to plain")
check("the third gives its own all the same", did(custodian("abb.com", "--json", sign="release")) == ["share"])

# A stranger who copies what was sealed to custodians learns nothing: neither by a report that is due at once, nor by one
# in which their shares are wrong
def block_of(text):
    return "".join(one for one in text.splitlines(True) if one.startswith(("custody ", "recipient ", "coefficient ", "custodian ")))


shut = report("shut", THREE, 2)
report("thief", THREE, 2)
thief, thiefs = entry_of("thief")
victims = entry_of("shut")[0]
copied = [thief.replace(block_of(thief), block_of(victims)).replace(line(thief, "opens "), "opens 1\n"),
          thief.replace("".join(one for one in thief.splitlines(True) if one.startswith("custodian ")),
                        "".join(one for one in victims.splitlines(True) if one.startswith("custodian ")))]
for text in copied:
    log_forged(text, thiefs)
for member in THREE:
    run = custodian(member, "--json")
    check(f"{member}: says nothing of a share that was copied from another report", did(run).count("foreign") == 2
          and not {"share", "complaint", "failed"} & set(did(run)), run)
    check("once", did(custodian(member, "--json")) == [])
for name in ("shut", "thief"):
    must(accord("case", "progress", "--accord", "accord", "--case", f"{name}.accord-case", "withdrawn"))

# A log that cannot be believed
copy_accord("old")
late = report("late", THREE, 2)
must(custodian("sap.com"))
kept = read("sap.com.state")
expect("an older tree moves nothing", custodian("sap.com", dir="old"), 1, "older version")
write("other", "another history")
copy_accord("fork")
clock(70)
must(accord("log", "add", "old/public", "--key", "old/private/log.key", "other", "other", "other", "other", "other", "other"))
must(publish(*MEMBERS, dir="old"))
expect("nor does a fork, though a quorum cosigned it", custodian("sap.com", dir="old"), 1, "forked")
check("what is kept stays", read("sap.com.state") == kept)
must(accord("log", "add", "fork/public", "--key", "fork/private/log.key", "other"))
run = accord("log", "publish", "fork/public", "--key", "fork/private/log.key", "--cosign", key("abb.com", "witness"), "--state", "fork.db")
must(run)
expect("nor does a log without its quorum", custodian("sap.com", dir="fork"), 1, "too few witnesses")
must(accord("init", "false", "--name", "tech-accord-2018", "--members", "members.tsv", "--demo-keys", "false-keys"))
expect("nor another accord of the same name", custodian("sap.com", dir="false"), 1)
check("what is kept stays still", read("sap.com.state") == kept)
run = accord("custodian", "run", "--accord", "accord", "--member", "sap.com", "--key", key("sap.com", "report"), "--sign", key("sap.com", "receipt"))
expect("without a trust file nobody is believed", run, 3, "trust: it does not exist")

expect("a name that is nobody's is told", accord("custodian", "run", "--accord", "accord", "--member", "sap.example", "--key", key("sap.com", "report"),
                                                "--sign", key("sap.com", "receipt"), "--trust", "accord.trust"), 0, "sap.example is no member")

# Both sides may agree to more time; one alone may not. Who withdraws ends it.
clock(31)
long, alone, gone = (report(name, THREE, 2) for name in ("long", "alone", "gone"))
for case in (long, alone, gone):
    must(accord("case", "extend", "--accord", "accord", "--by", "cisco.com", "--key", key("cisco.com", "receipt"), "--until", "10d", case))
must(accord("case", "extend", "--accord", "accord", "--case", "long.accord-case", "--until", "10d"))
must(accord("case", "progress", "--accord", "accord", "--case", "gone.accord-case", "withdrawn"))
come(63)


def given(run):
    """The cases in which a share was given."""
    return {one["case"][7:23] for one in run.json()["did"] if one["did"] == "share"} if run.status == 0 else {str(run)}


check("a request alone does not delay, an extension does, a withdrawn case is never opened",
      given(custodian("sap.com", "--json")) == {late, alone} == given(custodian("abb.com", "--json")))
expect("the extension stands", opened(long), 1, "none is due before")
expect("what was withdrawn is never due", opened(gone), 1, "its reporter withdrew")
expect("the other opens", opened(alone), 0)
come(70)
check("not a day before its end", given(custodian("sap.com", "--json")) == set())
come(72)
check("then it is due", given(custodian("sap.com", "--json")) == {long} == given(custodian("arm.com", "--json")) - {late, alone})
expect("and opens", opened(long), 0)
check("what was withdrawn stays shut", opened(gone).status == 1)

# A reporter who lies
texts = {name: (report(name, THREE, 2), *entry_of(name)) for name in ("liar", "other-liar")}
(_, text, secret), (_, other, _) = texts["liar"], texts["other-liar"]
wrong, wrong_index = log_forged(text.replace(line(text, "custodian sap.com"), given_to(other, "sap.com", text)), secret)
run = custodian("sap.com", "--json")
check("a wrong share is complained of at once", did(run).count("complaint") == 1 and did(run).count("checked") == 2, run)
check("once", did(custodian("sap.com", "--json")) == [])
check("the others' are right", did(custodian("abb.com", "--json")).count("checked") >= 3)
block = "".join(one for one in text.splitlines(True) if one.startswith(("recipient ", "coefficient ", "custodian ")))
theirs = "".join(one for one in other.splitlines(True) if one.startswith(("recipient ", "coefficient ")))
theirs += "".join(given_to(other, member, text) for member in THREE)
false, _ = log_forged(text.replace(block, theirs), secret)
named, _ = log_forged(text.replace(line(text, "recipient "), line(other, "recipient ")), secret)
sap, abb = line(text, "custodian sap.com"), line(text, "custodian abb.com")
crossed, _ = log_forged(text.replace(sap, sap.split()[0] + " sap.com " + abb.split()[2] + "\n").replace(
    abb, abb.split()[0] + " abb.com " + sap.split()[2] + "\n"), secret)
run = custodian("sap.com", "--json")
check("what is sealed to another's key is told", did(run).count("unopened") == 1, run)
check("once, and it is no complaint", did(custodian("sap.com", "--json")) == [])

# A custodian's report key is another one by the time
rotated = report("rotated", ["arm.com", "nokia.com"], 2)
must(accord("key", "new", "--for", "report", "arm.com", "-o", key("arm.com", "report-2")))
before = must(accord("key", "public", key("arm.com", "report"))).out.strip()
signing = [a for role in ("release", "stage", "current", "receipt") if (DIR / key("arm.com", role)).exists() for a in ("--key", key("arm.com", role))]
must(accord("member", "rotate", "--accord", "accord", "--domain", "arm.com", *signing, "--key", "report=" + key("arm.com", "report-2"), "--drop",
            before, "-o", "arm.apply"))
must(accord("member", "admit", "--accord", "accord", "arm.apply", "-o", "roster-2"))
for member in MEMBERS:
    must(accord("member", "sign", "roster-2", "--accord", "accord", "--key", key(member, "release")))
must(accord("member", "enact", "roster-2", "--accord", "accord"))
run = custodian("arm.com", "--json", keys=[key("arm.com", "report-2")])
check("the new key alone opens nothing of before", "unopened" in did(run) and "checked" not in did(run), run)
check("the roster that followed is kept", b"number 2\n" in read("arm.com.trust"), read("arm.com.trust")[:400])
expect("and none before it is believed any more", custodian("arm.com", dir="old", state="fresh.state"), 1, "roster.*older version|older version.*roster")
both = [key("arm.com", "report-2"), key("arm.com", "report")]
check("the old key beside it does", "checked" in did(custodian("arm.com", "--json", keys=both)))
newer = report("newer", ["arm.com", "nokia.com"], 2)
check("and the new one what came since", "checked" in did(custodian("arm.com", "--json", keys=both)))

# They are due. Two custodians at once, neither of whom waits for the other
come(103)


def start(domain, *options):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ACCORD")} | {"HOME": str(DIR)}
    return subprocess.Popen([ACCORD, "custodian", "run", "--accord", "accord", "--member", domain, "--key", key(domain, "report"), "--sign",
                             key(domain, "receipt"), "--trust", f"{domain}.trust", "--state", f"{domain}.state", *options], cwd=DIR,
                            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


shutil.copy(DIR / "accord.trust", DIR / "nokia.com.trust")
running = [start(member, "--json") for member in ("abb.com", "nokia.com")]
runs = [Run([], subprocess.CompletedProcess([], one.returncode, *out)) for one in running for out in [one.communicate()]]
check("both give their shares", wrong in given(runs[0]) and {rotated, newer} <= given(runs[1]), runs)
check("the rotated key's, too", {wrong, rotated, newer} <= given(custodian("arm.com", "--json", keys=both)))
run = opened(wrong)
expect("one wrong share of three: the rest opens it", run, 0, "shares of 2 custodians")
expect("one of before the rotation", opened(rotated), 0)
run = custodian("sap.com", "--json")
check("no share is given where it was wrong", run.status == 0 and wrong not in given(run) and {false, named} <= given(run), run)
expect("shares that open another report: who lied is said", opened(false), 1, "sealed to another key. The custody was false")
expect("and where the entry names another recipient", opened(named), 1, "names another recipient.*The custody was false")
expect("too few who were given anything: it stays shut", opened(crossed), 1, "sap.com has not(.|\n)*1 of 2 shares")
shown = must(accord("case", "show", "accord", wrong))
check("everybody sees who complained", "complaint" in str(shown), shown)

# Five of nine. The vendor is gone, the reporter is gone.
old_checkpoint = read("accord/public/checkpoint")
big = report("big", NINE, 5)
far = report("far", ["bitdefender.com", "f-secure.com"], 2)
plain_sealed = read("big.age")
for path in [*DIR.glob("*.accord-case"), *DIR.glob("*.age"), *(DIR / "keys/cisco.com").glob("re*.key")]:
    path.unlink()
for member in NINE:
    if not (DIR / f"{member}.trust").exists():
        shutil.copy(DIR / "accord.trust", DIR / f"{member}.trust")
come(132)
check("nothing before its time", not {-1, "share"} & {one for m in NINE[:5] for one in did(custodian(m, "--json", keys=both if m == "arm.com" else None))})
clock(133.05)
runner = start("trendmicro.com", "--every", "1")
time.sleep(1.5)
grown = size()
come(133.1)
for _ in range(100):
    time.sleep(0.1)
    if size() >= grown + 2:
        break
os.kill(runner.pid, signal.SIGTERM)
out = runner.communicate(timeout=30)
check("one that runs on gives it when the witnesses' clock says so, and ends when it is told to", runner.returncode == 0
      and b"is logged" in out[1] and size() == grown + 2, out)
for member in NINE[:3]:
    check(f"{member} gives its share", big in given(custodian(member, "--json", keys=both if member == "arm.com" else None)))
expect("four of five", opened(big), 1, "4 of 5 shares")
check("the fifth", big in given(custodian("sap.com", "--json")))
expect("five of nine open it", opened(big, "-o", "big.out"), 0, "shares of 5 custodians")
check("and it says what was reported", read("big.out/big.poc") == b"how to big")
expect("nothing is overwritten", opened(big, "-o", "big.out"), 1)
expect("who logs it has to be said whole", opened(big, "--by", "sap.com"), 2, "go together")
expect("and by whom", opened(big, "--log"), 2, "who logs it")
run = opened(big, "--by", "abb.com", "--key", key("abb.com", "receipt"), "--json")
check("a member logs its key", run.status == 0 and run.json()["logged"], run)
expect("everybody opens it from now on", accord("case", "show", "accord", big), 0, "what was sealed is what its entry committed to")
check("no more is due", did(custodian("guardtime.com", "--json")) == [])

# The same by the log's URL
def post(handler, body):
    """POST /add as `accord serve` answers it."""
    index = must(accord("log", "add", "accord/public", "-", stdin=body)).out.strip()
    must(publish(*MEMBERS))
    handler.reply(200, index.encode())


web = Web("accord/public", post)
web.misbehave("/checkpoint", lambda handler: handler.reply(200, old_checkpoint))
expect("an older tree by the log's URL", custodian("bitdefender.com", dir=web.url), 1, "older version")
check("nothing was posted", not [path for path in web.paths if path.startswith("POST")], web.paths)
web.misbehave("", None)
for member, days in (("bitdefender.com", 40), ("f-secure.com", -40)):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ACCORD")} | {"HOME": str(DIR), "CLOCK_SHIFT": str(int((today + days) * DAY))}
    done = subprocess.run([ACCORD, "custodian", "run", "--json", "--accord", web.url, "--member", member, "--key", key(member, "report"), "--sign",
                           key(member, "receipt"), "--trust", f"{member}.trust", "--state", f"{member}.state"], cwd=DIR, env=environment, capture_output=True)
    run = Run([], done)
    check(f"{member} gives its share there, and it counts, though the clock of its machine is off by {days} days", far in given(run), run)
run = accord("case", "open", "--accord", web.url, "--trust", "accord.trust", "-o", "far.out", far)
expect("and it opens, fetched from the log's mailbox", run, 0, "shares of 2 custodians")
check("with what was in it", read("far.out/far.poc") == b"how to far")
expect("a log that cannot be asked", custodian("avast.com", dir=refused_port()), 3)

for path in (DIR / "accord/public/mailbox").iterdir():
    path.unlink()
expect("its host is gone, too", opened(big), 3)
expect("a copy of what was sealed does", opened(big, "--sealed", write("copy", plain_sealed)), 0)

# What docs/custodians.md asks to paste, by the machine's own clock
page = (pathlib.Path(__file__).resolve().parents[2] / "docs/custodians.md").read_text()
script = re.search(r"```sh\n(.*?)```", page, re.DOTALL)[1]
(DIR / "pasted").mkdir()
(DIR / "pasted/accord").symlink_to(ACCORD)
(DIR / "pasted/examples").symlink_to(SIGNATORIES.parent)
plain_environment = {k: v for k, v in os.environ.items() if k not in ("LD_PRELOAD", "CLOCK_SHIFT") and not k.startswith("ACCORD")}
done = subprocess.run(["sh", "-e", "-c", script], cwd=DIR / "pasted", capture_output=True, text=True,
                      env=plain_environment | {"PATH": f"{DIR}/pasted:{os.environ['PATH']}", "HOME": str(DIR)})
check("the example in docs/custodians.md can be pasted", done.returncode == 0 and "not yet: status 1" in done.stdout
      and done.stdout.endswith("the parser overflows at 64 KiB\n") and "shares of 2 custodians" in done.stderr, done.stdout + done.stderr)
finish()
