"""What the journeys share: running accord as a person does, and asking for the exit status and the words.

Each journey is a program that prints TAP. $ACCORD is the accord under test; everything happens in a fresh directory."""

import atexit
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ACCORD = os.environ["ACCORD"]
SIGNATORIES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "tech-accord-2018.tsv"
DIR = pathlib.Path(tempfile.mkdtemp(prefix="accord-journey-"))
_count = 0
_failed = 0


class Run:
    def __init__(self, args, done):
        self.args, self.status = args, done.returncode
        self.out, self.err = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        self.bytes = done.stdout

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"$ accord {' '.join(self.args)}\nexit {self.status}\n{self.out}{self.err}"


def accord(*args, stdin=b"", env=None):
    """Runs accord in the journey's directory, without the machine's own trust file."""
    args = [str(a) for a in args]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("ACCORD")}
    environment |= {"XDG_CONFIG_HOME": str(DIR / "config"), "HOME": str(DIR)} | (env or {})
    return Run(args, subprocess.run([ACCORD, *args], cwd=DIR, input=stdin, capture_output=True, env=environment))


def check(name, holds, detail=""):
    global _count, _failed
    _count += 1
    _failed += not holds
    print(f"{'ok' if holds else 'not ok'} {_count} - {name}", flush=True)
    if not holds:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)
    return holds


def expect(name, run, status, says=None):
    """The exit status, and a pattern that standard error must hold."""
    return check(name, run.status == status and (says is None or re.search(says, run.err)),
                 f"expected exit {status}" + (f" and {says!r}" if says else "") + f"\n{run}")


def must(run):
    """A step that is not itself under test."""
    if run.status != 0:
        print(f"Bail out! {run}")
        sys.exit(1)
    return run


def new_accord(name="tech-accord-2018", members=SIGNATORIES):
    """An accord in DIR/accord with demo keys in DIR/keys, and its trust file DIR/accord.trust."""
    must(accord("init", "accord", "--name", name, "--members", members, "--demo-keys", "keys"))
    must(accord("trust", "pin", "accord", "-o", "accord.trust"))


def release(*files, vendor="cisco.com", product="ios-xe", version="17.3.1", options=()):
    return accord("release", "--accord", "accord", "--vendor", vendor, "--product", product, "--version", version,
                  "--key", f"keys/{vendor}/release.key", *options, *files)


def verify(*files, options=()):
    return accord("verify", "--trust", "accord.trust", *options, *files)


def write(name, data):
    (DIR / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return name


def read(name):
    return (DIR / name).read_bytes()


def finish():
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)


atexit.register(shutil.rmtree, DIR, True)


def terminal():
    """A terminal's two ends; None where this machine has none to give."""
    try:
        return os.openpty()
    except OSError:
        print("# this machine has no terminals to give")
        return None


def copy_accord(to, dir="accord"):
    """A copy of an accord's directory. Its demo's witnesses take a copy of their state for a backup, and want to be told."""
    shutil.copytree(DIR / dir, DIR / to)
    state = f"{to}/private/witnesses.db"
    if (DIR / state).exists():
        must(accord("witness", "restore", "--state", state, "--confirm"))


def publish(*cosigners, dir="accord", state=None):
    """Publishes a log by hand, with these members' witnesses."""
    options = []
    for member in cosigners:
        options += ["--cosign", f"keys/{member}/witness.key"]
    return accord("log", "publish", f"{dir}/public", "--key", f"{dir}/private/log.key", *options, "--state",
                  state or f"{dir}/private/witnesses.db")


def members():
    rows = [line.split("\t") for line in SIGNATORIES.read_text().splitlines() if line and not line.startswith("#")]
    return {row[1]: row[2] for row in rows}


def log_it(entry, proof, cosigners=None, dir="accord"):
    """Logs any entry as it is, has all witnesses cosign, and proves it."""
    index = must(accord("log", "add", f"{dir}/public", "--key", f"{dir}/private/log.key", entry)).out.strip()
    must(publish(*(members() if cosigners is None else cosigners), dir=dir))
    must(accord("log", "prove", f"{dir}/public", index, "-o", proof))
