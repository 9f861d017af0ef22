"""kill -9 in the middle of adds: every index that was printed is there when the log is opened again."""

import random
import signal
import time

from journey import *

random.seed(34)
must(accord("key", "new", "--for", "log", "example.com/log", "-o", "log.key"))
must(accord("log", "new", "log", "--key", "log.key"))
vkey = must(accord("key", "public", "log.key")).out.strip()
printed = {}
for turn in range(30):
    entries = [write(f"entry-{i}", f"turn {turn} entry {i}\n") for i in range(20)]
    with open(DIR / "out", "wb") as out:
        process = subprocess.Popen([ACCORD, "log", "add", "log", "--key", "log.key", *entries], cwd=DIR, stdout=out,
                                   stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0, 0.03))
        process.send_signal(signal.SIGKILL)
        process.wait()
    for i, index in enumerate(line for line in read("out").split(b"\n")[:-1]):
        printed[int(index)] = f"turn {turn} entry {i}\n"
    if turn % 10 == 9:
        expect("the log publishes after the kill", accord("log", "publish", "log", "--key", "log.key"), 0)
        expect("and checks", accord("log", "check", "log", "--vkey", vkey), 0)
expect("one more entry", accord("log", "add", "log", "--key", "log.key", write("last", "last\n")), 0)
must(accord("log", "publish", "log", "--key", "log.key"))
policy = write("policy", f"log {vkey}\nquorum none\n")
wrong = []
for index, entry in sorted(printed.items()):
    must(accord("log", "prove", "log", index, "-o", "proof"))
    write("entry", entry)
    run = accord("proof", "verify", "proof", "--entry", "entry", "--policy", policy)
    if run.status != 0:
        wrong.append(f"{index}: {run}")
check(f"all {len(printed)} indexes that were printed are there", printed and not wrong, "\n".join(wrong))

new_accord()
for turn in range(8):
    image = write("image", f"image {turn}")
    process = subprocess.Popen([ACCORD, "release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe",
                                "--version", str(turn), "--key", "keys/cisco.com/release.key", image], cwd=DIR,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(random.uniform(0, 0.05))
    process.send_signal(signal.SIGKILL)
    process.wait()
expect("a release after eight that were killed", release(write("image", "the last image"), version="9"), 0)
expect("verifies", verify("image"), 0)
finish()
