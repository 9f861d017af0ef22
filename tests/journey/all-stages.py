"""A small C project goes through every stage; two others rebuild it; whoever verifies asks for all of that."""

from journey import *

EXAMPLE = SIGNATORIES.parent / "all-stages"
for program in ("git", "make", "tar", "cc"):
    if shutil.which(program) is None:
        print(f"1..0 # SKIP no {program} here")
        sys.exit(0)

new_accord()
HEAD = ["--accord", "accord", "--vendor", "cisco.com", "--product", "widget", "--version", "1.0"]
KEY = ["--key", "keys/cisco.com/stage.key"]


def git(*args):
    subprocess.run(["git", "-C", DIR / "widget", "-c", "user.name=Example", "-c", "user.email=someone@cisco.com", *args], check=True,
                   capture_output=True, env=os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"})


def make(directory):
    (DIR / "build.log").write_bytes(subprocess.run(["make", "-C", DIR / directory, "check", "widget-1.0.tar"], capture_output=True, check=True,
                                                   env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1523923200"}).stdout)


def attest(stage, *args, key=KEY):
    return accord("attest", "--stage", stage, *HEAD, *key, *args)


run = accord("require", "--accord", "accord", "--vendor", "cisco.com", "--product", "widget", "--key", "keys/cisco.com/release.key",
             *[f"--stage={stage}=vendor" for stage in ("design", "source", "build", "test", "distribution")], "--rebuilders", "2/2")
expect("the product's policy asks for five stages and two rebuilders", run, 0)

# the project, under git
shutil.copytree(EXAMPLE, DIR / "widget")
git("init", "-q")
git("add", ".")
git("commit", "-qm", "widget 1.0")
git("tag", "v1.0")

run = attest("design", "widget/DESIGN", "-o", "design.tlog-proof")
expect("design", run, 0, "subject sha256:[0-9a-f]{64} widget/DESIGN")
run = attest("source", "--git", "widget", "--tag", "v1.0", "--input", "widget/DESIGN", "-o", "source.tlog-proof")
expect("source: the commit that a tag names", run, 0, "parameter git:tag v1.0")

make("widget")
BUILD = ["--git", "widget", "--tag", "v1.0", "--root", "widget", "--environment", "PATH=/usr/bin:/bin", "--environment",
         "SOURCE_DATE_EPOCH=1523923200", "--run", "make widget-1.0.tar"]
run = attest("build", *BUILD, "-o", "build.tlog-proof", "widget-1.0.tar")
expect("build", run, 0, "material sha256:[0-9a-f]{64} git:[0-9a-f]{40}")
check("records the compiler", re.search(r"^environment tool:cc .+", run.err, re.M), run)
check("and is about the file by its path below --root", re.search(r"^subject sha256:\S+ widget-1.0.tar$", run.err, re.M), run)
shutil.copy(DIR / "widget/widget-1.0.tar", DIR / "widget-1.0.tar")

run = attest("test", "--input", "build.log", "--parameter", "command=make check", "--outcome", "pass", "-o", "test.tlog-proof", "widget-1.0.tar")
expect("test", run, 0, "outcome pass")
run = attest("distribution", "--location", "https://cisco.example/widget-1.0.tar", "-o", "distribution.tlog-proof", "widget-1.0.tar")
expect("distribution", run, 0, "location https://cisco.example/widget-1.0.tar")

# two members in two jurisdictions rebuild it, each from a clone of their own
rebuilders = ["sap.com", "arm.com"]
check("the rebuilders' jurisdictions differ", len({members()[m] for m in rebuilders}) == 2)
for member in rebuilders:
    subprocess.run(["git", "clone", "-q", "-b", "v1.0", DIR / "widget", DIR / member], check=True, capture_output=True)
    run = accord("rebuild", "--trust", "accord.trust", "--source", member, "--accord", "accord", "--by", member, "--key",
                 f"keys/{member}/stage.key", "build.tlog-proof")
    expect(f"{member} rebuilds it", run, 0, r"match: widget-1.0.tar sha256:")
    check("its proof lies beside the build's", (DIR / f"build.by-{member}.tlog-proof").exists())

PROOFS = [f"{stage}.tlog-proof" for stage in ("design", "source", "build", "test", "distribution")]
run = accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "widget", "--version", "1.0", "--key",
             "keys/cisco.com/release.key", *[f"--attest={proof}" for proof in PROOFS], "widget-1.0.tar")
expect("the release names all stages", run, 0, "stage distribution sha256:")

rebuilds = [f"--bundle=build.by-{member}.tlog-proof" for member in rebuilders]
run = verify("widget-1.0.tar", options=rebuilds)
expect("it verifies", run, 0, "verified")
run = verify("widget-1.0.tar", options=rebuilds[:1])
expect("with one rebuilder of two it does not", run, 1, "too few others rebuilt")
run = verify("widget-1.0.tar", options=rebuilds[:1] * 2)
expect("nor with the same one twice", run, 1, "too few others rebuilt")

run = accord("attest", "--stage", "use", *HEAD, "--by", "sap.com", "--key", "keys/sap.com/stage.key", "--parameter", "device=router-1", "widget-1.0.tar")
expect("use: who installed it can say so", run, 0, "by sap.com")
check("its proof is named after the file and the stage", (DIR / "widget-1.0.tar.use.tlog-proof").exists())

# the next release: built by a machine that adds something
(DIR / "widget/widget.c").write_text((DIR / "widget/widget.c").read_text().replace("hello, ", "hallo, "))
subprocess.run(["make", "-C", DIR / "widget", "-B", "widget-1.0.tar"], capture_output=True, check=True,
               env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1523923200"})
run = attest("build", *BUILD, "-o", "bad.tlog-proof", "widget-1.0.tar")
expect("a build that is not what its source makes can be attested", run, 0)
run = accord("rebuild", "--trust", "accord.trust", "--source", "sap.com", "--accord", "accord", "--by", "sap.com", "--key",
             "keys/sap.com/stage.key", "bad.tlog-proof")
expect("a rebuilder finds out", run, 1, r"mismatch: widget-1.0.tar: recorded sha256:[0-9a-f]{64}, rebuilt sha256:[0-9a-f]{64}")
shown = accord("attest", "export", "bad.by-sap.com.tlog-proof")
check("and says so in the log", '"outcome":"mismatch"' in shown.out and '"repeats":"sha256:' in shown.out, shown)
finish()
