#!/usr/bin/env python3
"""Writes tests/vectors/statements and the seed corpora of the statements' fuzz targets.

It shares no code with accord: only docs/protocol.md and C2SP signed-note. A file's name is <kind>.<rule>.<what>[.<against>]
(docs/protocol.md, "Vectors"). Needs python3-cryptography. Usage: tests/vectors/gen/statements.py, in the top directory.
"""
import base64
import hashlib
import os

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OUT = "tests/vectors/statements"
CORPUS = "tests/fuzz/corpus"
# The fuzz target of a kind, where it is another's.
CORPORA = {"leave": "apply", "enact": "apply", "rosters": "succession"}


class Key:
    """A note key made from its own name, so that every run makes the same."""

    def __init__(self, name, kind=1, seed=None):
        self.name = name
        secret = hashlib.sha256(f"vector {seed or name + ' ' + str(kind)}".encode()).digest()
        self.private = Ed25519PrivateKey.from_private_bytes(secret)
        public = self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        if kind == 6:
            public = (public * 41)[:1312]
        self.typed = bytes([kind]) + public
        self.id = hashlib.sha256(name.encode() + b"\n" + self.typed).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(self.typed).decode()}"

    def cosign(self, text, time):
        """A timestamped cosignature (C2SP tlog-cosignature, type 0x04)."""
        signature = self.private.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
        return f"\u2014 {self.name} {base64.b64encode(self.id + time.to_bytes(8, 'big') + signature).decode()}\n"

    def sign(self, text, broken=False):
        signature = self.private.sign(text.encode())
        if broken:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        return f"\u2014 {self.name} {base64.b64encode(self.id + signature).decode()}\n"


def note(lines, *keys, broken=None):
    text = "\n".join(lines) + "\n"
    return text + "\n" + "".join(key.sign(text, key is broken) for key in keys)


def digest(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def write(name, content, before=""):
    """A vector, and a seed of its kind's fuzz target, which may want more in front."""
    data = content if isinstance(content, bytes) else content.encode()
    kind = CORPORA.get(name.split(".")[0], name.split(".")[0])
    for path in (f"{OUT}/{name}", f"{CORPUS}/{kind}/{name}"):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data if path.startswith(OUT) else before.encode() + data)


def changed(lines, old, *new):
    """The lines with the one that begins with old replaced by new lines."""
    place = next(i for i, line in enumerate(lines) if line.startswith(old))
    return lines[:place] + list(new) + lines[place + 1:]


DOMAINS = ["alpha.example", "beta.example", "gamma.example"]
RELEASE = {d: Key(d + "/release") for d in DOMAINS}
SECOND = Key("beta.example/release-2")
STAGE = Key("alpha.example/stage")
WITNESS = {d: Key(d + "/witness", 4) for d in DOMAINS}
MLDSA = Key("gamma.example/witness", 6)
LOG = Key("log.example/accord")
OLD_LOG = Key("old.example/accord")
CURRENT = Key("alpha.example/current")
MIRROR = Key("alpha.example/mirror", 4)
PAST = {role: Key("alpha.example/past-" + role) for role in ("release", "stage", "current")}
FORMER = Key("delta.example/release")
STRANGER = Key("stranger.example/release")
RECIPIENT = "age1" + "qpzry9x8gf2tvdw0s3jn54khce6mua7l" + "qpzry9x8gf2tvdw0s3jn54khce"
FOUNDERS = [RELEASE[d] for d in DOMAINS]


def charters():
    lines = ["accord/v1/charter", "name vectors-2018"] + [f"founder {d} {RELEASE[d].vkey}" for d in DOMAINS]
    plain = note(lines, *FOUNDERS)
    write("charter.ok.founders", plain)
    full = changed(lines, "name", "name vectors-2018", "x-a 1", "text " + digest("prose"), "notice-days 90", "x-b 2")
    write("charter.ok.text-notice-extensions", note(full, *FOUNDERS))
    days = changed(lines, "name", "name vectors-2018", "notice-days 90", "embargo 60 20 100 10 5 30 3")
    write("charter.ok.embargo", note(days, *FOUNDERS))
    write("charter.ok.a-stranger-signed-too", note(lines, STRANGER, *FOUNDERS))
    write("charter.ok.one-founder", note(lines[:3], FOUNDERS[0]))

    def refused(rule, what, changed_lines, *keys, **more):
        write(f"charter.{rule}.{what}", note(changed_lines, *(keys or FOUNDERS), **more))

    other = Key("other.example/release", seed="alpha.example/release 1")
    refused("threshold", "founder-did-not-sign", lines, *FOUNDERS[:2])
    refused("signature", "founder-signed-wrongly", lines, broken=FOUNDERS[1], *FOUNDERS)
    refused("missing-field", "no-name", lines[:1] + lines[2:])
    refused("missing-field", "no-founder", lines[:2])
    refused("missing-field", "extension-before-name", lines[:1] + ["x-a 1"] + lines[1:])
    refused("missing-field", "text-after-notice-days",
            lines[:2] + ["notice-days 1", "text " + digest("prose")] + lines[2:])
    refused("malformed", "notice-days-after-founder", lines + ["notice-days 1"])
    for what, value in (("of-six", "60 20 100 10 5 30"), ("of-eight", "60 20 100 10 5 30 3 1"), ("of-none", "0 20 100 10 5 30 3"),
                        ("of-eleven-years", "60 20 4015 10 5 30 3"), ("latest-before-days", "60 20 59 10 5 30 3"),
                        ("silent-after-days", "60 20 100 10 5 61 3"), ("receipt-after-silent", "60 20 100 10 31 30 3")):
        refused("malformed", "embargo-" + what, changed(days, "embargo", "embargo " + value))
    refused("duplicate", "embargo-twice", changed(days, "embargo", days[3], days[3]))
    refused("missing-field", "notice-days-after-embargo", lines[:2] + [days[3], "notice-days 1"] + lines[2:])
    refused("unknown-field", "founders", changed(lines, "founder alpha", "founders 3"))
    refused("duplicate", "name-twice", lines[:2] + lines[1:])
    refused("duplicate", "founder-twice", lines + [lines[-1]])
    refused("duplicate", "key-twice", lines + ["founder other.example " + other.vkey])
    refused("wrong-key", "key-of-another", changed(lines, "founder beta", f"founder beta.example {STRANGER.vkey}"))
    refused("wrong-key", "name-only-begins-with-domain",
            changed(lines, "founder beta", f"founder beta.example {Key('beta.example.net/release').vkey}"))
    refused("key-type", "witness-key", changed(lines, "founder beta", f"founder beta.example {WITNESS['beta.example'].vkey}"))
    refused("bad-key-id", "id", changed(lines, "founder beta", "founder beta.example " +
            RELEASE["beta.example"].vkey.replace(RELEASE["beta.example"].id.hex(), "00000000")))
    refused("bad-key", "no-key", changed(lines, "founder beta", "founder beta.example beta.example"))
    refused("malformed", "founder-without-key", changed(lines, "founder beta", "founder beta.example"))
    refused("malformed", "domain-in-capitals", changed(lines, "founder beta", "founder Beta.example " + SECOND.vkey))
    refused("malformed", "domain-of-one-label", changed(lines, "founder beta", "founder beta " + Key("beta/r").vkey))
    refused("malformed", "name-with-space", changed(lines, "name", "name tech accord"))
    refused("malformed", "notice-days-of-a-century-and-a-day", lines[:2] + ["notice-days 36501"] + lines[2:])
    refused("bad-decimal", "notice-days", lines[:2] + ["notice-days 090"] + lines[2:])
    refused("bad-hex", "text", lines[:2] + ["text sha256:AB"] + lines[2:])
    refused("unknown-kind", "release", changed(lines, "accord", "accord/v1/release"))
    refused("malformed", "version", changed(lines, "accord", "accord/v2/charter"))
    write("charter.malformed.no-signatures", "\n".join(lines) + "\n")
    write("charter.not-utf8.crlf", plain.replace("\n", "\r\n"))
    write("charter.not-utf8.nul", plain.replace("vectors", "vec\0ors"))
    write("charter.malformed.trailing-bytes", plain + "x")
    write("charter.malformed.truncated", plain[:-1])
    return plain


def member(domain, code, title, *keys):
    return [f"member {domain} {code} {title}", f"key release {RELEASE[domain].vkey}"] + list(keys)


def witness(domain, url=""):
    return f"key witness {WITNESS[domain].vkey}{url}"


def rosters(charter):
    head = ["accord/v1/roster", "charter " + digest(charter), "number 1"]
    body = (["admit 2", "quorum 2 1", f"log {LOG.vkey} https://log.example/"] +
            member("alpha.example", "CH", "Alpha", "key stage " + STAGE.vkey, witness("alpha.example"),
                   "key report " + RECIPIENT) +
            member("beta.example", "GB", "Beta  and Söhne", "key release " + SECOND.vkey,
                   witness("beta.example", " https://witness.beta.example/w"), "release-threshold 2") +
            member("gamma.example", "GB", "Gamma", f"key witness {MLDSA.vkey}"))
    lines = head + body
    first = note(lines, *FOUNDERS)
    write("roster.ok.first", first)
    spaced = head + ["x-a 1"] + [line for pair in zip(body, ["x-b 2"] * len(body)) for line in pair]
    write("roster.ok.extensions.parse", note(spaced, *FOUNDERS))
    beta = [RELEASE["beta.example"], SECOND]
    alpha, gamma = RELEASE["alpha.example"], RELEASE["gamma.example"]
    after = ["accord/v1/roster", "charter " + digest(charter), "number 2", "previous " + digest(first)] + body
    write("roster.ok.second-by-one-key-and-two.next", note(after, alpha, *beta))
    write("roster.ok.a-stranger-signed-too.next", note(after, STRANGER, alpha, gamma))
    write("roster.threshold.second-by-one-member.next", note(after, alpha))
    write("roster.threshold.member-below-its-own-threshold.next", note(after, alpha, SECOND))
    write("roster.threshold.one-signature-twice.next", note(after, alpha, alpha))
    write("roster.threshold.stage-key-signs-no-roster.next", note(after, alpha, STAGE))
    write("roster.signature.second.next", note(after, alpha, gamma, broken=gamma))
    write("roster.chain.number-3-after-1.next", note(changed(after, "number", "number 3"), *FOUNDERS))
    write("roster.chain.another-previous.next",
          note(changed(after, "previous", "previous " + digest("x")), *FOUNDERS))
    write("roster.chain.another-charter.next", note(changed(after, "charter", "charter " + digest("x")), *FOUNDERS))
    write("roster.chain.first-after-first.next", first)
    write("roster.chain.second-as-first", note(after, *FOUNDERS))
    write("roster.chain.first-of-another-charter", note(changed(lines, "charter", "charter " + digest("x")), *FOUNDERS))
    write("roster.threshold.first-without-a-founder", note(lines, *FOUNDERS[1:]))
    write("roster.signature.first", note(lines, *FOUNDERS, broken=alpha))

    write("roster.ok.past.next", note(with_past(after), alpha, gamma))

    def refused(rule, what, changed_lines):
        write(f"roster.{rule}.{what}", note(changed_lines, *FOUNDERS))

    for key in ("charter", "number", "admit", "quorum", "log"):
        refused("missing-field", "no-" + key, [line for line in lines if not line.startswith(key + " ")])
    refused("missing-field", "no-member", lines[:6])
    refused("missing-field", "member-without-release-key", [line for line in lines if not line.endswith(alpha.vkey)])
    refused("missing-field", "number-2-without-previous", changed(lines, "number", "number 2"))
    refused("missing-field", "extension-in-head", lines[:1] + ["x-a 1"] + lines[1:])
    refused("missing-field", "key-before-member", lines[:6] + ["key stage " + STAGE.vkey] + lines[6:])
    refused("malformed", "number-0", changed(lines, "number", "number 0"))
    refused("malformed", "previous-of-number-1", lines[:3] + ["previous " + digest("x")] + lines[3:])
    refused("bad-decimal", "number", changed(lines, "number", "number 01"))
    refused("malformed", "admit-0", changed(lines, "admit", "admit 0"))
    refused("malformed", "admit-more-than-members", changed(lines, "admit", "admit 4"))
    refused("malformed", "quorum-of-more-jurisdictions", changed(lines, "quorum", "quorum 3 1"))
    refused("malformed", "quorum-of-more-witnesses", changed(lines, "quorum", "quorum 2 2"))
    refused("malformed", "quorum-0", changed(lines, "quorum", "quorum 0 1"))
    refused("bad-decimal", "quorum-of-three-numbers", changed(lines, "quorum", "quorum 2 1 1"))
    refused("bad-hex", "charter", changed(lines, "charter", "charter " + digest("x").upper()))
    refused("duplicate", "admit-twice", changed(lines, "admit", "admit 2", "admit 2"))
    refused("duplicate", "log-twice", changed(lines, "log", f"log {LOG.vkey}", f"log {LOG.vkey}"))
    refused("duplicate", "member-twice", lines + ["member alpha.example CH Alpha", f"key release {Key('alpha.example/x').vkey}"])
    refused("duplicate", "public-key-in-two-roles",
            changed(lines, "key stage", "key stage " + Key("alpha.example/stage", seed="alpha.example/release 1").vkey))
    refused("duplicate", "log-key-as-witness",
            changed(lines, "key witness", "key witness " + Key("alpha.example/w", 4, seed="log.example/accord 1").vkey))
    refused("duplicate", "two-witness-keys-in-a-member", changed(lines, "key stage", "key witness " + Key("alpha.example/w", 4).vkey))
    refused("duplicate", "recipient-twice", changed(lines, "key report", "key report " + RECIPIENT, "key report " + RECIPIENT))
    refused("wrong-key", "key-of-another-member", changed(lines, "key stage", "key stage " + Key("beta.example/s").vkey))
    refused("key-type", "log-key-of-a-witness", changed(lines, "log", f"log {Key('log.example', 4).vkey}"))
    refused("key-type", "witness-key-of-type-1", changed(lines, "key witness", f"key witness {Key('alpha.example/w').vkey}"))
    refused("key-type", "stage-key-of-type-4", changed(lines, "key stage", f"key stage {Key('alpha.example/s', 4).vkey}"))
    refused("key-type", "unknown-type", changed(lines, "key stage", f"key stage {Key('alpha.example/s', 2).vkey}"))
    refused("bad-key", "recipient", changed(lines, "key report", "key report " + RECIPIENT.upper()))
    refused("bad-key", "recipient-cut", changed(lines, "key report", "key report " + RECIPIENT[:-1]))
    refused("malformed", "role", changed(lines, "key stage", "key signing " + STAGE.vkey))
    refused("malformed", "url-of-a-stage-key", changed(lines, "key stage", f"key stage {STAGE.vkey} https://a.example/"))
    refused("malformed", "url", changed(lines, "log", f"log {LOG.vkey} log.example"))
    refused("malformed", "two-urls", changed(lines, "log", f"log {LOG.vkey} https://a.example/ https://b.example/"))
    refused("malformed", "jurisdiction", changed(lines, "member alpha", "member alpha.example ch Alpha"))
    refused("malformed", "member-without-title", changed(lines, "member alpha", "member alpha.example CH"))
    refused("malformed", "title-begins-with-space", changed(lines, "member alpha", "member alpha.example CH  Alpha"))
    refused("malformed", "release-threshold-above-keys", changed(lines, "release-threshold", "release-threshold 3"))
    refused("malformed", "release-threshold-0", changed(lines, "release-threshold", "release-threshold 0"))
    refused("malformed", "key-after-threshold", changed(lines, "release-threshold", "release-threshold 2", "key stage " + Key("beta.example/s").vkey))
    refused("malformed", "log-after-members", lines + [f"log {Key('log2.example').vkey}"])
    past_lines(refused, lines)
    refused("unknown-field", "policy", lines[:6] + ["policy none"] + lines[6:])
    refused("unknown-kind", "charter", changed(lines, "accord", "accord/v1/charter"))
    return first, note(after, alpha, *beta), body


def closed(key, size="7", root=None, time="1500000000", url=""):
    root = base64.b64encode(hashlib.sha256(b"last tree").digest()).decode() if root is None else root
    return f"closed {key.vkey} {size} {root} {time}{url}"


def past(role, key, index="100", time="1600000000", origin="log.example/accord"):
    return f"past {role} {key.vkey} {index} {time} {origin}"


def with_past(lines):
    """A roster with a closed log, a current and a mirror key, a former member and keys that were."""
    lines = changed(lines, "log", f"log {LOG.vkey} https://log.example/", closed(OLD_LOG, url=" https://old.example/"))
    lines = changed(lines, "key stage", "key stage " + STAGE.vkey, "key current " + CURRENT.vkey,
                    f"key mirror {MIRROR.vkey} https://mirror.example/")
    return lines + (["former delta.example US 1 Delta  Corp."] +
                    [past("release", PAST["release"]), past("stage", PAST["stage"]),
                     past("current", PAST["current"], origin="old.example/accord"), past("release", FORMER)])


def past_lines(refused, plain):
    """What is wrong with lines of logs, members and keys that were."""
    lines = with_past(plain)
    gone = Key("delta.example/release", seed="delta 2")
    refused("malformed", "closed-without-time", changed(lines, "closed", closed(OLD_LOG).rsplit(" ", 1)[0]))
    refused("bad-decimal", "closed-size", changed(lines, "closed", closed(OLD_LOG, size="07")))
    refused("bad-decimal", "closed-time", changed(lines, "closed", closed(OLD_LOG, time="-1")))
    refused("bad-base64", "closed-root", changed(lines, "closed", closed(OLD_LOG, root="AAAA")))
    refused("bad-key", "closed-key", changed(lines, "closed", closed(OLD_LOG).replace(OLD_LOG.vkey, "old.example")))
    refused("key-type", "closed-witness", changed(lines, "closed", closed(Key("old.example/accord", 4))))
    refused("malformed", "closed-url", changed(lines, "closed", closed(OLD_LOG, url=" old.example")))
    refused("duplicate", "closed-and-open", changed(lines, "closed", closed(LOG)))
    refused("duplicate", "closed-origin-of-a-log", changed(lines, "closed", closed(Key("log.example/accord", seed="x"))))
    refused("duplicate", "closed-twice", changed(lines, "closed", closed(OLD_LOG), closed(OLD_LOG, size="8")))
    refused("missing-field", "closed-before-log", changed(changed(lines, "closed"), "log", closed(OLD_LOG), f"log {LOG.vkey}"))
    refused("too-large", "seventeen-closed",
            changed(lines, "closed", closed(OLD_LOG), *[closed(Key(f"old{i}.example")) for i in range(16)]))
    refused("malformed", "former-without-title", changed(lines, "former", "former delta.example US 1"))
    refused("malformed", "former-threshold-0", changed(lines, "former", "former delta.example US 0 Delta"))
    refused("malformed", "former-threshold-1025", changed(lines, "former", "former delta.example US 1025 Delta"))
    refused("bad-decimal", "former-threshold", changed(lines, "former", "former delta.example US one Delta"))
    refused("malformed", "former-jurisdiction", changed(lines, "former", "former delta.example USA 1 Delta"))
    refused("malformed", "former-domain", changed(lines, "former", "former delta US 1 Delta"))
    refused("duplicate", "former-and-member", changed(lines, "former", "former alpha.example US 1 Alpha"))
    refused("duplicate", "former-twice", changed(lines, "former", *["former delta.example US 1 Delta"] * 2))
    refused("malformed", "former-after-past", lines + ["former epsilon.example US 1 Epsilon"])
    refused("malformed", "member-after-former", lines + ["member epsilon.example US Epsilon"])
    refused("malformed", "past-role", changed(lines, "past stage", past("witness", PAST["stage"])))
    refused("malformed", "past-without-origin", changed(lines, "past stage", past("stage", PAST["stage"]).rsplit(" ", 1)[0]))
    refused("bad-decimal", "past-index", changed(lines, "past stage", past("stage", PAST["stage"], index="x")))
    refused("bad-decimal", "past-time", changed(lines, "past stage", past("stage", PAST["stage"], time="00")))
    refused("key-type", "past-witness-key", changed(lines, "past stage", past("stage", Key("alpha.example/w2", 4))))
    refused("unknown-name", "past-of-nobody", changed(lines, "past stage", past("stage", STRANGER)))
    refused("unknown-name", "past-of-a-name-that-only-begins-so",
            changed(lines, "past stage", past("stage", Key("alpha.example.net/stage"))))
    refused("unknown-name", "past-in-an-unknown-log", changed(lines, "past stage", past("stage", PAST["stage"], origin="log.example")))
    refused("duplicate", "past-and-present", changed(lines, "past stage", past("stage", STAGE)))
    refused("duplicate", "past-twice", lines + [past("release", FORMER)])
    refused("duplicate", "past-log-key", changed(lines, "past stage", past("stage", Key("alpha.example/x", seed="old.example/accord 1"))))
    refused("too-large", "past-513", changed(lines, "past stage", *[past("stage", Key(f"alpha.example/{i}")) for i in range(513)]))
    refused("duplicate", "two-mirror-keys-in-a-member",
            changed(lines, "key current", f"key mirror {Key('alpha.example/mirror-2', 4).vkey}"))
    refused("key-type", "mirror-key-of-type-1", changed(lines, "key mirror", f"key mirror {Key('alpha.example/m').vkey}"))
    refused("key-type", "current-key-of-type-4", changed(lines, "key current", f"key current {Key('alpha.example/c', 4).vkey}"))
    refused("malformed", "url-of-a-current-key", changed(lines, "key current", f"key current {CURRENT.vkey} https://a.example/"))
    raised = "past-threshold beta.example 1 100 1600000000 log.example/accord"
    left = "past-threshold delta.example 1024 0 0 old.example/accord"
    write("roster.ok.past-thresholds.parse", note(lines + [raised, raised.replace("beta.example 1", "beta.example 2"), left], gone))
    write("roster.ok.past-thresholds-256.parse", note(lines + [f"past-threshold beta.example {i + 1} {i} 0 log.example/accord" for i in range(256)], gone))
    refused("too-large", "past-thresholds-257", lines + [f"past-threshold beta.example {i + 1} {i} 0 log.example/accord" for i in range(257)])
    refused("duplicate", "past-threshold-twice", lines + [raised, left, raised.replace("100", "99")])
    refused("unknown-name", "past-threshold-of-nobody", lines + [raised.replace("beta", "epsilon")])
    refused("unknown-name", "past-threshold-in-an-unknown-log", lines + [raised.replace("log.example/accord", "log.example")])
    refused("malformed", "past-threshold-0", lines + [raised.replace("beta.example 1", "beta.example 0")])
    refused("malformed", "past-threshold-1025", lines + [raised.replace("beta.example 1", "beta.example 1025")])
    refused("malformed", "past-threshold-without-origin", lines + [raised.rsplit(" ", 1)[0]])
    refused("malformed", "past-after-past-threshold", [line for line in lines if not line.startswith("past")] + [raised, past("release", FORMER)])
    refused("bad-decimal", "past-threshold", lines + [raised.replace("beta.example 1", "beta.example one")])
    refused("bad-decimal", "past-threshold-index", lines + [raised.replace("100", "0100")])
    refused("bad-decimal", "past-threshold-time", lines + [raised.replace("1600000000", "-1")])
    receipt = changed(lines, "key current", f"key receipt {CURRENT.vkey}")
    second = [i for i, line in enumerate(receipt) if line.startswith("member ")][1]
    receipt = receipt[:second] + ["report-days 60"] + receipt[second:]
    write("roster.ok.receipt-key-and-report-days.parse", note(receipt + [past("receipt", Key("alpha.example/r"))], gone))
    refused("key-type", "receipt-key-of-type-4", changed(lines, "key current", f"key receipt {Key('alpha.example/c', 4).vkey}"))
    refused("malformed", "report-days-0", changed(receipt, "report-days", "report-days 0"))
    refused("malformed", "report-days-3651", changed(receipt, "report-days", "report-days 3651"))
    refused("malformed", "report-days-twice", changed(receipt, "report-days", "report-days 60", "report-days 60"))
    refused("malformed", "threshold-after-report-days", changed(receipt, "report-days", "report-days 60", "release-threshold 1"))
    write("roster.ok.past-512.parse", note([line for line in lines if not line.startswith("past")] +
                                           [past("stage", Key(f"delta.example/{i}")) for i in range(512)], gone))


def applications(charter):
    head = ["accord/v1/apply", "charter " + digest(charter)]
    new = {role: Key("new.example/" + role) for role in ("release", "release-2", "stage", "current")}
    signers = list(new.values())
    body = ["member new.example FR New  Société", "key release " + new["release"].vkey,
            f"key witness {Key('new.example/witness', 4).vkey} https://witness.new.example/",
            "key stage " + new["stage"].vkey, "key report " + RECIPIENT, "key release " + new["release-2"].vkey,
            "key current " + new["current"].vkey, f"key mirror {Key('new.example/mirror', 6).vkey}",
            "release-threshold 2"]
    lines = head + body
    write("apply.ok.all-keys", note(lines, *signers))
    write("apply.ok.one-key", note(head + body[:2], new["release"]))
    write("apply.ok.extensions", note(head + ["x-a 1"] + body[:1] + ["x-b 1"] + body[1:2] + ["x-c 2"], new["release"]))
    write("apply.threshold.a-key-that-did-not-sign", note(lines, *signers[:3]))
    write("apply.threshold.signed-by-another", note(head + body[:2], STRANGER))
    write("apply.signature.wrong", note(lines, *signers, broken=signers[2]))

    def refused(rule, what, changed_lines):
        write(f"apply.{rule}.{what}", note(changed_lines, *signers))

    refused("missing-field", "no-charter", lines[:1] + lines[2:])
    refused("missing-field", "no-member", lines[:2])
    refused("missing-field", "no-release-key", head + body[:1] + body[2:5])
    refused("missing-field", "extension-in-head", lines[:1] + ["x-a 1"] + lines[1:])
    refused("duplicate", "key-twice", lines[:4] + lines[3:])
    refused("duplicate", "two-witnesses", lines[:4] + [f"key witness {Key('new.example/w', 4).vkey}"] + lines[4:])
    refused("duplicate", "threshold-twice", lines + lines[-1:])
    refused("duplicate", "two-members", lines + body)
    refused("malformed", "key-after-threshold", lines + ["key stage " + Key("new.example/s").vkey])
    refused("malformed", "threshold-3", changed(lines, "release-threshold", "release-threshold 3"))
    refused("malformed", "role", changed(lines, "key stage", "key source " + new["stage"].vkey))
    refused("wrong-key", "key-of-another", changed(lines, "key stage", "key stage " + STAGE.vkey))
    refused("unknown-field", "log", lines[:2] + [f"log {LOG.vkey}"] + lines[2:])
    refused("unknown-field", "number", lines[:2] + ["number 2"] + lines[2:])
    refused("too-large", "sixty-five-keys", head + body[:1] + ["key release " + Key(f"new.example/{i}").vkey for i in range(65)])
    refused("bad-hex", "charter", changed(lines, "charter", "charter " + digest("x").upper()))
    refused("unknown-kind", "member", changed(lines, "accord", "accord/v1/member"))

    alpha, beta = RELEASE["alpha.example"], RELEASE["beta.example"]
    lines = ["accord/v1/leave", "charter " + digest(charter), "member beta.example", "reason We go our own way."]
    write("leave.ok.reason", note(lines, beta, SECOND))
    write("leave.ok.no-reason", note(lines[:3], beta, SECOND))
    write("leave.ok.extensions", note(lines[:3] + ["x-a 1"] + lines[3:] + ["x-b 1"], beta, SECOND))
    write("leave.threshold.one-key-of-two", note(lines, beta))
    write("leave.wrong-signer.another", note(lines, alpha))
    write("leave.not-a-member.stranger", note(changed(lines, "member", "member stranger.example"), STRANGER))
    write("leave.malformed.reason-of-257-octets", note(changed(lines, "reason", "reason " + "r" * 257), beta, SECOND))
    write("leave.ok.reason-of-256-octets", note(changed(lines, "reason", "reason " + "r" * 256), beta, SECOND))
    write("leave.duplicate.two-reasons", note(lines + lines[-1:], beta, SECOND))
    write("leave.malformed.domain", note(changed(lines, "member", "member beta.example GB Beta"), beta, SECOND))
    write("leave.unknown-field.key", note(lines + ["key stage " + STAGE.vkey], beta, SECOND))
    write("leave.missing-field.no-member", note(lines[:2], beta, SECOND))


def merkle(entries):
    """RFC 6962 over a list of octets: the root."""
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + merkle(entries[:split]) + merkle(entries[split:])).digest()


def enactments(charter, first, second):
    entries = [entry.encode() for entry in (charter, first, second)]
    cosigners = [WITNESS["alpha.example"], WITNESS["beta.example"]]

    def proof(log=LOG, by=None, index=2, root=None, extra=""):
        text = f"{log.name}\n3\n{base64.b64encode(root or merkle(entries)).decode()}\n"
        signed = text + "\n" + log.sign(text) + "".join(key.cosign(text, 1600000000) for key in (by or cosigners))
        path = base64.b64encode(merkle(entries[:2])).decode()
        return f"c2sp.org/tlog-proof@v1\n{extra}index {index}\n{path}\n\n{signed}"

    def enact(bytes_of_proof=None, number=2, roster=second):
        return ["accord/v1/enact", "charter " + digest(charter), f"number {number}", "roster " + digest(roster),
                "proof " + base64.b64encode((bytes_of_proof or proof()).encode()).decode()]

    def judged(rule, what, lines, key=STRANGER):
        write(f"enact.{rule}.{what}", note(lines, key))

    lines = enact()
    judged("ok", "by-anybody", lines)
    judged("ok", "extensions", lines[:4] + ["x-a 1"] + lines[4:] + ["x-b 2"])
    judged("chain", "of-another-number", enact(number=3))
    judged("chain", "of-another-roster", enact(roster=first))
    judged("chain", "of-another-charter", changed(lines, "charter", "charter " + digest("x")))
    judged("quorum", "one-jurisdiction", enact(proof(by=cosigners[:1])))
    judged("quorum", "one-witness-twice", enact(proof(by=cosigners[:1] * 2)))
    judged("unknown-log", "log", enact(proof(log=OLD_LOG)))
    judged("inclusion", "another-tree", enact(proof(root=hashlib.sha256(b"x").digest())))
    judged("inclusion", "another-index", enact(proof(index=1)))
    judged("wrong-index", "past-the-end", enact(proof(index=3)))
    judged("malformed", "extra-line", enact(proof(extra="extra AAAA\n")))
    judged("malformed", "proof", enact("no proof"))
    judged("malformed", "number-1", enact(number=1))
    judged("bad-base64", "proof", changed(lines, "proof", "proof " + lines[4][6:-1]))
    judged("bad-base64", "inside-the-proof", enact(proof().replace("\nindex 2\n", "\nindex 2\n=")))
    judged("missing-field", "no-proof", lines[:4])
    judged("missing-field", "no-roster", lines[:3] + lines[4:])
    judged("missing-field", "extension-in-head", lines[:2] + ["x-a 1"] + lines[2:])
    judged("bad-base64", "two-proofs-in-a-line", changed(lines, "proof", lines[4] + " " + lines[4][6:]))
    judged("duplicate", "proof-twice", lines + lines[4:])
    judged("unknown-field", "index", lines + ["index 2"])
    return proof()


def successions(charter, first, second, body):
    """Bundles of rosters, for whoever has the first one."""
    alpha, gamma = RELEASE["alpha.example"], RELEASE["gamma.example"]
    quorum = [WITNESS["alpha.example"], WITNESS["beta.example"]]
    trust = f"accord/v1/trust\ncharter {digest(charter)}\nroster-index 1\n\n{first}"

    def after(number, previous, *keys, lines=body):
        return note(["accord/v1/roster", "charter " + digest(charter), f"number {number}", "previous " + digest(previous)] +
                    lines, *keys)

    def path(entries, index):
        if len(entries) == 1:
            return []
        split = 1 << (len(entries) - 1).bit_length() - 1
        if index < split:
            return path(entries[:split], index) + [merkle(entries[split:])]
        return path(entries[split:], index - split) + [merkle(entries[:split])]

    def proof(entry, by=quorum, told=None, log=LOG):
        entries = [e.encode() for e in (charter, first, second, entry)]
        text = f"{log.name}\n4\n{base64.b64encode(merkle(entries)).decode()}\n"
        hashes = "".join(base64.b64encode(h).decode() + "\n" for h in path(entries, 3))
        extra = base64.b64encode((told or entry).encode()).decode()
        return (f"c2sp.org/tlog-proof@v1\nextra {extra}\nindex 3\n{hashes}\n{text}\n{log.sign(text)}" +
                "".join(key.cosign(text, 1600000000) for key in by))

    def follow(rule, what, *proofs):
        parts = "".join(f"proof {len(p.encode())}\n{p}" for p in proofs)
        write(f"rosters.{rule}.{what}", "accord/v1/bundle\n" + parts, trust)

    third, fork = after(3, second, alpha, gamma), after(2, first, alpha, gamma)
    follow("ok", "second", proof(second))
    follow("ok", "second-and-third", proof(second), proof(third))
    follow("ok", "in-another-order", proof(third), proof(charter), proof(second))
    follow("ok", "nothing-newer", proof(first))
    follow("ok", "of-another-charter-is-passed-over", proof(second),
           proof(second.replace(digest(charter), digest("x"))))
    follow("ok", "twice-the-same", proof(second), proof(second))
    follow("ok", "one-that-too-few-signed-beside-it", proof(after(2, first, alpha)), proof(second))
    follow("chain", "gap", proof(third))
    follow("chain", "fork", proof(second), proof(fork))
    another = note(first.split("\n\n")[0].split("\n"), alpha)
    follow("chain", "another-first", proof(another))
    follow("ok", "another-first-beside-it", proof(another), proof(second))
    follow("chain", "another-previous", proof(after(2, second, alpha, gamma)))
    follow("chain", "no-roster", proof(charter))
    follow("threshold", "too-few", proof(after(2, first, alpha)))
    follow("quorum", "one-jurisdiction", proof(second, quorum[:1]))
    follow("quorum", "of-the-third", proof(second), proof(third, quorum[1:]))
    follow("unknown-log", "log", proof(second, log=OLD_LOG))
    follow("inclusion", "of-another-entry", proof(first, told=second))
    follow("malformed", "a-part", proof(second), "nothing")
    follow("bad-base64", "a-part", proof(second).replace("extra ", "extra ="))
    follow("missing-field", "a-roster", proof(second), proof(note(second.split("\n\n")[0].split("\n")[:5], alpha)))


def bundles(proof):
    def part(content, size=None):
        return f"proof {len(content.encode()) if size is None else size}\n{content}"

    head = "accord/v1/bundle\n"
    write("bundle.ok.one", head + part(proof))
    write("bundle.ok.three", head + part(proof) * 3)
    write("bundle.ok.not-looked-into", head + part("x") + part("proof 1\n") + part("\n"))
    write("bundle.ok.parts-256", head + part("x") * 256)
    write("bundle.too-large.parts-257", head + part("x") * 257)
    write("bundle.malformed.empty", "")
    write("bundle.malformed.no-part", head)
    write("bundle.malformed.first-line", "accord/v2/bundle\n" + part(proof))
    write("bundle.malformed.crlf", (head + part("x")).replace("\n", "\r\n"))
    write("bundle.malformed.cut", (head + part(proof))[:-1])
    write("bundle.malformed.cut-in-the-second", (head + part(proof) * 2)[:-1])
    write("bundle.malformed.size-0", head + part("x") + part("", 0))
    write("bundle.malformed.no-size", head + "proof\nx")
    write("bundle.bad-decimal.size", head + part("x", "01"))
    write("bundle.bad-decimal.size-of-65-bits", head + part("x", 1 << 64))
    write("bundle.malformed.size-of-64-bits", head + part("x", (1 << 64) - 1))
    write("bundle.trailing-bytes.newline", head + part("x") + "\n")
    write("bundle.trailing-bytes.size-too-small", head + part(proof, 100))


def releases():
    def artifact(content, name):
        return f"artifact {digest(content)} {len(content)} {name}"

    alpha, beta = RELEASE["alpha.example"], RELEASE["beta.example"]
    head = ["accord/v1/release", "vendor alpha.example", "product router-os", "version 17.3.1", "sequence 42"]
    lines = head + [artifact("one", "router-os-17.3.1.bin")]
    several = head + [artifact("one", "router os  17.bin"), "platform linux/amd64", artifact("two", "router os  17.bin"),
                      "platform linux/arm/v7", artifact("three", "router os  17.bin"), artifact("", "empty")]
    stages = ["stage source " + digest("s"), "stage build " + digest("b"), "stage build " + digest("c"),
              "stage use " + digest("b")]
    write("release.ok.one-artifact", note(lines, alpha))
    write("release.ok.several-artifacts", note(several, alpha))
    write("release.ok.stages", note(several + stages, alpha))
    write("release.ok.extensions", note(lines[:5] + ["x-a 1"] + several[5:6] + ["x-b 2"] +
                                        several[6:] + stages + ["x-c 3"], alpha))
    write("release.ok.limits", note(["accord/v1/release", "vendor alpha.example", "product " + "p" * 128, "version 1._+~:-a",
                                     "sequence 18446744073709551615", artifact("one", "ä" * 127)], alpha))
    write("release.ok.a-stranger-signed-too", note(lines, STRANGER, alpha))
    write("release.ok.two-keys-of-two", note(changed(lines, "vendor", "vendor beta.example"), beta, SECOND))
    write("release.threshold.one-key-of-two", note(changed(lines, "vendor", "vendor beta.example"), beta))
    write("release.threshold.one-key-twice", note(changed(lines, "vendor", "vendor beta.example"), beta, beta))
    write("release.wrong-signer.another-member", note(lines, beta))
    write("release.wrong-signer.stage-key", note(lines, STAGE))
    write("release.wrong-signer.stranger", note(lines, STRANGER))
    write("release.signature.wrong", note(lines, alpha, broken=alpha))
    write("release.signature.first-of-two-lines-counts", note(lines, alpha).replace(
        "\u2014 ", alpha.sign("x") + "\u2014 "))
    write("release.not-a-member.stranger", note(changed(lines, "vendor", "vendor stranger.example"), STRANGER))

    # The roster with keys that were; at an index of its log, or seen at a time in the log that it closed.
    by_past, by_former = note(lines, PAST["release"]), note(changed(lines, "vendor", "vendor delta.example"), FORMER)
    write("release.ok.past-key.at-99", by_past)
    write("release.wrong-signer.past-key.at-100", by_past)
    write("release.ok.past-key.seen-1599999999", by_past)
    write("release.wrong-signer.past-key.seen-1600000000", by_past)
    write("release.wrong-signer.past-key.not-logged", by_past)
    write("release.wrong-signer.past-stage-key.at-99", note(lines, PAST["stage"]))
    write("release.ok.past-key-signed-too.at-100", note(lines, PAST["release"], alpha))
    write("release.ok.past-key-signed-too-and-wrongly.at-100", note(lines, PAST["release"], alpha, broken=PAST["release"]))
    write("release.signature.past-key.at-99", note(lines, PAST["release"], alpha, broken=PAST["release"]))
    write("release.ok.former-member.at-5", by_former)
    write("release.wrong-signer.former-member.seen-1600000000", by_former)
    write("release.not-a-member.former-member", by_former)

    policy = "policy 3 " + digest("policy")
    write("release.ok.policy", note(lines[:5] + [policy] + lines[5:], alpha))
    write("release.ok.policy-after-extension", note(lines[:5] + ["x-a 1", policy] + lines[5:], alpha))

    def refused(rule, what, changed_lines):
        write(f"release.{rule}.{what}", note(changed_lines, alpha))

    refused("malformed", "policy-0", lines[:5] + ["policy 0 " + digest("policy")] + lines[5:])
    refused("bad-decimal", "policy-without-number", lines[:5] + [policy.replace("3 ", "")] + lines[5:])
    refused("bad-hex", "policy-without-digest", lines[:5] + ["policy 3"] + lines[5:])
    refused("duplicate", "policy-twice", lines[:5] + [policy] * 2 + lines[5:])
    refused("malformed", "policy-after-artifact", lines + [policy])
    refused("missing-field", "policy-in-head", lines[:4] + [policy] + lines[4:])

    for key in ("vendor", "product", "version", "sequence", "artifact"):
        refused("missing-field", "no-" + key, [line for line in lines if not line.startswith(key)])
    refused("missing-field", "product-before-vendor", [lines[0], lines[2], lines[1]] + lines[3:])
    refused("missing-field", "extension-in-head", lines[:2] + ["x-a 1"] + lines[2:])
    refused("missing-field", "platform-before-artifact", lines[:5] + ["platform linux/amd64"] + lines[5:])
    refused("unknown-field", "channel", lines + ["channel stable"])
    refused("unknown-field", "in-head", lines[:2] + ["channel stable"] + lines[2:])
    refused("duplicate", "vendor-twice", lines[:2] + lines[1:])
    refused("duplicate", "sequence-at-end", lines + ["sequence 42"])
    refused("duplicate", "digest-twice", lines + [artifact("one", "other")])
    refused("duplicate", "name-twice", lines + [artifact("two", "router-os-17.3.1.bin")])
    refused("duplicate", "name-and-platform-twice", several[:8] + ["platform linux/amd64"])
    refused("duplicate", "stage-twice", lines + stages[:1] * 2)
    refused("malformed", "artifact-after-stage", lines + stages + [artifact("two", "two")])
    refused("malformed", "platform-twice", several[:7] + several[6:])
    refused("malformed", "platform-of-one-part", changed(several, "platform", "platform linux"))
    refused("malformed", "platform-in-capitals", changed(several, "platform", "platform Linux/amd64"))
    refused("malformed", "platform-of-four-parts", changed(several, "platform", "platform a/b/c/d"))
    refused("malformed", "stage-unknown", lines + ["stage deploy " + digest("s")])
    refused("bad-hex", "stage-without-digest", lines + ["stage source x"])
    refused("bad-hex", "digest-in-capitals", changed(lines, "artifact", "artifact sha256:" + digest("one")[7:].upper() + " 3 a"))
    refused("bad-hex", "digest-cut", changed(lines, "artifact", artifact("one", "a").replace(" 3 ", "", 1)[:79] + " 3 a"))
    refused("bad-decimal", "size", changed(lines, "artifact", f"artifact {digest('one')} 03 a"))
    refused("bad-decimal", "sequence-with-leading-zero", changed(lines, "sequence", "sequence 042"))
    refused("bad-decimal", "sequence-of-65-bits", changed(lines, "sequence", "sequence 18446744073709551616"))
    refused("malformed", "artifact-without-name", changed(lines, "artifact", f"artifact {digest('one')} 3"))
    for what, name in (("directory", "a/b"), ("dot", "."), ("dot-dot", ".."), ("leading-space", " a"), ("long", "n" * 256)):
        refused("malformed", "name-" + what, changed(lines, "artifact", artifact("one", name)))
    refused("malformed", "product-with-space", changed(lines, "product", "product router os"))
    refused("malformed", "version-of-129-bytes", changed(lines, "version", "version " + "1" * 129))
    refused("malformed", "version-begins-with-dot", changed(lines, "version", "version .1"))
    refused("malformed", "vendor-in-capitals", changed(lines, "vendor", "vendor Alpha.example"))
    refused("malformed", "trailing-space", changed(lines, "version", "version 1 "))
    refused("unknown-kind", "other", changed(lines, "accord", "accord/v1/unheard-of"))
    write("release.too-large.entry", note(lines + ["x-a " + "a" * 65000], alpha, *[STRANGER] * 6))


def trusts(charter, roster):
    head = f"accord/v1/trust\ncharter {digest(charter)}\nroster-index 1\n\n"
    write("trust.ok.first", head + roster)
    write("trust.trust.first-line", head.replace("trust", "trusts") + roster)
    write("trust.trust.first-line-with-space", head.replace("trust\n", "trust \n") + roster)
    write("trust.trust.no-charter", head.replace("charter ", "chart ") + roster)
    write("trust.trust.charter-in-capitals", head.replace(digest(charter), digest(charter).upper()) + roster)
    write("trust.trust.index-with-leading-zero", head.replace("index 1", "index 01") + roster)
    write("trust.trust.no-index", head.replace("roster-index 1\n", "") + roster)
    write("trust.trust.no-blank-line", head[:-1] + roster)
    write("trust.trust.no-roster", head)
    write("trust.trust.crlf", (head + roster).replace("\n", "\r\n"))
    write("trust.trust.empty", "")
    write("trust.trust.large", head + roster + "x" * 65536)
    write("trust.malformed.trailing-bytes", head + roster + "x")
    write("trust.malformed.two-blank-lines", head + "\n" + roster)
    write("trust.malformed.roster-cut", head + roster[:-1])

    log, witness, evidence = LOG.vkey, WITNESS["alpha.example"].vkey, digest("evidence")
    lines = [f"distrust {vkey} {evidence}\n" for vkey in sorted((log, witness))]

    def with_lines(*distrust):
        return head[:-1] + "".join(distrust) + "\n" + roster

    write("trust.ok.distrust", with_lines(*lines))
    write("trust.ok.distrust-of-a-stranger", with_lines(f"distrust {STRANGER.vkey} {evidence}\n"))
    write("trust.trust.distrust-unsorted", with_lines(*reversed(lines)))
    write("trust.trust.distrust-twice", with_lines(lines[0], lines[0].replace(evidence, digest("other evidence"))))
    write("trust.trust.distrust-without-evidence", with_lines(f"distrust {log}\n"))
    write("trust.trust.distrust-of-two", with_lines(f"distrust {log} {witness} {evidence}\n"))
    write("trust.trust.distrust-with-two-spaces", with_lines(lines[0].replace(" sha256", "  sha256")))
    write("trust.trust.distrust-in-capitals", with_lines(lines[0].replace(evidence[7:], evidence[7:].upper())))
    write("trust.trust.distrust-of-nobody", with_lines(f"distrust  {evidence}\n"))
    write("trust.trust.distrust-before-the-index", (head[:-1] + roster).replace("roster-index", lines[0] + "roster-index"))
    write("trust.trust.unknown-line", with_lines("x-a line\n"))
    many = sorted(Key(f"w{i}.example/witness", 4).vkey for i in range(193))
    write("trust.ok.distrust-192", with_lines(*[f"distrust {vkey} {evidence}\n" for vkey in many[:192]]))
    write("trust.trust.distrust-193", with_lines(*[f"distrust {vkey} {evidence}\n" for vkey in many]))
    write("trust.bad-key-id.distrust", with_lines(lines[0].replace(LOG.id.hex(), "00000000")
                                                  .replace(WITNESS["alpha.example"].id.hex(), "00000000")))
    write("trust.bad-key.distrust-no-vkey", with_lines(f"distrust nobody {evidence}\n"))


charter_entry = charters()
roster_entry, second_entry, roster_body = rosters(charter_entry)
applications(charter_entry)
bundles(enactments(charter_entry, roster_entry, second_entry))
successions(charter_entry, roster_entry, second_entry, roster_body)
releases()
trusts(charter_entry, roster_entry)
