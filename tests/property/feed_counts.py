"""What accord reads from real advisories, beside what this walk of the same JSON finds by itself: every document is read,
or is none; each vulnerability and each status of each product arrives, and of OSV each range to the letter."""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.parse
import zipfile

DATA = pathlib.Path(__file__).resolve().parents[3] / "shared" / "data"
SAYS = {"known_affected": "affected", "first_affected": "affected", "last_affected": "affected", "fixed": "fixed",
        "first_fixed": "fixed", "known_not_affected": "not-affected", "under_investigation": "investigating"}
if not (DATA / "csaf.zip").exists():
    print(f"1..0 # SKIP {DATA} is not there")
    sys.exit(0)

count = failed = 0


def check(name, holds, detail=""):
    global count, failed
    count += 1
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {name}")
    if not holds:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="")


def dump(path):
    """{place: (format or refusal, [vulnerability, [claims]])}"""
    run = subprocess.run([os.environ["FEED_DUMP"], str(path)], capture_output=True, text=True)
    documents, place = {}, None
    for line in run.stdout.splitlines():
        kind, *fields = line.split("\t")
        if kind == "F":
            place, documents[fields[0]] = fields[0], [None, []]
        elif kind == "V":
            documents[place][1].append((fields, []))
        elif kind == "C":
            documents[place][1][-1][1].append(fields)
        else:
            documents[place][0] = fields[0]
    return documents


def semantic(version):
    core, _, _ = version.partition("+")
    core, _, before = core.partition("-")
    identifiers = [(0, int(i), "") if i.isdigit() else (1, 0, i) for i in before.split(".")] if before else []
    return [int(n) for n in core.split(".")], not before, identifiers


def osv(document):
    """The claims as (product, range, fixed)."""
    expected = []
    for affected in document.get("affected", []):
        product = "pkg:golang/" + "/".join(urllib.parse.quote(s, safe="") for s in affected["package"]["name"].lower().split("/"))
        for one in affected["ranges"]:
            events = [next(iter(e.items())) for e in one["events"]]
            events.sort(key=lambda e: semantic("0.0.0-0" if e[1] == "0" else e[1]))
            start = None
            for kind, version in events + [(None, None)]:
                if kind == "introduced":
                    start = version if start is None else start
                elif start is not None:
                    bounds = ([] if start == "0" else [">=" + quoted(start)]) + ([] if kind is None else ["<" + quoted(version)])
                    expected.append((product, "vers:golang/" + "|".join(bounds) if bounds else "vers:all/*", version or ""))
                    start = None
    return expected


def quoted(version):
    return urllib.parse.quote(version, safe=":")


def products(tree):
    """Which kinds of names each product id has."""
    names, waiting, stack = {}, {}, list(tree.get("branches", []))

    def add(product):
        helper = product.get("product_identification_helper", {})
        names[product["product_id"]] = ["name"] + [k for k in ("purl", "cpe") if k in helper] + [
            "sha256" for h in helper.get("hashes", []) for f in h["file_hashes"] if f["algorithm"] == "sha256"]

    while stack:
        branch = stack.pop()
        stack += branch.get("branches", [])
        if "product" in branch:
            add(branch["product"])
    for product in tree.get("full_product_names", []):
        add(product)
    for relation in tree.get("relationships", []):
        waiting[relation["full_product_name"]["product_id"]] = relation["product_reference"]
    for product, component in waiting.items():
        while component in waiting:
            component = waiting[component]
        names[product] = names[component]
    return names


def csaf(document):
    names, vulnerabilities = products(document.get("product_tree", {})), []
    for vulnerability in document.get("vulnerabilities", []):
        claims = collections.Counter()
        for status, ids in vulnerability.get("product_status", {}).items():
            for product in ids if status in SAYS else []:
                claims.update((SAYS[status], kind) for kind in names[product])
        vulnerabilities.append((vulnerability.get("cve"), claims))
    return vulnerabilities


def cve(document):
    """How often each status is said, once for each name."""
    said = collections.Counter()
    word = {"affected": "affected", "unaffected": "not-affected", "unknown": "investigating"}
    containers = document["containers"]
    for affected in [a for c in [containers["cna"]] + containers.get("adp", []) for a in c.get("affected", [])]:
        product, package = affected.get("product", ""), affected.get("packageName", "")
        inside = product and package and product.lower() != package.lower()
        names = {":".join(c.split(":")[1:4]).lower() for c in affected.get("cpes", [])}
        times = len(names) + bool(product) + bool(inside or (package and not product))
        versions = affected.get("versions", [])
        for version in versions:
            said[word[version["status"]]] += times
            for change in version.get("changes", []):
                said[word[change["status"]]] += times
        default = affected.get("defaultStatus", "unknown")
        if default == "affected" or (default == "unaffected" and not versions):
            said[word[default]] += times
    return said


def check_osv():
    archive = DATA / "osv" / "Go" / "all.zip"
    read, wrong = dump(archive), []
    with zipfile.ZipFile(archive) as members:
        for name in members.namelist():
            document = json.loads(members.read(name))
            kind, vulnerabilities = read.pop(f"{archive}: {name}", (None, []))
            if kind != "osv" or len(vulnerabilities) != 1:
                wrong.append(f"{name}: {kind}")
                continue
            head, claims = vulnerabilities[0]
            if collections.Counter((c[2], c[3], c[6]) for c in claims) != collections.Counter(osv(document)):
                wrong.append(f"{name}: {claims}")
            ids = [head[0]] + head[2].split()
            if set(ids) != {document["id"], *document.get("aliases", [])} or head[4] != str(int("withdrawn" in document)):
                wrong.append(f"{name}: {head}")
    check("OSV: each of 4,291 documents, range for range", not wrong and not read, "\n".join(wrong[:5] + list(read)[:5]))


def check_csaf(folder):
    read, wrong, statuses = dump(folder), [], 0
    for path in sorted(folder.rglob("*.json")):
        kind, vulnerabilities = read.pop(str(path), (None, []))
        expected = csaf(json.loads(path.read_text()))
        found = [(v[0], collections.Counter((c[0], c[1]) for c in claims)) for v, claims in vulnerabilities]
        statuses += sum(sum(c.values()) for _, c in expected)
        if kind != "csaf" or [c for _, c in found] != [c for _, c in expected] or any(
                e[0] not in (None, f[0]) for e, f in zip(expected, found)):
            wrong.append(f"{path}: {kind} {found} {expected}"[:600])
    check(f"CSAF: {statuses} statuses of products, all told", statuses > 1000 and not wrong and not read, "\n".join(wrong))


def check_prose(folder):
    """What is decided is equality, everything, or vers that is to be read; every other range is prose, word for word."""
    wrong, told = [], collections.Counter()
    for path, (_, vulnerabilities) in dump(folder).items():
        for claim in [c for _, claims in vulnerabilities for c in claims]:
            ordered = re.search("[<>]", claim[3])
            told["prose" if not claim[3] else "all" if claim[3] == "vers:all/*" else "equal"] += 1
            if bool(claim[3]) == bool(claim[4]) or ordered:
                wrong.append(f"{path}: {claim}")
    check(f"CSAF: {dict(told)}: nothing is guessed", not wrong and told["prose"] > 1000 and told["all"] > 300, "\n".join(wrong[:5]))


def check_cve(folder):
    read, wrong, real = dump(folder), [], 0
    for path in sorted(folder.rglob("*.json")):
        kind, vulnerabilities = read.pop(str(path), (None, []))
        if path.stat().st_size == 0:
            if kind != "malformed":
                wrong.append(f"{path}: {kind}")
            continue
        real += 1
        found = collections.Counter(c[0] for _, claims in vulnerabilities for c in claims)
        expected = cve(json.loads(path.read_text()))
        if kind != "cve" or found != expected:
            wrong.append(f"{path}: {kind} {found} {expected}")
    check(f"CVE: {real} records, each status; what is empty is refused", real > 2 and not wrong, "\n".join(wrong))


with tempfile.TemporaryDirectory() as scratch:
    for name in ("csaf.zip", "cve.zip"):
        zipfile.ZipFile(DATA / name).extractall(scratch)
    check_osv()
    check_csaf(pathlib.Path(scratch) / "csaf")
    check_prose(pathlib.Path(scratch) / "csaf" / "cisa")
    check_cve(pathlib.Path(scratch) / "cve")
print(f"1..{count}")
sys.exit(1 if failed else 0)
