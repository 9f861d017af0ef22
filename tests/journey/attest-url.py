"""Attestations and rebuilds by way of a log's URL. The server is a stand-in that runs accord itself."""

from remote import *

new_accord()


def post(handler, body):
    """POST /add as `accord serve` answers it, by the directory's own commands."""
    index = must(accord("log", "add", "accord/public", "-", stdin=body)).out.strip()
    must(publish(*members()))
    handler.reply(200, index.encode())


web = Web("accord/public", post)
HEAD = ["--accord", web.url, "--vendor", "cisco.com", "--product", "tool"]
(DIR / "source").mkdir()
write("source/in", "made\n")
write("out", "made\n")
run = accord("attest", "--stage", "build", *HEAD, "--key", "keys/cisco.com/stage.key", "--input", "source", "--environment", "PATH=/usr/bin:/bin", "--run",
             "cat in > out", "out")
expect("an attestation is posted and proven", run, 0, "wrote out.build.tlog-proof")
run = accord("rebuild", "--trust", "accord.trust", "--source", "source", "--accord", web.url, "--by", "sap.com", "--key", "keys/sap.com/stage.key",
             "out.build.tlog-proof")
expect("a rebuild, too", run, 0, "wrote out.build.by-sap.com.tlog-proof")
posts = web.paths.count("POST /add")
check("each was posted once", posts == 2, web.paths)
expect("another's key is refused", accord("attest", "--stage", "build", *HEAD, "--key", "keys/sap.com/stage.key", "out"), 1, "not signed by a key")
check("before anything is posted", web.paths.count("POST /add") == posts, web.paths)
must(release("out", product="tool", options=["--attest", "out.build.tlog-proof"]))
expect("the release verifies", verify("out"), 0, "verified")
finish()
