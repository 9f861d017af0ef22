"""in-toto's own Python, as a peer: in-toto-attestation makes and reads Statements, securesystemslib signs and verifies envelopes.

attest_peer.py make DIR: envelopes of each predicate over DIR/widget, by each kind of key, and the keys in PEM.
attest_peer.py read ENVELOPE VKEY: verifies an envelope of accord's by a vkey, and validates its Statement; prints its predicateType.
attest_peer.py pem VKEY: prints a vkey of type 0x01 as PEM.
attest_peer.py statement FILE: validates a Statement without an envelope; prints its predicateType."""

import base64
import hashlib
import json
import pathlib
import sys

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf import json_format
from in_toto_attestation.predicates.link.v0 import link_pb2
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.predicates.test_result.v0 import test_result_pb2
from in_toto_attestation.predicates.vsa.v1 import vsa_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from securesystemslib import dsse
from securesystemslib.signer import CryptoSigner, SSlibKey

TYPE = "application/vnd.in-toto+json"


def sha(data):
    return {"sha256": hashlib.sha256(data).hexdigest()}


def predicates():
    source = ResourceDescriptor(uri="git+https://alpha.example/widget", digest=sha(b"source")).pb
    provenance = provenance_pb2.Provenance()
    provenance.build_definition.build_type = "https://build.example/make/v1"
    provenance.build_definition.external_parameters.update({"target": "widget"})
    provenance.build_definition.resolved_dependencies.append(source)
    provenance.run_details.builder.id = "https://build.example/"
    provenance.run_details.byproducts.append(ResourceDescriptor(name="build.log", digest=sha(b"log")).pb)
    link = link_pb2.Link(name="build", command=["make"], materials=[source])
    test = test_result_pb2.TestResult(result="PASSED", configuration=[ResourceDescriptor(name="tests.yml", digest=sha(b"tests")).pb])
    vsa = vsa_pb2.VerificationSummary(resource_uri="https://alpha.example/widget", verification_result="PASSED")
    vsa.verifier.id = "https://verify.example/"
    vsa.policy.uri = "https://verify.example/policy"
    vsa.policy.digest.update(sha(b"policy"))
    return {"provenance": ("https://slsa.dev/provenance/v1", provenance), "link": ("https://in-toto.io/attestation/link/v0.3", link),
            "test-result": ("https://in-toto.io/attestation/test-result/v0.1", test), "vsa": ("https://slsa.dev/verification_summary/v1", vsa)}


def make(directory):
    widget = (directory / "widget").read_bytes()
    signers = {"ed25519": CryptoSigner.generate_ed25519(), "ecdsa": CryptoSigner.generate_ecdsa(), "rsa": CryptoSigner.generate_rsa()}
    for name, signer in signers.items():
        pem = signer.public_key.keyval["public"]
        if not pem.startswith("-----"):
            pem = Ed25519PublicKey.from_public_bytes(bytes.fromhex(pem)).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        (directory / f"{name}.pem").write_text(pem)
        for kind, (predicate_type, predicate) in predicates().items():
            statement = Statement([ResourceDescriptor(name="widget", digest=sha(widget)).pb], predicate_type, json_format.MessageToDict(predicate))
            statement.validate()
            envelope = dsse.Envelope(json_format.MessageToJson(statement.pb).encode(), TYPE, {})
            envelope.sign(signer)
            (directory / f"{kind}.{name}.json").write_text(json.dumps(envelope.to_dict()))


def check_statement(data):
    statement = Statement.copy_from_pb(json_format.Parse(data, statement_pb2.Statement()))
    statement.validate()
    if statement.pb.predicate_type == "https://slsa.dev/provenance/v1":
        provenance = json_format.ParseDict(json_format.MessageToDict(statement.pb.predicate), provenance_pb2.Provenance())
        assert provenance.run_details.builder.id.startswith("accord://") and provenance.build_definition.resolved_dependencies[0].digest["sha256"]
    print(statement.pb.predicate_type)


def public_key(vkey):
    """A vkey is name+id+base64(type, public key); type 1 is Ed25519."""
    typed = base64.b64decode(vkey.split("+", 2)[2])
    assert typed[0] == 1
    return Ed25519PublicKey.from_public_bytes(typed[1:])


def read(path, vkey):
    document = json.loads(path.read_text())
    key = SSlibKey.from_crypto(public_key(vkey), keyid=document["signatures"][0]["keyid"])
    envelope = dsse.Envelope.from_dict(document)
    envelope.verify([key], 1)
    assert envelope.payload_type == TYPE
    check_statement(envelope.payload)


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(pathlib.Path(sys.argv[2]))
    elif sys.argv[1] == "read":
        read(pathlib.Path(sys.argv[2]), sys.argv[3])
    elif sys.argv[1] == "pem":
        print(public_key(sys.argv[2]).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), end="")
    elif sys.argv[1] == "pem":
        print(public_key(sys.argv[2]).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(), end="")
    else:
        check_statement(pathlib.Path(sys.argv[2]).read_bytes())
