#!/usr/bin/env python3
"""Seals as docs/protocol.md, "Sealing", says: a second implementation, written from that section and C2SP's age alone.

Prints the file key and the file's SHA-256 that tests/unit/age_stream.c expects: 65537 times `a`, sealed with the seed
00 01 .. 1f for the public halves of the secrets 01.., 02.., 03.. (32 bytes each). Usage: age_seal.py [FILE]
Needs the Python package cryptography."""
import base64
import hashlib
import hmac
import sys

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


def hkdf(secret, salt, info, size):
    key = hmac.digest(salt or bytes(32), secret, "sha256")
    return hmac.digest(key, info + b"\x01", "sha256")[:size]


def raw64(data):
    return base64.b64encode(data).rstrip(b"=")


def public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def stanza(seed, i, recipient, file_key):
    ephemeral = hkdf(seed, b"", b"accord/v1/age/ephemeral/%d" % i, 32)
    share = public(ephemeral)
    shared = X25519PrivateKey.from_private_bytes(ephemeral).exchange(X25519PublicKey.from_public_bytes(recipient))
    key = hkdf(shared, share + recipient, b"age-encryption.org/v1/X25519", 32)
    body = ChaCha20Poly1305(key).encrypt(bytes(12), file_key, None)
    return b"-> X25519 " + raw64(share) + b"\n" + raw64(body) + b"\n"


def seal(seed, recipients, plain):
    file_key = hkdf(seed, b"", b"accord/v1/age/file-key", 16)
    nonce = hkdf(seed, b"", b"accord/v1/age/nonce", 16)
    header = b"age-encryption.org/v1\n" + b"".join(stanza(seed, i, r, file_key) for i, r in enumerate(recipients)) + b"---"
    mac = hmac.digest(hkdf(file_key, b"", b"header", 32), header, "sha256")
    payload = ChaCha20Poly1305(hkdf(file_key, nonce, b"payload", 32))
    chunks = [plain[at:at + 65536] for at in range(0, len(plain), 65536)] or [b""]
    sealed = b"".join(payload.encrypt(i.to_bytes(11, "big") + bytes([i == len(chunks) - 1]), chunk, None)
                      for i, chunk in enumerate(chunks))
    return file_key, header + b" " + raw64(mac) + b"\n" + nonce + sealed


file_key, sealed = seal(bytes(range(32)), [public(bytes([i]) * 32) for i in (1, 2, 3)], b"a" * 65537)
print(file_key.hex(), hashlib.sha256(sealed).hexdigest())
if len(sys.argv) > 1:
    with open(sys.argv[1], "wb") as out:
        out.write(sealed)
