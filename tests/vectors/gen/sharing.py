#!/usr/bin/env python3
"""Writes tests/vectors/sharing/shares.txt and the seed corpus of its fuzz target: Feldman's sharing over ristretto255.

It shares no code with accord: ristretto255 in Python's integers, from RFC 9496, sections 3 and 4; HKDF from RFC 5869. It first
checks itself with the RFC's own vectors (appendix A). Deterministic. Usage: tests/vectors/gen/sharing.py, in the top directory.
"""
import hashlib
import hmac
import os

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def negative(x):
    return x % P & 1


def absolute(x):
    return -x % P if negative(x) else x % P


def sqrt_ratio(u, v):
    """RFC 9496, section 4.2: (was it a square, the root of u/v or of SQRT_M1 u/v)."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    correct, flipped, flipped_i = check == u % P, check == -u % P, check == -u * SQRT_M1 % P
    if flipped or flipped_i:
        r = r * SQRT_M1 % P
    return correct or flipped, absolute(r)


INVSQRT_A_MINUS_D = sqrt_ratio(1, -1 - D)[1]


def decode(data):
    """Section 4.3.1; None where it is no element."""
    s = int.from_bytes(data, "little")
    if s >= P or negative(s):
        return None
    ss = s * s % P
    u1, u2 = (1 - ss) % P, (1 + ss) % P
    v = (-(D * u1 * u1) - u2 * u2) % P
    square, invsqrt = sqrt_ratio(1, v * u2 * u2 % P)
    den_x = invsqrt * u2 % P
    den_y = invsqrt * den_x * v % P
    x = absolute(2 * s * den_x)
    y = u1 * den_y % P
    t = x * y % P
    return None if not square or negative(t) or y == 0 else (x, y, 1, t)


def encode(point):
    """Section 4.3.2."""
    x0, y0, z0, t0 = point
    u1 = (z0 + y0) * (z0 - y0) % P
    u2 = x0 * y0 % P
    invsqrt = sqrt_ratio(1, u1 * u2 * u2 % P)[1]
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t0 % P
    x, y, den_inv = x0, y0, den2
    if negative(t0 * z_inv):
        x, y, den_inv = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    if negative(x * z_inv):
        y = -y
    return absolute(den_inv * (z0 - y)).to_bytes(32, "little")


IDENTITY = (0, 1, 1, 0)
BASE = decode(bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"))


def add(p, q):
    """Edwards' addition with a = -1, in extended coordinates: complete."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = p, q
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * D * t1 * t2 % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, point):
    result = IDENTITY
    while n:
        if n & 1:
            result = add(result, point)
        point, n = add(point, point), n >> 1
    return result


def check_self():
    """Multiples of the generator, and encodings that are none: RFC 9496, appendices A.1 and A.2."""
    for n, text in ((0, "00" * 32), (1, "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"),
                    (2, "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919"),
                    (3, "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259")):
        assert encode(times(n, BASE)).hex() == text, n
        assert encode(decode(bytes.fromhex(text))).hex() == text
    for text in ("00" + "ff" * 31, "ed" + "ff" * 30 + "7f", "01" + "00" * 31, "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371"):
        assert decode(bytes.fromhex(text)) is None, text


def scalar(*label):
    return int.from_bytes(hashlib.sha512(repr(label).encode()).digest(), "little") % L


def words(n):
    return n.to_bytes(32, "little").hex()


def hkdf(secret, info):
    return hmac.digest(hmac.digest(bytes(32), secret, "sha256"), info + b"\x01", "sha256")


def share(a, i):
    return sum(c * pow(i, j, L) for j, c in enumerate(a)) % L


def sharing(name, a, n):
    """All that there is to say of one polynomial."""
    lines = [f"case {name}"]
    points = [encode(times(c, BASE)).hex() for c in a]
    lines += [f"secret {words(a[0])}", f"identity {hkdf(bytes.fromhex(words(a[0])), b'accord/v1/custody').hex()}"]
    lines += [f"coefficient {p}" for p in points]
    shares = [share(a, i) for i in range(1, n + 1)]
    lines += [f"share {i} {words(s)}" for i, s in enumerate(shares, 1)]
    for i, s in enumerate(shares, 1):
        lines.append(f"wrong {i} {words((s + 1) % L)}")
        lines.append(f"wrong {i} {words(s + L)}")  # the same number, not reduced
        if s:
            lines.append(f"wrong {i} {words(-s % L)}")
        if len(a) > 1:
            lines.append(f"wrong {i % n + 1} {words(s)}")  # another's
    return lines


def main():
    check_self()
    out = [__doc__.split("\n")[0].replace("Writes tests/vectors/sharing/shares.txt and the seed corpus of its fuzz target: ", ""),
           "Written by tests/vectors/gen/sharing.py. Points and scalars in hexadecimal, as RFC 9496 encodes them.",
           "  case NAME", "  secret S                the scalar that is shared", "  identity X              the X25519 secret of it",
           "  coefficient C           K of them", "  share I S               of custodian I; any K give the secret",
           "  wrong I S               none of custodian I", "  unsound C...            coefficients that are refused"]
    out = ["# " + line for line in out]
    for k, n in ((1, 1), (1, 3), (2, 2), (2, 3), (3, 5), (5, 9), (16, 16)):
        out += sharing(f"{k}-of-{n}", [scalar(k, n, j) or 1 for j in range(k)], n)
    # A share may be zero: the polynomial has a root at 2. And a sum of coefficients on the way may be the identity.
    out += sharing("a share of zero", [L - 2 * 7, 7], 3)
    a = [scalar("root", j) for j in range(3)]
    a[1] = -a[2] % L
    out += sharing("a sum on the way is the identity", a, 4)
    out += sharing("least scalars", [1, 1], 3)
    out += sharing("greatest scalars", [L - 1, L - 1], 3)
    good = encode(times(5, BASE)).hex()
    bad = ["00" * 32, "01" + "00" * 31, "ed" + "ff" * 30 + "7f", "ff" * 32, words(P + 4), "26948d35ca62e643e26a83177332e6b6afeb9d08e4268b650f1f5bbd8d81d371",
           good[:62] + f"{int(good[62:], 16) | 0x80:02x}", "00" * 31 + "80",  # what is above 2^255 counts, too
           "e3f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"]
    for text in bad:
        assert decode(bytes.fromhex(text)) in (None, IDENTITY), text
        out += [f"unsound {text}", f"unsound {good} {text}", f"unsound {text} {good}"]
    with open("tests/vectors/sharing/shares.txt", "w") as file:
        file.write("\n".join(out) + "\n")
    corpus = "tests/fuzz/corpus/sharing"
    os.makedirs(corpus, exist_ok=True)
    for k, n in ((1, 1), (2, 3), (3, 5)):
        a = [scalar(k, n, j) or 1 for j in range(k)]
        data = bytes([k - 1]) + b"".join(encode(times(c, BASE)) for c in a)
        data += b"".join(bytes([i]) + share(a, i).to_bytes(32, "little") for i in range(1, k + 1))
        with open(f"{corpus}/{k}-of-{n}", "wb") as file:
            file.write(data)
        with open(f"{corpus}/{k}-of-{n}-wrong", "wb") as file:
            file.write(data[:-1] + bytes([data[-1] ^ 1]))


main()
