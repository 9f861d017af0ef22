"""accord attest: what it records of files and directories, how it names the proof, what it refuses."""

import hashlib

from journey import *

new_accord()
write("tool", "a tool")
write("input", "what went in")
HEAD = ["--accord", "accord", "--vendor", "cisco.com", "--product", "tool"]
KEY = ["--key", "keys/cisco.com/stage.key"]


def attest(stage, *args, key=KEY, **more):
    return accord("attest", "--stage", stage, *HEAD, *key, *args, **more)


def sha(data):
    return "sha256:" + hashlib.sha256(data if isinstance(data, bytes) else data.encode()).hexdigest()


def says(run, line):
    return check(f"says: {line}", line in run.err.splitlines(), run)


def manifest(directory):
    """docs/protocol.md, "Attestation"."""
    lines = []
    for path in sorted((p for p in directory.rglob("*") if p.is_symlink() or p.is_file()), key=lambda p: os.fsencode(p.relative_to(directory))):
        name = os.fsencode(path.relative_to(directory))
        if path.is_symlink():
            mode, data = "120000", os.fsencode(os.readlink(path))
        else:
            mode, data = "100755" if path.stat().st_mode & 0o100 else "100644", path.read_bytes()
        lines.append(f"{mode} {sha(data)} ".encode() + name + b"\n")
    return sha(b"".join(lines))


run = attest("build", "tool")
expect("the least", run, 0, "wrote tool.build.tlog-proof")
says(run, "by cisco.com")
says(run, f"subject {sha('a tool')} tool")
for stage in ("design", "source", "test", "distribution", "use"):
    expect(f"stage {stage}", attest(stage, "tool"), 0, f"wrote tool.{stage}.tlog-proof")
run = attest("build", "--version", "2.0", "--input", "input", "--parameter", "target=arm v7", "--parameter", "git:commit=abc", "--environment",
             "LC_ALL=C", "--environment", "HERE", "--tool", "cc", "--run", "make  all", "--run", "make check", "--location",
             "https://cisco.example/tool", "--outcome", "match", "--repeats", sha("other"), "-o", "full.proof", "./tool", env={"HERE": "yes",
             "SOURCE_DATE_EPOCH": "77"})
expect("everything", run, 0, "wrote full.proof")
for line in ("version 2.0", f"subject {sha('a tool')} tool", f"material {sha('what went in')} input", "parameter target arm v7",
             "parameter git:commit abc", "environment LC_ALL C", "environment HERE yes", "environment SOURCE_DATE_EPOCH 77", "run make  all", "run make check",
             "location https://cisco.example/tool", "outcome match", f"repeats {sha('other')}"):
    says(run, line)
check("what the compiler says of itself", re.search(r"^environment tool:cc \S.*\d", run.err, re.M), run)
run = attest("build", "--json", "tool")
answer = run.json()
check("--json has the digest of the attestation", answer["ok"] and re.fullmatch("sha256:[0-9a-f]{64}", answer["attestation"]) and
      answer["subjects"] == [{"label": "tool", "sha256": sha("a tool")}] and answer["proof"] == "tool.build.tlog-proof", run)
shown = must(accord("proof", "show", "tool.build.tlog-proof"))
check("the proof carries the statement", "stage build" in shown.out + shown.err, shown)

# directories
(DIR / "dir/sub").mkdir(parents=True)
(DIR / "dir/.git").mkdir()
(DIR / "dir/empty").mkdir()
for name in ("sub-y", "sub/x", "a", "Z", "ö", "with space", ".git/config", ".hidden"):
    write(f"dir/{name}", name)
(DIR / "dir/a").chmod(0o700)
(DIR / "dir/link").symlink_to("/nowhere/at all")
(DIR / "dir/to-dir").symlink_to("sub")
run = attest("source", "dir/")
expect("a directory", run, 0, "wrote dir.source.tlog-proof")
says(run, f"subject {manifest(DIR / 'dir')} dir")
before = manifest(DIR / "dir")
(DIR / "dir/Z").chmod(0o755)
run = attest("source", "dir")
check("whether a file can be run is part of it", before not in run.err and manifest(DIR / "dir") in run.err, run)
os.mkfifo(DIR / "dir/pipe")
expect("what is neither a file nor a link is refused", attest("source", "dir"), 1, "dir/pipe: .*neither a file")
(DIR / "dir/pipe").unlink()
(DIR / "dir/a\nb").write_text("")
expect("a name that no manifest can hold", attest("source", "dir"), 1, r"a.b: .*grammar")
(DIR / "dir/a\nb").unlink()
(DIR / "empty").mkdir()
says(attest("source", "empty"), f"subject {sha('')} empty")

# labels
for given, label in ((DIR / "tool", "tool"), ("dir/../tool", "tool"), ("././tool", "tool"), ("dir/sub/x", "dir/sub/x"), (".", ".")):
    run = attest("build", given, "-o", "-")
    check(f"{given if label != 'tool' else str(given)[-8:]} is called {label}", re.search(rf"^subject \S+ {re.escape(label)}$", run.err, re.M), run)
    check("-o - writes the proof to standard output", run.out.startswith("c2sp.org/tlog-proof@v1\n"), run.out[:100])
run = attest("build", "--root", "dir", "sub/x")
expect("--root", run, 0, "wrote dir/sub/x.build.tlog-proof")
says(run, f"subject {sha('sub/x')} sub/x")
expect("standard input", attest("test", "-", stdin=b"a tool"), 0, "wrote tool.test.tlog-proof")

# who may
expect("a release key will do", attest("build", "tool", key=["--key", "keys/cisco.com/release.key"]), 0)
expect("another member attests in its own name", attest("build", "tool", "--by", "sap.com", key=["--key", "keys/sap.com/stage.key"]), 0, "by sap.com")
expect("but in no other's", attest("build", "tool", key=["--key", "keys/sap.com/stage.key"]), 1, "cisco.com: .*not signed by a key")
expect("nor who is no member", attest("build", "tool", "--by", "example.com"), 1, "no such member")
before = must(accord("log", "checkpoint", "accord")).out
expect("the vendor need not be one", attest("build", "tool", "--by", "sap.com", "--vendor=elsewhere.example", key=["--key", "keys/sap.com/stage.key"]), 2)
must(accord("key", "new", "--for", "stage", "cisco.com/other", "-o", "other.key"))
expect("a key that the roster does not have", attest("build", "tool", key=["--key", "other.key"]), 1, "not signed by a key")
check("nothing of this came into the log", must(accord("log", "checkpoint", "accord")).out == before)

run = attest("build", "--statement-only", "tool")
expect("--statement-only", run, 0)
check("writes a signed statement", run.out.startswith("accord/v1/attest\nstage build\n") and "\n\n\u2014 cisco.com/stage " in run.out, run)
check("and logs nothing", must(accord("log", "checkpoint", "accord")).out == before)

# refusals
for name, args, status, words in (
        ("an unknown stage", ["--stage=packaging", "tool"], 2, "more than once|--stage"),
        ("no file", [], 2, "needs a FILE"),
        ("an absent file", ["absent"], 3, "absent: it does not exist"),
        ("a parameter without =", ["--parameter", "target", "tool"], 2, "NAME=TEXT"),
        ("a parameter without a text", ["--parameter", "target=", "tool"], 2, "NAME=TEXT"),
        ("a variable that is not set", ["--environment", "NOT_SET_HERE", "tool"], 2, "not set"),
        ("a name that is none", ["--parameter", "two words=x", "tool"], 2, "NAME=TEXT"),
        ("a newline in a text", ["--parameter", "a=b\nrun rm", "tool"], 1, "newline"),
        ("a newline that makes a line of another kind", ["--run", "make\noutcome pass", "tool"], 1, "newline"),
        ("a parameter twice", ["--parameter", "a=b", "--parameter", "a=c", "tool"], 1, "only once"),
        ("a file twice", ["tool", "tool"], 1, "only once"),
        ("an outcome that is none", ["--outcome", "fine", "tool"], 2, "--outcome is"),
        ("repeats that is no digest", ["--repeats", "1", "tool"], 2, "--repeats is"),
        ("repeats without an outcome", ["--repeats", sha("x"), "tool"], 1, "outcome: .*lacks a line"),
        ("a location that is none", ["--location", "here", "tool"], 1, "location: .*grammar"),
        ("a program that is not here", ["--tool", "no-such-program", "tool"], 3, "no-such-program: it does not exist"),
        ("--commit without --git", ["--commit", "HEAD", "tool"], 2, "need --git"),
        ("--dsse without a key", ["--dsse", "tool", "tool"], 2, "needs --dsse-key"),
        ("--root and an absolute path", ["--root", "dir", "/bin/sh"], 2, "not below --root")):
    expect(name, attest("build", *args), status, words)
check("and nothing came into the log", must(accord("log", "checkpoint", "accord")).out == before)

# export
run = accord("attest", "export", "full.proof")
predicate = json.loads(run.out)["predicate"]
check("export: a Statement with everything in it", json.loads(run.out)["_type"] == "https://in-toto.io/Statement/v1" and
      predicate["run"] == ["make  all", "make check"] and predicate["environment"]["HERE"] == "yes" and predicate["outcome"] == "match" and
      predicate["materials"] == [{"name": "input", "digest": {"sha256": sha("what went in")[7:]}}], run)
check("and the entry, by its digest", sha(predicate["entry"]) == predicate["digest"], run)
run = accord("attest", "export", "--slsa", "full.proof", "-o", "full.json")
expect("export --slsa", run, 0)
check("is provenance", json.loads(read("full.json"))["predicateType"] == "https://slsa.dev/provenance/v1")
expect("of builds alone", accord("attest", "export", "--slsa", "tool.test.tlog-proof"), 2, "stage build")
write("release.file", "x")
must(release("release.file", product="x"))
expect("and of attestations alone", accord("attest", "export", "release.file.tlog-proof"), 1, "does not know this kind")
statement = must(attest("test", "--statement-only", "tool")).out
write("statement", statement)
check("of a statement that is in no log, too", json.loads(must(accord("attest", "export", "statement")).out)["predicate"]["entry"] == statement)
finish()
