"""Statements of in-toto in DSSE envelopes are checked, bound by digest, and taken in; ours are exported in theirs."""

import base64
import hashlib

from journey import *

VECTORS = SIGNATORIES.parents[1] / "tests/vectors/envelopes"
new_accord()
write("widget", "widget\n")
write("gadget", "gadget\n")
HEAD = ["--accord", "accord", "--vendor", "cisco.com", "--product", "widget", "--key", "keys/cisco.com/stage.key"]


def sha(text):
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


WIDGET = sha("widget\n")


def attest(stage, envelope, *args, key="ed25519"):
    return accord("attest", "--stage", stage, *HEAD, "--dsse", VECTORS / envelope, "--dsse-key", VECTORS / f"{key}.pub", *args)


def says(run, *lines):
    for line in lines:
        check(f"says: {line[:60]}", line in run.err.splitlines(), run)


run = attest("build", "ok.provenance.ed25519", "widget")
expect("provenance of a build", run, 0)
envelope = (VECTORS / "ok.provenance.ed25519").read_text()
says(run, f"subject {WIDGET} widget", f"material {sha('source')} git+https://alpha.example/widget",
     f"material {sha('compiler')} compiler", "parameter slsa:builder https://build.example/",
     "parameter slsa:build-type https://build.example/make/v1", f"import {sha(envelope)} https://slsa.dev/provenance/v1")
check("what is bound by nothing is told", "1 of its materials have no SHA-256" in run.err, run)
for name, key in (("ok.provenance.p256", "p256"), ("ok.provenance-pkcs1.rsa", "rsa"), ("ok.provenance-pss.rsa", "rsa"), ("ok.url-safe.ed25519", "ed25519")):
    expect(f"{name}", attest("build", name, "widget", key=key), 0, "import sha256:")
run = attest("build", "ok.provenance.ed25519")
expect("without a file, the envelope's subjects are what is attested", run, 0, "wrote widget.build.tlog-proof")
says(run, f"subject {WIDGET} widget", f"subject {sha('log')} build.log")
run = attest("test", "ok.test-result.ed25519", "widget")
expect("a test result", run, 0)
says(run, f"material {sha('tests')} tests.yml", "outcome pass")
run = attest("distribution", "ok.summary.ed25519", "widget")
expect("a verification summary", run, 0)
says(run, f"material {sha('policy')} https://verify.example/policy", "parameter slsa:verifier https://verify.example/", "outcome fail")
expect("in-toto's link", attest("build", "ok.link.ed25519", "widget"), 0, "material \\S+ widget.c")
run = accord("attest", "--stage", "build", *HEAD, "--dsse", VECTORS / "ok.provenance.ed25519", "--dsse", VECTORS / "ok.link.ed25519", "--dsse-key",
             VECTORS / "p256.pub", "--dsse-key", VECTORS / "ed25519.pub", "widget")
expect("two envelopes, two keys", run, 0)
check("both are named", run.err.count("\nimport sha256:") == 2, run)

before = must(accord("log", "checkpoint", "accord")).out
expect("an envelope about another file", attest("build", "ok.provenance.ed25519", "gadget"), 1, "about other files")
expect("the other key", attest("build", "ok.provenance.ed25519", "widget", key="p256"), 1, "no key that is known here signed this: expected a signature by a key")
expect("a key of another kind", attest("build", "ok.provenance.ed25519", "widget", key="small"), 1, "small.pub: .*RSA of 2048")
expect("results that contradict each other", attest("test", "ok.test-result.ed25519", "--outcome", "fail", "widget"), 1, "another outcome")
for name, words in (("unsigned.other-payload", "no key"), ("malformed.payload-twice", "the envelope: .*grammar"), ("bad-base64.payload", "payload: .*base64"),
                    ("unknown-kind.layout", "_type: .*expected https://in-toto.io/Statement/v1"), ("bad-hex.digest-in-capitals", "subject: .*hexadecimal"),
                    ("malformed.nested", "the envelope"), ("malformed.no-builder", "runDetails.builder")):
    expect(name, attest("build", f"{name}.ed25519", "widget"), 1, words)
expect("an envelope that is not there", attest("build", "absent", "widget"), 3, "absent: it does not exist")
check("nothing of this came into the log", must(accord("log", "checkpoint", "accord")).out == before)

# and back
must(attest("build", "ok.provenance.ed25519", "widget", "-o", "proof"))
statement = must(accord("attest", "export", "proof", "--slsa")).out.strip()
run = accord("attest", "export", "proof", "--slsa", "--key", "keys/cisco.com/stage.key", "-o", "ours.json")
expect("ours in an envelope", run, 0)
ours = json.loads(read("ours.json"))
check("has the Statement for its payload", base64.b64decode(ours["payload"]).decode() == statement and ours["payloadType"] == "application/vnd.in-toto+json", ours)
vkey = must(accord("key", "public", "keys/cisco.com/stage.key")).out
check("and says whose key it was", ours["signatures"][0]["keyid"] == vkey.strip(), ours)
write("stage.vkey", vkey)
run = accord("attest", "--stage", "test", *HEAD, "--dsse", "ours.json", "--dsse-key", "stage.vkey", "widget")
expect("it is read again, by the vkey", run, 0, "parameter slsa:builder accord://cisco.com")
write("other.vkey", must(accord("key", "public", "keys/sap.com/stage.key")).out)
expect("and by no other", accord("attest", "--stage", "test", *HEAD, "--dsse", "ours.json", "--dsse-key", "other.vkey", "widget"), 1, "no key")
finish()
