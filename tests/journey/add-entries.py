"""Logs brought to a mirror by a client that was written from the specification alone, over HTTP."""

import hashlib
import shutil

from serving import *

CLIENT = pathlib.Path(__file__).resolve().parents[1] / "interop" / "add_entries_client.py"
HASH = hashlib.sha256(ORIGIN.encode()).hexdigest()


def batch(first, count, size=30):
    entries = (f"entry {i} ".encode().ljust(size, b".") for i in range(first, first + count))
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def grow(first, count, **options):
    must(accord("log", "add", "log", "--key", "log.key", "--batch", "-", stdin=batch(first, count, **options)))
    must(accord("log", "publish", "log", "--key", "log.key"))
    write(f"checkpoint-{first + count}", read("log/checkpoint"))


def bring(*options, log="log"):
    done = subprocess.run([sys.executable, CLIENT, log, f"http://{server.addresses[0][0]}/mirror", *map(str, options)],
                          cwd=DIR, capture_output=True)
    return Run(["client", *map(str, options)], done)


def held():
    return int(server.ask("GET", f"/mirror/{HASH}/checkpoint").text.split("\n")[1])


def whole(name):
    expect(name, accord("log", "check", f"mirrored/{HASH}", "--vkey", vkey), 0)
    expect(f"{name}, as it is given out", accord("log", "check", f"http://{server.addresses[0][0]}/mirror/{HASH}/",
                                                 "--vkey", vkey), 0)


vkey = new_log()
mirror_vkey = must(accord("key", "new", "--for", "witness", "mirror.example/m", "-o", "mirror.key")).out.strip()
config("mirror mirror.key mirrored /mirror", f"known-log {vkey}", log="", accept="", interval="")
server = Server()

grow(0, 700)
brought = bring()
expect("a log of 700 entries is brought", brought, 0, "answers: 200")
write("cosigned", brought.bytes)
check("with the mirror's cosignature", brought.out.count("\n\u2014 mirror.example/m ") == 1, brought)
check("which is what the mirror shows", server.ask("GET", f"/mirror/{HASH}/checkpoint").body == brought.bytes)
whole("the copy is whole")

grow(700, 9000)
expect("9,000 more, in several requests", bring("--packages", 10), 0, "answers: 202 202 202 200")
whole("the copy is whole again")
expect("the same again is signed again", bring("--start", 9700), 0, "answers: 200")
check("an older tree is refused", bring("--checkpoint", "checkpoint-700").status == 1)
check("the mirror stays where it was", held() == 9700)

grow(9700, 3000, size=600)
check("damaged entries are refused", bring("--start", 9700, "--damage").out == "422\n")
check("and nothing is shown of them", held() == 9700)
expect("a client that hangs up and comes back, without gzip", bring("--no-gzip", "--start", 9700, "--cut", 1000000), 0,
       "answers: (409 )?(202 )*200")
expect("in chunks", bring("--chunked", "--start", 12700), 0, "answers: 200")
whole("the copy is whole once more")

grow(12700, 5000)
bring("--packages", 5, "--start", 12700, "--cut", 100)
server.kill()
server = Server()
expect("after the mirror was killed a client goes on", bring("--packages", 8, "--start", 12700), 0, "answers: (409 )?(202 )+200")
whole("and the copy is whole")

copy = f"mirrored/{HASH}"
expect("a mirror can be mirrored", bring(log=copy), 0, "answers: ")
check("it stops gracefully", server.stop() == 0, server.said())

# A directory from a backup: what was cosigned since then may be contradicted, so the operator is asked first.
PENDING = "mirrored/.accord/pending"


def restore(*options):
    return accord("witness", "restore", "--state", PENDING, *options)


def put_back():
    shutil.rmtree(DIR / "mirrored")
    shutil.copytree(DIR / "backup", DIR / "mirrored", copy_function=shutil.copy2)


shutil.copytree(DIR / "mirrored", DIR / "backup", copy_function=shutil.copy2)
shutil.copytree(DIR / "log", DIR / "fork")
grow(17700, 300)
server = Server()
brought = bring("--old", 17700)
expect("a tree that the backup does not know", brought, 0)
server.kill()
write("seen", brought.bytes)
put_back()
run = accord("serve", "config")
check("a directory that was put back is not used", run.status == 3 and "accord witness restore" in run.err and
      PENDING in run.err, run)
expect("the command that is named explains", restore(), 1, "it is a copy")
expect("a checkpoint that it cosigned raises its memory", restore("--checkpoint", "seen", "--confirm"), 0,
       f"mirror.example/m has seen {ORIGIN} with 18000 entries")
server = Server()
must(accord("log", "add", "fork", "--key", "log.key", "--batch", "-", stdin=batch(50000, 300)))
must(accord("log", "publish", "fork", "--key", "log.key"))
run = bring("--old", 18000, log="fork")
check("a fork of what it forgot is refused", run.status == 1 and "422" in run.err, run)
check("it shows what it holds", held() == 17700)
expect("and gets the rest again", bring("--old", 18000, "--start", 17700), 0, "answers: 200")
whole("the copy is whole again")
server.kill()

put_back()
must(restore("--confirm"))
server = Server()
run = bring("--old", 17700, "--checkpoint", "seen")
check("confirmed though it was not so: its own cosignature shows it", run.status == 1 and "503" in run.err, run)
check("the operator is told", server.event("mirror-failing"), server.said())
check("and nothing is signed any more", bring("--start", 17700, "--checkpoint", "checkpoint-17700").status == 1)
check("it can be read as before", held() == 17700)
check("it ends", server.stop() == 0, server.said())
check("and does not start again", accord("serve", "config").status == 3)
must(restore("--checkpoint", "seen", "--confirm"))
server = Server()
expect("once its memory is raised it goes on", bring("--old", 18000, "--start", 17700), 0, "answers: 200")
server.kill()

# a copy that is damaged
tile = max((DIR / f"mirrored/{HASH}/tile/0").glob("*.p/*"))
kept = tile.read_bytes()
tile.write_bytes(bytes(len(kept)))
server = Server()
run = bring("--old", 18000, "--start", 18000)
check("a copy that does not agree with itself is not gone on with", run.status == 1 and "503" in run.err, run)
check("and the operator is told which it is", HASH in (server.event("mirror-failing") or ""), server.said())
tile.write_bytes(kept)
expect("once it is mended it goes on", bring("--old", 18000, "--start", 18000), 0, "answers: 200")
server.kill()

# a key of each kind, where this machine has ML-DSA-44
post = accord("key", "new", "--for", "witness", "--mldsa44", "mirror.example/m", "-o", "m.key")
if post.status == 0:
    config("mirror m.key both /mirror", "mirror mirror.key both /mirror", f"known-log {vkey}", log="", accept="", interval="")
    server = Server()
    brought = bring()
    expect("a mirror with a key of each kind", brought, 0, "answers: (202 )*200")
    check("cosigns with both", brought.out.count("\n\u2014 mirror.example/m ") == 2, brought)
    check("and shows both", server.ask("GET", f"/mirror/{HASH}/checkpoint").body == brought.bytes)
    write("policy", f"log {vkey}\nwitness e {mirror_vkey}\nwitness p {post.out.strip()}\ngroup g all e p\nquorum g\n")
    url = f"http://{server.addresses[0][0]}/mirror/{HASH}/"
    expect("a quorum of both", accord("log", "mirror", url, "laptop", "--policy", "policy"), 0, "18000 of them new")
    check("it ends", server.stop() == 0, server.said())
    expect("log mirror, with such a key", accord("log", "mirror", "log", "own", "--vkey", vkey, "--key", "m.key"), 0)
    write("policy", f"log {vkey}\nwitness p {post.out.strip()}\nquorum p\n")
    must(accord("log", "prove", "own", "17", "-o", "proof"))
    expect("its cosignature counts", accord("proof", "verify", "proof", "--entry", write("entry", b"entry 17 ".ljust(30, b".")),
                                            "--policy", "policy"), 0)
    expect("once", accord("log", "mirror", "log", "own", "--vkey", vkey, "--key", "m.key"), 0, "nothing new")
else:
    expect("without ML-DSA-44 on this machine, its keys are refused", post, 3, "library")
finish()
