"""Two processes that add at once are serialised, not corrupted."""

from journey import *

must(accord("key", "new", "--for", "log", "example.com/log", "-o", "log.key"))
must(accord("log", "new", "log", "--key", "log.key"))
entries = [write(f"entry-{i}", f"entry {i}\n") for i in range(40)]
running = [subprocess.Popen([ACCORD, "log", "add", "log", "--key", "log.key", *entries[i::4]], cwd=DIR,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(4)]
indexes = []
for process in running:
    out, err = process.communicate()
    check("a writer succeeds", process.returncode == 0, err.decode())
    indexes += [int(line) for line in out.split()]
check("each index is given once", sorted(indexes) == list(range(40)), indexes)
must(accord("log", "publish", "log", "--key", "log.key"))
vkey = must(accord("key", "public", "log.key")).out.strip()
expect("the log checks", accord("log", "check", "log", "--vkey", vkey), 0)

new_accord()
images = [write(f"image-{i}", f"image {i}") for i in range(4)]
running = [subprocess.Popen([ACCORD, "release", "--accord", "accord", "--vendor", "cisco.com", "--product", f"p{i}",
                             "--version", "1", "--key", "keys/cisco.com/release.key", images[i]], cwd=DIR,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(4)]
for process in running:
    out, err = process.communicate()
    check("a release among others succeeds", process.returncode == 0, err.decode())
expect("all of them verify", verify(*images), 0)
finish()
