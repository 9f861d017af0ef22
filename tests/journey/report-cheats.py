"""What either side of a case, and whoever else can speak to its log, tries in vain: entries that are made by hand and sent to a server,
and claims that the opening settles."""

import base64

from cases import *

TOOL = os.environ["SIGN_NOTE"]
server = serve_accord()
LOG = url(server)
write("poc.txt", "send 300 times A\n")
must(report(LOG, "poc.txt"))
must(report(LOG, "poc.txt", name="second"))
CASE, SECOND = (case["case"] for case in cases(LOG))
b64 = lambda data: base64.b64encode(data).decode()


def entry(index):
    """An entry of the log, as it lies there."""
    count = (DIR / "accord/public/checkpoint").read_text().split("\n")[1]
    bundle = max((p.read_bytes() for p in (DIR / "accord/public/tile/entries").rglob("*") if p.is_file()), key=len)
    for _ in range(index):
        bundle = bundle[2 + int.from_bytes(bundle[:2], "big"):]
    assert index < int(count)
    return bundle[2:2 + int.from_bytes(bundle[:2], "big")]


def lines(index):
    return entry(index).decode().split("\n\n")[0].split("\n")


def changed(text, **new):
    """The lines, with those of these keys replaced."""
    return [next((f"{k} {v}" for k, v in new.items() if line.startswith(k.replace("_", "-") + " ")), line) for line in text]


def send(text, *keys):
    note = subprocess.run([TOOL, *(DIR / key for key in keys)], input="\n".join([*text, ""]).encode(), capture_output=True, check=True).stdout
    connection = http.client.HTTPConnection(server.addresses[0][0], timeout=PATIENCE)
    connection.request("POST", "/add", note)
    return Answer(connection.getresponse())


def answered(count):
    """The first case, once so many answers are public."""
    until(lambda: len(state(LOG, CASE)["answers"]) >= count)
    return state(LOG, CASE)


def refused(name, answer, says, status=403):
    return check(f"{name}: {says}", answer.status == status and says in answer.text, answer)


case_file = read("flaw.accord-case")
case_file = case_file if isinstance(case_file, str) else case_file.decode()
write("reporter.key", next(line.split(" ", 1)[-1] for line in case_file.split("\n") if "PRIVATE+KEY" in line) + "\n")
first = next(i for i in range(8) if entry(i).startswith(b"accord/v1/report"))
tick = next(i for i in range(8) if entry(i).startswith(b"accord/v1/tick"))
now = int(time.time())

# A report
refused("a report that is dated back", send(changed(lines(first), time=now - 3 * 86400), "reporter.key"), "the witnesses' clock rules out")
refused("or ahead", send(changed(lines(first), time=now + 3 * 86400), "reporter.key"), "the witnesses' clock rules out")
refused("that its own key did not sign", send(changed(lines(first), time=now), "keys/b.example/receipt.key"), "not signed")
refused("to nobody", send(changed(lines(first), vendor="nobody.example"), "reporter.key"), "no such member")
refused("under a checkpoint that nobody cosigned", send(changed(lines(first), checkpoint=b64(
    b"\n".join((DIR / "accord/public/checkpoint").read_bytes().split(b"\n")[:5]) + b"\n")), "reporter.key"), "too few witnesses")
refused("under none", send(changed(lines(first), checkpoint=b64(b"x")), "reporter.key"), "", 400)
refused("with a line that no report has", send(lines(first) + ["severity high"], "reporter.key"), "", 400)

# A tick
refused("a tick that tells nothing new", send(lines(tick) + ["x-again 1"], "reporter.key"), "covers an entry of a case which none does")

# Answers
head = ["accord/v1/progress", "case " + CASE, "by a.example", "previous " + CASE, f"time {now}",
        next(line for line in lines(tick) if line.startswith("checkpoint"))]
refused("a member speaks for the vendor", send([*head, "state refused", "reason spam"], "keys/b.example/receipt.key"), "not signed")
refused("a stranger for the reporter", send([line.replace("by a.example", "by reporter") for line in head] + ["state withdrawn"],
                                            "keys/b.example/receipt.key"), "not signed")
refused("an answer to a case of another log", send([line.replace(CASE, "sha256:" + 64 * "0") for line in head] + ["state need-info"],
                                                   "keys/a.example/receipt.key"), "in this log")
refused("that is dated back", send(changed(head, time=now - 3 * 86400) + ["state need-info"], "keys/a.example/receipt.key"), "clock")

# What the server takes, since it need not know, is passed over by everybody
value = b64(hashlib.sha256(b"guess").digest())
taken = send(["accord/v1/receipt", *head[1:], "value " + value], "keys/a.example/receipt.key")
check("a receipt with a value that was made up", taken.status == 200 and answered(1)["received"], taken)
expect("counts once: the right one comes too late", receipt(LOG, CASE), 1)
taken = send(["accord/v1/progress", *head[1:], "state triaged", "commitment " + value], "keys/a.example/receipt.key")
check("an answer that names an older one as the last", taken.status == 200, taken)
found = answered(2)
check("is passed over", [(a["answer"], a["counts"], a["rule"]) for a in found["answers"]] ==
      [("receipt", True, "ok"), ("triaged", False, "case")] and found["state"] == "received", found["answers"])
taken = send(["accord/v1/disclose", head[1], "by a.example", *head[4:], "file-key " + b64(bytes(16))], "keys/a.example/receipt.key")
found = answered(3)
check("a key that opens nothing", taken.status == 200 and found["disclosed"] is None and found["answers"][-1]["rule"] == "commitment", found)
expect("the reporter's does", reporter(LOG, "disclose", options=["--early"]), 0)
run = show(LOG, CASE)
expect("and shows that the receipt was not of this report", run, 0, "receipt is not of this report")

# "Nobody can read it"
expect("a vendor says that nobody can read it", vendor(LOG, "progress", SECOND, "unreadable"), 0)
check("which ends its silence, and stops no clock", state(LOG, SECOND)["opens"] is not None and not state(LOG, SECOND)["disclosable"])
expect("a release that was never logged fixes nothing", vendor(LOG, "progress", SECOND, "published", options=["--release", "sha256:" + 64 * "1"]), 1,
       "in this log before it")
expect("more time than the charter allows is not to be had", vendor(LOG, "extend", SECOND, options=["--until", "15d"]), 1, "extension")
expect("nor by the reporter for the vendor", reporter(LOG, "progress", "published", name="second", options=["--release", "sha256:" + 64 * "1"]), 1)
expect("it discloses the key itself, before its reporter does", vendor(LOG, "disclose", SECOND, options=[
    "--report-key", "keys/a.example/report.key", "--early"]), 0)
run = show(LOG, SECOND)
expect("which says nothing of whom it was sealed to", run, 0, "nobody knows")
check("and nothing is said of who lied", "not true" not in run.err, run)
key = next(line for line in lines(state(LOG, SECOND)["answers"][-1]["index"]) if line.startswith("file-key "))
taken = send(["accord/v1/disclose", "case " + SECOND, "by a.example", *head[4:], key, "seed " + value], "keys/a.example/receipt.key")
until(lambda: len(state(LOG, SECOND)["answers"]) >= 3)
check("a seed that was made up is passed over", taken.status == 200 and state(LOG, SECOND)["answers"][-1]["rule"] == "commitment", taken)
expect("the opening by its reporter settles it", reporter(LOG, "disclose", name="second", options=["--early"]), 0)
expect("once", reporter(LOG, "disclose", name="second", options=["--early"]), 1)
run = show(LOG, SECOND)
expect("it could be read", run, 0, "its vendor said that nobody can read it: that is not true")
check("by whom, too", "sealed to 1 keys, of which 1 were its vendor's" in run.err, run)

# The reporter is gone, and the vendor opens
must(report(LOG, "poc.txt", name="third"))
THIRD = cases(LOG)[2]["case"]
os.remove(DIR / "third.accord-case")
expect("without its case file a reporter cannot speak", reporter(LOG, "disclose", name="third"), 3)
expect("what the vendor has received it can open to all", vendor(LOG, "disclose", THIRD, options=[
    "--report-key", "keys/a.example/report.key", "--early"]), 0)
expect("and anybody sees what it was", show(LOG, THIRD), 0, "its vendor gave no receipt")
expect("another member cannot: it has no key", vendor(LOG, "disclose", SECOND, by="b.example", options=[
    "--report-key", "keys/b.example/report.key", "--early"]), 1)
expect("a case is withdrawn by who made it", reporter(LOG, "progress", "withdrawn", name="second"), 0)
check("and nothing is due any more", state(LOG, SECOND)["due"] is None)
expect("nothing more is said in it", vendor(LOG, "progress", SECOND, "need-info"), 1, "withdrew")
finish()
