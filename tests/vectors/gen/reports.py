#!/usr/bin/env python3
"""Writes tests/vectors/reports and the seed corpora of the fuzz targets report and answer.

Like statements.py it shares no code with accord. A file's name is <kind>.<rule>.<what>[.at-N]: a report is parsed, then
verified by the file roster; an answer (receipt, progress, disclose, share) is parsed, then verified by roster and the key of
report.ok.least, in no log or at index N of log.example/accord; a tick is parsed. `values` has what an HMAC or a digest of
docs/protocol.md ("Report", "Answers") has to be, `work` how many zero bits a report's text begins with.
Usage: tests/vectors/gen/reports.py, in the top directory.
"""
import base64
import hashlib
import hmac
import sys

sys.dont_write_bytecode = True
import statements
from statements import CORPUS, LOG, RECIPIENT, RELEASE, SECOND, STAGE, STRANGER, WITNESS, Key, changed, digest, note, write

statements.OUT = "tests/vectors/reports"
for kind in "receipt", "progress", "disclose", "share", "tick":
    statements.CORPORA[kind] = "answer"

RECEIPT = Key("alpha.example/receipt")
GIVEN_UP = Key("alpha.example/receipt-of-old")
CASE = Key("reporter", seed="case one")
OTHER = Key("reporter", seed="case two")


def b64(data):
    return base64.b64encode(data).decode()


def octets(what, size=32):
    return hashlib.sha512(what.encode()).digest()[:size]


def b(what, size=32):
    return b64(octets(what, size))


CHECKPOINT_TEXT = f"log.example/accord\n7\n{b('root')}\n"
CHECKPOINT = b64((CHECKPOINT_TEXT + "\n" + LOG.sign(CHECKPOINT_TEXT) +
                  WITNESS["alpha.example"].cosign(CHECKPOINT_TEXT, 1700000000)).encode())
MOMENT = ["time 1700000000", "checkpoint " + CHECKPOINT]
SHARE = b("age file", 64)
CUSTODY = ["custody 2", "recipient " + RECIPIENT, "coefficient " + b("c0"), "coefficient " + b("c1"),
           f"custodian alpha.example {SHARE}", f"custodian beta.example {SHARE}", f"custodian gamma.example {SHARE}"]
PLAIN = ["accord/v1/report", "vendor alpha.example", "case " + CASE.vkey, *MOMENT, "opens 1707776000",
         "commitment " + b("commitment"), "file-key " + b("file key"), f"sealed {digest('age file')} 16472"]
BLINDED = changed(PLAIN, "vendor", "blinded " + b("blinded"))
FULL = (PLAIN[:3] + ["x-a 1"] + PLAIN[3:5] + ["x-b 2"] + PLAIN[5:] + CUSTODY[:4] + ["x-c 3"] + CUSTODY[4:] +
        ["introduced gamma.example", "x-d 4", "work 18446744073709551615", "x-e 5"])
HEAD = ["case " + digest(note(PLAIN, CASE)), "by alpha.example"]
LINK = ["previous " + digest("previous"), *MOMENT]


def roster():
    lines = ["accord/v1/roster", "charter " + digest("charter"), "number 1", "admit 1", "quorum 1 1", "log " + LOG.vkey,
             "member alpha.example CH Alpha", "key release " + RELEASE["alpha.example"].vkey, "key stage " + STAGE.vkey,
             "key receipt " + RECEIPT.vkey, "key witness " + WITNESS["alpha.example"].vkey,
             "member beta.example GB Beta", "key release " + RELEASE["beta.example"].vkey, "key release " + SECOND.vkey,
             "release-threshold 2", "member gamma.example GB Gamma", "key release " + RELEASE["gamma.example"].vkey,
             f"past receipt {GIVEN_UP.vkey} 10 1700000000 log.example/accord"]
    with open(statements.OUT + "/roster", "w") as file:
        file.write(note(lines, RELEASE["alpha.example"]))


def vector(kind, rule, what, lines, *keys, **more):
    write(f"{kind}.{rule}.{what}", note(lines, *keys, **more))


def places(kind, lines, keys, head):
    """What every kind refuses: a line that is missing, there twice, unknown, or in another's place."""
    names = [line.split(" ")[0] for line in lines[1:]]
    once = [name for name in names if names.count(name) == 1]
    for name in once:
        line = next(line for line in lines if line.startswith(name + " "))
        vector(kind, "missing-field", "no-" + name, changed(lines, name + " "), *keys)
        vector(kind, "duplicate", name + "-twice", changed(lines, name + " ", line, line), *keys)
    vector(kind, "unknown-field", "key", lines + ["note none"], *keys)
    vector(kind, "missing-field", "extension-in-head", lines[:head] + ["x-a 1"] + lines[head:], *keys)
    vector(kind, "missing-field", "others-first", lines[:1] + lines[2:3] + lines[1:2] + lines[3:], *keys)
    vector(kind, "signature", "wrong", lines, *keys, broken=keys[0])
    write(f"{kind}.malformed.no-signature", "\n".join(lines) + "\n")
    write(f"{kind}.malformed.cut", note(lines, *keys)[:-1])
    write(f"{kind}.not-utf8.crlf", note(lines, *keys).replace("\n", "\r\n"))


def moments(kind, lines, keys):
    for what, value in (("zero", "0"), ("past-64-bits", "18446744073709551616"), ("sign", "+1"), ("leading-zero", "01")):
        vector(kind, "malformed" if what == "zero" else "bad-decimal", "time-" + what, changed(lines, "time", "time " + value), *keys)
    checkpoints(kind, lines, keys)


def checkpoints(kind, lines, keys):
    vector(kind, "ok", "checkpoint-of-16384", changed(lines, "checkpoint", "checkpoint " + b64(bytes(16384))), *keys)
    vector(kind, "too-large", "checkpoint-of-16385", changed(lines, "checkpoint", "checkpoint " + b64(bytes(16385))), *keys)
    for what, value in (("cut", CHECKPOINT[:-1]), ("not-canonical", "YR=="), ("url-safe", "__8="), ("text", "none!")):
        vector(kind, "bad-base64", "checkpoint-" + what, changed(lines, "checkpoint", "checkpoint " + value), *keys)


def hashes(kind, lines, name, keys, size=32):
    for what, value in (("short", b("x", size - 1)), ("long", b("x", size + 1)), ("hex", "sha256:" + "00" * 32),
                        ("not-canonical", b("x", size)[:-2] + {32: "B=", 16: "="}[size] if size == 32 else b("x", 16)[:-3] + "B==")):
        vector(kind, "bad-base64", f"{name}-{what}", changed(lines, name + " ", f"{name} {value}"), *keys)


def reports():
    def ok(what, lines, *keys):
        vector("report", "ok", what, lines, *(keys or [CASE]))

    def refused(rule, what, lines, *keys, **more):
        vector("report", rule, what, lines, *(keys or [CASE]), **more)

    gamma = RELEASE["gamma.example"]
    ok("least", PLAIN)
    ok("blinded", BLINDED)
    ok("everything", FULL, CASE, gamma)
    ok("custody", PLAIN + CUSTODY)
    ok("custody-1-of-1", PLAIN + ["custody 1"] + CUSTODY[1:3] + CUSTODY[4:5])
    ok("introduced-by-a-receipt-key", PLAIN + ["introduced alpha.example"], CASE, RECEIPT)
    ok("introduced-by-a-threshold", PLAIN + ["introduced beta.example"], CASE, SECOND, RELEASE["beta.example"])
    ok("a-stranger-signed-too", PLAIN, STRANGER, CASE)
    ok("largest-numbers", changed(changed(PLAIN, "opens", f"opens {2 ** 64 - 1}"), "sealed",
                                  f"sealed {digest('age file')} {2 ** 64 - 1}"))

    places("report", PLAIN, [CASE], 2)
    moments("report", PLAIN, [CASE])
    for name in "commitment", "file-key":
        hashes("report", PLAIN, name, [CASE])
    hashes("report", BLINDED, "blinded", [CASE])
    hashes("report", changed(PLAIN + CUSTODY, "coefficient " + b("c0")), "coefficient", [CASE])

    refused("malformed", "vendor", changed(PLAIN, "vendor", "vendor alpha"))
    refused("missing-field", "vendor-and-blinded", PLAIN[:2] + BLINDED[1:])
    refused("malformed", "introduced-before-custody", PLAIN + ["introduced gamma.example"] + CUSTODY, CASE, gamma)
    refused("malformed", "work-before-introduced", PLAIN + ["work 1", "introduced gamma.example"], CASE, gamma)
    refused("malformed", "work-before-custody", PLAIN + ["work 1"] + CUSTODY)
    refused("wrong-key", "case-of-another-name", changed(PLAIN, "case", "case " + STRANGER.vkey), STRANGER)
    refused("key-type", "case", changed(PLAIN, "case", "case " + Key("reporter", 4).vkey))
    refused("bad-key-id", "case", changed(PLAIN, "case", "case " + CASE.vkey.replace(CASE.id.hex(), "00000000")))
    refused("bad-key", "case", changed(PLAIN, "case", "case reporter"))
    refused("malformed", "opens-zero", changed(PLAIN, "opens", "opens 0"))
    refused("bad-decimal", "opens", changed(PLAIN, "opens", "opens 2026-11-23"))
    refused("malformed", "sealed-without-size", changed(PLAIN, "sealed", "sealed " + digest("x")))
    refused("malformed", "sealed-of-nothing", changed(PLAIN, "sealed", f"sealed {digest('x')} 0"))
    refused("bad-decimal", "sealed", changed(PLAIN, "sealed", f"sealed {digest('x')} 1 2"))
    refused("bad-hex", "sealed", changed(PLAIN, "sealed", f"sealed {digest('x').upper()} 1"))

    full = PLAIN + CUSTODY
    refused("malformed", "custody-0", changed(full, "custody", "custody 0"))
    refused("malformed", "custody-17", changed(full, "custody", "custody 17"))
    refused("bad-decimal", "custody", changed(full, "custody", "custody 2/3"))
    refused("missing-field", "custody-without-recipient", changed(full, "recipient"))
    refused("bad-key", "recipient", changed(full, "recipient", "recipient " + RECIPIENT[:-1]))
    refused("bad-key", "recipient-in-capitals", changed(full, "recipient", "recipient " + RECIPIENT.upper()))
    refused("missing-field", "a-coefficient-too-few", changed(full, "coefficient"))
    refused("missing-field", "a-coefficient-too-many", changed(full, "coefficient", CUSTODY[2], CUSTODY[2]))
    refused("malformed", "fewer-custodians-than-custody", PLAIN + CUSTODY[:5])
    refused("missing-field", "no-custodian", PLAIN + CUSTODY[:4])
    refused("duplicate", "custodian", full + CUSTODY[4:5])
    refused("malformed", "custodian-without-share", full[:-1] + ["custodian gamma.example"])
    refused("malformed", "custodian-without-domain", full[:-1] + ["custodian " + SHARE])
    refused("bad-base64", "custodian", full[:-1] + ["custodian gamma.example " + SHARE[:-1]])
    refused("bad-base64", "custodian-of-three-words", full + [f"custodian delta.example {SHARE} {SHARE}"])
    refused("too-large", "share-of-513", full[:-1] + ["custodian gamma.example " + b64(bytes(513))])
    ok("share-of-512", full[:-1] + ["custodian gamma.example " + b64(bytes(512))])
    refused("too-large", "custodians-17", PLAIN + CUSTODY[:4] + [f"custodian m{i}.example {SHARE}" for i in range(17)])
    refused("not-a-member", "custodians-16", PLAIN + CUSTODY[:4] + [f"custodian m{i}.example {SHARE}" for i in range(16)])
    refused("unknown-field", "custodian-without-custody", PLAIN + ["custodians 1"])
    refused("malformed", "custodian-alone", PLAIN + CUSTODY[4:5])
    refused("bad-decimal", "work", PLAIN + ["work -1"])
    refused("malformed", "introduced", PLAIN + ["introduced gamma"])

    refused("wrong-signer", "another-case", PLAIN, OTHER)
    refused("wrong-signer", "its-vendor", PLAIN, RELEASE["alpha.example"])
    refused("not-a-member", "vendor", changed(PLAIN, "vendor", "vendor delta.example"))
    refused("not-a-member", "custodian", full[:-1] + [f"custodian delta.example {SHARE}"])
    refused("not-a-member", "introduced", PLAIN + ["introduced delta.example"], CASE, gamma)
    refused("wrong-signer", "introduced-by-nobody", PLAIN + ["introduced gamma.example"])
    refused("wrong-signer", "introduced-by-another", PLAIN + ["introduced gamma.example"], CASE, RECEIPT)
    refused("wrong-signer", "introduced-by-a-stage-key", PLAIN + ["introduced alpha.example"], CASE, STAGE)
    refused("threshold", "introduced-by-one-of-two", PLAIN + ["introduced beta.example"], CASE, SECOND)
    refused("signature", "introduction-wrong", PLAIN + ["introduced gamma.example"], CASE, gamma, broken=gamma)
    refused("unknown-kind", "reports", changed(PLAIN, "accord", "accord/v1/reports"))


def answers():
    alpha = RELEASE["alpha.example"]
    RECEIPTED = ["accord/v1/receipt", *HEAD, *LINK, "value " + b("value")]
    SALTED = RECEIPTED + ["blind-key " + b("salt")]
    STATES = {
        "triaged": ["commitment " + b("verdict")], "fix": ["commitment " + b("fix")], "regulator": ["commitment " + b("notice")],
        "need-info": [], "published": ["release " + digest("release")], "exploited": [], "extend": ["until 1709000000"],
        "refused": ["reason duplicate of an older one"], "unreadable": [], "withdrawn": [],
        "revealed": ["entry " + digest("entry"), "salt " + b("its salt"), "text it  is serious"]}

    def progress(state):
        return ["accord/v1/progress", *HEAD, *LINK, "state " + state, *STATES[state]]

    DISCLOSED = ["accord/v1/disclose", *HEAD, *MOMENT, "file-key " + b("file key", 16)]
    SHARED = ["accord/v1/share", *HEAD, *MOMENT, "scalar " + b("scalar")]
    COMPLAINT = SHARED[:-1] + ["complaint " + b("file key", 16)]
    kinds = {"receipt": SALTED, "disclose": DISCLOSED + ["seed " + b("seed")], "share": SHARED, "progress": progress("published")}
    for kind, lines in kinds.items():
        if kind in ("receipt", "disclose"):  # their last line need not be there
            for rule, what, more in (("ok", "least", lines[:-1]), ("duplicate", lines[-1].split(" ")[0] + "-twice", lines + lines[-1:])):
                vector(kind, rule, what, more, RECEIPT)
        places(kind, lines[:-1] if kind in ("receipt", "disclose") else lines, [RECEIPT], 2)
        moments(kind, lines, [RECEIPT])
        vector(kind, "ok", "extensions", lines[:3] + ["x-a 1"] + lines[3:5] + ["x-b 2"] + lines[5:] + ["x-c 3"], RECEIPT)
        vector(kind, "bad-hex", "case", changed(lines, "case", "case " + b("case")), RECEIPT)
        vector(kind, "malformed", "by", changed(lines, "by", "by Reporter"), RECEIPT)
        signatures(kind, lines)
    for state in STATES:
        vector("progress", "ok", state, progress(state), RECEIPT)
        if STATES[state]:
            vector("progress", "missing-field", "of-" + state, progress(state)[:7], RECEIPT)
        other = "fix" if state == "triaged" else "triaged"
        if not STATES[state]:
            vector("progress", "malformed", "more-of-" + state, progress(state) + STATES[other], RECEIPT)

    vector("receipt", "ok", "blind-key", SALTED, RECEIPT)
    hashes("receipt", SALTED, "value", [RECEIPT])
    hashes("receipt", SALTED, "blind-key", [RECEIPT])
    vector("receipt", "bad-hex", "previous", changed(SALTED, "previous", "previous none"), RECEIPT)
    vector("receipt", "missing-field", "blind-key-before-value", RECEIPTED[:-1] + SALTED[-1:] + RECEIPTED[-1:], RECEIPT)
    vector("disclose", "ok", "seed", kinds["disclose"], RECEIPT)
    hashes("disclose", DISCLOSED, "file-key", [RECEIPT], 16)
    hashes("disclose", kinds["disclose"], "seed", [RECEIPT])
    vector("disclose", "unknown-field", "previous", DISCLOSED[:3] + LINK + DISCLOSED[5:], RECEIPT)
    vector("share", "unknown-field", "previous", SHARED[:3] + LINK + SHARED[5:], RECEIPT)
    vector("share", "ok", "scalar", SHARED, RECEIPT)
    vector("share", "ok", "complaint", COMPLAINT, RECEIPT)
    vector("share", "malformed", "scalar-and-complaint", SHARED + COMPLAINT[-1:], RECEIPT)
    hashes("share", SHARED, "scalar", [RECEIPT])
    hashes("share", COMPLAINT, "complaint", [RECEIPT], 16)

    def refused(rule, what, lines):
        vector("progress", rule, what, lines, RECEIPT)

    plain = progress("refused")
    for what, value in (("word", "junk"), ("word-of-128", "j" * 128 + " so"), ("words-with-two-spaces", "junk a  b")):
        vector("progress", "ok", "reason-of-a-" + what, plain[:-1] + ["reason " + value], RECEIPT)
    for what, value in (("word-of-129", "j" * 129), ("two-spaces", "junk  a"), ("sign", "-junk"), ("comma", "junk, a")):
        refused("malformed", "reason-" + what, plain[:-1] + ["reason " + value])
    refused("malformed", "reason-space-at-the-end", plain[:-1] + ["reason junk "])
    for what in "receipt", "disclose", "share", "complaint", "Triaged", "done", "triaged fix":
        refused("malformed", "state-" + what.replace(" ", "-"), plain[:6] + ["state " + what])
    refused("malformed", "until-zero", progress("extend")[:-1] + ["until 0"])
    refused("bad-decimal", "until", progress("extend")[:-1] + ["until 1e9"])
    refused("bad-hex", "release", progress("published")[:-1] + ["release " + b("x")])
    refused("bad-hex", "entry", changed(progress("revealed"), "entry", "entry " + b("x")))
    hashes("progress", progress("revealed"), "salt", [RECEIPT])
    hashes("progress", progress("triaged"), "commitment", [RECEIPT])
    refused("missing-field", "release-of-a-fix", progress("fix")[:-1] + STATES["published"])
    write("progress.unknown-kind.report", note(PLAIN, RECEIPT))
    write("progress.unknown-kind.proceeds", note(changed(plain, "accord", "accord/v1/proceeds"), RECEIPT))

    tick = ["accord/v1/tick", "checkpoint " + CHECKPOINT]
    vector("tick", "ok", "plain", tick, STRANGER)
    vector("tick", "ok", "extensions", ["accord/v1/tick", "x-a 1", *tick[1:], "x-b 2"], STRANGER)
    vector("tick", "missing-field", "no-checkpoint", ["accord/v1/tick", "x-a 1"], STRANGER)
    vector("tick", "duplicate", "checkpoint", tick + tick[1:], STRANGER)
    vector("tick", "unknown-field", "time", tick + ["time 1"], STRANGER)
    vector("tick", "unknown-kind", "tock", ["accord/v1/tock", *tick[1:]], STRANGER)
    checkpoints("tick", tick, [STRANGER])


def signatures(kind, lines):
    """Who has to have signed an answer."""
    by = {who: changed(lines, "by", "by " + who) for who in ("reporter", "beta.example", "gamma.example", "delta.example")}
    vector(kind, "ok", "a-release-key", lines, RELEASE["alpha.example"])
    vector(kind, "ok", "a-threshold", by["beta.example"], SECOND, RELEASE["beta.example"])
    vector(kind, "ok", "reporter", by["reporter"], CASE)
    vector(kind, "ok", "a-stranger-signed-too", lines, STRANGER, RECEIPT)
    vector(kind, "ok", "a-key-before-it-was-given-up.at-9", lines, GIVEN_UP)
    vector(kind, "wrong-signer", "a-key-that-was-given-up.at-10", lines, GIVEN_UP)
    vector(kind, "wrong-signer", "a-key-that-was-given-up", lines, GIVEN_UP)
    vector(kind, "wrong-signer", "another-case", by["reporter"], OTHER)
    vector(kind, "wrong-signer", "vendor-as-reporter", by["reporter"], RECEIPT)
    vector(kind, "wrong-signer", "reporter-as-vendor", lines, CASE)
    vector(kind, "wrong-signer", "stage-key", lines, STAGE)
    vector(kind, "wrong-signer", "key-of-another", by["gamma.example"], RECEIPT)
    vector(kind, "threshold", "one-key-of-two", by["beta.example"], SECOND)
    vector(kind, "not-a-member", "by", by["delta.example"], STRANGER)
    vector(kind, "signature", "of-the-reporter-wrong", by["reporter"], CASE, broken=CASE)


def mac(salt, *pieces):
    return b64(hmac.new(salt, b"".join(pieces), hashlib.sha256).digest())


def values():
    lines = []
    for name in "one", "two":
        salt, parcel, case = octets(name + " salt"), octets(name + " parcel"), octets(name + " case")
        key = octets(name + " key", 16)
        blind = hmac.new(salt, b"accord/v1/blind-key" + bytes([10]), hashlib.sha256).digest()
        vendor, text = name.encode() + b".example", b"the verdict " + name.encode()
        lines += [f"commitment {b64(salt)} {vendor.decode()} {b64(parcel)} "
                  + mac(salt, b"accord/v1/report\n", vendor, b"\n", parcel),
                  f"blind-key {b64(salt)} {b64(blind)}",
                  f"blinded {b64(blind)} {vendor.decode()} {mac(blind, b'accord/v1/vendor' + bytes([10]), vendor)}",
                  f"file-key {b64(key)} {b64(hashlib.sha256(b'accord/v1/file-key' + bytes([10]) + key).digest())}",
                  f"receipt {b64(salt)} {b64(case)} {b64(parcel)} " + mac(salt, b"accord/v1/receipt\n", case, parcel)]
        for state in b"triaged", b"fix", b"regulator":
            lines.append(f"{state.decode()} {b64(salt)} {b64(text)} " + mac(salt, b"accord/v1/", state, b"\n", text))
    with open(statements.OUT + "/values", "w") as file:
        file.write("\n".join(lines) + "\n")


def work():
    """Reports whose texts begin with 0 to 9 zero bits, and the number of bits beside their names."""
    lines, bits, number = [], 0, 0
    while bits < 10:
        text = "\n".join(PLAIN + [f"work {number}"]) + "\n"
        value = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
        if 256 - value.bit_length() == bits:
            write(f"report.ok.work-of-{bits}-bits", note(text[:-1].split("\n"), CASE))
            lines.append(f"report.ok.work-of-{bits}-bits {bits}")
            bits += 1
        number += 1
    with open(statements.OUT + "/work", "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    reports()
    answers()
    roster()
    values()
    work()
