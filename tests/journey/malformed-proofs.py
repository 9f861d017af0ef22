"""One meaning has one encoding, every byte is consumed or refused, and size is bounded."""

import resource

from journey import *
from proofs import *

new_accord()
for i in range(3):
    must(release(write("image", f"image {i}"), version=f"17.{i}"))
proof = read("image.tlog-proof")
size = len(read("image"))


def refuse(name, data, says=None):
    assert data != proof, name
    write("image.tlog-proof", data)
    run = verify("image")
    expect(name, run, 1, says)


index = re.search(rb"\nindex (\d+)\n", proof).group(1)
tree = re.search(rb"\n(\d+)\n[A-Za-z0-9+/=]{44}\n\n", proof).group(1)
refuse("a leading zero in the index", proof.replace(b"\nindex " + index, b"\nindex 0" + index))
refuse("a sign before the index", proof.replace(b"\nindex ", b"\nindex +"))
refuse("an index in hexadecimal", proof.replace(b"\nindex " + index, b"\nindex 0x" + index))
refuse("an index past 64 bits", proof.replace(b"\nindex " + index, b"\nindex 18446744073709551616"))
refuse("another index", proof.replace(b"\nindex " + index, b"\nindex 0"), "inclusion proof does not lead|outside")
refuse("an index outside of the tree", proof.replace(b"\nindex " + index, b"\nindex 4000"), "inside the tree")
refuse("a leading zero in the tree's size", proof.replace(b"\n" + tree + b"\n", b"\n0" + tree + b"\n"))
refuse("CRLF", proof.replace(b"\n", b"\r\n"))
refuse("one CR", proof.replace(b"\n", b"\r\n", 1))
refuse("a NUL at the end", proof + b"\0")
refuse("a NUL in the middle", proof[:200] + b"\0" + proof[200:])
refuse("a newline more", proof + b"\n")
refuse("a space more", proof + b" ")
refuse("two proofs", proof + proof)
refuse("a line before", b"\n" + proof)
refuse("a byte order mark", b"\xef\xbb\xbf" + proof)
refuse("nothing", b"", "grammar")
refuse("another version", proof.replace(b"tlog-proof@v1", b"tlog-proof@v2"))
refuse("two extra lines", proof.replace(b"\nindex", b"\nextra AAAA\nindex"))
refuse("no extra line", re.sub(rb"\nextra [^\n]*", b"", proof), "carries no entry")
refuse("base64 with a newline's worth of padding", re.sub(rb"(\nextra [^\n]*)", rb"\1=", proof))
refuse("a hash too many", proof.replace(b"\nindex " + index + b"\n", b"\nindex " + index + b"\n" + b"A" * 43 + b"=\n"),
       "inclusion proof does not lead")
refuse("64 hashes too many",
       proof.replace(b"\nindex " + index + b"\n", b"\nindex " + index + b"\n" + (b"A" * 43 + b"=\n") * 64))
wrong = []
for cut in range(0, len(proof), 97):
    write("image.tlog-proof", proof[:cut])
    run = verify("image")
    # A cut after a whole line leaves a well-formed proof with fewer witnesses, which the rule may or may not accept.
    whole_line = cut > 0 and proof[cut - 1:cut] == b"\n"
    if run.status != 1 and not (whole_line and run.status == 0):
        wrong.append(f"cut at {cut}: {run}")
check("truncation anywhere", not wrong, "\n".join(wrong))


def within(megabytes):
    """Runs verify with so much address space and no more."""
    limit = megabytes * 1024 * 1024
    return subprocess.run([ACCORD, "verify", "--trust", "accord.trust", "image"], cwd=DIR, capture_output=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)))


write("image.tlog-proof", proof)
runs_there = within(32).returncode == 0  # a sanitizer's build does not
write("image.tlog-proof", proof + b"\n" * (64 * 1024 * 1024 - len(proof)))
expect("a proof of 64 MiB", verify("image"), 1, "larger than accord accepts")
run = within(32)
check("is not read whole: 32 MiB of address space suffice to refuse it",
      not runs_there or run.returncode == 1 and b"larger than accord accepts" in run.stderr, run)
finish()
