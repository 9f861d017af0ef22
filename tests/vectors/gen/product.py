#!/usr/bin/env python3
"""Writes tests/vectors/product and the seed corpus of its fuzz target: policies, `seen`, `current`, withdrawals.

Like statements.py it shares no code with accord. A file's name is <kind>.<rule>.<what>: parsed, then that those signed it who
must, by the roster tests/vectors/statements/roster.ok.first; a policy of number 2 is also judged as the one after
policy.ok.least. Usage: tests/vectors/gen/product.py, in the top directory.
"""
import sys

sys.dont_write_bytecode = True
import statements
from statements import RELEASE, SECOND, STAGE, STRANGER, changed, digest, note, write

statements.OUT = "tests/vectors/product"
statements.CORPORA |= {kind: "product" for kind in ("policy", "seen", "current", "withdraw")}

ALPHA = RELEASE["alpha.example"]
D = "sha256:" + "0d" * 32
BIG = "18446744073709551615"


def head(kind, vendor="alpha.example"):
    return [f"accord/v1/{kind}", f"vendor {vendor}", "product ios-xe"]


def common(kind, least, full):
    """What all four share: who signs, what is missing, doubled, unknown."""
    def ok(what, lines, *keys):
        write(f"{kind}.ok.{what}", note(lines, *(keys or [ALPHA])))

    def refused(rule, what, lines, *keys, **more):
        write(f"{kind}.{rule}.{what}", note(lines, *(keys or [ALPHA]), **more))

    ok("least", least)
    ok("everything", full)
    ok("a-stranger-signed-too", least, STRANGER, ALPHA)
    ok("both-keys-of-a-threshold", changed(least, "vendor", "vendor beta.example"), RELEASE["beta.example"], SECOND)
    refused("wrong-signer", "stranger", least, STRANGER)
    refused("wrong-signer", "stage-key", least, STAGE)
    refused("wrong-signer", "key-of-another", least, RELEASE["gamma.example"])
    refused("ok" if kind == "seen" else "threshold", "one-key-of-two", changed(least, "vendor", "vendor beta.example"), SECOND)
    refused("ok" if kind == "seen" else "threshold", "one-key-twice", changed(least, "vendor", "vendor beta.example"), SECOND,
            SECOND)
    refused("not-a-member", "vendor", changed(least, "vendor", "vendor stranger.example"), STRANGER)
    refused("signature", "wrong", least, broken=ALPHA)
    refused("unknown-kind", "plural", changed(least, "accord", f"accord/v1/{kind}s"))
    refused("unknown-field", "key", least + ["colour red"])
    refused("missing-field", "extension-in-head", least[:1] + ["x-a 1"] + least[1:])
    for line in least[1:]:
        key = line.split()[0]
        refused("missing-field", "no-" + key, changed(least, line))
    for line in least[1:3]:
        refused("duplicate", line.split()[0], changed(least, line, line, line))
    refused("malformed", "vendor", changed(least, "vendor", "vendor alpha"))
    refused("malformed", "product", changed(least, "product", "product ios xe"))
    write(f"{kind}.not-utf8.tab", note(changed(least, "product", "product\tios"), ALPHA))
    write(f"{kind}.malformed.truncated", note(least, ALPHA)[:-1])
    write(f"{kind}.malformed.no-signature", "\n".join(least) + "\n")
    return ok, refused


def policies():
    least = head("policy") + ["number 1", "time 1", "notice 0"]
    full = head("policy") + ["number 1", "x-a 1", "time " + BIG, "notice 2592000", "threshold 64", "x-b 2", "require design any",
                             "require source vendor beta.example", "require build vendor", "require test any gamma.example",
                             "require distribution alpha.example", "rebuilders 127 127", "public-for 172800", "mirrors 128 1",
                             "emergency 64", "max-age " + BIG, "x-c 3"]
    ok, refused = common("policy", least, full)
    first = note(least, ALPHA)
    second = head("policy") + ["number 2", "previous " + digest(first), "time 1", "notice 0"]
    ok("second", second)
    refused("policy", "another-before-it", changed(second, "previous", "previous " + D))
    refused("policy", "third-after-the-first", changed(second, "number", "number 3"))
    refused("missing-field", "second-without-previous", head("policy") + ["number 2", "time 1", "notice 0"])
    refused("malformed", "first-with-previous", head("policy") + ["number 1", "previous " + D, "time 1", "notice 0"])
    refused("malformed", "number-0", changed(least, "number", "number 0"))
    refused("bad-decimal", "number", changed(least, "number", "number 01"))
    refused("bad-decimal", "notice", changed(least, "notice", "notice 1d"))
    refused("malformed", "time-0", changed(least, "time", "time 0"))
    refused("bad-decimal", "time", changed(least, "time", "time 2026-11-23"))
    for what, line in (("threshold-0", "threshold 0"), ("threshold-65", "threshold 65"), ("rebuilders-0", "rebuilders 0 0"),
                       ("rebuilders-128", "rebuilders 128 1"), ("rebuilders-fewer-than-jurisdictions", "rebuilders 1 2"),
                       ("rebuilders-one-number", "rebuilders 2"), ("rebuilders-no-jurisdiction", "rebuilders 2 0"),
                       ("public-for-0", "public-for 0"), ("mirrors-129", "mirrors 129 1"), ("mirrors-0", "mirrors 0 0"),
                       ("emergency-1", "emergency 1"), ("emergency-65", "emergency 65"), ("max-age-0", "max-age 0"),
                       ("require-use", "require use any"), ("require-nothing", "require build"),
                       ("require-a-party", "require party any"), ("require-a-word", "require build Vendor"),
                       ("require-two-spaces", "require build any  vendor"),
                       ("require-17", "require build " + " ".join(f"d{i}.example" for i in range(17)))):
        rule = "malformed"
        if what in ("rebuilders-one-number",):
            rule = "bad-decimal"
        refused(rule, what, least + [line])
    ok("require-16", least + ["require build " + " ".join(f"d{i}.example" for i in range(16))])
    refused("bad-decimal", "rebuilders-three-numbers", least + ["rebuilders 2 2 2"])
    refused("duplicate", "require-twice", least + ["require build any", "require build vendor"])
    refused("malformed", "require-out-of-order", least + ["require test any", "require build any"])
    refused("malformed", "lines-out-of-order", least + ["public-for 1", "threshold 1"])
    refused("duplicate", "max-age-twice", least + ["max-age 1", "max-age 1"])


def seen():
    least = head("seen") + ["entry " + D, "proof YWJj"]
    full = head("seen") + ["x-a 1", "entry " + D, "x-b 2", "proof " + "QUJD" * 9000, "x-c 3"]
    _, refused = common("seen", least, full)
    refused("bad-base64", "proof", changed(least, "proof", "proof YWJ"))
    refused("bad-base64", "proof-with-a-space", changed(least, "proof", "proof YWJj YWJj"))
    refused("bad-hex", "entry", changed(least, "entry", "entry sha256:0d"))
    refused("duplicate", "proof", least + ["proof YWJj"])


def currents():
    least = head("current") + ["time 1", "roster 1 " + D, "channel stable 1 0"]
    full = head("current") + ["x-a 1", "time " + BIG, f"roster {BIG} " + D, "x-b 2", "policy 3 " + D, "channel stable 42 40", "channel beta 43 43",
                              "x-c 3", "channel lts 7 0", "withdrawn 0", "withdrawn 41", "withdrawn " + BIG]
    ok, refused = common("current", least, full)
    ok("channels-32", head("current") + ["time 1", "roster 1 " + D] + [f"channel c{i} {i} 0" for i in range(32)])
    ok("withdrawn-1024", least + [f"withdrawn {i}" for i in range(1024)])
    refused("too-large", "channels-33", head("current") + ["time 1", "roster 1 " + D] + [f"channel c{i} {i} 0" for i in range(33)])
    refused("too-large", "withdrawn-1025", least + [f"withdrawn {i}" for i in range(1025)])
    refused("malformed", "time-0", changed(least, "time", "time 0"))
    refused("bad-decimal", "time", changed(least, "time", "time 1.5"))
    refused("malformed", "roster-0", changed(least, "roster", "roster 0 " + D))
    refused("bad-hex", "roster-digest", changed(least, "roster", "roster 1 " + D[:-1]))
    refused("malformed", "policy-0", changed(least, "channel", "policy 0 " + D, "channel stable 1 0"))
    refused("malformed", "lowest-above-newest", changed(least, "channel", "channel stable 1 2"))
    refused("bad-decimal", "channel-two-words", changed(least, "channel", "channel stable 1"))
    refused("malformed", "channel-name", changed(least, "channel", "channel st@ble 1 0"))
    refused("bad-decimal", "channel-newest", changed(least, "channel", "channel stable 01 0"))
    refused("bad-decimal", "channel-four-words", changed(least, "channel", "channel stable 1 0 0"))
    refused("duplicate", "channel", least + ["channel stable 2 0"])
    refused("duplicate", "withdrawn", least + ["withdrawn 3", "withdrawn 3"])
    refused("malformed", "withdrawn-descends", least + ["withdrawn 3", "withdrawn 2"])
    refused("bad-decimal", "withdrawn", least + ["withdrawn -1"])
    refused("duplicate", "roster", changed(least, "roster", "roster 1 " + D, "roster 1 " + D))
    refused("malformed", "channel-after-withdrawn", least + ["withdrawn 3", "channel beta 1 0"])


def withdrawals():
    least = head("withdraw") + ["sequence 1", "reason vulnerable"]
    full = head("withdraw") + ["x-a 1", "sequence 0", "sequence 7", "x-b 2", "sequence " + BIG,
                               "reason compromised its key  was stolen", "replaced-by 8", "x-c 3"]
    ok, refused = common("withdraw", least, full)
    ok("sequences-1024", head("withdraw") + [f"sequence {i}" for i in range(1024)] + ["reason legal"])
    refused("too-large", "sequences-1025", head("withdraw") + [f"sequence {i}" for i in range(1025)] + ["reason legal"])
    refused("duplicate", "sequence", changed(least, "sequence", "sequence 1", "sequence 1"))
    refused("malformed", "sequence-descends", changed(least, "sequence", "sequence 2", "sequence 1"))
    refused("bad-decimal", "sequence", changed(least, "sequence", "sequence 0x1"))
    refused("malformed", "reason", changed(least, "reason", "reason why?"))
    refused("malformed", "reason-two-spaces", changed(least, "reason", "reason legal  order"))
    refused("bad-decimal", "replaced-by", least + ["replaced-by 01"])
    refused("duplicate", "replaced-by", least + ["replaced-by 1", "replaced-by 1"])


def main():
    policies()
    seen()
    currents()
    withdrawals()


if __name__ == "__main__":
    main()
