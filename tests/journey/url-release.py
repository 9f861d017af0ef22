"""A release by way of a log's URL: posted, waited for until the quorum has cosigned, proven, verified. The server is a
stand-in that runs accord itself; one that lies is not believed."""

from remote import *

new_accord()
image = write("image.bin", os.urandom(50_000))
BUSY = {"times": 0, "publish": True, "answer": None}


def post(handler, body):
    """POST /add as `accord serve` answers it, by the directory's own commands."""
    if handler.path != "/add":
        handler.reply(404)
    elif BUSY["times"] > 0:
        BUSY["times"] -= 1
        handler.reply(503, b"later\n", Retry_After="1")
    elif BUSY["answer"]:
        handler.reply(*BUSY["answer"])
    else:
        index = must(accord("log", "add", "accord/public", "-", stdin=body)).out.strip()
        handler.reply(200, index.encode())
        if BUSY["publish"]:
            threading.Timer(0.7, publish, members()).start()


def released(version, *options, vendor="cisco.com", key=None, file=image, env=None):
    return accord("release", "--accord", web.url, "--vendor", vendor, "--product", "ios-xe", "--version", version,
                  "--key", key or f"keys/{vendor}/release.key", *options, file, env=env)


def proof():
    return DIR / f"{image}.tlog-proof"


def posts():
    return len([path for path in web.paths if path == "POST /add"])


web = Web("accord/public", post)
run = released("17.3.1")
expect("a release is posted and proven", run, 0, "image.bin.tlog-proof")
check("it says that it waits for the quorum", "waiting" in run.err, run)
expect("the file verifies", verify(image), 0, r"34 witnesses in 10 jurisdictions")
check("the entry is in the log once", posts() == 1, web.paths)
expect("and its index is the log's", accord("proof", "show", proof()), 0)
proof().unlink()

run = released("17.3.2", "--json")
check("as JSON", run.status == 0 and run.json()["ok"] and run.json()["sequence"] == 2 and run.json()["index"] == 3, run)
expect("the next one verifies", verify(image), 0, "sequence 2")
proof().unlink()

BUSY["times"] = 2
started, before = time.monotonic(), posts()
expect("a busy server is asked again", released("17.3.3"), 0)
check("when it asks for that", time.monotonic() - started >= 2 and posts() == before + 3, posts() - before)
proof().unlink()

before = posts()
expect("another member's key is refused", released("18", key="keys/microsoft.com/release.key"), 1)
expect("a stranger's vendor too", released("18", vendor="nobody.example", key="keys/cisco.com/release.key"), 1, "no such member")
check("before anything is posted", posts() == before and not proof().exists(), web.paths[-5:])

for status, words, code, says in ((400, b"empty entry\n", 1, "empty entry.*HTTP status 400"),
                                  (403, b"not by a member\n", 1, "not by a member.*HTTP status 403"),
                                  (413, b"too large\n", 1, "HTTP status 413"),
                                  (404, b"", 3, "/add: .*HTTP status 404"),
                                  (500, b"", 3, "/add: .*HTTP status 500"),
                                  (301, b"", 3, "redirects are not followed"),
                                  (200, b"", 3, "an index in decimal"),
                                  (200, b"-1", 3, "an index in decimal"),
                                  (200, b"7 1", 3, "an index in decimal"),
                                  (200, b"9" * 5000, 1, "/add: this is larger"),
                                  (200, b"99999999999999999999", 3, "an index in decimal")):
    BUSY["answer"] = (status, words)
    expect(f"an answer of {status}, {len(words)} bytes: {words[:20]}", released("18"), code, says)
    check("leaves no proof", not proof().exists())
BUSY["answer"] = (503, b"")
started = time.monotonic()
expect("a server that stays busy", released("18", "--timeout", "2"), 3, "HTTP status 503")
check("is asked until the timeout", time.monotonic() - started < 6, time.monotonic() - started)
for index, code, says in ((b"0", 1, "does not lead to the checkpoint's root"), (b"2", 1, "does not lead to the checkpoint's root"),
                          (b"1000000", 3, "the log's checkpoint")):
    BUSY["answer"] = (200, index)
    expect(f"an index that is not the entry's: {index.decode()}", released("18", "--timeout", "2"), code, says)
    check("leaves no proof", not proof().exists())
BUSY["answer"] = None

BUSY["publish"] = False
run = released("19", "--timeout", "2")
expect("a log that does not publish in time", run, 3)
check("says at which index the entry is, and how to go on",
      re.search(r"\b5\b", run.err) and "accord log prove" in run.err and not proof().exists(), run)
must(publish("cisco.com", "microsoft.com"))
run = released("20", "--timeout", "2")
check("two witnesses are no quorum", run.status == 3 and "accord log prove" in run.err and not proof().exists(), run)
must(publish(*members()))
must(accord("log", "prove", web.url, 5, "-o", str(proof())))
expect("once the quorum has cosigned, the proof that it named verifies", verify(image), 0, "sequence 4")
finish()
