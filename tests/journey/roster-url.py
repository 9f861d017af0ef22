"""The roster's life by way of a server: who applies posts that to the log, members read it there, the next roster and its
enactment are posted, and witnesses that change with it do not stop the log."""

from serving import *

DOMAINS = ("a.example", "b.example", "c.example")
write("members.tsv", "A\ta.example\tUS\nB\tb.example\tFI\nC\tc.example\tCH\n")
must(accord("init", "accord", "--name", "served.example", "--members", "members.tsv", "--demo-keys", "keys", "--jurisdictions", "2",
            "--admit", "2"))
must(accord("trust", "pin", "accord", "-o", "trust"))
shutil.copy(DIR / "trust", DIR / "trust-1")
vkey = must(accord("key", "public", "accord/private/log.key")).out.strip()


def witness_key(domain, name):
    if name != "witness":
        must(accord("key", "new", "--for", "witness", f"{domain}/{name}", "-o", f"keys/{domain}/{name}.key"))
    return must(accord("key", "public", f"keys/{domain}/{name}.key")).out.strip()


KEYS = {(domain, name): witness_key(domain, name) for domain in DOMAINS for name in ("witness", "witness-2")}
write("witnesses", "\n".join(["listen 127.0.0.1:0", f"known-log {vkey}"] + [
    f"witness keys/{domain}/{name}.key {domain}-{name}.state /{domain}/{name}" for domain, name in KEYS]) + "\n")
witnesses = Server("witnesses")
base = f"http://{witnesses.addresses[0][0]}"


def policy(name):
    """A quorum of two of these witnesses."""
    lines = [f"log {vkey}"] + [f"witness {domain} {KEYS[domain, name]} {base}/{domain}/{name}" for domain in DOMAINS]
    return "\n".join(lines + ["group all 2 " + " ".join(DOMAINS), "quorum all"]) + "\n"


write("policy", policy("witness"))
config("policy policy", log="log accord/public accord/private/log.key", accept="accept statements")
server = Server()
url = f"http://{server.addresses[0][0]}/"

# Anybody applies, in public.
(DIR / "keys/d.example").mkdir()
must(accord("key", "new", "--for", "release", "d.example/release", "-o", "keys/d.example/release.key"))
run = accord("member", "apply", "--accord", url, "--domain", "d.example", "--jurisdiction", "SE", "--title", "D", "--key",
             "keys/d.example/release.key", "-o", "d.apply")
expect("apply, to a URL", run, 0)
answer = server.add(read("d.apply"))
check("the log takes the application", answer.status == 200, answer)
check("once", server.add(read("d.apply")).text == answer.text)
other = read("d.apply").replace(b"SE D", b"SE E")
check("not one that is not signed", server.add(other).status == 403)
must(accord("member", "leave", "--accord", url, "--domain", "c.example", "--key", "keys/c.example/release.key", "-o", "c.leave"))
answer = server.add(read("c.leave"))
check("and a departure", answer.status == 200, answer)
check("of a member", server.add(read("c.leave").replace(b"c.example\n\n", b"x.example\n\n")).status == 403)

# Everybody changes their witness, and the candidate comes in.
files = []
for domain in DOMAINS:
    keys = [part for role in ("release", "stage", "current", "receipt") if (DIR / f"keys/{domain}/{role}.key").exists()
            for part in ("--key", f"keys/{domain}/{role}.key")]
    files.append(f"{domain}.apply")
    must(accord("member", "rotate", "--accord", url, "--domain", domain, *keys, "--key", f"keys/{domain}/witness-2.key", "-o", files[-1]))
run = accord("member", "admit", "--accord", url, "d.apply", *files, "--key", "keys/a.example/release.key", "-o", "next")
expect("admit", run, 0, "d.example: joins: SE, D")
must(accord("member", "sign", "next", "--accord", url, "--key", "keys/b.example/release.key", "-o", "next-b"))
expect("a key signs the enactment", accord("member", "enact", "next", "next-b", "--accord", url), 2, "--key")
# What asks the witnesses must ask the new ones from the moment on in which the roster is there: both, until it is enacted.
both = [f"log {vkey}"] + [f"witness {domain}-{name} {key} {base}/{domain}/{name}" for (domain, name), key in KEYS.items()]
both += [f"group {name} 2 " + " ".join(f"{domain}-{name}" for domain in DOMAINS) for name in ("witness", "witness-2")]
write("policy", "\n".join(both + ["group all all witness witness-2", "quorum all"]) + "\n")
before = len(server.lines)
server.send(signal.SIGHUP)
check("the log asks both", server.event("reloaded", before), server.said())
run = accord("member", "enact", "next", "next-b", "--accord", url, "--key", "keys/a.example/release.key", "-o", "roster.tlog-proof")
expect("enact", run, 0, "it is in force")
write("policy", policy("witness-2"))
before = len(server.lines)
server.send(signal.SIGHUP)
check("then only the new ones", server.event("reloaded", before), server.said())
run = accord("release", "--accord", url, "--vendor", "d.example", "--product", "p", "--version", "1", "--key",
             "keys/d.example/release.key", write("file", "content"))
expect("the new member releases", run, 0)
checkpoint = server.get("/checkpoint").text
check("no witness of before is there", "/witness " not in checkpoint and checkpoint.count("/witness-2 ") >= 2, checkpoint)
expect("the log is pinned", accord("trust", "pin", url, "-o", "trust-2"), 0, "roster 2 with 4 members")
expect("and verifies", accord("verify", "--trust", "trust-2", "file"), 0, "D .d.example. published")
expect("by a file, too", accord("trust", "chain", url, "-o", "rosters"), 0)
expect("from the first", accord("trust", "follow", "rosters", "--trust", "trust"), 0, "from roster 1 to roster 2")

# Whoever watches from the first roster on, and looks only now, sees it come into force.
run = accord("monitor", url, "--trust", "trust-1", "--state", "state", "--json")
codes = [json.loads(line)["code"] for line in run.out.splitlines()]
check("a monitor follows over the enactment", run.status == 1 and "roster" in codes and "quorum" not in codes, run)
check("the server ends well", server.stop() == 0 and witnesses.stop() == 0)
finish()
