#!/usr/bin/env python3
"""Writes tests/vectors/attest and the seed corpus of its fuzz target.

Like statements.py it shares no code with accord. A file's name is attest.<rule>.<what>: parsed, then verified by the roster
tests/vectors/statements/roster.ok.first (alpha has a stage key, beta two release keys of which both must sign, gamma one).
It makes what statements.py makes on the way, and the same. Usage: tests/vectors/gen/attest.py, in the top directory.
"""
import sys

sys.dont_write_bytecode = True
import statements
from statements import Key, RELEASE, SECOND, STAGE, STRANGER, changed, digest, note, write

statements.OUT = "tests/vectors/attest"

HEAD = ["accord/v1/attest", "stage build", "vendor alpha.example", "product widget", "by alpha.example"]
SUBJECT = f"subject {digest('widget')} widget-1.0.bin"
MATERIAL = f"material {digest('source')} git+https://alpha.example/widget"
FULL = HEAD + [
    "x-a 1", "version 1.0", SUBJECT, f"subject {digest('debug')} widget-1.0.debug", "x-b 2", MATERIAL,
    f"material {digest('widget')} widget-1.0.bin", "parameter git:commit 6a09e667", "parameter target arm v7",
    "environment SOURCE_DATE_EPOCH 1523923200", "environment tool:cc cc (Debian 12.2.0-14) 12.2.0", "run make  -j2", "run make check",
    f"import {digest('envelope')} https://slsa.dev/provenance/v1", "location https://alpha.example/widget-1.0.bin",
    "location https://mirror.example/", "outcome match", f"repeats {digest('attestation')}", "x-c 3"]


def main():
    def ok(what, lines, *keys):
        write(f"attest.ok.{what}", note(lines, *(keys or [STAGE])))

    def refused(rule, what, lines, *keys, **more):
        write(f"attest.{rule}.{what}", note(lines, *(keys or [STAGE]), **more))

    plain = HEAD + [SUBJECT]
    ok("least", plain)
    ok("everything", FULL)
    for stage in "design", "source", "test", "distribution", "use":
        ok("stage-" + stage, changed(plain, "stage", "stage " + stage))
    ok("release-key", plain, RELEASE["alpha.example"])
    ok("by-another", changed(plain, "by", "by gamma.example"), RELEASE["gamma.example"])
    ok("threshold-of-release-keys", changed(plain, "by", "by beta.example"), RELEASE["beta.example"], SECOND)
    ok("vendor-is-no-member", changed(plain, "vendor", "vendor elsewhere.example"))
    ok("a-stranger-signed-too", plain, STRANGER, STAGE)
    ok("outcome-alone", plain + ["outcome pass"])
    ok("match-alone", plain + ["outcome match"])
    ok("mismatch-repeats", plain + ["outcome mismatch", f"repeats {digest('x')}"])
    ok("material-is-subject", plain + [SUBJECT.replace("subject", "material")])
    ok("run-twice", plain + ["run make", "run make"])
    ok("parameter-and-environment-of-one-name", plain + ["parameter CC gcc", "environment CC gcc"])
    ok("label-of-512", HEAD + [f"subject {digest('a')} " + "a" * 512])
    ok("label-in-utf8", HEAD + [f"subject {digest('a')} Söhne/a  b"])

    refused("wrong-signer", "stranger", plain, STRANGER)
    refused("wrong-signer", "key-of-another", plain, RELEASE["gamma.example"])
    refused("wrong-signer", "one-release-key-of-two", changed(plain, "by", "by beta.example"), SECOND)
    refused("wrong-signer", "one-release-key-twice", changed(plain, "by", "by beta.example"), SECOND, SECOND)
    refused("not-a-member", "by", changed(plain, "by", "by stranger.example"), STRANGER)
    refused("signature", "wrong", plain, STAGE, broken=STAGE)
    refused("unknown-kind", "release", changed(plain, "accord", "accord/v1/release"))
    refused("unknown-field", "key", plain + ["platform linux/amd64"])
    for key in "stage", "vendor", "product", "by":
        refused("missing-field", "no-" + key, changed(plain, key))
    refused("missing-field", "no-subject", HEAD)
    refused("missing-field", "no-subject-but-material", HEAD + [MATERIAL])
    refused("missing-field", "extension-in-head", HEAD[:2] + ["x-a 1"] + HEAD[2:] + [SUBJECT])
    refused("missing-field", "repeats-without-outcome", plain + [f"repeats {digest('x')}"])
    refused("missing-field", "repeats-with-pass", plain + ["outcome pass", f"repeats {digest('x')}"])
    refused("malformed", "stage", changed(plain, "stage", "stage packaging"))
    refused("malformed", "stage-in-capitals", changed(plain, "stage", "stage Build"))
    refused("malformed", "vendor", changed(plain, "vendor", "vendor alpha"))
    refused("malformed", "by", changed(plain, "by", "by alpha"))
    refused("malformed", "product", changed(plain, "product", "product the widget"))
    refused("malformed", "version", HEAD + ["version 1 0", SUBJECT])
    refused("malformed", "version-late", plain + ["version 1.0"])
    refused("malformed", "subject-after-material", HEAD + [SUBJECT, MATERIAL, f"subject {digest('b')} b"])
    refused("malformed", "material-after-parameter", plain + ["parameter a b", MATERIAL])
    refused("malformed", "environment-after-run", plain + ["run make", "environment A b"])
    refused("malformed", "outcome-after-repeats", plain + ["outcome match", f"repeats {digest('x')}", "run make"])
    refused("malformed", "subject-without-label", HEAD + [f"subject {digest('a')}"])
    refused("malformed", "subject-with-two-spaces", HEAD + [f"subject {digest('a')}  a"])
    refused("malformed", "label-of-513", HEAD + [f"subject {digest('a')} " + "a" * 513])
    refused("malformed", "parameter-without-text", plain + ["parameter a"])
    refused("malformed", "parameter-with-two-spaces", plain + ["parameter a  b"])
    refused("malformed", "parameter-name", plain + ["parameter a=b c"])
    refused("malformed", "environment-name", plain + ["environment _A b"])
    refused("malformed", "environment-name-of-129", plain + ["environment " + "A" * 129 + " b"])
    refused("malformed", "import-without-type", plain + [f"import {digest('e')}"])
    refused("malformed", "import-type", plain + [f"import {digest('e')} slsa"])
    refused("malformed", "location", plain + ["location alpha.example"])
    refused("malformed", "outcome", plain + ["outcome passed"])
    refused("malformed", "no-text-after-key", plain + ["run "])
    refused("bad-hex", "subject", HEAD + ["subject sha256:AB widget"])
    refused("bad-hex", "material", plain + ["material sha512:" + "0" * 64 + " m"])
    refused("bad-hex", "import", plain + ["import sha256:00 https://slsa.dev/provenance/v1"])
    refused("bad-hex", "repeats", plain + ["outcome match", "repeats sha256:00"])
    refused("duplicate", "subject-digest", plain + [SUBJECT + "2"])
    refused("duplicate", "material-digest", plain + [MATERIAL, MATERIAL + "2"])
    refused("duplicate", "parameter", plain + ["parameter a b", "parameter a c"])
    refused("duplicate", "environment", plain + ["environment A b", "environment B b", "environment A b"])
    refused("duplicate", "outcome", plain + ["outcome pass", "outcome pass"])
    refused("duplicate", "repeats", plain + ["outcome match"] + [f"repeats {digest('x')}"] * 2)
    refused("duplicate", "vendor", plain + ["vendor alpha.example"])
    write("attest.not-utf8.tab", note(plain + ["run make\tall"], STAGE))
    write("attest.malformed.truncated", note(plain, STAGE)[:-1])
    write("attest.malformed.no-signature", "\n".join(plain) + "\n")
    write("attest.too-large.lines", note(plain + ["x-a 1"] * 9000, STAGE))


if __name__ == "__main__":
    main()
