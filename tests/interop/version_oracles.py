"""Holds accord's orders of versions against others' programs: random versions, made from real ones by small changes, and each
pair both ways. Usage: version_oracles.py TOOL ORACLE SCHEME PAIRS [PROGRAM]; prints how many pairs agreed, and the first that did not.

Oracles: `packaging` (PEP 440), `univers` (Debian, RPM, SemVer, npm, RubyGems, NuGet), `dpkg`, `go` (whose program is named last). A pair that one of both
takes for no version is left out; how many those are is told, too."""

import random
import subprocess
import sys

REAL = {
    "deb": ["1.0", "1:2.3.4-5", "2.36-9+deb12u4", "1.1.1n-0+deb11u5", "0~rc1-1", "5.10.0~beta2+dfsg-1~bpo11+1", "20230311", "1.2.3-4.1",
            "3.0.11-1~deb12u2", "2.0.0~git20220101.abc123-1"],
    "rpm": ["1.0-1", "1:2.3.4-5.el9", "1.1.1k-9.el8_7", "5.14.0-362.8.1.el9_3", "2.0~rc1-1", "1.0^20230101git1-1", "3.6.8-51.el8", "0.1", "2.34.1"],
    "semver": ["1.0.0", "1.2.3-alpha.1", "2.0.0-rc.1+build.5", "0.0.4", "10.20.30", "1.0.0-alpha-a.b-c", "1.0.0-0A.is.legal", "2.1.0-beta"],
    "npm": ["1.0.0", "4.17.21", "1.2.3-alpha.1", "2.0.0-rc.1", "0.0.4", "16.14.0-next.3", "7.0.0-beta.10"],
    "pypi": ["1.0", "2.28.1", "1.0a1", "1.0rc1", "1.0.post1", "1.0.dev3", "1!2.0", "1.0+local.1", "2013b", "1.0.0b2.post3.dev4", "1.0c1", "v1.0",
             "1.0-1", "1.0.rev2", "3.0.0-alpha1"],
    "gem": ["1.0", "2.3.4", "1.0.0.pre1", "1.0.a", "5.0.0.beta.2", "3.2.1", "0.1", "1.0.0", "1.2.b3"],
    "golang": ["v1.0.0", "v0.0.0-20191109021931-daa7c04131f5", "v2.0.0+incompatible", "v1.2.3-rc.1", "v1.2", "v1", "v10.20.30"],
    "nuget": ["1.0.0", "1.2.3.4", "2.0.0-beta1", "13.0.1", "1.0.0-Alpha.2", "4.7.0-preview.1.1", "6.0"],
}
ALPHABET = {"deb": "0123456789ab.~+-:", "rpm": "0123456789ab.~^_-", "semver": "0123456789ab.-+", "npm": "0123456789ab.-",
            "pypi": "0123456789abcrdevpost.+-_!", "gem": "0123456789ab.", "golang": "0123456789ab.-+", "nuget": "012345678ABab.-"}
random.seed(17)


def mutate(scheme, version):
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        at, letter = random.randrange(len(version) + 1), random.choice(ALPHABET[scheme])
        version = random.choice((version[:at] + letter + version[at:], version[:at] + version[at + 1:], version[:at] + letter + version[at + 1:]))
    return version or "0"


def pairs(scheme, count):
    for _ in range(count):
        one = random.choice(REAL[scheme])
        yield mutate(scheme, one), mutate(scheme, random.choice((one, one, random.choice(REAL[scheme]))))


def sign(a, b):
    return -1 if a < b else 1 if a > b else 0


def packaging_order(_):
    from packaging.version import InvalidVersion, Version

    def order(a, b):
        try:
            return sign(Version(a), Version(b))
        except InvalidVersion:
            return None
    return order


def univers_order(scheme):
    from univers import versions
    kind = {"deb": versions.DebianVersion, "rpm": versions.RpmVersion, "semver": versions.SemverVersion, "npm": versions.SemverVersion,
            "gem": versions.RubygemsVersion, "nuget": versions.NugetVersion, "pypi": versions.PypiVersion}[scheme]

    def order(a, b):
        try:
            return sign(kind(a), kind(b))
        except Exception:
            return None
    return order


def go_order(_):
    """All of them at once, by a program of Go's."""
    peer = subprocess.Popen([sys.argv[5], "order-versions"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def order(a, b):
        peer.stdin.write(f"{a}\t{b}\n")
        peer.stdin.flush()
        answer = peer.stdout.readline().strip()
        return None if answer == "?" else int(answer)
    return order


def dpkg_order(_):
    def order(a, b):
        for relation, value in (("lt", -1), ("eq", 0), ("gt", 1)):
            run = subprocess.run(["dpkg", "--compare-versions", a, relation, b], capture_output=True)
            if run.stderr:
                return None
            if run.returncode == 0:
                return value
        return None
    return order


def main():
    tool, oracle, scheme = sys.argv[1:4]
    wanted = int(sys.argv[4])
    order = {"packaging": packaging_order, "univers": univers_order, "dpkg": dpkg_order, "go": go_order}[oracle](scheme)
    rows = [pair for pair in pairs(scheme, wanted) if "\t" not in "".join(pair)]
    ours = subprocess.run([tool], input="".join(f"{scheme}\t{a}\t{b}\n{scheme}\t{b}\t{a}\n" for a, b in rows), capture_output=True, text=True,
                          check=True).stdout.split()
    agreed = neither = ours_alone = theirs_alone = 0
    for i, (a, b) in enumerate(rows):
        there, back, theirs = ours[2 * i], ours[2 * i + 1], order(a, b)
        if (there == "?") != (back == "?") or (there != "?" and int(there) != -int(back)):
            sys.exit(f"{scheme}: {a} and {b}: {there} one way, {back} the other")
        if there == "?" and theirs is None:
            neither += 1
        elif there == "?":
            theirs_alone += 1
        elif theirs is None:
            ours_alone += 1
        elif int(there) != theirs:
            sys.exit(f"{scheme}: {a} and {b}: {there}, and {oracle} says {theirs}")
        else:
            agreed += 1
    print(f"{scheme}: {agreed} pairs as {oracle} has them; {ours_alone} only here, {theirs_alone} only there, {neither} nowhere versions")
    if agreed < wanted // 3:
        sys.exit("too few of them are versions")


main()
