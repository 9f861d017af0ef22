"""What a vendor says of its products' flaws: logged, dated, revised, shown again; and what is refused."""

import base64
import subprocess

from journey import *

KEY = ["--key", "keys/cisco.com/receipt.key"]
SOURCE = """# what we know
vendor cisco.com
id cisco-sa-1
title Overflow in the web interface
state final
vulnerability CVE-2026-12345
fixed ios-xe 17.3.2
affected ios-xe <17.3.2
affected ios-xe 17.3.1
product ios-xe Cisco IOS XE
order intdot
"""


def log(source, *options, key=KEY, name="one.advisory"):
    return accord("advisory", "log", "--accord", "accord", *key, *options, write(name, source))


def size():
    return int(must(accord("log", "checkpoint", "accord")).out.splitlines()[1])


def show(name="cisco-sa-1", *options):
    return accord("advisory", "show", "--accord", "accord", "--json", *options, name)


new_accord()
for version in ("17.3.1", "17.3.2"):
    must(accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", version, "--key",
                "keys/cisco.com/release.key", write(f"fw-{version}", version)))
must(accord("release", "--accord", "accord", "--vendor", "sap.com", "--product", "ios-xe", "--version", "9", "--key",
            "keys/sap.com/release.key", write("sap", "sap")))
expect("there is none", accord("advisory", "list", "accord"), 0, "0 advisories")
before = size()
for name, source, key, status, says in (
        ("an unknown line", SOURCE + "colour red\n", KEY, 1, "line 12: colour"),
        ("a line where it does not belong", "order deb\n" + SOURCE, KEY, 1, "below its product line"),
        ("a product that is not named", SOURCE.replace("product ios-xe", "product ios"), KEY, 1, "not defined on a line before"),
        ("no title", SOURCE.replace("title", "# title"), KEY, 1, "title"),
        ("a range that is none", SOURCE.replace("<17.3.2", "before-17 3"), KEY, 1, "affected"),
        ("a release of nobody", SOURCE + "vulnerability x\nfixed ios-xe 1 sha256:" + 64 * "0" + "\n", KEY, 3, "that this vendor logged"),
        ("bounds without an order", SOURCE.replace("order intdot", ""), KEY, 1, "an `order` line"),
        ("an order that nobody knows", SOURCE.replace("order intdot", "order generic"), KEY, 1, "deb, rpm, semver"),
        ("a version that is none of its order", SOURCE.replace("<17.3.2", "<17.3.2a"), KEY, 1, "versions of its order"),
        ("bounds that are in no order", SOURCE.replace("<17.3.2", ">=17.4|<17.3.2"), KEY, 1, "from the lowest on"),
        ("another member's key", SOURCE, ["--key", "keys/sap.com/receipt.key"], 1, "not signed by a key of the party"),
        ("a stage key", SOURCE, ["--key", "keys/cisco.com/stage.key"], 1, "not signed by a key of the party"),
        ("a member that is none", SOURCE.replace("cisco.com\n", "example.com\n", 1), KEY, 1, "no such member")):
    expect(f"refused: {name}", log(source, key=key), status, says)
check("and nothing of that was logged", size() == before)

run = log(SOURCE, "--json")
check("it is logged", run.status == 0 and run.json()["revision"] == 1, run)
run = accord("proof", "show", "cisco-sa-1.tlog-proof")
check("with a proof", run.status == 0 and "statement of the kind advisory" in run.out, run)
source = show().json()["source"]
check("versions that were released are named by their releases", re.search(r"^fixed ios-xe 17\.3\.2 sha256:[0-9a-f]{64}$", source, re.M)
      and re.search(r"^affected ios-xe 17\.3\.1 sha256:[0-9a-f]{64}$", source, re.M) and "affected ios-xe <17.3.2\n" in source, source)
check("its lines stand in their order", source.index("product ") < source.index("vulnerability ") < source.index("affected ") < source.index("fixed "))
digest = re.search(r"^fixed ios-xe 17\.3\.2 (sha256:\S+)$", source, re.M)[1]
expect("another version's release is none", log(SOURCE.replace("affected ios-xe 17.3.1", f"affected ios-xe 17.3.1 {digest}"), "--change", "x"), 3,
       "the release of this version")
expect("a release of another vendor is none", log(SOURCE.replace("vendor cisco.com", "vendor sap.com").replace("fixed ios-xe 17.3.2", f"fixed ios-xe 17.3.2 {digest}"),
                                                  key=["--key", "keys/sap.com/receipt.key"]), 3, "that this vendor logged")

expect("the same id again says what changed", log(SOURCE), 1, "--change TEXT")
expect("then it is a revision", log(SOURCE.replace("state final", "state withdrawn"), "--change", "There was nothing."), 0, "revision 2")
answer = show().json()
check("the newest is shown, and how it came to be", answer["state"] == "withdrawn" and [r["revision"] for r in answer["revisions"]] == [1, 2]
      and answer["revisions"][1]["change"] == "There was nothing." and answer["revisions"][0]["time"] <= answer["revisions"][1]["time"], answer)
again = show().json()
check("its dates do not change", again["revisions"] == answer["revisions"])

# Two that follow from the same one: the first counts
text = base64.b64decode(read("cisco-sa-1.tlog-proof").split(b"\n")[1][6:]).split(b"\n\n")[0] + b"\n"
for number, other in enumerate((text.replace(b"There was nothing.", b"It is worse."), text.replace(b"revision 2", b"revision 3"))):
    signed = subprocess.run([os.environ["SIGN_NOTE"], DIR / KEY[1]], input=other, capture_output=True, check=True).stdout
    must(accord("log", "add", "accord", "--key", "accord/private/log.key", write(f"other-{number}", signed)))
expect("another advisory", log(SOURCE.replace("cisco-sa-1", "cisco-sa-2"), name="two.advisory"), 0, "revision 1")
check("what follows from none, or too late, is passed over", show().json()["revisions"] == answer["revisions"])
sap = log(SOURCE.replace("cisco.com", "sap.com").replace("fixed ios-xe 17.3.2", "fixed ios-xe 9"), "-o", "sap.proof", key=["--key", "keys/sap.com/receipt.key"])
expect("another vendor has one of the same id", sap, 0, "revision 1")
run = show()
check("then it takes both words", run.status == 1 and "several vendors" in run.out, run)
check("which find it", show("sap.com/cisco-sa-1").json()["vendor"] == "sap.com" and show("cisco.com/cisco-sa-1").json()["vendor"] == "cisco.com")
expect("one that is not there", show("cisco-sa-9"), 3)
nowhere = text.replace(b"cisco-sa-1", b"cisco-sa-3").replace(b"revision 2", b"revision 1").replace(digest.encode(), b"sha256:" + 64 * b"0")
nowhere = re.sub(rb"previous .*\n|change .*\n", b"", nowhere)
must(accord("log", "add", "accord", "--key", "accord/private/log.key",
            write("nowhere", subprocess.run([os.environ["SIGN_NOTE"], DIR / KEY[1]], input=nowhere, capture_output=True, check=True).stdout)))
expect("it is published", log(SOURCE.replace("cisco-sa-1", "cisco-sa-4"), name="four.advisory"), 0)
check("one that names a release which is not there is shown without it, and spoils no other", show("cisco-sa-3").json()["id"] == "cisco-sa-3")
run = accord("advisory", "list", "accord", "--json")
check("all are listed", [(a["vendor"], a["id"]) for a in run.json()["advisories"]] == [("cisco.com", "cisco-sa-1"), ("cisco.com", "cisco-sa-2"),
                                                                                      ("sap.com", "cisco-sa-1"), ("cisco.com", "cisco-sa-3"),
                                                                                      ("cisco.com", "cisco-sa-4")], run)
run = accord("advisory", "list", "accord", "--vendor", "sap.com")
check("or those of one vendor", "sap.com/cisco-sa-1" in run.out and "cisco.com/" not in run.out and "1 advisories" in run.err, run)
expect("its source can be logged again", log(show("cisco-sa-2").json()["source"], "--change", "Nothing."), 0, "revision 2")
finish()
