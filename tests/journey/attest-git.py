"""accord attest --git: a commit's files as git keeps them, by signed tags and commits; nothing is fetched, nothing run."""

import hashlib
import zlib

from journey import *

for program in ("git", "ssh-keygen"):
    if shutil.which(program) is None:
        print(f"1..0 # SKIP no {program} here")
        sys.exit(0)
new_accord()
HEAD = ["--accord", "accord", "--vendor", "cisco.com", "--product", "tool", "--key", "keys/cisco.com/stage.key"]
GIT = os.environ | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "HOME": str(DIR)}


def git(*args, dir="repo", **more):
    return subprocess.run(["git", "-C", DIR / dir, "-c", "user.name=Example", "-c", "user.email=someone@cisco.com", *args], check=True,
                          capture_output=True, env=GIT, **more).stdout.decode().strip()


def attest(*args, stage="source", dir="repo"):
    return accord("attest", "--stage", stage, *HEAD, "--git", dir, *args, env={k: GIT[k] for k in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM")})


def subject(run):
    return (re.search(r"^(?:subject|material) (\S+) git:", run.err, re.M) or [None, "none"])[1]


def tree(**files):
    """The manifest's digest, by hand."""
    lines = [f"{mode} sha256:{hashlib.sha256(data.encode()).hexdigest()} {name}\n" for name, (mode, data) in sorted(files.items())]
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


(DIR / "repo").mkdir()
git("init", "-q", "-b", "main")
write("repo/a", "one\r\n")
write("repo/run", "#!/bin/sh\n")
(DIR / "repo/run").chmod(0o755)
(DIR / "repo/link").symlink_to("a")
git("add", ".")
git("commit", "-qm", "first")
FIRST = tree(a=("100644", "one\r\n"), run=("100755", "#!/bin/sh\n"), link=("120000", "a"))
first = git("rev-parse", "HEAD")

run = attest()
expect("HEAD", run, 0, "wrote tool.source.tlog-proof")
check("is its files' manifest", subject(run) == FIRST, run)
check("with the commit's id", f"parameter git:commit {first}\n" in run.err and f" git:{first}\n" in run.err, run)
must(accord("attest", "--stage", "test", *HEAD, "repo/a"))
git("archive", "-o", str(DIR / "export.tar"), "HEAD")
(DIR / "export").mkdir()
subprocess.run(["tar", "-xf", DIR / "export.tar", "-C", DIR / "export"], check=True)
run = accord("attest", "--stage", "source", *HEAD, "export")
check("a directory with the same files has the same digest", FIRST in run.err, run)

write("repo/a", "two\n")
write("repo/.gitattributes", "a text eol=crlf\n")
git("commit", "-qam", "second")
check("what lies there uncommitted is not looked at", subject(attest()) == tree(a=("100644", "two\n"), run=("100755", "#!/bin/sh\n"), link=("120000", "a")))
check("--commit", subject(attest("--commit", first)) == FIRST)
check("an abbreviated one", subject(attest("--commit", first[:10])) == FIRST)
git("tag", "v1", first)
run = attest("--tag", "v1")
check("--tag", subject(run) == FIRST and "parameter git:tag v1\n" in run.err, run)
run = attest("--tag", "v1", stage="build")
check("a build is about something else: the commit's files are what went in", run.status == 2, run)
run = accord("attest", "--stage", "build", *HEAD, "--git", "repo", "--tag", "v1", "export.tar")
check("of a build they are material", f"material {FIRST} git:{first}" in run.err, run)

for name, args, status, words in (("a commit that is not there", ["--commit", "nothing"], 3, "nothing"),
                                  ("a commit that looks like an option", ["--commit=--output=x"], 3, "--output=x"),
                                  ("a tag that is not there", ["--tag", "v9"], 3, "refs/tags/v9"),
                                  ("a branch is no tag", ["--tag", "main"], 3, "refs/tags/main"),
                                  ("both", ["--tag", "v1", "--commit", first], 2, "do not go together"),
                                  ("a file is no commit", ["--commit", "HEAD:a"], 3, "HEAD:a")):
    expect(name, attest(*args), status, words)
expect("no repository", attest(dir="keys"), 3, "not a git repository")
(DIR / "repo/inside").mkdir()
expect("a directory that a repository only lies around", attest(dir="repo/inside"), 3, "expected the top directory of a git repository, found inside/")
subprocess.run(["git", "clone", "-q", "--bare", DIR / "repo", DIR / "bare"], check=True, env=GIT)
check("a bare repository will do", subject(attest("--tag", "v1", dir="bare")) == FIRST)
subprocess.run(["git", "init", "-q", DIR / "other"], check=True, env=GIT)
run = accord("attest", "--stage", "source", *HEAD, "--git", "repo", "--tag", "v1", env={"GIT_DIR": str(DIR / "other/.git")})
check("what the environment says of another one does not count", subject(run) == FIRST, run)

# signatures
subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", DIR / "signer"], check=True)
subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", DIR / "stranger"], check=True)
write("allowed", "someone@cisco.com " + read("signer.pub").decode())
SSH = ["-c", "gpg.format=ssh", "-c", "gpg.ssh.program=ssh-keygen"]
git(*SSH, "-c", f"user.signingKey={DIR}/signer", "tag", "-s", "-m", "signed", "v2", first)
git(*SSH, "-c", f"user.signingKey={DIR}/stranger", "tag", "-s", "-m", "signed", "v3", first)
git("tag", "-a", "-m", "not signed", "v4", first)
signed = ["--require-signed", "--allowed-signers", "allowed"]
run = attest("--tag", "v2", *signed)
expect("a signed tag", run, 0, "parameter git:tag-signed-by someone@cisco.com with ED25519 key SHA256:")
check("of the same files", subject(run) == FIRST)
expect("signed by a stranger", attest("--tag", "v3", *signed), 1, "v3: no key that is known here signed this")
expect("an annotated tag without a signature", attest("--tag", "v4", *signed), 1, "v4: .*no signature found")
expect("a tag that is only a name", attest("--tag", "v1", *signed), 1, "v1: .*a tag without a signature")
git("update-ref", "refs/tags/v9", "refs/tags/v2")
expect("a signed tag under another name", attest("--tag", "v9", *signed), 1, "v9: .*expected the name that is signed inside the tag, found v2")
expect("a commit without a signature", attest("--commit", first, *signed), 1, "no key that is known here signed")
expect("whose signature?", attest("--tag", "v2", "--require-signed"), 2, "needs --gnupg-home or --allowed-signers")
git("checkout", "-q", "--detach", first)
git(*SSH, "-c", f"user.signingKey={DIR}/signer", "commit", "-q", "--allow-empty", "-S", "-m", "signed commit")
run = attest(*signed)
expect("a signed commit", run, 0, "parameter git:commit-signed-by someone@cisco.com")

# what a repository's own configuration says is not run
write("evil.sh", f"#!/bin/sh\ntouch {DIR}/evil\nexit 0\n")
(DIR / "evil.sh").chmod(0o755)
programs = ["core.fsmonitor", "gpg.program", "gpg.openpgp.program", "gpg.ssh.program", "gpg.x509.program", "core.sshCommand", "core.pager", "credential.helper"]
for key in programs:
    git("config", key, str(DIR / "evil.sh"))
(DIR / "evil").unlink(missing_ok=True)
expect("a repository with programs of its own", attest("--commit", first), 0)
expect("whose signatures are checked", attest("--tag", "v2", *signed), 0)
expect("and refused", attest("--tag", "v3", *signed), 1)
check("none of its programs ran", not (DIR / "evil").exists())
for key in programs:
    subprocess.run(["git", "config", "--file", DIR / "repo/.git/config", "--unset", key], check=True)

if shutil.which("gpg"):
    home = pathlib.Path(tempfile.mkdtemp(prefix="g"))
    atexit.register(shutil.rmtree, home, True)
    atexit.register(subprocess.run, ["gpgconf", "--homedir", home, "--kill", "all"], capture_output=True)
    gpg = subprocess.run(["gpg", "--homedir", home, "--batch", "--passphrase", "", "--quick-gen-key", "someone@cisco.com", "ed25519", "sign"], capture_output=True)
    GIT["GNUPGHOME"] = str(home)
    git("-c", "gpg.program=gpg", "tag", "-s", "-u", "someone@cisco.com", "-m", "signed", "v5", first)
    del GIT["GNUPGHOME"]
    run = attest("--tag", "v5", "--require-signed", "--gnupg-home", home)
    expect("a tag that GnuPG signed", run, 0, "parameter git:tag-signed-by [0-9A-F]{40}")
    (DIR / "none").mkdir(mode=0o700)
    expect("by a key that is not there", attest("--tag", "v5", "--require-signed", "--gnupg-home", "none"), 1, "no key that is known here signed")
else:
    print("# no gpg here: tags that it signed are not tried")

# whose signature counts: those of the files that were given, and of no others that the repository or this user has
write("theirs", "someone@cisco.com " + read("stranger.pub").decode())
git("config", "gpg.ssh.allowedSignersFile", str(DIR / "theirs"))
run = attest("--tag", "v3", *signed)
expect("a repository that says whose ssh keys it likes", run, 1, "v3: no key that is known here signed this")
(DIR / "nobody").mkdir(mode=0o700)
run = attest("--tag", "v3", "--require-signed", "--gnupg-home", "nobody")
expect("also where no ssh keys were given", run, 1, "v3: no key that is known here signed this")
git("config", "--unset", "gpg.ssh.allowedSignersFile")
if shutil.which("gpg"):
    run = accord("attest", "--stage", "source", *HEAD, "--git", "repo", "--tag", "v5", *signed, env={"GNUPGHOME": str(home)})
    expect("a key of this user's own GnuPG, where only ssh keys were given", run, 1, "v5: no key that is known here signed this")

# objects that are not what their ids say: whoever hands over a repository can write any bytes under any name
for name, tells, change in (("a file", "HEAD:a", lambda raw: raw.replace(b"one", b"two")),
                            ("a directory", "HEAD:sub", lambda raw: raw.replace(b"100644 b", b"100755 b")),
                            ("the top directory", "HEAD^{tree}", lambda raw: raw.replace(b"100755 run", b"100644 run")),
                            ("the commit", "HEAD", lambda raw: raw.replace(b"honest", b"hidden"))):
    if not (DIR / "liar").exists():
        (DIR / "liar/sub").mkdir(parents=True)
        git("init", "-q", dir="liar")
        write("liar/a", "one\n")
        write("liar/run", "#!/bin/sh\n")
        (DIR / "liar/run").chmod(0o755)
        write("liar/sub/b", "b\n")
        git("add", ".", dir="liar")
        git("commit", "-qm", "honest", dir="liar")
        git(*SSH, "-c", f"user.signingKey={DIR}/signer", "tag", "-s", "-m", "signed", "v1", dir="liar")
    expect(f"{name} as it was signed", attest("--tag", "v1", *signed, dir="liar"), 0)
    id = git("rev-parse", tells, dir="liar")
    path = DIR / "liar/.git/objects" / id[:2] / id[2:]
    honest = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(zlib.compress(change(zlib.decompress(honest))))
    check(f"{name} is another", path.read_bytes() != honest)
    run = attest("--tag", "v1", *signed, dir="liar")
    check(f"{name} that is not what its id says", run.status in (1, 3) and "wrote" not in run.err, run)
    if tells in ("HEAD:a", "HEAD:sub"):
        check("which is told", run.status == 1 and "other bytes under an id of its files" in run.err, run)
    path.write_bytes(honest)

git("commit", "-q", "--allow-empty", "-m", "unsigned", dir="liar")
expect("a commit that nobody signed", attest(*signed, dir="liar"), 1, "no key that is known here signed")
git(*SSH, "-c", f"user.signingKey={DIR}/signer", "commit", "-q", "--allow-empty", "-S", "-m", "signed", dir="liar")
good, bad = git("rev-parse", "HEAD", dir="liar"), git("rev-parse", "HEAD~", dir="liar")
path = DIR / "liar/.git/objects" / bad[:2] / bad[2:]
path.chmod(0o644)
path.write_bytes((DIR / "liar/.git/objects" / good[:2] / good[2:]).read_bytes())
run = attest("--commit", bad, *signed, dir="liar")
check("a signed commit under the id of another", run.status in (1, 3) and "wrote" not in run.err, run)

# a git that knows nothing of GIT_NO_LAZY_FETCH, which is newer than many that are in use
(DIR / "older").mkdir()
write("older/git", f"#!/bin/sh\nunset GIT_NO_LAZY_FETCH\nexec {shutil.which('git')} \"$@\"\n")
(DIR / "older/git").chmod(0o755)
write("liar/c", "c\n")
git("checkout", "-q", "--orphan", "lazy", dir="liar")
git("add", ".", dir="liar")
git("commit", "-qm", "lazy", dir="liar")
id = git("rev-parse", "HEAD:c", dir="liar")
(DIR / "liar/.git/objects" / id[:2] / id[2:]).unlink()
for key, value in (("core.repositoryFormatVersion", "1"), ("extensions.partialClone", "origin"), ("remote.origin.promisor", "true"),
                   ("remote.origin.url", f"ext::{DIR}/evil.sh"), ("protocol.ext.allow", "always")):
    git("config", key, value, dir="liar")
(DIR / "evil").unlink(missing_ok=True)
run = accord("attest", "--stage", "source", *HEAD, "--git", "liar", env={"PATH": f"{DIR}/older:{os.environ['PATH']}"})
check("what is missing is not fetched", run.status == 3 and not (DIR / "evil").exists(), run)

temporary = DIR / "temporary"
temporary.mkdir()
expect("a copy is made", accord("manifest", "--git", "repo", "--tag", "v2", "-o", "v2.manifest", env={"TMPDIR": str(temporary)}), 0)
check("and removed", list(temporary.iterdir()) == [])
expect("or cannot be made", accord("manifest", "--git", "repo", "--tag", "v2", env={"TMPDIR": str(temporary / "none")}), 3, "temporary files")

# replaced objects, submodules, absent objects
git("checkout", "-q", "-f", "main")
git("replace", first, "HEAD")
check("replacements do not count", subject(attest("--commit", first)) == FIRST)
git("replace", "-d", first)
git("update-index", "--add", "--cacheinfo", f"160000,{first},module")
git("commit", "-qm", "with a submodule")
expect("a submodule", attest(), 1, "module: .*a submodule, whose files the commit does not have")
git("reset", "-q", "--hard", "HEAD~")
blob = git("rev-parse", "HEAD:a")
(DIR / "repo/.git/objects" / blob[:2] / blob[2:]).unlink()
expect("an object that is not here", attest(), 3, "git does not have all of it here")
finish()
