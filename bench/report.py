#!/usr/bin/env python3
"""Reporting a proof of concept of 1 GiB, beside age: `accord report` and `accord inbox` as they are, with everything that
they do besides (digests of the parcel, of what was sealed; the entry, the mailbox, the quorum; to disk),
and how long it takes until what was sealed is whole. A B A B ...; medians, and medians of the ratios round by round.

usage: report.py ACCORD AGE AGE-KEYGEN DIR RUNS"""
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import threading
import time

accord, age, keygen, work, runs = sys.argv[1:5] + [int(sys.argv[5])]
os.chdir(work)
SIZE = 1 << 30
MEMORY_KIB = 65536
table = {}


def timed(name, *args, watch=None):
    """Runs a command; notes its wall and CPU seconds and its peak, and when a file was there."""
    seen, started = [], time.perf_counter()
    process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def look():
        while not os.path.exists(watch) and process.returncode is None:
            time.sleep(0.005)
        seen.append(time.perf_counter() - started)

    watcher = threading.Thread(target=look) if watch else None
    if watcher:
        watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if watcher:
        watcher.join()
    if process.returncode != 0:
        sys.exit(f"report.py: {' '.join(args)}: exit status {process.returncode}")
    table.setdefault(name, []).append((wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss))
    if watch:
        table.setdefault(name + ", until it is sealed", []).append((seen[0], 0, usage.ru_maxrss))


def line(name, peer):
    walls, cpus, peaks = zip(*table[name])
    ratio = statistics.median(w / p[0] for w, p in zip(walls, table[peer]))
    cpu = f"{statistics.median(cpus):8.2f}" if cpus[0] else "        "
    print(f"{name:38} {statistics.median(walls):8.2f} s {cpu} s CPU {max(peaks):8} KiB   {ratio:5.2f} of {peer}", flush=True)


def clean(*names):
    for name in names:
        path = pathlib.Path(name)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


with open("members.tsv", "w") as file:
    file.write("Cisco\tcisco.com\tUS\nNokia\tnokia.com\tFI\nSAP\tsap.com\tDE\n")
subprocess.run([keygen, "-o", "age.key"], check=True, stderr=subprocess.DEVNULL)
recipient = subprocess.run([keygen, "-y", "age.key"], check=True, capture_output=True, text=True).stdout.strip()
key = "reported.keys/cisco.com/report.key"
with open("poc", "wb") as file:
    for _ in range(SIZE >> 20):
        file.write(os.urandom(1 << 20))
for _ in range(runs):
    clean("one.accord-case", "in", "reported", "reported.keys")
    subprocess.run([accord, "init", "reported", "--name", "reported", "--members", "members.tsv", "--demo-keys", "reported.keys"],
                   check=True, stderr=subprocess.DEVNULL)
    timed("age -r", age, "-r", recipient, "-o", "poc.age", "poc")
    timed("age -r, and sync", "sh", "-c", f"{age} -r {recipient} -o synced.age poc && sync synced.age")
    timed("accord report", accord, "report", "--accord", "reported", "--to", "cisco.com", "-o", "one", "poc", watch="one.accord-case")
    timed("age -d", age, "-d", "-i", "age.key", "-o", "opened", "poc.age")
    clean("poc.age", "synced.age", "opened", "one.age", "in")
    timed("accord inbox", accord, "inbox", "--accord", "reported", "--key", key, "-o", "in")
line("age -r", "age -r")
line("age -r, and sync", "age -r")
line("accord report, until it is sealed", "age -r")
line("accord report, until it is sealed", "age -r, and sync")
line("accord report", "age -r, and sync")
line("age -d", "age -d")
line("accord inbox", "age -d")
clean("poc", "in", "one.accord-case", "reported", "reported.keys", "age.key", "members.tsv")
if max(peak for name in ("accord report", "accord inbox") for _, _, peak in table[name]) > MEMORY_KIB:
    sys.exit(f"report.py: more than {MEMORY_KIB} KiB")
