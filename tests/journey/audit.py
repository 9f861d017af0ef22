"""What of this is affected: lists of components against advisories of others, in each form; an index that is kept, and killed."""

import hashlib
import signal
import subprocess
import time
import zipfile

from journey import *


def osv(name, ecosystem, package, *events, **more):
    return {"schema_version": "1.6.0", "id": name, "modified": "2026-01-02T00:00:00Z", "summary": f"About {package}", "aliases": more.pop("aliases", []),
            "affected": [{"package": {"ecosystem": ecosystem, "name": package}, "ranges": [{"type": "ECOSYSTEM", "events": list(events)}]}], **more}


def bom(*components):
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": list(components)})


def component(name, version, purl=None, **more):
    return {"type": "library", "name": name, "version": version, **({"purl": purl} if purl else {}), **more}


def audit(*words, advisories="advisories"):
    run = accord("audit", "--json", "--advisories", advisories, *words)
    if run.status > 1:
        return None, run
    return [(c["name"], f["answer"], f["id"]) for c in run.json()["components"] for f in c.get("findings", [])], run


os.mkdir(DIR / "advisories")
write("advisories/one.json", json.dumps(osv("GHSA-one", "npm", "left-pad", {"introduced": "0"}, {"fixed": "1.3.1"}, aliases=["CVE-2026-1"])))
write("advisories/two.json", json.dumps(osv("PYSEC-2", "PyPI", "Flask_Thing", {"introduced": "1.0"}, {"last_affected": "2.0"})))
digest = hashlib.sha256(b"bad firmware").hexdigest()
write("advisories/vex.json", json.dumps({
    "@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://a.example/vex/1", "author": "A", "timestamp": "2026-01-01T00:00:00Z", "version": 1,
    "statements": [{"vulnerability": {"name": "CVE-2026-3"}, "status": "affected", "action_statement": "Update.",
                    "products": [{"@id": "https://a.example/fw", "hashes": {"sha-256": digest}}]}]}))
write("bom.json", bom(component("left-pad", "1.3.0", "pkg:npm/left-pad@1.3.0"), component("flask-thing", "2.0.0", "pkg:pypi/flask-thing@2.0.0"),
                      component("right-pad", "1.0.0", "pkg:npm/right-pad@1.0.0")))
found, run = audit("bom.json")
check("what is affected is found, by the order of its ecosystem", found == [("left-pad", "affected", "CVE-2026-1"), ("flask-thing", "affected", "PYSEC-2")]
      and run.status == 1, run)
run = accord("audit", "--advisories", "advisories", "bom.json")
check("and told, with its fix", run.status == 1 and re.search(r"affected +left-pad 1\.3\.0 +CVE-2026-1 +fixed in 1\.3\.1", run.out), run)
write("good.json", bom(component("left-pad", "1.3.1", "pkg:npm/left-pad@1.3.1"), component("left-pad", "2.0.0-rc.1", "pkg:npm/left-pad@2.0.0-rc.1")))
found, run = audit("good.json")
check("what is fixed is not", run.status == 0 and all(answer != "affected" for _, answer, _ in found), run)
os.mkdir(DIR / "device")
write("device/fw.bin", "bad firmware")
write("device/other.bin", "good firmware")
os.symlink("/etc/passwd", DIR / "device/link")
found, run = audit("device")
check("a directory's files are known by what is in them", [(answer, name) for _, answer, name in found] == [("affected", "CVE-2026-3")], run)
write("unordered.json", bom(component("left-pad", "newest", "pkg:npm/left-pad@newest"), component("thing", "1")))
found, run = audit("unordered.json")
check("what cannot be decided is unknown, and no failure", run.status == 0 and [(answer, name) for _, answer, name in found] == [("unknown", "CVE-2026-1")], run)
expect("unless that is asked for", accord("audit", "--advisories", "advisories", "--fail-on", "unknown", "unordered.json"), 1)
write("dpkg.txt", "bash\t5.2.15-2\n")
write("advisories/deb.json", json.dumps(osv("DSA-1", "Debian:12", "bash", {"introduced": "0"}, {"fixed": "5.2.15-3"})))
write("deb.json", bom(component("bash", "5.2.15-2", "pkg:deb/debian/bash@5.2.15-2?distro=debian-12")))
found, run = audit("deb.json")
check("Debian's versions are Debian's", ("bash", "affected", "DSA-1") in found, run)

# Refusals
write("advisories/broken.json", '{"id": "x", "id": "y"}')
found, run = audit("bom.json")
check("an advisory that is none is told, and the others count", run.status == 1 and len(found) == 2 and len(run.json()["refused"]) == 1, run)
(DIR / "advisories/broken.json").unlink()
expect("a list that is none", accord("audit", "--advisories", "advisories", write("nothing", "{}")), 1)
expect("advisories that are not there", accord("audit", "--advisories", "nowhere", "bom.json"), 3)
expect("no advisories", accord("audit", "bom.json"), 2, "advisories")
expect("an answer that fails nothing", accord("audit", "--advisories", "advisories", "--fail-on", "fixed", "bom.json"), 2, "fail-on")

# The index
found, run = audit("--index", "index.db", "bom.json")
check("with an index it is the same", run.status == 1 and len(found) == 2, run)
first = run.out
check("again", audit("--index", "index.db", "bom.json")[1].out == first)
write("advisories/one.json", json.dumps(osv("GHSA-one", "npm", "left-pad", {"introduced": "0"}, {"fixed": "1.2.0"})))
check("what has changed is read again", audit("--index", "index.db", "bom.json")[0] == [("flask-thing", "affected", "PYSEC-2")])
os.mkdir(DIR / "others")
write("others/three.json", json.dumps(osv("GHSA-three", "npm", "right-pad", {"introduced": "0"})))
check("another run has other advisories", audit("--index", "index.db", "bom.json", advisories="others")[0] == [("right-pad", "affected", "GHSA-three")])
check("which are not in the way of these", audit("--index", "index.db", "bom.json")[0] == [("flask-thing", "affected", "PYSEC-2")])
write("no-index", "this is no index of anything, and longer than a page of SQLite's would have to be to be read as one" * 50)
expect("a file that is no index is left alone", accord("audit", "--advisories", "advisories", "--index", "no-index", "bom.json"), 3)
check("as it was", read("no-index").startswith(b"this is no index"))
with zipfile.ZipFile(DIR / "all.zip", "w") as archive:
    for i in range(20000):
        archive.writestr(f"GHSA-{i}.json", json.dumps(osv(f"GHSA-{i}", "npm", f"package-{i}", {"introduced": "0"}, {"fixed": "2.0.0"})))
write("many.json", bom(component("package-7", "1.0.0", "pkg:npm/package-7@1.0.0"), component("package-19999", "1.0.0", "pkg:npm/package-19999@1.0.0")))
for delay in (0.05, 0.15, 0.3):
    process = subprocess.Popen([os.environ["ACCORD"], "audit", "--advisories", "all.zip", "--index", "index.db", "many.json"], cwd=DIR,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.wait()
    check(f"killed after {delay} s, the index is as it was, or whole",
          audit("--index", "index.db", "bom.json")[0] == [("flask-thing", "affected", "PYSEC-2")])
found, run = audit("--index", "index.db", "many.json", advisories="all.zip")
check("and the archive is read in the end", [name for _, _, name in found] == ["GHSA-7", "GHSA-19999"], run)
finish()
