"""What does the log show you? Two people compare by a line in a mail, by a telephone, or by a camera."""

import zlib

from remote import *

must(accord("key", "new", "--for", "log", "log.example/compare", "-o", "log.key"))
must(accord("log", "new", "mine", "--key", "log.key"))


def grow(log, *entries):
    for entry in entries:
        must(accord("log", "add", log, "--key", "log.key", write("entry", entry)))
    must(accord("log", "publish", log, "--key", "log.key"))


grow("mine", "one", "two", "three")
shutil.copytree(DIR / "mine", DIR / "theirs")
line = must(accord("log", "checkpoint", "mine", "--line")).out
note = must(accord("log", "checkpoint", "mine")).out
check("the line is what the checkpoint says", line.split() ==
      ["accord/v1/view", *note.split("\n")[:3], note.split()[-1]] and line.endswith("\n"), line)
check("and has at most 200 bytes", len(line.rstrip("\n").encode()) <= 200, line)
check("JSON has it too", must(accord("log", "checkpoint", "mine", "--json")).json()["line"] + "\n" == line)

expect("the same tree", accord("evidence", "compare", line.strip(), "theirs"), 0,
       "^the same: both show one tree of 3 entries of log.example/compare$")
grow("theirs", "four", "five")
expect("it has grown", accord("evidence", "compare", line, "theirs"), 0,
       "^consistent: the tree of 5 entries of log.example/compare begins with the tree of 3$")
check("in JSON", must(accord("evidence", "compare", line, "theirs", "--json")).json()["relation"] == "beginning")
later = must(accord("log", "checkpoint", "theirs", "--line")).out
expect("mine has not come so far", accord("evidence", "compare", later, "mine"), 3,
       "^accord: mine: the log shows a tree of 3 entries, and the view one of 5: it has not come so far yet, or it has gone "
       "back$")
expect("two lines alone cannot tell", accord("evidence", "compare", line, later), 2, "give --log LOG that serves it")
expect("but with a log", accord("evidence", "compare", line, later, "--log", "theirs"), 0, "consistent")
grow("mine", "another four")
expect("it shows me something else", accord("evidence", "compare", later, "mine"), 3)
run = accord("evidence", "compare", must(accord("log", "checkpoint", "mine", "--line")).out, "theirs")
expect("it showed two histories", run, 1,
       "^CONTRADICTION: log.example/compare showed a tree of 4 entries and a tree of 5 that cannot both be true\n"
       "  keep both, as they are: accord evidence make makes one file of them, and --output FILE here does so at once\n$")
mine = must(accord("log", "checkpoint", "mine", "--line")).out
run = accord("evidence", "compare", "-", "theirs", "-o", "fork.evidence", "--json",
             stdin=("> " + mine.replace(" ", "\n> ")).encode())
expect("kept at once, from a quoted and broken line", run, 1)
check("in JSON", run.json()["relation"] == "contradiction" and run.json()["rule"] == "consistency"
      and run.json()["ok"] is False, run)
web = Web("theirs")
expect("from a log on the network", accord("evidence", "compare", line, web.url), 0, "consistent: the tree of 5 entries")
check("its tiles are asked for, not its entries", not any("entries" in path for path in web.paths), web.paths)
expect("a contradiction", accord("evidence", "compare", mine, web.url, "-o", "remote.evidence"), 1, "CONTRADICTION")
must(accord("evidence", "make", write("mine.line", mine), "-", "--log", web.url, "-o", "made.evidence",
            stdin=must(accord("log", "checkpoint", "theirs")).bytes))
check("is the same evidence by whatever way", read("remote.evidence") == read("fork.evidence") == read("made.evidence"))
grow("theirs", "six", "seven")
old = must(accord("evidence", "make", "mine.line", write("old.line", later), "--log", web.url)).bytes
check("also once the log has grown beyond both views", read("made.evidence").startswith(old.split(b"\n\n")[0]), old)
vkey = must(accord("key", "public", "log.key")).out.strip()
expect("a line with the log's signature convicts", accord("evidence", "verify", "fork.evidence", "--vkey", vkey), 0,
       "convicted: the log log.example/compare")
bare = " ".join(mine.split()[:4])
run = accord("evidence", "compare", bare, "theirs")
expect("one without it only tells", run, 1, "get the signed checkpoints: a line without a signature convicts nobody")
expect("and makes no evidence", accord("evidence", "compare", bare, "theirs", "-o", "x"), 1,
       "no key that is known here signed this: expected the signed checkpoint, from whoever passed on this line")
words = mine.split()
for name, broken, says in (("size", [words[0], words[1], "04", *words[3:]], "tree size"),
                           ("root", [*words[:3], words[3][:-2] + "=", *words[4:]], "root hash"),
                           ("hash", [words[0], "sha256:00", *words[2:]], "origin"),
                           ("origin", words[:1] + [""], "origin")):
    expect(f"a line with a bad {name}", accord("evidence", "compare", " ".join(broken), "theirs"), 1, says)

# Long origins: the line stays short, and only the signature, and then the name, are left out.
for size in (60, 110, 250):
    origin = "log.example/" + "x" * (size - 12)
    must(accord("key", "new", "--for", "log", origin, "-o", f"{size}.key"))
    must(accord("log", "new", f"log{size}", "--key", f"{size}.key"))
    long = must(accord("log", "checkpoint", f"log{size}", "--line")).out.rstrip("\n")
    check(f"an origin of {size} bytes", len(long) <= 200 and (f" {origin} " in long) == (size < 250)
          and len(long.split()) == 4, long)
    expect("is compared", accord("evidence", "compare", long, f"log{size}"), 0, "the same")
expect("another log's view is another's", accord("evidence", "compare", long, "log60"), 1, "two logs")


# The QR code, as a camera sees it.
def matrix(drawing):
    """Modules out of half blocks, dark True."""
    upper, lower = " \u2580\u2584\u2588", []
    rows = []
    for text in drawing.splitlines():
        rows.append([upper.index(c) & 1 != 0 for c in text])
        rows.append([upper.index(c) & 2 != 0 for c in text])
    return rows


def picture(rows, path, scale=6):
    raw = b"".join(b"\0" + b"".join((b"\0" if dark else b"\xff") * scale for dark in row) for row in rows for _ in range(scale))

    def chunk(kind, data):
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
    head = (len(rows[0]) * scale).to_bytes(4, "big") + (len(rows) * scale).to_bytes(4, "big") + b"\x08\0\0\0\0"
    write(path, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(raw)) + chunk(b"IEND", b""))


drawing = must(accord("log", "checkpoint", "mine", "--qr")).out
rows = matrix(drawing)
side = len(rows[0])
check("it is square, and fits a terminal", all(len(row) == side for row in rows) and len(rows) - side in (0, 1) and side <= 80,
      f"{len(rows)} x {side}")
check("its margin is light", not any(any(row[:4] + row[-4:]) for row in rows) and not any(any(row) for row in rows[:4]), drawing)
finder = [[x in (0, 6) or y in (0, 6) or (2 <= x <= 4 and 2 <= y <= 4) for x in range(7)] for y in range(7)]
check("its corners are dark on light", all([row[4 + x:11 + x] for row in rows[4 + y:11 + y]] == finder
                                           for x, y in ((0, 0), (side - 15, 0), (0, side - 15))), drawing)
if shutil.which("zbarimg"):
    picture(rows, "qr.png")
    done = subprocess.run(["zbarimg", "--quiet", "--raw", "qr.png"], cwd=DIR, capture_output=True)
    check("another's decoder reads the line", done.stdout.decode() == mine, done)
else:
    check("another's decoder reads the line # SKIP zbarimg is not installed", True)
expect("line and code together", accord("log", "checkpoint", "mine", "--qr", "--line"), 0)
must(accord("log", "checkpoint", "mine", "--qr", "-o", "drawn"))
check("into a file", read("drawn").decode() == drawing)

# To a terminal it is drawn in black on white, whatever the terminal's colours are.
ends = terminal()
if ends:
    master, slave = ends
    done = subprocess.Popen([ACCORD, "log", "checkpoint", "mine", "--qr"], cwd=DIR, stdout=slave)
    os.close(slave)
    seen = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:
            break
        if not piece:
            break
        seen += piece
    done.wait()
    shown = seen.decode().replace("\r\n", "\n")
    check("each line sets its colours and takes them back", shown and all(
        text.startswith("\x1b[38;5;16;48;5;231m") and text.endswith("\x1b[0m") for text in shown.splitlines()), shown)
    check("and draws the same", re.sub("\x1b\\[[0-9;]*m", "", shown) == drawing, shown)
finish()
