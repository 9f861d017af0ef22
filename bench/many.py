#!/usr/bin/env python3
"""Makes 10,000 files of 1 KiB, released GROUP to a statement, all proven under one checkpoint. Used by bench/run.

usage: many.py ACCORD ACCORD-DIR KEYS DIR GROUP"""
import os
import subprocess
import sys

accord, directory, keys, out, group = sys.argv[1:5] + [int(sys.argv[5])]
FILES = 10000
release = [accord, "release", "--accord", directory, "--vendor", "cisco.com", "--product", f"many-{group}",
           "--key", f"{keys}/cisco.com/release.key"]


def run(*argv):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


os.makedirs(out)
names = [f"{out}/{i:05}" for i in range(FILES)]
for name in names:
    with open(name, "wb") as file:
        file.write(os.urandom(1024))
groups = [names[i:i + group] for i in range(0, FILES, group)]
batch = b""
for number, files in enumerate(groups, 1):
    entry = run(*release, "--version", str(number), "--sequence", str(number), "--statement-only", *files)
    batch += len(entry).to_bytes(2, "big") + entry
with open(f"{out}.batch", "wb") as file:
    file.write(batch)
first = int(run(accord, "log", "add", f"{directory}/public", "--batch", f"{out}.batch").split()[0])
with open(f"{out}.last", "wb") as file:
    file.write(b"one more release, whose checkpoint covers all before it")
run(*release, "--version", "last", "--sequence", str(len(groups) + 1), f"{out}.last")
for number, files in enumerate(groups):
    proof = run(accord, "log", "prove", directory, str(first + number))
    for name in files:
        with open(f"{name}.tlog-proof", "wb") as file:
            file.write(proof)
