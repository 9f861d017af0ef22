#!/usr/bin/env python3
"""Writes tests/vectors/advisory and the seed corpus of its fuzz target.

Like statements.py it shares no code with accord. A file's name is advisory.<rule>.<what>: parsed, then that a receipt key
of its vendor or a threshold of its release keys signed it, by the roster tests/vectors/statements/roster.ok.first (beta
needs two of its two, alpha and gamma one). Usage: tests/vectors/gen/advisory.py, in the top directory.
"""
import sys

sys.dont_write_bytecode = True
import statements
from statements import RELEASE, SECOND, STAGE, STRANGER, changed, note, write

statements.OUT = "tests/vectors/advisory"

DIGEST = "sha256:" + "ab" * 32
HEAD = ["accord/v1/advisory", "vendor alpha.example", "id alpha-sa-2026-0001"]
FIRST = HEAD + ["revision 1", "state final", "title Overflow in the web interface"]
PRODUCT = ["product ios-xe Alpha IOS XE"]
FLAW = ["vulnerability CVE-2026-12345", "affected ios-xe <17.3.2"]
PLAIN = FIRST + PRODUCT + FLAW
NEXT = HEAD + ["revision 2", "previous " + DIGEST, "state final", "title Overflow", "change Credit added."] + PRODUCT + FLAW
WHY = ("component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
       "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist")
FULL = HEAD + [
    "x-a 1", "revision 18446744073709551615", "previous " + DIGEST, "state interim", "title T", "x-b 2", "change C",
    "case " + DIGEST, "case sha256:" + "cd" * 32, "text One paragraph.", "text Another.",
    "reference https://alpha.example/sa/1 the advisory", "reference https://alpha.example/sa/2",
    "product ios-xe Alpha IOS XE", "order intdot", "purl pkg:generic/alpha.example/ios-xe", "purl pkg:generic/ios-xe",
    "cpe cpe:2.3:o:alpha:ios_xe:*:*:*:*:*:*:*:*", "product lib Alpha's library", "x-c 3", "cpe cpe:2.3:a:alpha:lib:*:*:*:*:*:*:*:*",
    "vulnerability CVE-2026-1", "alias GHSA-aaaa-bbbb-cccc", "alias alpha:7", "about What it is.", "about And more.",
    "weakness CWE-787 Out-of-bounds Write", "severity CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "credit A. Researcher",
    "exploited 2026-11-02", "affected ios-xe >=1.0|<1.4.2", "affected ios-xe 1.5 " + DIGEST, "affected lib *",
    "investigating lib 3.0", "fixed ios-xe 1.4.2 " + DIGEST, "fixed ios-xe >1.4.2|!=1.5",
    *[f"not-affected lib <={i} {word}" for i, word in enumerate(WHY, 1)],
    "remedy fix ios-xe Update.", "remedy workaround lib Turn it off.", "remedy mitigation lib Hide it.",
    "remedy none-planned lib -", "remedy none-available lib -",
    "vulnerability CVE-2026-2", "x-d 4", "not-affected ios-xe * component_not_present"]


def main():
    alpha = RELEASE["alpha.example"]

    def ok(what, lines, *keys):
        write(f"advisory.ok.{what}", note(lines, *(keys or [alpha])))

    def refused(rule, what, lines, *keys, **more):
        write(f"advisory.{rule}.{what}", note(lines, *(keys or [alpha]), **more))

    def flaw(*lines):
        return FIRST + PRODUCT + ["vulnerability CVE-2026-12345", *lines]

    ok("least", PLAIN)
    ok("second-revision", NEXT)
    ok("everything", FULL)
    ok("withdrawn", changed(PLAIN, "state", "state withdrawn"))
    ok("products-256", FIRST + [f"product p-{i} P" for i in range(256)] + ["vulnerability v", "affected p-255 *"])
    ok("vulnerabilities-64", FIRST + PRODUCT + [line for i in range(64) for line in (f"vulnerability v-{i}", "affected ios-xe *")])
    ok("title-of-256", changed(PLAIN, "title", "title " + "t" * 256))
    ok("both-keys-of-a-threshold", changed(PLAIN, "vendor", "vendor beta.example"), RELEASE["beta.example"], SECOND)
    ok("one-word-in-two-kinds", flaw("affected ios-xe 1.0", "fixed ios-xe 1.0"))
    ok("a-stranger-signed-too", PLAIN, STRANGER, alpha)

    refused("wrong-signer", "stranger", PLAIN, STRANGER)
    refused("wrong-signer", "stage-key", PLAIN, STAGE)
    refused("wrong-signer", "key-of-another", PLAIN, RELEASE["gamma.example"])
    refused("threshold", "one-key-of-two", changed(PLAIN, "vendor", "vendor beta.example"), SECOND)
    refused("not-a-member", "vendor", changed(PLAIN, "vendor", "vendor stranger.example"), STRANGER)
    refused("signature", "wrong", PLAIN, alpha, broken=alpha)
    refused("unknown-kind", "advisories", changed(PLAIN, "accord", "accord/v1/advisories"))
    refused("unknown-field", "key", PLAIN + ["severe yes"])
    refused("unknown-field", "key-among-products", FIRST + PRODUCT + ["name x"] + FLAW)
    for key in "vendor", "id", "revision", "state", "title":
        refused("missing-field", "no-" + key, changed(PLAIN, key))
    refused("missing-field", "no-product", FIRST)
    refused("missing-field", "no-vulnerability", FIRST + PRODUCT)
    refused("missing-field", "nothing-said-of-the-last", PLAIN[:-1])
    refused("missing-field", "no-previous", changed(NEXT, "previous"))
    refused("missing-field", "no-change", changed(NEXT, "change"))
    refused("missing-field", "extension-in-head", HEAD[:1] + ["x-a 1"] + PLAIN[1:])
    refused("missing-field", "previous-of-the-first", changed(NEXT, "revision", "revision 1"))
    refused("malformed", "change-of-the-first", FIRST + ["change x"] + PRODUCT + FLAW)
    for key in "vendor", "id", "revision", "state", "title":
        line = next(line for line in PLAIN if line.startswith(key))
        refused("duplicate", key, changed(PLAIN, key, line, line))
    refused("duplicate", "product", FIRST + PRODUCT + ["product other O", "product ios-xe Again"] + FLAW)
    refused("duplicate", "vulnerability", PLAIN + FLAW)
    refused("unknown-name", "affected", flaw("affected ios <1"))
    refused("unknown-name", "fixed", flaw("affected ios-xe <1", "fixed ios 1"))
    refused("unknown-name", "remedy", flaw("affected ios-xe <1", "remedy fix ios Update."))
    refused("malformed", "nothing-said-of-the-first", flaw("vulnerability CVE-2026-2", "affected ios-xe *"))
    refused("malformed", "fixed-before-affected", flaw("fixed ios-xe 1", "affected ios-xe <1"))
    refused("malformed", "about-after-severity", flaw("severity x", "about y", "affected ios-xe *"))
    refused("malformed", "two-days", flaw("exploited 2026-11-02", "exploited 2026-11-02", "affected ios-xe *"))
    refused("malformed", "two-orders", FIRST + PRODUCT + ["order deb", "order deb"] + FLAW)
    refused("malformed", "purl-before-order", FIRST + PRODUCT + ["purl pkg:deb/a", "order deb"] + FLAW)
    refused("malformed", "order-before-a-product", FIRST + ["order deb"] + PRODUCT + FLAW)
    refused("malformed", "alias-before-a-vulnerability", FIRST + PRODUCT + ["alias x"] + FLAW)
    refused("malformed", "product-after-a-vulnerability", PLAIN + ["product b B"])
    refused("malformed", "text-after-a-product", FIRST + PRODUCT + ["text x"] + FLAW)
    refused("malformed", "case-after-text", FIRST + ["text x", "case " + DIGEST] + PRODUCT + FLAW)
    refused("malformed", "state", changed(PLAIN, "state", "state draft"))
    refused("malformed", "id", changed(PLAIN, "id", "id a/b"))
    refused("malformed", "vendor", changed(PLAIN, "vendor", "vendor alpha"))
    refused("malformed", "title-of-257", changed(PLAIN, "title", "title " + "t" * 257))
    refused("malformed", "text-of-8193", FIRST + ["text " + "t" * 8193] + PRODUCT + FLAW)
    refused("malformed", "product-without-a-name", FIRST + ["product ios-xe"] + FLAW)
    refused("malformed", "order-of-two-words", FIRST + PRODUCT + ["order deb rpm"] + FLAW)
    refused("malformed", "purl-of-513", FIRST + PRODUCT + ["purl " + "p" * 513] + FLAW)
    refused("malformed", "reference", FIRST + ["reference alpha.example"] + PRODUCT + FLAW)
    refused("malformed", "weakness", flaw("weakness 787 Write", "affected ios-xe *"))
    refused("malformed", "weakness-leading-zero", flaw("weakness CWE-0787 Write", "affected ios-xe *"))
    refused("malformed", "weakness-without-a-name", flaw("weakness CWE-787", "affected ios-xe *"))
    refused("malformed", "day", flaw("exploited 2026-02-29", "affected ios-xe *"))
    refused("malformed", "remedy", flaw("affected ios-xe *", "remedy update ios-xe x"))
    refused("malformed", "reason", flaw("not-affected ios-xe * because"))
    refused("malformed", "no-reason", flaw("not-affected ios-xe *"))
    for what, value in (("empty-part", "1||2"), ("pipe-at-the-end", "1|"), ("pipe-first", "|1"), ("star-and-more", "*|1"),
                        ("sign-alone", "<"), ("two-signs", "<>1"), ("equal-sign", "=1"), ("slash", "<1/2"), ("of-2049", "1" + "|1" * 1024)):
        refused("malformed", "range-" + what, flaw("affected ios-xe " + value))
    refused("malformed", "no-range", flaw("affected ios-xe"))
    refused("malformed", "two-spaces", flaw("affected ios-xe  1"))
    refused("bad-hex", "release", flaw("fixed ios-xe 1 sha256:00"))
    refused("bad-hex", "case", FIRST + ["case " + "ab" * 32] + PRODUCT + FLAW)
    refused("malformed", "more-after-the-release", flaw(f"fixed ios-xe 1 {DIGEST} x"))
    refused("bad-decimal", "revision", changed(PLAIN, "revision", "revision one"))
    refused("malformed", "revision-0", changed(PLAIN, "revision", "revision 0"))
    refused("too-large", "products-257", FIRST + [f"product p-{i} P" for i in range(257)] + ["vulnerability v", "affected p-0 *"])
    refused("too-large", "vulnerabilities-65",
            FIRST + PRODUCT + [line for i in range(65) for line in (f"vulnerability v-{i}", "affected ios-xe *")])
    write("advisory.not-utf8.tab", note(changed(PLAIN, "title", "title a\tb"), alpha))
    write("advisory.malformed.truncated", note(PLAIN, alpha)[:-1])
    write("advisory.malformed.no-signature", "\n".join(PLAIN) + "\n")


if __name__ == "__main__":
    main()
