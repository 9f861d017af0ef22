"""What a member says of legal demands: logged, proven, and refused where it is none."""

import datetime
import subprocess

from journey import *

KEY = ["--key", "keys/cisco.com/release.key"]


def demand(*options, member="cisco.com", key=KEY):
    return accord("demand", "--accord", "accord", "--member", member, *key, *options)


new_accord()
DAYS = ["--from", "2024-01-01", "--to", "2024-03-31", "--next", "2024-07-15"]
NONE = ["--count", "any:content:0"]
run = demand(*DAYS, "--count", "any:content:0", "--count", "US:metadata:0-249", "--count", "CH:a:b-c:3", "-o", "q1", "--json")
check("a statement is logged", run.status == 0 and run.json()["ok"] and run.json()["proof"] == "q1", run)
text = str(must(accord("proof", "show", "q1")))
for line in ("a statement of the kind demand:", "member cisco.com", "from 2024-01-01", "to 2024-03-31", "next 2024-07-15",
             "count any content 0 0", "count US metadata 0 249", "count CH a:b-c 3 3"):
    check(f"it says {line!r}", line in text, text)
expect("the next one begins where that ended", demand("--to", "2024-06-30", "--next", "2024-10-15", *NONE), 0, "from 2024-04-01")
check("and its proof has the member's name", (DIR / "cisco.com.demand").exists())
expect("a gap is told", demand("--from", "2024-07-02", "--to", "2024-09-30", "--next", "2999-01-15", *NONE), 0, "no statement speaks of the days")
expect("and what is said twice", demand("--from", "2024-09-30", "--to", "2024-10-01", "--next", "2999-01-15", *NONE), 0, "speaks again")
expect("a late one of old days is told", demand("--from", "2024-01-01", "--to", "2024-01-31", "--next", "2999-01-15", *NONE), 0, "speaks again")
expect("and is not what the next one follows", demand("--to", "2024-12-31", "--next", "2999-01-15", *NONE), 0, "from 2024-10-02")
size = must(accord("log", "checkpoint", "accord")).out.splitlines()[1]

expect("another member's key says nothing for this one", demand(*DAYS, *NONE, key=["--key", "keys/sap.com/release.key"]), 1,
       "not signed by a key of the party")
expect("nor a stage key", demand(*DAYS, *NONE, key=["--key", "keys/cisco.com/stage.key"]), 1)
expect("nobody speaks who is no member", demand(*DAYS, *NONE, member="example.com"), 1, "no such member")
expect("a first statement begins somewhere", demand("--to", "2024-03-31", "--next", "2024-07-15", *NONE, member="sap.com",
                                                    key=["--key", "keys/sap.com/release.key"]), 3, "--from in the first one")
for what, options, says in (
        ("a day that never was", ["--from", "2023-02-29", *DAYS[2:], *NONE], "a day of the calendar"),
        ("a count that is none", [*DAYS, "--count", "US:content"], "JJ:KIND:LEAST"),
        ("a range that goes down", [*DAYS, "--count", "US:content:3-2"], "JJ:KIND:LEAST"),
        ("no count", DAYS, "--count")):
    expect(f"wrong usage: {what}", demand(*options), 2, says)
for what, options in (("a period that ends before it begins", ["--from", "2024-04-01", *DAYS[2:], *NONE]),
                      ("a next statement that is due in the period", [*DAYS[:4], "--next", "2024-03-31", *NONE]),
                      ("a jurisdiction in small letters", [*DAYS, "--count", "us:content:0"]),
                      ("a kind that would add a line", [*DAYS, "--count", "US:content 0 0\ncount US b:0"]),
                      ("one count twice", [*DAYS, *NONE, *NONE])):
    expect(f"refused: {what}", demand(*options), 1)
expect("a name that would add lines", demand(*DAYS, *NONE, member="cisco.com\nx-a b"), 1)
check("and nothing of that was logged", must(accord("log", "checkpoint", "accord")).out.splitlines()[1] == size)

# A statement that does not come
must(accord("trust", "pin", "accord", "-o", "accord.trust"))
sap = ["--key", "keys/sap.com/release.key"]
expect("nothing is overdue", accord("monitor", "--trust", "accord.trust", "--state", "state", "accord"), 0)
must(demand("--from", "2018-01-01", "--to", "2018-03-31", "--next", "2018-07-01", *NONE, member="sap.com", key=sap))
run = accord("monitor", "--trust", "accord.trust", "--state", "state", "--json", "accord")
check("who named a day and let it pass is told of", run.status == 1 and [json.loads(line)["code"] for line in run.out.splitlines()] == ["demand-overdue"]
      and json.loads(run.out)["subject"] == "sap.com", run)
to_come = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=40)).strftime("%Y-%m-%d")
expect("nobody says what days to come will bring", demand("--to", to_come, "--next", "2999-01-01", *NONE, member="sap.com", key=sap), 2, "days to come")
text = f"accord/v1/demand\nmember sap.com\nfrom 2018-04-01\nto {to_come}\nnext 2999-01-01\ncount any:content 0 0\n".replace("any:content", "any content")
write("prophecy", subprocess.run([os.environ["SIGN_NOTE"], DIR / "keys/sap.com/release.key"], input=text.encode(), capture_output=True,
                                 check=True).stdout)
must(accord("log", "add", "accord", "--key", "accord/private/log.key", "prophecy"))
must(demand("--from", "2018-01-01", "--to", "2018-01-02", "--next", "2018-01-03", *NONE))  # it is published with this one
expect("a monitor does not hear it", accord("monitor", "--trust", "accord.trust", "--state", "state", "accord"), 1)
run = accord("status", "accord", "--json")
stands = {m["member"]: m for m in run.json()["members"]}
check("whoever does is not heard: what is due stays due", stands["sap.com"]["demand"]["to"] == "2018-03-31" and stands["sap.com"]["demand"]["overdue"], run)
must(demand("--to", "2024-12-31", "--next", "2999-01-01", *NONE, member="sap.com", key=sap))
expect("until it speaks again", accord("monitor", "--trust", "accord.trust", "--state", "state", "accord"), 0)
run = accord("monitor", "--trust", "accord.trust", "--state", "mine", "--vendor", "sap.com", "--json", "accord")
check("a statement in my name that I did not expect is told", [json.loads(line)["code"] for line in run.out.splitlines()] == ["statement"] * 3, run)
finish()
