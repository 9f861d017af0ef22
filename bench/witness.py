#!/usr/bin/env python3
"""accord serve as a witness beside litewitness (torchwood): same client, same disk, in one run.

The client (bench/witnesses.c) has its checkpoints signed before the clock starts; each log sends the next one when the one
before is cosigned. litewitness has its key in an ssh-agent, as it must; accord has it in a process of its own, as it does
by default. Both start with empty states that know the logs. Used by bench/run: ACCORD and ACCORD_PEERS say where the
programs are. How a disturbed run is noticed and repeated is serve.py's."""
import argparse
import atexit
import base64
import hashlib
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

import serve

QUIET = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def say(text):
    print(text, flush=True)


def family(pid):
    """The process and its children."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid] + [grandchild for child in children for grandchild in family(int(child))]


class Witness:
    """One witness that knows some logs, with an empty memory. kind: 'accord' or 'litewitness'."""

    path = "/w"

    def __init__(self, options, kind, logs, others=0):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=kind + "-", dir=options.work))
        self.helpers = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.run = f"r{time.monotonic_ns()}"
        vkeys = self.vkeys(options, self.run, logs)
        if others:
            vkeys += self.vkeys(options, "other", others)
        self.errors = open(self.dir / "errors", "wb")
        command, env = self.accord(options, vkeys) if kind == "accord" else self.litewitness(options, vkeys)
        started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors, env=env)
        serve.children.append(self.process)
        serve.Server.wait_until_it_listens(self)
        self.ready_seconds = time.monotonic() - started

    def vkeys(self, options, run, count):
        out = subprocess.run([options.witnesses, "vkeys", run, str(count)], capture_output=True, text=True, check=True)
        return out.stdout.split()

    def accord(self, options, vkeys):
        (self.dir / "logs").write_text("".join(f"log {vkey}\n" for vkey in vkeys))
        subprocess.run([options.accord, "key", "new", "--for", "witness", "w.example", "-o", self.dir / "key"], check=True,
                       **QUIET)
        (self.dir / "config").write_text(f"listen 127.0.0.1:{self.port}\nwitness key state {self.path}\nknown-logs logs\n")
        return [options.accord, "serve", self.dir / "config"], None

    def litewitness(self, options, vkeys):
        self.path = ""
        db = sqlite3.connect(self.dir / "db")
        db.execute("CREATE TABLE log (origin TEXT PRIMARY KEY, tree_size INTEGER NOT NULL, tree_hash TEXT NOT NULL)")
        db.execute("CREATE TABLE key (origin TEXT NOT NULL, key TEXT NOT NULL, FOREIGN KEY(origin) REFERENCES log(origin))")
        db.execute("CREATE TABLE bastion (origin TEXT NOT NULL, bastion TEXT NOT NULL, "
                   "FOREIGN KEY(origin) REFERENCES log(origin))")
        empty = base64.b64encode(hashlib.sha256(b"").digest()).decode()
        db.executemany("INSERT INTO log VALUES (?, 0, ?)", [(vkey.split("+")[0], empty) for vkey in vkeys])
        db.executemany("INSERT INTO key VALUES (?, ?)", [(vkey.split("+")[0], vkey) for vkey in vkeys])
        db.commit()
        db.close()
        key, agent = self.dir / "key", self.dir / "agent"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        process = subprocess.Popen(["ssh-agent", "-D", "-a", agent], **QUIET)
        serve.children.append(process)
        self.helpers.append(process)
        for _ in range(100):
            if agent.exists():
                break
            time.sleep(0.05)
        subprocess.run(["ssh-add", "-q", key], check=True, env={**os.environ, "SSH_AUTH_SOCK": str(agent)}, **QUIET)
        digest = subprocess.run(["ssh-keygen", "-lf", f"{key}.pub"], capture_output=True, text=True, check=True)
        return [options.peers / "bin" / "litewitness", "-ssh-agent", agent, "-key", digest.stdout.split()[1], "-name",
                "w.example", "-db", self.dir / "db", "-listen", f"127.0.0.1:{self.port}"], None

    def pids(self):
        return family(self.process.pid) + [helper.pid for helper in self.helpers]

    def cpu_seconds(self):
        total = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        return total / serve.TICK

    def memory_mib(self, name="VmRSS"):
        """Resident memory of the process and its children; pages that they share count once."""
        total = 0
        for pid in family(self.process.pid):
            rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Pss:\s+(\d+) kB", rollup, re.M).group(1))
        return total / 1024

    def stop(self):
        serve.Server.stop(self)
        for helper in self.helpers:
            helper.terminate()
            helper.wait()

    def remove(self):
        shutil.rmtree(self.dir, True)


def load(options, logs, seconds):
    def run(witness):
        own = witness.cpu_seconds()
        out = subprocess.run([options.witnesses, "run", witness.run, str(logs), str(witness.port), witness.path,
                              str(seconds)], capture_output=True, text=True, timeout=seconds + 120)
        if out.returncode != 0:
            sys.exit(f"witness.py: {out.stderr}{(witness.dir / 'errors').read_text()[-2000:]}")
        cosigned, took, p50, p99, refused = out.stdout.split()
        row = {"cosignatures/s": int(cosigned) / float(took), "p50 ms": float(p50), "p99 ms": float(p99),
               "cpu us": 1e6 * (witness.cpu_seconds() - own) / max(int(cosigned), 1)}
        if refused != "0":
            row["refused"] = refused
        return row
    return run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accord", default=os.environ.get("ACCORD", serve.ROOT / "build" / "accord"), type=pathlib.Path)
    parser.add_argument("--peers", default=os.environ.get("ACCORD_PEERS", serve.ROOT / "build" / "peers"), type=pathlib.Path)
    parser.add_argument("--witnesses", required=True, type=pathlib.Path, help="bench/witnesses.c, compiled")
    parser.add_argument("--seconds", type=int, default=10, help="of each run")
    parser.add_argument("--logs", type=int, nargs="+", default=[1, 16, 1000], help="that ask at once")
    parser.add_argument("--known", type=int, default=100000, help="logs, for the memory that they take")
    parser.add_argument("--wait", type=int, default=60, help="at most so many seconds for a quiet machine before a run")
    parser.add_argument("--work", default=tempfile.gettempdir(), type=pathlib.Path)
    options = parser.parse_args()
    atexit.register(serve.end_children)
    rows = {}
    for logs in options.logs:
        say(f"\n## {logs} logs at once, {options.seconds} s")
        for kind in ("accord", "litewitness"):
            row = serve.with_watch(options, f"{logs} logs", kind, load(options, logs, options.seconds),
                                   lambda options, kind, logs=logs: Witness(options, kind, logs))
            row["server"].remove()
            rows[logs, kind] = row
    say("\n| figure | accord | litewitness 0.9.0 | ratio |\n| --- | --- | --- | --- |")
    for logs in options.logs:
        ours, theirs = rows[logs, "accord"], rows[logs, "litewitness"]
        for name, key, digits, more in (("cosignatures/s", "cosignatures/s", 0, True), ("p50, ms", "p50 ms", 2, False),
                                        ("p99, ms", "p99 ms", 2, False),
                                        ("CPU a cosignature, with the key's process, microseconds", "cpu us", 0, False),
                                        ("resident memory after it, MiB", "rss", 0, False)):
            ratio = ours[key] / theirs[key] if more else theirs[key] / ours[key]
            say(f"| {name}, {logs} logs at once | {ours[key]:,.{digits}f} | {theirs[key]:,.{digits}f} | {ratio:.1f} |")
    if options.known:
        witness = Witness(options, "accord", 16, options.known)
        row = load(options, 16, 2)(witness)
        say(f"\n{options.known:,} known logs: listens after {witness.ready_seconds:.2f} s, "
            f"{witness.memory_mib():.1f} MiB resident after {row['cosignatures/s']:,.0f} cosignatures/s for 16 of them")
        witness.stop()
        witness.remove()


if __name__ == "__main__":
    main()
