"""The whole life of a case, over HTTP, between a reporter without a name and a vendor: reported, received, judged, fixed, published,
disclosed; and what anybody sees of it at each step."""

import fcntl

from cases import *

server = serve_accord()
LOG = url(server)
write("poc.txt", "send 300 times A\n")
write("notes.md", "found by reading\n")

run = report(LOG, "poc.txt", "notes.md", options=["--severity", "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"])
expect("a report is sent without an account or a name", run, 0, "reported to a.example")
check("the case file is its owner's alone", (DIR / "flaw.accord-case").stat().st_mode & 0o777 == 0o600)
listed = cases(LOG)
check("anybody sees the case", len(listed) == 1 and listed[0]["vendor"] == "a.example" and listed[0]["unverified"], listed)
CASE = listed[0]["case"]
raw = must(accord("log", "check", LOG, "--vkey", must(accord("key", "public", "accord/private/log.key")).out.strip()))
entry = b"".join(path.read_bytes() for path in (DIR / "accord/public/tile/entries").rglob("*") if path.is_file())
check("nobody sees what is in it", not any(word in entry for word in (b"Overflow", b"router", b"poc.txt", b"CVSS", b"reading")))
check("the mailbox has it sealed", (DIR / "mailbox" / sealed()).is_file())
check("and nothing else", sorted(os.listdir(DIR / "mailbox")) == [sealed()])
run = show(LOG, CASE)
check("what is shown of it says that it is unverified", run.status == 0 and "unverified" in run.out, run)
check("and nothing of what is in it", "Overflow" not in run.out)

expect("another member's inbox is empty", accord("inbox", "--accord", LOG, "--key", "keys/b.example/report.key", "--vendor", "b.example"), 0,
       "0 open")
run = accord("inbox", "--accord", LOG, "--key", "keys/a.example/report.key", "--vendor", "a.example", "-o", "in")
expect("the vendor opens it", run, 0, "Overflow in the parser")
extracted = [path for path in (DIR / "in").rglob("*") if path.is_file()]
check("with its files", {path.name for path in extracted} >= {"poc.txt", "notes.md"}, extracted)
check("as they were sent", all(path.read_bytes() == (DIR / path.name).read_bytes() for path in extracted if path.name in ("poc.txt", "notes.md")))

expect("the vendor says that it has it", receipt(LOG, CASE), 0, "receipt by a.example")
expect("once", receipt(LOG, CASE), 1)
check("it is not unverified any more", not state(LOG, CASE)["unverified"])
expect("its verdict is a commitment", vendor(LOG, "progress", CASE, "triaged", options=["--text", "affected: critical", "--keep", "verdict"]), 0)
expect("it asks for something", vendor(LOG, "progress", CASE, "need-info"), 0)
before = state(LOG, CASE)["opens"]
expect("and for more time", vendor(LOG, "extend", CASE, options=["--until", "7d"]), 0)
check("which alone changes nothing", state(LOG, CASE)["opens"] == before)
until_time = [a for a in state(LOG, CASE)["answers"] if a["answer"] == "extend"][0]["until"]
expect("the reporter agrees", reporter(LOG, "extend", options=["--until", str(until_time)]), 0)
check("now it does", state(LOG, CASE)["opens"] == until_time and until_time > before)
expect("once", vendor(LOG, "extend", CASE, options=["--until", "7d"]), 1, "once")

write("firmware", "fixed\n")
expect("a release that fixes it", accord("release", "--accord", LOG, "--vendor", "a.example", "--product", "router", "--version", "2",
                                         "--key", "keys/a.example/release.key", "--timeout", "20", "firmware"), 0)
expect("is committed to first", vendor(LOG, "progress", CASE, "fix", options=["--release", "firmware.tlog-proof", "--keep", "fix"]), 0)
expect("then named", vendor(LOG, "progress", CASE, "published", options=["--release", "firmware.tlog-proof"]), 0)
after = state(LOG, CASE)
check("a month for it to spread, from then on", 0 <= after["opens"] - after["published"] - 30 * 86400 <= 1 and not after["overdue"], after)
expect("the commitment is opened", vendor(LOG, "progress", CASE, "revealed", options=["--keep", "verdict"]), 0)
check("and anybody reads it", "affected: critical" in show(LOG, CASE).out)
expect("that an authority was told", vendor(LOG, "progress", CASE, "regulator", options=["--text", "ENISA 2026-11-24T08:00Z"]), 0)
expect("it is exploited: a week at most", reporter(LOG, "progress", "exploited"), 0)
check("from then on", state(LOG, CASE)["opens"] - state(LOG, CASE)["exploited"] == 7 * 86400)

expect("before its time it is disclosed by those alone who say so", reporter(LOG, "disclose"), 1, "--early")
expect("and say so", reporter(LOG, "disclose", options=["--early"]), 0)
run = show(LOG, CASE, "-o", "opened")
expect("anybody opens it", run, 0, "what was sealed is what its entry committed to")
check("and sees that its vendor could", "its seed makes the same octets again: it was sealed to 1 keys, of which 1 were" in run.err, run)
check("sees that the vendor had this very report", "its vendor's receipt is of this very report" in run.err, run)
check("that it was early", "opened early" in run.out, run)
check("and reads it", read("opened/poc.txt") == read("poc.txt"))
for name, make in {"somebody's directory": lambda path: path.mkdir(0o755), "a link to one": lambda path: path.symlink_to(DIR / "opened")}.items():
    part = DIR / "again.part"
    make(part)
    (part / "mine").write_text("keep")
    run = show(LOG, CASE, "-o", "again")
    check(f"{name} where a report is put together is left alone", run.status != 0 and (part / "mine").read_text() == "keep" and not (DIR / "again").exists(), run)
    (part / "mine").unlink()
    part.unlink() if part.is_symlink() else part.rmdir()
(DIR / "again.part").mkdir(0o700)
write("again.part/poc.txt", "half of it")
held = os.open(DIR / "again.part", os.O_RDONLY)
fcntl.flock(held, fcntl.LOCK_EX)
expect("another run that is at it is left alone", show(LOG, CASE, "-o", "again"), 3, "again.part")
os.close(held)
expect("what a run that was killed left behind is cleared away", show(LOG, CASE, "-o", "again"), 0)
check("and what is there is whole", read("again/poc.txt") == read("poc.txt") and not (DIR / "again.part").exists())

# Its host vanishes: a mirror has it all
expect("a mirror copies the mailbox, too", accord("log", "mirror", LOG, "copy", "--trust", "accord.trust", "--mailbox"), 0, "1 copied")
expect("once", accord("log", "mirror", LOG, "copy", "--trust", "accord.trust", "--mailbox"), 0, "0 copied, 1 were there, 0")
expect("and shows the case as the log does", show("copy", CASE, "--trust", "accord.trust"), 0, "this very report")
os.rename(DIR / "mailbox" / sealed(), DIR / "gone")
expect("where the host deletes it, that is told", show(LOG, CASE), 3)
expect("whoever has the sealed file goes on", show(LOG, CASE, "--sealed", "flaw.age"), 0, "this very report")
lines = read("accord.trust")
expect("with a trust file nobody is believed about who is in", show(LOG, CASE, "--trust", "accord.trust", "--sealed", "flaw.age"), 0)
run = accord("status", LOG, "--json")
check("the standings show the case", [c["case"] for c in run.json()["cases"]] == [CASE] and run.json()["cases"][0]["state"] == "disclosed", run)
check("and that its vendor received and fixed it", [(m["reports_received"], m["reports_fixed"], m["reports_overdue"]) for m in
                                                   run.json()["members"] if m["member"] == "a.example"] == [(1, 1, 0)], run)
run = accord("status", LOG, "--html", "page.html")
check("in the terminal and on the page, too", CASE[7:23] in run.out and CASE[7:23] in (DIR / "page.html").read_text(), run)
server.process.send_signal(signal.SIGTERM)
check("the server ends", server.process.wait(PATIENCE) == 0)
expect("the log is gone", show(LOG, CASE), 3)
expect("the mirror is not", show("copy", CASE, "--trust", "accord.trust"), 0, "this very report")
expect("the same from the directory", accord("case", "show", "accord", CASE, "--sealed", "flaw.age"), 0, "this very report")
finish()
