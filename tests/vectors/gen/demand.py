#!/usr/bin/env python3
"""Writes tests/vectors/demand and the seed corpus of its fuzz target.

Like statements.py it shares no code with accord. A file's name is demand.<rule>.<what>: parsed, then that a threshold of
the member's release keys signed it, by the roster tests/vectors/statements/roster.ok.first (beta needs two of its two,
alpha and gamma one). Usage: tests/vectors/gen/demand.py, in the top directory.
"""
import sys

sys.dont_write_bytecode = True
import statements
from statements import RELEASE, SECOND, STAGE, STRANGER, changed, note, write

statements.OUT = "tests/vectors/demand"

HEAD = ["accord/v1/demand", "member alpha.example"]
DATES = ["from 2018-04-17", "to 2018-06-30", "next 2018-10-01"]
PLAIN = HEAD + DATES + ["count any content 0 0"]
FULL = HEAD + ["x-a 1", "from 2018-04-17", "to 2018-06-30", "x-b 2", "next 2018-10-01", "count US content 0 249",
               "count US metadata 250 499", "count CH content 3 3", "x-c 3",
               "count any source-code 0 18446744073709551615", "x-d 4"]


def main():
    alpha = RELEASE["alpha.example"]

    def ok(what, lines, *keys):
        write(f"demand.ok.{what}", note(lines, *(keys or [alpha])))

    def refused(rule, what, lines, *keys, **more):
        write(f"demand.{rule}.{what}", note(lines, *(keys or [alpha]), **more))

    def dated(begin, end, after):
        return HEAD + [f"from {begin}", f"to {end}", f"next {after}", "count any content 0 0"]

    ok("least", PLAIN)
    ok("everything", FULL)
    ok("one-day", dated("2018-04-17", "2018-04-17", "2018-04-18"))
    ok("leap-day", dated("2000-02-29", "2024-02-29", "2024-03-01"))
    ok("the-first-and-the-last-day", dated("0001-01-01", "9999-12-30", "9999-12-31"))
    ok("both-keys-of-a-threshold", changed(PLAIN, "member", "member beta.example"), RELEASE["beta.example"], SECOND)
    ok("a-stranger-signed-too", PLAIN, STRANGER, alpha)
    ok("counts-256", PLAIN + [f"count CH kind-{i} {i} {i}" for i in range(255)])
    ok("one-kind-in-two-jurisdictions", PLAIN + ["count CH content 0 0"])
    ok("one-jurisdiction-of-two-kinds", PLAIN + ["count any metadata 0 0"])

    refused("wrong-signer", "stranger", PLAIN, STRANGER)
    refused("wrong-signer", "stage-key", PLAIN, STAGE)
    refused("wrong-signer", "key-of-another", PLAIN, RELEASE["gamma.example"])
    refused("threshold", "one-key-of-two", changed(PLAIN, "member", "member beta.example"), SECOND)
    refused("threshold", "one-key-twice", changed(PLAIN, "member", "member beta.example"), SECOND, SECOND)
    refused("not-a-member", "member", changed(PLAIN, "member", "member stranger.example"), STRANGER)
    refused("signature", "wrong", PLAIN, alpha, broken=alpha)
    refused("unknown-kind", "demands", changed(PLAIN, "accord", "accord/v1/demands"))
    refused("unknown-field", "key", PLAIN + ["reason none"])
    for key in "member", "from", "to", "next", "count":
        refused("missing-field", "no-" + key, changed(PLAIN, key))
    refused("missing-field", "extension-in-head", HEAD[:1] + ["x-a 1"] + PLAIN[1:])
    refused("missing-field", "to-before-from-line", HEAD + [DATES[1], DATES[0]] + PLAIN[4:])
    for key in "member", "from", "to", "next":
        line = next(line for line in PLAIN if line.startswith(key))
        refused("duplicate", key, changed(PLAIN, key, line, line))
    refused("duplicate", "count", PLAIN + ["count any content 1 1"])
    refused("duplicate", "count-among-others", PLAIN + ["count CH content 0 0", "count any other 0 0", "count CH content 0 0"])
    refused("malformed", "member", changed(PLAIN, "member", "member alpha"))
    refused("malformed", "to-before-from", dated("2018-04-17", "2018-04-16", "2018-10-01"))
    refused("malformed", "next-is-to", dated("2018-04-17", "2018-06-30", "2018-06-30"))
    refused("malformed", "next-before-to", dated("2018-04-17", "2018-06-30", "2018-06-29"))
    for what, date in (("month-0", "2018-00-17"), ("month-13", "2018-13-17"), ("day-0", "2018-04-00"), ("day-31", "2018-04-31"),
                       ("no-leap-day", "2017-02-29"), ("no-leap-day-of-a-century", "1900-02-29"), ("year-0", "0000-01-01"),
                       ("short", "2018-4-17"), ("long", "2018-04-170"), ("slashes", "2018/04/17"), ("letters", "2018-0a-17"),
                       ("sign", "-018-04-17"), ("time", "2018-04-17T00:00:00Z")):
        refused("malformed", "date-" + what, dated(date, "2018-06-30", "2018-10-01"))
    for what, value in (("jurisdiction-in-small-letters", "ch content 0 0"), ("jurisdiction-of-three", "CHE content 0 0"),
                        ("jurisdiction-Any", "Any content 0 0"), ("kind", "CH content! 0 0"), ("two-words", "CH content"),
                        ("three-words", "CH content 0"), ("most-below-least", "CH content 2 1"), ("two-spaces", "CH  content 0 0"),
                        ("kind-of-129", "CH " + "k" * 129 + " 0 0")):
        refused("malformed", "count-" + what, HEAD + DATES + ["count " + value])
    for what, value in (("five-words", "CH content 0 0 0"), ("range", "CH content 0-249 249"), ("leading-zero", "CH content 00 1"),
                        ("sign", "CH content 0 +1"), ("too-big", "CH content 0 18446744073709551616")):
        refused("bad-decimal", "count-" + what, HEAD + DATES + ["count " + value])
    refused("malformed", "counts-257", PLAIN + [f"count CH kind-{i} 0 0" for i in range(256)])
    write("demand.not-utf8.tab", note(changed(PLAIN, "count", "count any content\t0 0"), alpha))
    write("demand.malformed.truncated", note(PLAIN, alpha)[:-1])
    write("demand.malformed.no-signature", "\n".join(PLAIN) + "\n")
    write("demand.too-large.lines", note(PLAIN + ["x-a 1"] * 9000, alpha))


if __name__ == "__main__":
    main()
