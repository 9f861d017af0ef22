"""Every command that reads a LOG reads one behind a URL: with the answers that it gives for the directory, over few
connections and few requests."""

from remote import *

new_accord()
image = write("image.bin", os.urandom(50_000))
must(release(image))
web = Web("accord/public")
vkey = must(accord("key", "public", "accord/private/log.key")).out.strip()

for command in (["log", "checkpoint"], ["log", "prove", 2], ["policy"]):
    words = [str(word) for word in command]
    here = must(accord(*words[:2], "accord", *words[2:]) if words[0] == "log" else accord(*words, "accord"))
    there = accord(*words[:2], web.url, *words[2:]) if words[0] == "log" else accord(*words, web.url)
    check(f"{' '.join(words)} says the same", there.status == 0 and there.out == here.out and there.out, there)
    there = accord(*words[:2], web.url + "/", *words[2:]) if words[0] == "log" else accord(*words, web.url + "/")
    check(f"{' '.join(words)} takes a URL that ends in a slash", there.status == 0 and there.out == here.out, there)
run = accord("log", "checkpoint", "--json", web.url)
check("as JSON too", run.status == 0 and run.json()["size"] == 3, run)
expect("the log checks", accord("log", "check", web.url, "--vkey", vkey), 0, "all 3 entries")
stranger = must(accord("key", "new", "--for", "log", "other.example/log", "-o", "other.key")).out.strip()
expect("not by another's key", accord("log", "check", web.url, "--vkey", stranger), 1, "not the key that belongs here")

expect("a trust file comes from a URL", accord("trust", "pin", web.url, "-o", "remote.trust"), 0)
check("the same as from the directory", read("remote.trust") == read("accord.trust"))
must(accord("log", "prove", web.url, 2, "-o", "image.proof"))
expect("a proof from a URL verifies afterwards, offline",
       accord("verify", "--trust", "remote.trust", "--proof", "image.proof", image), 0, "verified")
expect("an index that is not there", accord("log", "prove", web.url, 3), 1, "not inside the tree")
run = accord("release", "--accord", web.url, "--vendor", "cisco.com", "--product", "ios-xe", "--version", "2",
             "--key", "keys/cisco.com/release.key", "--statement-only", image)
check("a statement has the sequence after the log's last", run.status == 0 and "\nsequence 2\n" in run.out, run)

big = new_log("big", "big.key", "big.example/log")
fill(*(b"entry %d" % i for i in range(10_000)), name="big", key="big.key")
web = Web("big")
started = time.monotonic()
expect("a log of 10,000 entries checks", accord("log", "check", web.url, "--vkey", big), 0, "all 10000 entries")
check("in less than 200 requests", len(web.paths) < 200, len(web.paths))
check("over the few connections of those who read ahead", web.server.connections <= 32, web.server.connections)
bundle = DIR / "big" / "tile" / "entries" / "007"
data = bytearray(bundle.read_bytes())
data[100] ^= 1
bundle.write_bytes(data)
expect("a changed byte is found, and named", accord("log", "check", web.url, "--vkey", big), 1, "tile/entries/007")
expect("also where that entry is to be proven", accord("log", "prove", web.url, 7 * 256 + 8), 1, "tile/entries/007")
expect("the one beside it is as it was", accord("log", "prove", web.url, 7 * 256 + 9), 0)

for command in (["log", "add", web.url, image], ["log", "publish", web.url, "--key", "big.key"]):
    run = accord(*command)
    check(f"{' '.join(command[:2])} writes directories only", run.status in (2, 3) and not run.out, run)
finish()
