"""accord rebuild: believed before it runs, run in a clean place, compared, told."""

from journey import *

for program in ("tar", "make"):
    if shutil.which(program) is None:
        print(f"1..0 # SKIP no {program} here")
        sys.exit(0)
new_accord()
HEAD = ["--accord", "accord", "--vendor", "cisco.com", "--product", "tool"]
COUNT = [0]


def build(*commands, subject="out", environment=("PATH=/usr/bin:/bin",), contents="made\n", member="cisco.com", **more):
    """An attestation of a build of source/, by these commands."""
    COUNT[0] += 1
    (DIR / "made").mkdir(exist_ok=True)
    path = DIR / "made" / subject
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(contents)
    options = [f"--run={c}" for c in commands] + [f"--environment={e}" for e in environment]
    proof = f"build-{COUNT[0]}.tlog-proof"
    must(accord("attest", "--stage", "build", *HEAD, "--by", member, "--key", f"keys/{member}/stage.key", "--input", "source", "--root", "made",
                *options, "-o", proof, subject, **more))
    return proof


def rebuild(proof, *args, source="source", env=None):
    return accord("rebuild", "--trust", "accord.trust", "--source", source, *args, proof, env=env)


(DIR / "source/sub").mkdir(parents=True)
write("source/in", "made\n")
write("source/sub/script", "#!/bin/sh\ncat in\n")
(DIR / "source/sub/script").chmod(0o755)
(DIR / "source/link").symlink_to("in")
temporary = DIR / "tmp"
temporary.mkdir()

simple = build("sub/script > out", "test -L link")
run = rebuild(simple, env={"TMPDIR": str(temporary)})
expect("the same", run, 0, "match: out sha256:")
check("nothing of it is left", list(temporary.iterdir()) == [])
run = rebuild(simple, "--json")
check("--json", run.json()["ok"] and run.json()["outcome"] == "match" and run.json()["subjects"][0]["match"], run)
run = rebuild(build("echo other > out"), "--json")
answer = run.json()
check("a mismatch has both digests", run.status == 1 and not answer["ok"] and answer["outcome"] == "mismatch" and
      answer["subjects"][0]["recorded"] != answer["subjects"][0]["rebuilt"], run)
run = rebuild(build("true"))
expect("what does not come out is a mismatch", run, 1, "mismatch: out: recorded sha256:.*, rebuilt nothing")
expect("a directory that comes out", rebuild(build("mkdir -p bin/out", subject="bin/out", contents="x")), 1, "mismatch: bin/out: recorded .* rebuilt sha256:")
write("elsewhere", "made\n")
expect("what a link leads to outside was not made", rebuild(build(f"ln -s {DIR}/elsewhere out")), 1, "mismatch: out: .*rebuilt nothing")
expect("nor what lies in a directory outside", rebuild(build(f"ln -s {DIR}/made/bin bin", subject="bin/thing")), 1, "rebuilt nothing")
expect("a link to what was made does", rebuild(build("sub/script > made; ln -s ../source/made out")), 0, "match: out")
expect("a pipe is nothing", rebuild(build("mkfifo out")), 1, "rebuilt nothing")

# the place
run = rebuild(build("pwd > out"), "--directory", "here")
expect("--directory", run, 1, "mismatch: out")
check("is where it was built, and stays", read("here/source/out").decode() == str((DIR / "here/source").resolve()) + "\n")
expect("and must be new", rebuild(simple, "--directory", "here"), 1, "exists already")
expect("the source is left alone", rebuild(build("echo x > in; rm link; cat in > out")), 1)
check("as it was", read("source/in") == b"made\n" and (DIR / "source/link").is_symlink())

# the environment: what is recorded, and nothing else
run = rebuild(build("env | grep -v -e ^_= -e ^PWD= -e ^SHLVL= | sort > out", environment=("PATH=/usr/bin:/bin", "LC_ALL=C", "SOURCE_DATE_EPOCH=7", "tool:cc=cc 1"),
                    contents="LC_ALL=C\nPATH=/usr/bin:/bin\nSOURCE_DATE_EPOCH=7\n"), env={"SECRET": "x", "CFLAGS": "-O3", "LD_PRELOAD": ""})
expect("the environment is the recorded one", run, 0, "match: out")
check("a tool of another version is told", re.search("cc was cc 1; (here it is|it is not here)", run.err), run)
many = [f"V{i}={i}" for i in range(1, 400)]
expect("all of it, however much", rebuild(build("echo $V399 > out", environment=("PATH=/usr/bin:/bin", *many), contents="399\n")), 0, "match")
expect("no input, no terminal", rebuild(build("cat > out; test ! -t 1", contents="")), 0)
expect("no files of ours are open", rebuild(build("ls /proc/self/fd | wc -l > out", contents="4\n")), 0, "match")
expect("umask", rebuild(build("umask > out", contents="0022\n")), 0, "match")

# tools: their names are somebody else's, too, so they are found and run as the commands are
(DIR / "bin").mkdir()
for name, does in (("telltale", f"touch {DIR}/told; echo 1"), ("sleeper", "sleep 100"), ("loudmouth", "exec yes")):
    write(f"bin/{name}", f"#!/bin/sh\n{does}\n")
    (DIR / "bin" / name).chmod(0o755)
OWN = {"PATH": f"{DIR}/bin:{os.environ['PATH']}"}
run = rebuild(build("sub/script > out", environment=("PATH=/usr/bin:/bin", "tool:telltale=1")), env=OWN)
expect("a tool on this user's PATH alone", run, 0, "telltale was 1; it is not here")
check("is not run", not (DIR / "told").exists(), run)
run = rebuild(build("sub/script > out", environment=(f"PATH={DIR}/bin:/usr/bin:/bin", "tool:telltale=2")))
expect("one on the recorded PATH is", run, 0, "telltale was 2; here it is 1")
run = rebuild(build("sub/script > out", environment=(f"PATH={DIR}/bin:/usr/bin:/bin", "tool:sleeper=1", "tool:loudmouth=1")), "--time-limit", "1")
expect("tools that do not end, are ended", run, 0, "sleeper was 1; it is not here")
check("and all this they did where it could do nothing", "loudmouth was 1; it is not here" in run.err, run)
run = rebuild(build("sub/script > out", environment=("PATH=/usr/bin:/bin", "tool:~root=1", "tool:.=1", "tool:-c=1")))
expect("names that mean something to a shell", run, 0, "match")

# the network
run = rebuild(build("cat /proc/net/dev | grep -c : > out", contents="1\n"), "--json")
if run.json()["network"]:
    check("this machine lets no user take the network away, and that is told",
          "lets no user take a network away" in rebuild(simple).err)
else:
    check("there is no network but its own loopback", run.json()["outcome"] == "match", run)

# failures: nothing was repeated, nothing is said
ATTEST = ["--accord", "accord", "--by", "sap.com", "--key", "keys/sap.com/stage.key"]
failing = build("echo about to fail; exit 3", "echo never")
before = must(accord("log", "checkpoint", "accord")).out
run = rebuild(failing, *ATTEST)
expect("a command that fails", run, 3, "exit status 3: nothing was repeated")
check("ends it", "about to fail" in run.err and "never" not in run.err.split("about to fail")[1], run)
check("and is in no log", must(accord("log", "checkpoint", "accord")).out == before)
slow = build("sleep 100 & sleep 100")
before = must(accord("log", "checkpoint", "accord")).out
run = rebuild(slow, "--time-limit", "1", *ATTEST)
expect("a command that does not end, is ended", run, 3, "when its time was over")
check("and nothing of this came into the log", must(accord("log", "checkpoint", "accord")).out == before)
left = build("(sleep 30; echo late > out) & echo made > out")
expect("what it leaves behind is not waited for", rebuild(left, "--time-limit", "20"), 0, "match")
loud = build("yes | head -c 5000000; echo made > out")
run = rebuild(loud)
expect("a loud one", run, 0, "no more of it is shown")
check("is cut", len(run.err) < 1_200_000)

# what must be believed
entry = must(accord("attest", "--stage", "build", *HEAD, "--key", "keys/cisco.com/stage.key", "--input", "source", "--run", "touch out", "--statement-only",
                    "source/in")).out
write("statement", entry)
expect("a statement that is in no log", rebuild("statement"), 1, "without its proof")
expect("runs where the user says so", rebuild("statement", "--unverified"), 1, "mismatch")
expect("and attests nothing", rebuild("statement", "--unverified", *ATTEST), 2, "attests nothing")
write("by-sap", must(accord("attest", "--stage", "build", *HEAD, "--by", "sap.com", "--key", "keys/cisco.com/stage.key", "--input", "source", "--run", "touch out",
                            "--statement-only", "source/in")).out)
log_it("by-sap", "by-sap.tlog-proof")
expect("one that is not signed by whom it is by", rebuild("by-sap.tlog-proof"), 1, "not signed by a key")
bare = read(simple).decode()
write("bare.tlog-proof", "\n".join(line for line in bare.split("\n") if "/witness " not in line))
expect("one without a quorum", rebuild("bare.tlog-proof"), 1, "too few witnesses")
expect("no trust file", accord("rebuild", "--source", "source", simple), 3, "a trust file")
expect("another's release", accord("rebuild", "--trust", "accord.trust", "--source", "source", "accord.trust"), 1)
must(accord("attest", "--stage", "test", *HEAD, "--key", "keys/cisco.com/stage.key", "source/in", "-o", "test.tlog-proof"))
expect("a stage that is no build", rebuild("test.tlog-proof"), 3, "an attestation of this kind")
again = rebuild(simple, *ATTEST, "-o", "again.tlog-proof")
expect("a rebuild, attested", again, 0, "wrote again.tlog-proof")
expect("is itself not rebuilt", rebuild("again.tlog-proof"), 3, "an attestation of this kind")
said = json.loads(must(accord("attest", "export", "again.tlog-proof")).out)["predicate"]
check("it says what it repeats, and how", said["outcome"] == "match" and said["by"] == "sap.com" and said["run"] == ["sub/script > out", "test -L link"]
      and said["parameters"]["network"] in ("none", "reachable") and said["repeats"] == json.loads(accord("attest", "export", simple).out)["predicate"]["digest"], said)
bundle = "accord/v1/bundle\n" + "".join(f"proof {len(read(p))}\n{read(p).decode()}" for p in ("test.tlog-proof", simple, "again.tlog-proof"))
write("all.bundle", bundle)
expect("a bundle with one build", rebuild("all.bundle"), 0, "match: out")
write("two.bundle", bundle + f"proof {len(read(failing))}\n{read(failing).decode()}")
expect("a bundle with two", rebuild("two.bundle"), 1, "only once.*found 2")

# the source
shutil.copytree(DIR / "source", DIR / "changed", symlinks=True)
write("changed/in", "made differently\n")
expect("another source", rebuild(simple, source="changed"), 1, "changed: what one stage produced is not what the next one consumed: expected sha256:.*, found sha256:")
shutil.copytree(DIR / "source", DIR / "checkout", symlinks=True)
(DIR / "checkout/.git").mkdir()
write("checkout/.git/config", "x")
expect("a checkout: its .git does not count, and is not there", rebuild(build("test ! -e .git && cat in > out"), source="checkout"), 0, "match")
for name, top in (("flat.tar", "."), ("one.tar.gz", "source")):
    where = DIR / "source" if top == "." else DIR
    subprocess.run(["tar", "-caf", DIR / name, "-C", where, top], check=True)
    expect(f"{name}", rebuild(simple, source=name), 0, "match: out")
expect("what is no archive", rebuild(simple, source="all.bundle"), 1, "all.bundle: ")
expect("no source", rebuild(simple, source="absent"), 3, "absent: it does not exist")
must(accord("attest", "--stage", "build", *HEAD, "--key", "keys/cisco.com/stage.key", "--input", "one.tar.gz", "--root", "made", "--run", "cat in > out",
            "--environment", "PATH=/usr/bin:/bin", "-o", "archive.tlog-proof", "out"))
write("made/out", "made\n")
must(accord("attest", "--stage", "build", *HEAD, "--key", "keys/cisco.com/stage.key", "--input", "one.tar.gz", "--root", "made", "--run", "cat in > out",
            "--environment", "PATH=/usr/bin:/bin", "-o", "archive.tlog-proof", "out"))
expect("an archive that is the material itself", rebuild("archive.tlog-proof", source="one.tar.gz"), 0, "match: out")
(DIR / "outside").mkdir()
write("outside/in", "made\n")
(DIR / "points").symlink_to(DIR / "outside")
subprocess.run(["tar", "-cf", DIR / "points.tar", "-C", DIR, "points"], check=True)
must(accord("attest", "--stage", "build", *HEAD, "--key", "keys/cisco.com/stage.key", "--input", "points.tar", "--root", "made", "--run", "cat in > out",
            "--environment", "PATH=/usr/bin:/bin", "-o", "points.tlog-proof", "out"))
expect("an archive that only points elsewhere", rebuild("points.tlog-proof", source="points.tar"), 3, "exit status")

for name, args in (("--key alone", ["--key", "keys/sap.com/stage.key"]), ("--by alone", ["--by", "sap.com"]), ("no time", ["--time-limit", "0"])):
    expect(name, rebuild(simple, *args), 2)
finish()
