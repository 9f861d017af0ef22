"""accord monitor as a vendor's release engineer runs it from cron: releases in my name that are not mine, new statements that
break the rules, a log that goes back or forks; told once, as text, as JSON, to a command; and what the exit status says."""

import signal
import time

from journey import *

new_accord()
WITNESSES = list(members())


def monitor(*options, log="accord", state="state", vendor="cisco.com", env=None):
    return accord("monitor", "--trust", "accord.trust", "--state", state, *(["--vendor", vendor] if vendor else []),
                  *options, log, env=env)


def lines(run):
    return [json.loads(line) for line in run.out.splitlines()]


def codes(run):
    return [line["code"] for line in lines(run)]


def state_next(name="state"):
    return int(re.search(r"^next (\d+)$", read(name).decode(errors="replace"), re.M).group(1))


run = monitor()
check("a new accord has nothing to report, and nothing is said", run.status == 0 and not run.out and not run.err, run)
check("the state says how far it is", state_next() == 2, read("state"))

# Releases
must(release(write("image.bin", "image")))
run = monitor("--json")
check("a release in my name is a finding", run.status == 1 and codes(run) == ["release"], run)
line = lines(run)[0]
check("it says which", line["index"] == 2 and line["severity"] == "alert" and line["subject"] == "cisco.com"
      and "ios-xe, version 17.3.1, sequence 1" in line["sentence"] and line["log"] == "accord", line)
check("and is told once", monitor("--json").status == 0)
expect("as text it is a line on standard error", monitor(state="other"), 1, r"^alert release entry 2: a release that was not expected: cisco\.com ios-xe")
check("nothing is on standard output then", monitor(state="third").out == "")
check("another vendor is not told", monitor(state="nokia", vendor="nokia.com").status == 0)
check("nor who watches no name", monitor(state="nobody", vendor=None).status == 0)
run = monitor(state="stranger", vendor="stranger.example")
check("a name that is no member's is watched, and said to be none", run.status == 0 and "stranger.example is no member" in run.err, run)

# What is mine
(DIR / "proofs").mkdir()
shutil.copy(DIR / "image.bin.tlog-proof", DIR / "proofs")
write("digests", subprocess.run(["sha256sum", DIR / "image.bin"], capture_output=True).stdout)
for number, mine in enumerate(("proofs", "digests", "image.bin.tlog-proof")):
    check(f"what is in {mine} is mine", monitor("--expect", mine, state=f"mine{number}").status == 0)
write("none", "# nothing\n")
check("what is not listed is not", monitor("--expect", "none", state="mine9").status == 1)
write("bad-list", "hello\n")
expect("a list that is none", monitor("--expect", "bad-list", state="mine8"), 3, "bad-list: .*hexadecimal")
expect("a list that is not there", monitor("--expect", "absent", state="mine8"), 3, "absent")
check("then nothing is remembered", not (DIR / "mine8").exists())

# A command for each finding
write("hook", "#!/bin/sh\ncat >>told\nprintf '%s|%s|%s|%s\\n' \"$ACCORD_FINDING_CODE\" \"$ACCORD_FINDING_INDEX\" "
      "\"$ACCORD_FINDING_SEVERITY\" \"$ACCORD_FINDING_SUBJECT\" >>told\n")
run = monitor("--exec", "sh hook", state="exec")
told = read("told").decode().splitlines()
check("a command gets the finding as JSON and in its environment", run.status == 1 and json.loads(told[0])["code"] == "release"
      and told[1] == "release|2|alert|cisco.com", told)
expect("one that fails has not told it", monitor("--exec", "exit 7", state="failing"), 3, "command of --exec.*exit status 7")
check("so it is told again", monitor(state="failing").status == 1)
run = monitor("--json", "--exec", "echo hello", state="exec2")
check("its output does not mix with the findings", codes(run) == ["release"] and "hello" in run.err, run)

started = time.monotonic()
run = subprocess.run([ACCORD, "monitor", "--trust", "accord.trust", "--state", "ignored", "--vendor", "cisco.com", "--exec", "true", "accord"],
                     cwd=DIR, capture_output=True, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
check("it is waited for also where whoever started the monitor ignores children", run.returncode == 1 and time.monotonic() - started < 30, run)

# What cannot be written was not told
for number, options in enumerate(((), ("--json",))):
    with open("/dev/full", "w") as full:
        run = subprocess.run([ACCORD, "monitor", "--trust", "accord.trust", "--state", f"full{number}", "--vendor", "cisco.com",
                              *options, "accord"], cwd=DIR, stdout=full, stderr=full)
    check(f"a finding that cannot be written {' '.join(options)} is no success", run.returncode == (1 if options else 3), run)
    check("and comes again", codes(monitor("--json", state=f"full{number}")) == ["release"])

# What a log holds is not run
evil = "$(touch pwned)`touch pwned`;touch pwned;'\"\n"
write("evil", f"accord/v1/release\nvendor cisco.com\nproduct {evil}\n\n")
log_it("evil", "evil.tlog-proof")
run = monitor("--exec", "cat >/dev/null; echo \"$ACCORD_FINDING_SENTENCE\" >/dev/null", "--json")
check("what a log says is not run", run.status == 1 and codes(run) == ["malformed"] and not (DIR / "pwned").exists(), run)
write("terminal", "accord/v1/attest\n\x1b]0;title\x07\u202e\n\n".encode())
log_it("terminal", "terminal.tlog-proof")
run = monitor()
check("nor does a terminal obey it", run.status == 1 and "malformed" in run.err and all(c == "\n" or " " <= c <= "~" for c in run.err), run)

# The log itself
copy_accord("before")
must(release(write("second.bin", "second"), version="17.3.2"))
check("the next release too", codes(monitor("--json")) == ["release"])
position = state_next()
run = monitor("--json", log="before")
check("a log that went back is a finding", run.status == 1 and codes(run) == ["rollback"], run)
check("for as long as it does", monitor(log="before").status == 1)
check("and the state stays", state_next() == position)

must(accord("release", "--accord", "before", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "17.3.9", "--key",
            "keys/cisco.com/release.key", write("other.bin", "other")))
run = monitor("--json", log="before")
check("a log that forked is a finding", run.status == 1 and codes(run) == ["inconsistent"], run)
evidence = lines(run)[0]["evidence"]
check("the evidence is beside the state", evidence.startswith("state.evidence/") and (DIR / evidence).is_file(), evidence)
vkey = must(accord("key", "public", "accord/private/log.key")).out.strip()
run = accord("evidence", "verify", evidence, "--vkey", vkey)
if "there is no command" not in run.err:
    check("accord evidence verify accepts it", run.status == 0, run)
check("nothing of the fork is judged", state_next() == position)
run = monitor("--json", "--evidence", "kept", log="before")
check("evidence goes where it is told to", lines(run)[0]["evidence"].startswith("kept/"), run)
check("the log itself is still fine", monitor().status == 0)

must(accord("log", "add", "accord/public", "--key", "accord/private/log.key", "-", stdin=b"more"))
must(publish("cisco.com"))
run = monitor("--json")
check("a checkpoint without its quorum is a finding", run.status == 1 and codes(run) == ["quorum"], run)
must(publish(*WITNESSES))
check("until it has one", monitor().status == 0 and state_next() == position + 1)

# Witnesses
time.sleep(2)
must(accord("log", "add", "accord/public", "--key", "accord/private/log.key", "-", stdin=b"even more"))
must(publish(*[w for w in WITNESSES if w != "nokia.com"]))
run = monitor("--json", "--witness-silent", "1s")
check("a witness that no longer cosigns is a finding", run.status == 1 and codes(run) == ["witness-silent"]
      and lines(run)[0]["subject"].startswith("nokia.com"), run)
check("a day is long enough otherwise", monitor().status == 0)
time.sleep(2)
check("a checkpoint that is old is one where it is asked for", codes(monitor("--json", "--stale", "1s")) == ["stale"])

# Corrupted entries
bundle = next(path for path in (DIR / "accord/public/tile/entries").rglob("*.p/*") if b"even more" in path.read_bytes())
sound = bundle.read_bytes()
bundle.write_bytes(sound.replace(b"even more", b"even less"))
run = monitor("--json", state="corrupt", vendor=None)
check("entries that are not those of the tree are a finding", run.status == 1 and codes(run) == ["corrupt"], run)
bundle.write_bytes(sound)

# Wrong usage, and what cannot be done
for words, options in (("duration", ["--stale", "1x"]), ("duration", ["--witness-silent", "0s"]), ("duration", ["--interval", "1w", "--follow"]),
                       ("--interval is for --follow", ["--interval", "1s"])):
    expect(f"wrong usage: {' '.join(options)}", monitor(*options), 2, words)
expect("a witness that is no URL", monitor("--witness", "somewhere"), 2, "http://")
expect("no state", accord("monitor", "--trust", "accord.trust", "accord"), 2, "--state")
expect("no log", monitor(log="nowhere"), 3, "nowhere")
expect("no trust file", accord("monitor", "--trust", "nothing", "--state", "state", "accord"), 3, "nothing")
write("damaged", read("state")[:-10])
expect("a damaged state", monitor(state="damaged"), 3, "damaged: .*not a state file")
must(accord("init", "second", "--name", "second", "--members", SIGNATORIES, "--demo-keys", "keys2"))
run = monitor("--json", log="second")
check("another accord's log is not this one", run.status == 1 and codes(run) == ["checkpoint"], run)

# --follow
process = subprocess.Popen([ACCORD, "monitor", "--trust", "accord.trust", "--state", "live", "--vendor", "cisco.com", "--json",
                            "--follow", "--interval", "1s", "--expect", "digests", "accord"], cwd=DIR, stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, text=True)
atexit.register(process.kill)
first = json.loads(process.stdout.readline())
check("what is there comes at once", first["code"] in ("release", "malformed"), first)
run = monitor(state="live")
expect("its state is its own", run, 3, "another process holds the lock")
seen = [first]
while seen[-1].get("index") != position - 1:
    seen.append(json.loads(process.stdout.readline()))
must(release(write("third.bin", "third"), version="17.3.3"))
line = json.loads(process.stdout.readline())
check("what is new comes as it comes", "17.3.3" in line["sentence"], line)
write("fourth.bin", "fourth")
write("digests", read("digests") + subprocess.run(["sha256sum", DIR / "fourth.bin"], capture_output=True).stdout)
time.sleep(1.5)
must(release("fourth.bin", version="17.3.4"))
must(release(write("fifth.bin", "fifth"), version="17.3.5"))
line = json.loads(process.stdout.readline())
check("what became mine meanwhile is not told", "17.3.5" in line["sentence"], line)
process.send_signal(signal.SIGTERM)
check("SIGTERM ends it well", process.wait(20) == 0, process.stderr.read())


def follow_for_nobody(*options):
    """A monitor whose standard output's reader is about to go away."""
    process = subprocess.Popen([ACCORD, "monitor", "--trust", "accord.trust", "--state", "unread", "--vendor", "cisco.com", "--follow",
                                "--interval", "1s", *options, "accord"], cwd=DIR, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    atexit.register(process.kill)
    return process


monitor(state="unread")
process = follow_for_nobody()
process.stdout.close()
time.sleep(2.5)
must(release(write("sixth.bin", "sixth"), version="17.3.6"))
check("text is told, whether anybody reads standard output or not", "17.3.6" in process.stderr.readline())
process.terminate()
check("and ends when it is told to", process.wait(20) == 0)
must(release(write("seventh.bin", "seventh"), version="17.3.7"))
process = follow_for_nobody("--json", "--exec", "sleep 1")
process.stdout.close()
check("JSON that nobody reads was not told", process.wait(20) != 0)
run = monitor("--json", state="unread")
check("and is told by the next run", "17.3.7" in run.out, run)

# Who floods a log floods no pager: so many commands of one kind, then one for the rest. None is lost.
monitor(state="flood")
junk = [write(f"junk{number}", f"accord/v1/release\nvendor cisco.com\nnumber {number}\n\n") for number in range(50)]
must(accord("log", "add", "accord/public", "--key", "accord/private/log.key", *junk))
must(publish(*members()))
must(release(write("eighth.bin", "eighth"), version="17.3.8"))
shutil.copy(DIR / "flood", DIR / "flood-failing")
write("count", "#!/bin/sh\ncat >>counted\nprintf '%s\\n' \"$ACCORD_FINDING_MORE\" >>counted.more\n")
run = monitor("--json", "--exec", "sh count", state="flood")
told = [json.loads(line) for line in read("counted").decode().splitlines()]
flood = [finding for finding in told if finding["code"] == "malformed"]
check("every finding is a line", codes(run) == 50 * ["malformed"] + ["release"], run)
check("twenty commands of one kind, and one that says how many more", len(flood) == 21 and flood[-1]["more"] == 30
      and not any("more" in finding for finding in flood[:-1]), flood)
check("which entries they are", "index" not in flood[-1] and flood[-1]["severity"] == "warning" and
      f"30 more, entries {flood[19]['index'] + 1} to {flood[0]['index'] + 49}" in flood[-1]["sentence"], flood[-1])
check("in its environment too", read("counted.more").decode().split() == ["30"], read("counted.more"))
check("what is of another kind is told in between", [finding["code"] for finding in told].count("release") == 1, told)
check("and all of it once", monitor("--exec", "sh count", state="flood").status == 0)
run = monitor("--exec", 'test -z "$ACCORD_FINDING_MORE"', state="flood-failing")
check("where the one for the rest fails, it says so", run.status == 1 and "command of --exec" in run.err and "exit status 1" in run.err, run)
run = monitor("--json", state="flood-failing")
check("and all come again", codes(run) == 50 * ["malformed"] + ["release"], run)
finish()
