"""What a vendor's monitor tells of reports to it: that there is one, that it is silent, that its fix is overdue, that it is
exploited, that it opens; and what another's monitor does not. Weeks go by: the machine's clock is shifted, and the witnesses'
with it."""

from journey import *

os.environ["LD_PRELOAD"] = os.environ["SHIFTED_CLOCK"]
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
DAY = 86400
COUNT = [0]


def come(day):
    """The day comes, and the witnesses say so."""
    os.environ["CLOCK_SHIFT"] = str(int(day * DAY))
    COUNT[0] += 1
    must(accord("release", "--accord", "accord", "--vendor", "c.example", "--product", "clock", "--version", str(COUNT[0]), "--key",
                "keys/c.example/release.key", write(f"day-{COUNT[0]}", str(COUNT[0]))))


def look(vendor="a.example", state=None, *options):
    """The codes of what is told, with their subjects."""
    run = accord("monitor", "--trust", "accord.trust", "--state", state or f"{vendor}.state", "--vendor", vendor,
                 "--json", *options, "accord")
    found = [json.loads(line) for line in run.out.splitlines()]
    return sorted((one["code"], one.get("subject", "")) for one in found), run


def report(name, *options, to="a.example"):
    """The short name of its case."""
    run = must(accord("report", "--accord", "accord", "--to", to, "--title", name, "-o", name, *options, write(f"{name}.poc", name)))
    return re.search(r"case ([0-9a-f]{16})", run.err)[1]


def vendor(verb, case, *words, options=()):
    return must(accord("case", verb, "--accord", "accord", "--by", "a.example", "--key", "keys/a.example/receipt.key", *options, case, *words))


write("members.tsv", "A\ta.example\tUS\nB\tb.example\tFI\nC\tc.example\tCH\n")
must(accord("init", "accord", "--name", "served.example", "--members", "members.tsv", "--demo-keys", "keys"))
must(accord("trust", "pin", "accord", "-o", "accord.trust"))
told, run = look()
check("nothing to tell", told == [] and run.status == 0, run)

first = report("first")
told, run = look()
check("a report is told, once", told == [("report", "a.example")] and run.status == 1 and first in run.out and "to open on" in run.out, run)
told, run = look()
check("and not again", told == [] and run.status == 0, run)
told, run = look("b.example")
check("another's monitor says nothing of it", told == [] and run.status == 0, run)
told, run = look("a.example", "late.state")
check("one that begins later tells it, too", told == [("report", "a.example")], run)

second = report("second")
vendor("receipt", second, options=["--report-key", "keys/a.example/report.key"])
told, run = look()
check("so is the next, and a receipt that nobody announced", told == [("receipt", "a.example"), ("report", "a.example")], run)

come(8)
silent = ("report-silent", f"a.example {first}")
told, run = look()
check("without a receipt for a week it is silent", told == [silent] and run.status == 1, run)
check("and says when it opens", "opens 20" in run.out and "entry " in run.out, run)
told, run = look("b.example")
check("to its own vendor alone", told == [], run)
told, run = look("a.example", "new.state")
check("a monitor that reads all of it at once finds the same", silent in told and told.count(silent) == 1
      and [t for t in told if t[0] == "report-silent"] == [silent], run)
text = read("a.example.state")
check("what it stands on is remembered", text.count(b"\nentry ") >= 4, text)
write("damaged.state", text.replace(b"\nentry ", b"\nentry 0", 1))
expect("a state that is damaged is refused", accord("monitor", "--trust", "accord.trust", "--state", "damaged.state", "--vendor", "a.example",
                                                    "accord"), 3, "state of accord monitor")

vendor("receipt", first, options=["--report-key", "keys/a.example/report.key"])
told, run = look()
check("a receipt ends it", told == [("receipt", "a.example")], run)

must(accord("case", "progress", "--accord", "accord", "--case", "second.accord-case", "exploited"))
come(8.1)
told, run = look()
exploited = ("report-exploited", f"a.example {second}")
check("what is exploited is told while it lasts", told == [exploited], run)
come(16)
told, run = look()
check("a week later it opens, and its fix is late", exploited in told and ("report-open", f"a.example {second}") in told
      and ("report-overdue", f"a.example {second}") in told and not any(first in subject for _, subject in told), run)

must(accord("release", "--accord", "accord", "--vendor", "a.example", "--product", "router", "--version", "2", "--key",
            "keys/a.example/release.key", write("fixed", "fixed")))
vendor("progress", second, "published", options=["--release", "fixed.tlog-proof"])
told, run = look()
check("a fix ends it", told == [("release", "a.example"), ("statement", "a.example")], run)
come(20)
told, run = look()
check("for good", told == [], run)
told, run = look("a.example", "third.state")
check("also for who reads all of it at once", {code for code, _ in told} == {"release", "report", "receipt", "statement"}, run)

come(95)
told, run = look()
check("the other is overdue, and open", told == [("report-open", f"a.example {first}"), ("report-overdue", f"a.example {first}")], run)
vendor("progress", first, "refused", options=["--reason", "not-ours"])
told, run = look()
check("what was refused asks for nothing", told == [("statement", "a.example")], run)
third = report("third", "--opens", "95d")
must(accord("case", "progress", "--accord", "accord", "--case", "third.accord-case", "withdrawn"))
come(200)
told, run = look()
check("nor what was withdrawn", told == [("report", "a.example")], run)

both = accord("monitor", "--trust", "accord.trust", "--state", "both.state", "--vendor", "a.example", "--vendor", "b.example",
              "--json", "accord")
check("one monitor watches for several", both.status == 1 and not any(json.loads(line)["code"].startswith("report-") for line in both.out.splitlines()), both)
report("fourth", to="b.example")
come(210)
both = accord("monitor", "--trust", "accord.trust", "--state", "both.state", "--vendor", "a.example", "--vendor", "b.example",
              "--json", "accord")
check("each for itself", sorted(json.loads(line)["code"] for line in both.out.splitlines()) == ["report", "report-silent"]
      and all(json.loads(line)["subject"].startswith("b.example") for line in both.out.splitlines()), both)
finish()
