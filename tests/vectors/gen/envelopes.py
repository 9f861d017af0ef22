#!/usr/bin/env python3
"""Writes tests/vectors/envelopes and the seed corpus of the fuzz target envelope.

It shares no code with accord: only DSSE v1.0 and in-toto's Statements v1. A file's name is <rule>.<what>.<key>: the envelope is
parsed, verified by the key <key>.pub, its payload parsed; the rule is the refusal, or ok. Keys are derived from their names and
signatures are deterministic, so every run writes the same. Needs python3-cryptography 43 or newer. Usage: tests/vectors/gen/envelopes.py,
in the top directory.
"""
import base64
import hashlib
import json
import os

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

OUT = "tests/vectors/envelopes"
CORPUS = "tests/fuzz/corpus/envelope"
TYPE = "application/vnd.in-toto+json"
PROVENANCE = "https://slsa.dev/provenance/v1"


def stream(name):
    count = 0
    while True:
        yield from hashlib.sha256(f"vector {name} {count}".encode()).digest()
        count += 1


def number(name, bits):
    source = stream(name)
    return int.from_bytes(bytes(next(source) for _ in range(bits // 8)), "big") | 1 | 3 << bits - 2


def is_prime(n):
    if any(n % p == 0 for p in (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)):
        return False
    r, d = 0, n - 1
    while d % 2 == 0:
        r, d = r + 1, d // 2
    for base in range(2, 22):
        x = pow(base, d, n)
        if x in (1, n - 1):
            continue
        for _ in range(r - 1):
            x = x * x % n
            if x == n - 1:
                break
        else:
            return False
    return True


def prime(name, bits):
    n = number(name, bits)
    while not is_prime(n) or n % 65537 == 1:
        n += 2
    return n


def rsa_key(name, bits):
    p, q = prime(name + " p", bits // 2), prime(name + " q", bits // 2)
    d = pow(65537, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p),
                                 rsa.RSAPublicNumbers(65537, p * q)).private_key()


ED25519 = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"vector envelope").digest())
P256 = ec.derive_private_key(number("p256", 256) >> 1, ec.SECP256R1())
P384 = ec.derive_private_key(number("p384", 384) >> 1, ec.SECP384R1())
RSA = rsa_key("rsa", 2048)
SMALL = rsa_key("small rsa", 1024)

PKCS1 = (padding.PKCS1v15(), hashes.SHA256())
PSS = (padding.PSS(padding.MGF1(hashes.SHA256()), 0), hashes.SHA256())
ECDSA = (ec.ECDSA(hashes.SHA256(), deterministic_signing=True),)


def pae(kind, payload):
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)


def b64(data):
    return base64.b64encode(data).decode()


def sign(payload, key, how, kind=TYPE):
    return key.sign(pae(kind, payload), *how)


def envelope(payload, *signatures, kind=TYPE, **more):
    return {"payload": b64(payload), "payloadType": kind,
            "signatures": [{"keyid": "", "sig": b64(s)} for s in signatures]} | more


def write(name, content):
    data = content if isinstance(content, bytes) else (json.dumps(content) + "\n").encode()
    for folder in (OUT, CORPUS):
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/{name}", "wb") as file:
            file.write(data)


def sha(text):
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def statement(predicate_type, predicate, **more):
    return {"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": "widget", "digest": sha("widget\n")}],
            "predicateType": predicate_type, "predicate": predicate} | more


SLSA = {
    "buildDefinition": {
        "buildType": "https://build.example/make/v1", "externalParameters": {"target": "widget"},
        "resolvedDependencies": [{"uri": "git+https://alpha.example/widget", "digest": sha("source")},
                                 {"name": "compiler", "digest": sha("compiler")},
                                 {"uri": "git+https://alpha.example/other", "digest": {"gitCommit": "00" * 20}}]},
    "runDetails": {"builder": {"id": "https://build.example/"}, "byproducts": [{"name": "build.log", "digest": sha("log")}]}}
LINK = {"name": "build", "command": ["make"], "materials": [{"name": "widget.c", "digest": sha("widget.c")}], "byproducts": {}}
TEST = {"result": "PASSED", "configuration": [{"name": "tests.yml", "digest": sha("tests")}], "passedTests": ["all"]}
VSA = {"verifier": {"id": "https://verify.example/"}, "timeVerified": "2026-01-01T00:00:00Z", "resourceUri": "https://alpha.example/widget",
       "policy": {"uri": "https://verify.example/policy", "digest": sha("policy")}, "verificationResult": "FAILED",
       "inputAttestations": [{"uri": "https://alpha.example/provenance", "digest": sha("provenance")}], "verifiedLevels": []}


def main():
    for name, key in ("ed25519", ED25519), ("p256", P256), ("p384", P384), ("rsa", RSA), ("small", SMALL):
        os.makedirs(OUT, exist_ok=True)
        with open(f"{OUT}/{name}.pub", "wb") as file:
            file.write(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    good = json.dumps(statement(PROVENANCE, SLSA)).encode()
    by_ed25519 = sign(good, ED25519, ())

    def ok(what, key, content):
        write(f"ok.{what}.{key}", content)

    def payload(rule, what, value, key="ed25519"):
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        write(f"{rule}.{what}.{key}", envelope(data, sign(data, ED25519, ())))

    def form(rule, what, value, key="ed25519"):
        write(f"{rule}.{what}.{key}", value)

    plain = envelope(good, by_ed25519)
    ok("provenance", "ed25519", plain)
    ok("provenance", "p256", envelope(good, sign(good, P256, ECDSA)))
    ok("provenance-pkcs1", "rsa", envelope(good, sign(good, RSA, PKCS1)))
    ok("provenance-pss", "rsa", envelope(good, sign(good, RSA, PSS)))
    ok("second-signature", "ed25519", envelope(good, sign(good, P256, ECDSA), by_ed25519))
    ok("unknown-names", "ed25519", plain | {"note": {"x": [1, None, True]}})
    url = {"payload": base64.urlsafe_b64encode(good).decode().rstrip("="), "payloadType": TYPE,
           "signatures": [{"sig": base64.urlsafe_b64encode(by_ed25519).decode()}]}
    ok("url-safe", "ed25519", url)
    payload("ok", "link", statement("https://in-toto.io/attestation/link/v0.3", LINK))
    payload("ok", "test-result", statement("https://in-toto.io/attestation/test-result/v0.1", TEST))
    payload("ok", "summary", statement("https://slsa.dev/verification_summary/v1", VSA))
    payload("ok", "other-predicate", statement("https://spdx.dev/Document/v2.3", {"any": "thing"}))
    payload("ok", "statement-v0.1".replace(".", "-"), statement(PROVENANCE, SLSA, _type="https://in-toto.io/Statement/v0.1"))
    payload("ok", "one-subject-without-sha256", statement(PROVENANCE, SLSA, subject=[
        {"name": "a", "digest": {"sha512": "00" * 64}}, {"uri": "pkg:deb/widget", "digest": sha("widget\n")}]))

    flipped = bytes([by_ed25519[0] ^ 1]) + by_ed25519[1:]
    form("unsigned", "broken-signature", envelope(good, flipped))
    form("unsigned", "over-the-payload-alone", envelope(good, ED25519.sign(good)))
    form("unsigned", "other-type", envelope(good, by_ed25519, kind="application/json"))
    form("unsigned", "other-payload", envelope(good.replace(b"widget", b"gadget"), by_ed25519))
    form("unsigned", "other-key", envelope(good, sign(good, P256, ECDSA)))
    form("unsigned", "ed25519-for-p256", plain, "p256")
    form("unsigned", "ecdsa-for-rsa", envelope(good, sign(good, P256, ECDSA)), "rsa")
    form("unsigned", "rsa-over-sha512", envelope(good, RSA.sign(pae(TYPE, good), padding.PKCS1v15(), hashes.SHA512())), "rsa")
    form("unsigned", "signature-cut", envelope(good, by_ed25519[:-1]))
    form("key-type", "curve", envelope(good, sign(good, P384, ECDSA)), "p384")
    form("key-type", "rsa-1024", envelope(good, sign(good, SMALL, PKCS1)), "small")
    form("malformed", "not-json", b"DSSEv1")
    form("malformed", "empty", b"")
    form("malformed", "array", [plain])
    form("malformed", "trailing-bytes", json.dumps(plain).encode() + b"{}")
    form("malformed", "payload-twice", json.dumps(plain).replace('"payloadType"', '"payload": "e30=", "payloadType"').encode())
    form("malformed", "no-payload", {k: v for k, v in plain.items() if k != "payload"})
    form("malformed", "no-type", {k: v for k, v in plain.items() if k != "payloadType"})
    form("malformed", "no-signatures", envelope(good))
    form("malformed", "signature-without-sig", plain | {"signatures": [{"keyid": "a"}]})
    form("malformed", "signature-is-text", plain | {"signatures": [b64(by_ed25519)]})
    form("malformed", "empty-sig", plain | {"signatures": [{"sig": ""}]})
    form("malformed", "not-utf8", json.dumps(plain).encode().replace(b"in-toto", b"in-\xff\xffo"))
    form("malformed", "nested", b"[" * 5000)
    form("bad-base64", "payload", plain | {"payload": "=" + plain["payload"]})
    form("bad-base64", "payload-with-newline", plain | {"payload": plain["payload"][:64] + "\n" + plain["payload"][64:]})
    form("bad-base64", "sig", plain | {"signatures": [{"sig": "%%%%"}]})
    form("too-large", "signatures", envelope(good, *[by_ed25519] * 65))
    form("too-large", "sig", envelope(good, bytes(2049)))

    payload("malformed", "payload-is-no-json", b"hello")
    payload("malformed", "payload-is-array", [])
    payload("unknown-kind", "no-statement", {"_type": "link"})
    payload("unknown-kind", "layout", {"signed": {}})
    payload("malformed", "no-predicate-type", statement("", SLSA))
    payload("malformed", "no-subject", statement(PROVENANCE, SLSA, subject=[]))
    payload("malformed", "subject-is-object", statement(PROVENANCE, SLSA, subject={}))
    payload("malformed", "subject-is-text", statement(PROVENANCE, SLSA, subject=["widget"]))
    payload("malformed", "subject-without-sha256", statement(PROVENANCE, SLSA, subject=[{"name": "a", "digest": {"sha1": "00"}}]))
    payload("malformed", "digest-is-text", statement(PROVENANCE, SLSA, subject=[{"name": "a", "digest": "sha256:00"}]))
    payload("bad-hex", "digest-in-capitals", statement(PROVENANCE, SLSA, subject=[{"digest": {"sha256": "A" * 64}}]))
    payload("bad-hex", "digest-is-number", statement(PROVENANCE, SLSA, subject=[{"digest": {"sha256": 1}}]))
    payload("malformed", "no-builder", statement(PROVENANCE, SLSA | {"runDetails": {}}))
    payload("malformed", "predicate-is-text", statement(PROVENANCE, "SLSA"))
    payload("malformed", "materials-is-object", statement("https://in-toto.io/attestation/link/v0.3", LINK | {"materials": {"a": {}}}))
    payload("malformed", "result", statement("https://in-toto.io/attestation/test-result/v0.1", TEST | {"result": "OK"}))
    payload("malformed", "verification-result", statement("https://slsa.dev/verification_summary/v1", VSA | {"verificationResult": None}))


if __name__ == "__main__":
    main()
