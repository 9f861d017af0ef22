#!/usr/bin/env python3
"""What `accord monitor` costs: catching up with 1,000,000 entries of about 300 bytes in a local directory, from nothing. One log
holds anything, one releases of 34 members. Usage: bench/monitor.py ACCORD WORK SIGNATORIES [ENTRIES [ROUNDS]]

No peer does the same work, so there is nothing beside it but `accord log check`, which hashes as much and judges nothing."""

import base64
import hashlib
import os
import pathlib
import subprocess
import sys
import time

ACCORD, WORK, SIGNATORIES = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
ENTRIES = int(sys.argv[4]) if len(sys.argv) > 4 else 1000000
ROUNDS = int(sys.argv[5]) if len(sys.argv) > 5 else 5
EMPTY_ACCORD = 2  # the charter and the roster


def accord(*args, stdin=None, status=0):
    done = subprocess.run([ACCORD, *map(str, args)], cwd=WORK, stdin=stdin, capture_output=True, text=True)
    if done.returncode != status:
        sys.exit(f"accord {' '.join(map(str, args))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def members():
    return [line.split("\t")[1] for line in SIGNATORIES.read_text().splitlines() if line and not line.startswith("#")]


def anything(number):
    return b"entry %d " % number + b"." * (300 - 13)


def releases(keys):
    """Each has a signature line of its vendor's key: 64 bytes that no monitor verifies unless it watches that name."""
    def release(number):
        name, key_id = keys[number % len(keys)]
        domain = name.split("/")[0]
        digest = hashlib.sha256(b"%d" % number).hexdigest()
        signature = base64.b64encode(key_id + hashlib.sha512(b"%d" % number).digest()).decode()
        return (f"accord/v1/release\nvendor {domain}\nproduct p{number % 1000}\nversion 1.{number}\nsequence {number}\n"
                f"artifact sha256:{digest} {number} file.bin\n\n\u2014 {name} {signature}\n").encode()
    return release


def make(name, entry):
    """An accord with so many entries more; its trust file."""
    accord("init", name, "--name", name, "--members", SIGNATORIES, "--demo-keys", f"{name}.keys")
    accord("trust", "pin", name, "-o", f"{name}.trust")
    if entry is None:
        keys = []
        for domain in members():
            vkey = accord("key", "public", f"{name}.keys/{domain}/release.key").strip().split("+")
            keys.append((vkey[0], bytes.fromhex(vkey[1])))
        entry = releases(keys)
    size = 0
    with open(WORK / "batch", "wb") as file:
        for number in range(ENTRIES):
            data = entry(number)
            size += len(data)
            file.write(len(data).to_bytes(2, "big") + data)
    with open(WORK / "batch", "rb") as file:
        accord("log", "add", f"{name}/public", "--key", f"{name}/private/log.key", "--batch", "-", stdin=file)
    os.unlink(WORK / "batch")
    cosign = [word for domain in members() for word in ("--cosign", f"{name}.keys/{domain}/witness.key")]
    accord("log", "publish", f"{name}/public", "--key", f"{name}/private/log.key", *cosign, "--state", f"{name}/private/witnesses.db")
    return size / ENTRIES


def measure(label, *args, status=0, fresh=True):
    best, rates = None, []
    for _ in range(ROUNDS):
        if fresh:
            (WORK / "state").unlink(missing_ok=True)
        started = time.perf_counter()
        pid = subprocess.Popen([ACCORD, *map(str, args)], cwd=WORK, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _, wait, usage = os.wait4(pid.pid, 0)
        took = time.perf_counter() - started
        if os.waitstatus_to_exitcode(wait) != status:
            sys.exit(f"{label}: exit {os.waitstatus_to_exitcode(wait)}: {pid.stderr.read().decode()[:500]}")
        rates.append((ENTRIES + EMPTY_ACCORD) / took)
        best = (took, usage)
    rates.sort()
    print(f"  {label}: {rates[len(rates) // 2]:,.0f} entries/s (median of {ROUNDS}; {rates[0]:,.0f} to {rates[-1]:,.0f}), "
          f"processor {best[1].ru_utime + best[1].ru_stime:.2f} s", flush=True)


for name, entry in (("anything", anything), ("releases", None)):
    mean = make(name, entry)
    print(f"{ENTRIES:,} entries of {name}, {mean:.0f} bytes each")
    monitor = ["monitor", "--trust", f"{name}.trust", "--state", "state", name]
    vkey = accord("key", "public", f"{name}/private/log.key").strip()
    measure("accord monitor", *monitor)
    measure("accord log check", "log", "check", name, "--vkey", vkey)
    if name == "releases":
        nobody = ["--vendor", "nobody.example"]
        measure("accord monitor --vendor, of whom there is nothing", *monitor, *nobody)
