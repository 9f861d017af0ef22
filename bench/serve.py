#!/usr/bin/env python3
"""accord serve beside Tessera's POSIX conformance server: same client, same disk, both durable, in one run.

Each figure is taken in a round of its own, on a new log, in turn for each server. Before a run it waits a while for a quiet
machine and measures the foreign load (load average; the median of 200 appends of 4 KiB with fdatasync), during it the
processor time of everybody else; a run that was disturbed is repeated. Servers listen on loopback, run in a directory
that is removed afterwards, and are ended by their process ids. Used by bench/run: ACCORD and ACCORD_PEERS say where the
programs are."""
import argparse
import atexit
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TICK = os.sysconf("SC_CLK_TCK")
ENTRY = 300
FOREIGN_MAX = 0.35  # processors that others may take before a run counts as disturbed
PROBE_FACTOR = 2.0  # times the best probe so far
TRIES = 3
children = []
best_probe = None
runs = 0


def say(text):
    print(text, flush=True)


def end_children():
    for process in children:
        if process.poll() is None:
            process.kill()
            process.wait()


class Server:
    """One server on a new log. kind: 'accord', 'accord-no-dedup' or 'tessera'."""

    def __init__(self, options, kind):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=kind + "-", dir=options.work))
        self.log = self.dir / "log"
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        key = self.dir / "log.key"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([options.accord, "key", "new", "--for", "log", "bench.example/log", "-o", key], check=True, **quiet)
        if kind == "tessera":
            command = [options.peers / "bin" / "posix", "-storage_dir", self.log, "-listen", f"127.0.0.1:{self.port}",
                       "-private_key", key]
        else:
            subprocess.run([options.accord, "log", "new", self.log, "--key", key], check=True, **quiet)
            config = self.dir / "config"
            config.write_text(f"listen 127.0.0.1:{self.port}\nlog {self.log} {key}\naccept any\n"
                              f"dedup {'off' if kind == 'accord-no-dedup' else 'on'}\n")
            command = [options.accord, "serve", config]
        self.errors = open(self.dir / "errors", "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.errors, stderr=self.errors)
        children.append(self.process)
        self.wait_until_it_listens()

    def wait_until_it_listens(self):
        for _ in range(200):
            if self.process.poll() is not None:
                sys.exit(f"serve.py: the server ended:\n{(self.dir / 'errors').read_text()[-2000:]}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        sys.exit("serve.py: the server does not listen")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def memory_mib(self, name="VmRSS"):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M).group(1)) / 1024

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.errors.close()

    def remove(self):
        shutil.rmtree(self.dir, True)


def probe(work):
    """Milliseconds of the median append of 4 KiB with fdatasync."""
    path, block, times = work / "probe", bytes(4096), []
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for _ in range(200):
        start = time.perf_counter()
        os.write(file, block)
        os.fdatasync(file)
        times.append(time.perf_counter() - start)
    os.close(file)
    path.unlink()
    return 1000 * statistics.median(times)


def busy_seconds():
    fields = [int(word) for word in pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK  # all but idle and iowait


def wait_until_quiet(seconds):
    """Until others leave the processors alone for a second, or for so long."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        start = busy_seconds()
        time.sleep(1)
        if busy_seconds() - start < FOREIGN_MAX:
            return


def ended_seconds():
    times = os.times()
    return times.children_user + times.children_system


def with_watch(options, name, kind, load, make=None):
    """Runs load(server) on a new server, again where it was disturbed. Returns its row."""
    global best_probe, runs
    for attempt in range(1, TRIES + 1):
        runs += 1
        os.sync()
        wait_until_quiet(options.wait)
        before = probe(options.work)
        best_probe = before if best_probe is None else min(best_probe, before)
        average = os.getloadavg()[0]
        server = (make or Server)(options, kind)
        clock, busy, own, clients = time.monotonic(), busy_seconds(), server.cpu_seconds(), ended_seconds()
        row = load(server)
        seconds = time.monotonic() - clock
        foreign = busy_seconds() - busy - (server.cpu_seconds() - own) - (ended_seconds() - clients)
        foreign = max(foreign / seconds, 0.0)
        row["rss"] = server.memory_mib()
        row["peak"] = server.memory_mib("VmHWM")
        server.stop()
        after = probe(options.work)
        disturbed = foreign > FOREIGN_MAX or max(before, after) > PROBE_FACTOR * best_probe
        detail = " ".join(f"{key} {value:,.2f}" if isinstance(value, float) else f"{key} {value}"
                          for key, value in row.items())
        say(f"  {name}, {kind}: {detail}")
        say(f"    foreign load: average {average:.2f}; fdatasync {before:.2f} ms before, {after:.2f} after; "
            f"{foreign:.2f} processors of others{'; DISTURBED' if disturbed else ''}")
        row["server"] = server
        row["disturbed"] = disturbed
        if not disturbed or attempt == TRIES:
            return row
        server.remove()
    return None


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000, "m": 60000}[unit]


def wrk(server, connections, seconds):
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "--latency", "-s",
               str(ROOT / "bench" / "distinct.lua"), f"http://127.0.0.1:{server.port}", "--", str(ENTRY),
               f"{runs}-{connections}-{seconds}-{time.monotonic_ns() % 1000000}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60).stdout
    requests, took = re.search(r"(\d+) requests in ([\d.]+\w+),", out).groups()
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = re.search(r"Socket errors: (.*)", out)
    refused = int(refused.group(1)) if refused else 0
    latency = {p: milliseconds(re.search(rf"^\s+{p}%\s+(\S+)", out, re.M).group(1)) for p in (50, 99)}
    return int(requests) - refused, milliseconds(took) / 1000, latency, refused, errors.group(1) if errors else None


def load_wrk(connections, seconds):
    def load(server):
        wrk(server, connections, 1)
        own = server.cpu_seconds()
        acknowledged, took, latency, refused, errors = wrk(server, connections, seconds)
        own = server.cpu_seconds() - own
        row = {"adds/s": acknowledged / took, "p50 ms": latency[50], "p99 ms": latency[99],
               "cpu us/add": 1e6 * own / acknowledged if acknowledged >= 1000 else None}  # a tick is 10 ms
        if refused:
            row["refused"] = refused
        if errors:
            row["socket errors"] = errors
        return row
    return load


def batches(options, server, seconds, count, size):
    out = subprocess.run([options.batches, str(server.port), str(options.batch_connections), str(seconds), str(count),
                          str(size), f"r{runs}"], capture_output=True, text=True, timeout=seconds + 60)
    if out.returncode != 0:
        sys.exit(f"serve.py: {out.stderr}{(server.dir / 'errors').read_text()[-2000:]}")
    acknowledged, took, p50, p99 = out.stdout.split()
    return int(acknowledged), float(took), float(p50), float(p99)


def load_batches(options, seconds, count, size):
    def load(server):
        own = server.cpu_seconds()
        acknowledged, took, p50, p99 = batches(options, server, seconds, count, size)
        own = server.cpu_seconds() - own
        return {"entries": acknowledged, "entries/s": acknowledged / took, "p50 ms": p50, "p99 ms": p99,
                "cpu us/entry": 1e6 * own / max(acknowledged, 1)}
    return load


def published(server, size, seconds):
    """Waits until the checkpoint says this size; says what it said last."""
    until = time.monotonic() + seconds
    while True:
        found = int((server.log / "checkpoint").read_text().split("\n")[1])
        if found >= size or time.monotonic() > until:
            return found
        time.sleep(0.2)


def load_full(options, count):
    """Fills, and waits until all of it is published."""
    filling = load_batches(options, 300, count, 64)

    def load(server):
        row = filling(server)
        row["published"] = published(server, row["entries"], 60)
        return row
    return load


def disk(path):
    """Bytes, and bytes in blocks, by what they are for."""
    sizes = {}
    for folder, _, files in os.walk(path):
        part = os.path.relpath(folder, path) + "/"
        part = next((name for name in ("tile/entries", ".accord/dedup", "tile", ".accord") if part.startswith(name + "/")),
                    "checkpoint")
        for name in files:
            status = os.lstat(os.path.join(folder, name))
            old = sizes.get(part, (0, 0))
            sizes[part] = old[0] + status.st_size, old[1] + status.st_blocks * 512
    return sizes


def number(value, digits=0):
    return "-" if value is None else f"{value:,.{digits}f}"


def line(name, cells):
    say(f"| {name} | {' | '.join(cells)} |")


def table_adds(rows):
    say("\n| figure (wrk, 1 thread, 300-byte entries) | accord | accord, dedup off | Tessera POSIX 1.0.4 | ratio |")
    say("| --- | --- | --- | --- | --- |")
    for connections in sorted({key[0] for key in rows}):
        ours, off, theirs = (rows.get((connections, kind)) for kind in ("accord", "accord-no-dedup", "tessera"))
        for name, key, digits, more_is_better in (("adds/s", "adds/s", 0, True), ("p50, ms", "p50 ms", 2, False),
                                                  ("p99, ms", "p99 ms", 2, False),
                                                  ("server CPU an acknowledged add, microseconds", "cpu us/add", 1, False),
                                                  ("resident memory after it, MiB", "rss", 0, False)):
            values = [row and row[key] for row in (ours, off, theirs)]
            ratio = "-"
            if values[0] and values[2]:
                ratio = f"{values[0] / values[2] if more_is_better else values[2] / values[0]:.1f}"
            line(f"{name}, {connections} connections", [number(v, digits) for v in values] + [ratio])


def table_ours(name, ours, off, key, digits=0):
    line(name, [number(ours and ours[key], digits), number(off and off[key], digits), "-", "-"])


def bench_adds(options, kinds):
    rows = {}
    for connections in options.connections:
        say(f"\n## {connections} connections, one entry of {ENTRY} bytes a POST, {options.seconds} s")
        for kind in kinds:
            row = with_watch(options, f"{connections} connections", kind, load_wrk(connections, options.seconds))
            row["server"].remove()
            rows[connections, kind] = row
    return rows


def bench_batches(options, kinds):
    say(f"\n## POST /add-batch, bodies of 4 MiB, {options.batch_connections} connections, {options.seconds} s")
    rows = {}
    for kind in kinds:
        rows[kind] = with_watch(options, "add-batch", kind, load_batches(options, options.seconds, 1 << 40, ENTRY))
        rows[kind]["server"].remove()
    return rows


def bench_full(options, kinds):
    say(f"\n## {options.entries:,} entries of 64 bytes")
    rows = {}
    for kind in kinds:
        row = rows[kind] = with_watch(options, "full", kind, load_full(options, options.entries))
        sizes = disk(row["server"].log)
        row["disk"], row["blocks"] = (sum(size[i] for size in sizes.values()) / row["entries"] for i in (0, 1))
        parts = ", ".join(f"{name} {size[0] / row['entries']:.2f}" for name, size in sorted(sizes.items()))
        say(f"    on disk, bytes an entry: {row['disk']:.1f}, {row['blocks']:.1f} in blocks ({parts})")
        row["server"].remove()
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--accord", default=os.environ.get("ACCORD", ROOT / "build" / "accord"), type=pathlib.Path)
    parser.add_argument("--peers", default=os.environ.get("ACCORD_PEERS", ROOT / "build" / "peers"), type=pathlib.Path)
    parser.add_argument("--seconds", type=int, help="of each run (15)")
    parser.add_argument("--entries", type=int, help="in a full log (10,000,000)")
    parser.add_argument("--batch-connections", type=int, default=4)
    parser.add_argument("--connections", type=int, nargs="+", default=[8, 512])
    parser.add_argument("--quick", action="store_true", help="3 seconds each, a million entries: for trying")
    parser.add_argument("--wait", type=int, default=60, help="at most so many seconds for a quiet machine before a run")
    parser.add_argument("--only", choices=["adds", "batches", "full"], nargs="+", default=["adds", "batches", "full"])
    parser.add_argument("--servers", choices=["accord", "accord-no-dedup", "tessera"], nargs="+",
                        default=["accord", "tessera", "accord-no-dedup"])
    options = parser.parse_args()
    options.seconds = options.seconds or (3 if options.quick else 15)
    options.entries = options.entries or (1_000_000 if options.quick else 10_000_000)
    options.accord, options.peers = options.accord.resolve(), options.peers.resolve()
    options.work = pathlib.Path(tempfile.mkdtemp(prefix="accord-serve.", dir=os.environ.get("TMPDIR", "/var/tmp")))
    atexit.register(shutil.rmtree, options.work, True)
    atexit.register(end_children)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    options.batches = options.work / "batches"
    subprocess.run(["cc", "-O2", "-o", options.batches, ROOT / "bench" / "batches.c", "-lpthread"], check=True)
    ours = [kind for kind in options.servers if kind != "tessera"]
    adds = bench_adds(options, options.servers) if "adds" in options.only else {}
    batch = bench_batches(options, ours) if "batches" in options.only else {}
    full = bench_full(options, ours) if "full" in options.only else {}
    table_adds(adds)
    if batch:
        table_ours("`POST /add-batch`, entries/s", batch.get("accord"), batch.get("accord-no-dedup"), "entries/s")
    if full:
        pair = full.get("accord"), full.get("accord-no-dedup")
        count = f"{options.entries // 1_000_000} million entries"
        table_ours(f"resident memory at {count}, MiB", *pair, "rss", 1)
        table_ours(f"bytes on disk an entry of 64 bytes, {count}", *pair, "disk", 1)
        table_ours("the same in blocks", *pair, "blocks", 1)
    rows = list(adds.values()) + list(batch.values()) + list(full.values())
    if any(row["disturbed"] for row in rows):
        say("\nSome runs were disturbed each time: not figures to quote.")


if __name__ == "__main__":
    main()
