#!/usr/bin/env python3
"""Makes tests/vectors/ed25519_edge.txt: Ed25519 signatures on which verifiers are known to disagree, with the answer
that accord's rule gives (include/accord/crypto.h). Plain textbook arithmetic, no library: slow, and for tests only.

Each line: yes|no, public key, signature, message (all hex; "-" for the empty message), name."""
import hashlib

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover(y, sign):
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if x * x % P != x2:
        x = x * ROOT % P
    if x * x % P != x2:
        return None
    return (P - x if x & 1 != sign else x) % P


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2 % P
    x = (x1 * y2 + x2 * y1) * pow(1 + k, P - 2, P)
    y = (y1 * y2 + x1 * x2) * pow(1 - k, P - 2, P)
    return x % P, y % P


def mul(n, a):
    r = (0, 1)
    while n:
        if n & 1:
            r = add(r, a)
        a = add(a, a)
        n >>= 1
    return r


def neg(a):
    return (-a[0] % P, a[1])


def enc(a):
    return (a[1] | (a[0] & 1) << 255).to_bytes(32, "little")


BY = 4 * pow(5, P - 2, P) % P
B = (recover(BY, 0), BY)


def torsion_generator():
    y = 2
    while True:
        x = recover(y, 0)
        if x is not None:
            t = mul(L, (x, y))
            if mul(4, t) != (0, 1):
                return t
        y += 1


T = torsion_generator()
TORSION = [mul(i, T) for i in range(8)]


def h(r, a, m):
    return int.from_bytes(hashlib.sha512(r + a + m).digest(), "little") % L


def s_bytes(s):
    return s.to_bytes(32, "little")


def scalar(label):
    return int.from_bytes(hashlib.sha512(label.encode()).digest(), "little") % L


OUT = []


def case(answer, key, signature, message, name):
    OUT.append(f"{answer} {key.hex()} {signature.hex()} {message.hex() or '-'} {name}")


def messages(label):
    i = 0
    while True:
        yield f"{label} {i}".encode()
        i += 1


def holds(s, r_point, k, a_point):
    return mul(s, B) == add(r_point, mul(k, a_point))


a, r = scalar("secret"), scalar("nonce")
A, R = mul(a, B), mul(r, B)
EA, ER = enc(A), enc(R)
m = b"accord"
s = (r + h(ER, EA, m) * a) % L

case("yes", EA, ER + s_bytes(s), m, "ordinary")
case("no", EA, ER + s_bytes(s), m + b"!", "another-message")
for i in range(1, 16):
    if s + i * L < 2**256:
        case("no", EA, ER + s_bytes(s + i * L), m, f"s-not-reduced-plus-{i}L")
# S of zero is canonical: the nonce is -h*a, found by making the key to fit the signature's own hash.
case("no", EA, ER + s_bytes(0), m, "s-zero-and-wrong")
case("no", EA, ER + s_bytes(L), m, "s-is-L")
case("no", EA, ER + s_bytes(L - 1), m, "s-is-L-minus-1-and-wrong")

# Keys of small order: the equation is made to hold.
for i, t in enumerate(TORSION):
    for msg in messages("small key"):
        for j, u in enumerate(TORSION):
            rp = add(R, u)
            if holds(r, rp, h(enc(rp), enc(t), msg), t):
                case("no", enc(t), enc(rp) + s_bytes(r), msg, f"key-of-small-order-{i}")
                break
        else:
            continue
        break
# R of small order: the nonce is zero.
for i, t in enumerate(TORSION):
    ka = add(A, TORSION[1])
    for msg in messages("small r"):
        k = h(enc(t), enc(ka), msg)
        if holds(k * a % L, t, k, ka):
            case("no", enc(ka), enc(t) + s_bytes(k * a % L), msg, f"r-of-small-order-{i}")
            break
k = h(enc((0, 1)), EA, m)
case("no", EA, enc((0, 1)) + s_bytes(k * a % L), m, "r-is-the-identity")
# Both of small order, S zero: everything would verify everything.
case("no", enc((0, 1)), enc((0, 1)) + s_bytes(0), m, "key-and-r-are-the-identity")

# Mixed order, the equation holds without the cofactor: accepted, key and R are canonical and of large order.
for i in range(1, 8):
    for msg in messages("mixed"):
        ka = add(A, TORSION[i])
        for j in range(8):
            rp = add(R, TORSION[j])
            k = h(enc(rp), enc(ka), msg)
            if holds((r + k * a) % L, rp, k, ka):
                case("yes", enc(ka), enc(rp) + s_bytes((r + k * a) % L), msg, f"mixed-key-{i}-mixed-r-{j}-holds")
                break
        else:
            continue
        break
# Mixed order, the equation holds only times eight.
for i in range(1, 8):
    rp = add(R, TORSION[i])
    k = h(enc(rp), EA, m)
    case("no", EA, enc(rp) + s_bytes((r + k * a) % L), m, f"mixed-r-{i}-holds-times-8-only")
    for msg in messages("times 8"):
        ka = add(A, TORSION[i])
        k = h(ER, enc(ka), msg)
        if not holds((r + k * a) % L, R, k, ka):
            case("no", enc(ka), ER + s_bytes((r + k * a) % L), msg, f"mixed-key-{i}-holds-times-8-only")
            break

# Encodings that are not canonical: y of p and more, and a sign without a number.
for y in range(19):
    for sign in (0, 1):
        if recover(y, sign) is None:
            continue
        bad = (P + y | sign << 255).to_bytes(32, "little")
        point = (recover(y, sign), y)
        if mul(8, point) == (0, 1):
            for msg in messages("not canonical"):
                k = h(ER, bad, msg)
                if holds(r, R, k, point):
                    break
            case("no", bad, ER + s_bytes(r), msg, f"key-y-is-p-plus-{y}-sign-{sign}")
            kb = h(bad, EA, m)
            case("no", EA, bad + s_bytes(kb * a % L), m, f"r-y-is-p-plus-{y}-sign-{sign}")
        else:
            case("no", bad, ER + s_bytes(s), m, f"key-y-is-p-plus-{y}-sign-{sign}")
            case("no", EA, bad + s_bytes(s), m, f"r-y-is-p-plus-{y}-sign-{sign}")
for y, name in ((1, "1"), (P - 1, "minus-1")):
    bad = (y | 1 << 255).to_bytes(32, "little")
    for msg in messages("negative zero"):
        if holds(r, R, h(ER, bad, msg), (0, y)):
            break
    case("no", bad, ER + s_bytes(r), msg, f"key-is-negative-zero-y-{name}")
    case("no", EA, bad + s_bytes(h(bad, EA, m) * a % L), m, f"r-is-negative-zero-y-{name}")
# Not points at all.
y = next(y for y in range(2, 100) if recover(y, 0) is None)
case("no", y.to_bytes(32, "little"), ER + s_bytes(s), m, "key-not-on-the-curve")
case("no", EA, y.to_bytes(32, "little") + s_bytes(s), m, "r-not-on-the-curve")

print("# Made by gen/ed25519_edge.py: answer, public key, signature, message, name.")
print("\n".join(OUT))
