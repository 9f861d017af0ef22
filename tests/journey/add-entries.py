"""Logs brought to a mirror by a client that was written from the specification alone, over HTTP."""

import hashlib
import signal

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
server.process.send_signal(signal.SIGTERM)
check("it stops gracefully", server.process.wait(PATIENCE) == 0, server.said())
finish()
