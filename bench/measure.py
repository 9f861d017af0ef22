#!/usr/bin/env python3
"""Times whole processes beside each other: A B C A B C ..., so that a machine whose speed drifts drifts for all of them.

Prints, a command: the median of wall and CPU milliseconds (user + system), and the median of the ratios to the first
command, taken round by round. Peak memory is bench/peak.c's to measure. Used by bench/run."""
import argparse
import json
import os
import shlex
import statistics
import sys
import time


def once(argv, stdin, env):
    files = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
             (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
             (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0)]
    start = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=files)
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"measure: {' '.join(argv)}: exit status {os.waitstatus_to_exitcode(status)}")
    return wall * 1000, (usage.ru_utime + usage.ru_stime) * 1000


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--warmup", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("command", nargs="+", metavar="NAME=[<STDIN ]COMMAND")
    options = parser.parse_args()
    commands = []
    for item in options.command:
        name, _, command = item.partition("=")
        words = shlex.split(command)
        stdin = words.pop(0)[1:] if words[0].startswith("<") else "/dev/null"
        commands.append((name, words, stdin))
    rows = {name: [] for name, _, _ in commands}
    for round_number in range(options.warmup + options.runs):
        for name, argv, stdin in commands:
            row = once(argv, stdin, dict(os.environ))
            if round_number >= options.warmup:
                rows[name].append(row)
    first = rows[commands[0][0]]
    result = []
    for name, _, _ in commands:
        wall, cpu = zip(*rows[name])
        ratio = statistics.median(a[0] / b[0] for a, b in zip(rows[name], first))
        result.append({"name": name, "wall_ms": statistics.median(wall), "cpu_ms": statistics.median(cpu),
                       "ratio": ratio})
    if options.json:
        print(json.dumps(result))
        return
    for row in result:
        print(f"{row['name']:40} {row['wall_ms']:10.2f} ms  cpu {row['cpu_ms']:9.2f} ms  x{row['ratio']:.2f}")


if __name__ == "__main__":
    main()
