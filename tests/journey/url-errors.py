"""A log's URL that does not answer, or not as a log should: a sentence that names the URL and what came, the right exit
status, in bounded time and memory."""

import resource

from remote import *

VKEY = new_log()
fill(*(b"entry %d" % i for i in range(300)))
web = Web("log")


def checkpoint(url=None):
    return accord("log", "checkpoint", url or web.url)


def peak():
    """Of the commands so far, in KB."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss


def timed(name, run, status, says, seconds=20):
    """run is a function: what it does is bounded in time."""
    started = time.monotonic()
    expect(name, run(), status, says)
    took = time.monotonic() - started
    check(f"{name}: within {seconds} s", took < seconds, took)


def after(times, fault):
    """A fault that goes away after so many answers."""
    left = [times]

    def answer(handler):
        left[0] -= 1
        if left[0] < 0:
            handler.reply(200, (web.root / handler.path.lstrip("/")).read_bytes())
        else:
            fault(handler)
    return answer


def redirect(handler):
    handler.reply(301, Location=f"{web.url}/elsewhere")


def page(handler):
    handler.reply(200, b"<!DOCTYPE html>\n<html><body>Please log in.</body></html>\n", Content_Type="text/html")


def endless(handler):
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.wfile.write(b"endless\n" * 8192)


def huge(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "10000000000")
    handler.end_headers()
    while True:
        handler.wfile.write(b"huge\n" * 8192)


def garbage(handler):
    handler.wfile.write(b"\x00\x01\x02 not HTTP\r\n\r\n")
    handler.hang_up()


def half(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b"half")
    handler.hang_up()


def status(code, **headers):
    return lambda handler: handler.reply(code, b"no\n", **headers)


must(accord("log", "check", web.url, "--vkey", VKEY))
plain = peak()
timed("nobody listens", lambda: checkpoint(refused_port()), 3, r"http://127\.0\.0\.1:\d+/checkpoint: .*(?i:connect|refused)")
timed("no such host", lambda: checkpoint("http://no-such-host.invalid"), 3, r"no-such-host\.invalid/checkpoint")
expect("no log at this URL", checkpoint(web.url + "/nothing"), 3, "/nothing/checkpoint: it does not exist.*404")
expect("a URL of nothing", checkpoint("http://"), 3, "http://")
expect("a URL that is too long", checkpoint(web.url + "/" + "x" * 5000), 1)

for name, fault, code, says in (
        ("a server's error", status(500), 3, "/checkpoint: .*HTTP status 500"),
        ("forbidden", status(403), 3, "/checkpoint: .*HTTP status 403"),
        ("a redirect", redirect, 3, "redirects are not followed.*HTTP status 301"),
        ("garbage", garbage, 3, "/checkpoint"),
        ("half an answer", half, 3, "/checkpoint"),
        ("a huge answer", huge, 1, "/checkpoint: this is larger than accord accepts"),
        ("an endless answer", endless, 1, "/checkpoint: this is larger than accord accepts")):
    web.misbehave("/checkpoint", fault)
    timed(name, checkpoint, code, says)
    web.misbehave("/tile/", fault)
    timed(f"{name} in place of a tile", lambda: accord("log", "prove", web.url, 7), code, "tile/")
    timed(f"{name} in place of a tile, for all of the log", lambda: accord("log", "check", web.url, "--vkey", VKEY),
          code, "tile/")
    run = accord("log", "prove", web.url, 7, "-o", "proof")
    check(f"{name}: no proof is left behind", run.status == code and not (DIR / "proof").exists(), run)
web.misbehave("/checkpoint", page)
timed("a page in place of the checkpoint", checkpoint, 3, r"127\.0\.0\.1:\d+/checkpoint: .*expected a log's checkpoint, found a page")
web.misbehave("/checkpoint", lambda handler: handler.reply(200, b"remote.example/log\n301\n"))
timed("what begins like a checkpoint", checkpoint, 1, r"127\.0\.0\.1:\d+/checkpoint: this does not follow its grammar")
web.misbehave("/checkpoint", lambda handler: handler.reply(200))
timed("nothing in place of the checkpoint", checkpoint, 1, "does not follow its grammar")
web.misbehave("/tile/", page)
timed("a page in place of a tile", lambda: accord("log", "prove", web.url, 7), 1, "tile/0/.*does not agree")
check("whatever came, it took less than 64 MB more than a good log does", peak() - plain < 65536, f"{plain} KB, {peak()} KB")

web.misbehave("/checkpoint", after(2, status(503)))
timed("a busy server is asked again", checkpoint, 0, None)
web.misbehave("/tile/", after(1, status(429, Retry_After="1")))
started = time.monotonic()
expect("no sooner than it asks for", accord("log", "prove", web.url, 7), 0)
check("that is a second later", time.monotonic() - started >= 1, time.monotonic() - started)
web.misbehave("/checkpoint", status(503))
timed("one that stays busy is not asked for ever", checkpoint, 3, "HTTP status 503")
web.misbehave("/checkpoint", None)
expect("and all is well again", checkpoint(), 0)

secret = web.url.replace("http://", "http://user:secret@")
web.misbehave("/checkpoint", status(500))
run = checkpoint(secret)
check("what is refused is named without a password", run.status == 3 and "secret" not in run.err, run)

shutil.copy(ACCORD, DIR / "alone")
done = subprocess.run([DIR / "alone", "log", "checkpoint", web.url], capture_output=True, cwd=DIR)
where = re.search(rb"neither beside this program nor in (\S+): ", done.stderr)
installed = where is None and done.returncode == 0
check("without accord-net it says what is missing, and where it looked",
      installed or (done.returncode == 3 and where), done)
done = subprocess.run([DIR / "alone", "log", "checkpoint", "log"], capture_output=True, cwd=DIR)
check("a directory needs no accord-net", done.returncode == 0, done)
finish()
