"""A report by way of a log that `accord serve` runs: its mailbox takes what the log announced and nothing else, asks for
work or for a member's introduction, and what was cut off goes on."""

import hashlib

from serving import *

write("members.tsv", "A\ta.example\tUS\nB\tb.example\tFI\nC\tc.example\tCH\n")
must(accord("init", "accord", "--name", "served.example", "--members", "members.tsv", "--demo-keys", "keys"))
must(accord("trust", "pin", "accord", "-o", "accord.trust"))
policy = must(accord("policy", "accord")).out
log_vkey = next(line.split()[1] for line in policy.splitlines() if line.startswith("log "))
write("witnesses", "listen 127.0.0.1:0\n" + "".join(f"witness keys/{m}.example/witness.key {m}.state /{m}\n" for m in "abc") +
      f"known-log {log_vkey}\n")
witnesses = Server("witnesses")
address = witnesses.addresses[0][0]
write("policy", re.sub(r"^witness (\w)(\.example) (\S+).*$", rf"witness \1\2 \3 http://{address}/\1", policy, flags=re.M))


def serve(*lines):
    config("policy policy", "mailbox box", *lines, log="log accord accord/private/log.key", accept=None)
    return Server()


server = serve("mailbox-work 12")
port = server.addresses[0][0]
LOG = f"http://{port}"
REPORT = "keys/a.example/report.key"


def report(*args, to=("a.example",)):
    return accord("report", "--accord", LOG, "--trust", "accord.trust", "--timeout", "20",
                  *[a for v in to for a in ("--to", v)], *args)


def inbox(*args, key=REPORT):
    return accord("inbox", "--accord", LOG, "--trust", "accord.trust", "--key", key, *args)


def sealed(name):
    return hashlib.sha256(read(name)).hexdigest()


write("poc.py", os.urandom(200_000))
run = report("-o", "one", "--title", "over a wire", "--json", "poc.py")
check("a report is logged", run.status == 0, run)
entry = read("one.accord-case").rsplit(b"\nentry ", 1)[1].split(b"\n", 1)[1]
text = entry.split(b"\n\n")[0] + b"\n"
check("with the work that the log asks for", int.from_bytes(hashlib.sha256(text).digest()[:2], "big") < 16 and b"\nwork " in text, text)
check("and the mailbox has it", server.get(f"/mailbox/{sealed('one.age')}").body == read("one.age"))
run = inbox("--json", "-o", "in")
found = run.json()["reports"]
check("its vendor opens it", run.status == 0 and [(r["opened"], r["title"]) for r in found] == [(True, "over a wire")], run)
short = found[0]["case"].split(":")[1][:16]
check("and has its files", read(f"in/{short}/poc.py") == read("poc.py"))
expect("what the entry shows is said, and to whom the address", report("--dry-run", "poc.py"), 0, "network address")

run = report("-o", "two", "--blinded", "--json", "poc.py", to=("b.example", "c.example"))
check("blinded, to two", run.status == 0 and len(run.json()["cases"]) == 2, run)
got = inbox("--json", key="keys/b.example/report.key").json()
check("each finds its own", [r["opened"] for r in got["reports"]] == [True] and got["foreign"] == 1, got)

# Killed on its way, over and over
environment = {k: v for k, v in os.environ.items() if not k.startswith("ACCORD")} | {"XDG_CONFIG_HOME": str(DIR / "config"), "HOME": str(DIR)}
held, bad = 0, ""
for turn in range(12):
    name = f"killed-{turn}"
    process = subprocess.Popen([ACCORD, "report", "--accord", LOG, "--to", "a.example", "-o", name, "poc.py"], cwd=DIR, env=environment,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(0.03 + 0.03 * turn)
    process.kill()
    process.wait()
    if not (DIR / f"{name}.accord-case").exists() or not read(f"{name}.accord-case"):
        continue
    held += 1
    run = accord("report", "--resume", f"{name}.accord-case", "--timeout", "20")
    bad += "" if run.status == 0 else str(run)
sealed = next(DIR.glob("killed-*.age"))
sealed.rename(DIR / "aside")
expect("what was sealed is gone, and the mailbox has it: nothing is missing", accord("report", "--resume", f"{sealed.stem}.accord-case"), 0, "reported to")
kept = next(p for p in DIR.rglob("*") if p.is_file() and p.name == hashlib.sha256(read("aside")).hexdigest())
kept.rename(DIR / "aside-too")
expect("nor has the mailbox", accord("report", "--resume", f"{sealed.stem}.accord-case"), 3, sealed.name)
(DIR / "aside-too").rename(kept)
(DIR / "aside").rename(sealed)
got = inbox("--json").json()["reports"]
check(f"killed on its way: {held} of 12 had a case file, each of them went on, and is one case",
      held > 0 and not bad and len(got) == 1 + held and all(r["opened"] for r in got), f"{bad}\n{len(got)} {held}")

# The mailbox asks for more
server.stop()
config("policy policy", "mailbox box", "mailbox-limit 64K", log="log accord accord/private/log.key", accept=None, listen=f"listen {port}")
server = Server()
before = server.size()
expect("more than the mailbox takes is refused before it is sealed", report("-o", "large", "poc.py"), 1, "sealed report")
check("and nothing is left", server.size() == before and not list(DIR.glob("large.*")))
server.stop()
config("policy policy", "mailbox box", "mailbox-from introduced", log="log accord accord/private/log.key", accept=None, listen=f"listen {port}")
server = Server()
expect("a log that wants introductions refuses a stranger's", report("-o", "stranger", "poc.py"), 1)
expect("a member's introduction will do", report("-o", "introduced", "--introduce", "keys/b.example/release.key", "poc.py"), 0, "reported to a.example")
server.stop()
config("policy policy", log="log accord accord/private/log.key", accept=None, listen=f"listen {port}")
server = Server()
expect("a log without a mailbox takes no report", report("-o", "none", "poc.py"), 3, "mailbox|does not exist")
server.stop()
witnesses.stop()
finish()
