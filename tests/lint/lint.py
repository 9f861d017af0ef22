"""What the lints share: the tree, and TAP."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
_count = 0
_failed = 0


def check(name, holds, detail=""):
    global _count, _failed
    _count += 1
    _failed += not holds
    print(f"{'ok' if holds else 'not ok'} {_count} - {name}", flush=True)
    if not holds:
        print("".join(f"# {line}\n" for line in str(detail).splitlines()), end="", flush=True)


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def finish():
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)


def sources(*folders, suffixes=(".c", ".h")):
    for folder in folders:
        yield from sorted(p for p in (ROOT / folder).rglob("*") if p.suffix in suffixes)


def short(path):
    return str(path.relative_to(ROOT))


def run(*args, **options):
    return subprocess.run([str(a) for a in args], capture_output=True, text=True, **options)


def without_comments(text):
    """Comments and strings become empty; line numbers stay."""
    def blank(match):
        return '""' if match.group(0).startswith('"') else "\n" * match.group(0).count("\n")
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.DOTALL)
