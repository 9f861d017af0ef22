"""Any single bit flipped in the file, the proof's body or its checkpoint is refused.

The proof is first cut down to a quorum and no more, so that no line of it is spare: then there is no bit that may be
flipped. tests/property/proof_bits.c flips every bit of such a proof; here a sample goes through the whole program."""

import random

from journey import *
from proofs import *

new_accord()
must(release(write("small.bin", "sixteen bytes..."), product="small"))
whole = read("small.bin.tlog-proof")
bare = bare_quorum(whole)
write("small.bin.tlog-proof", bare)
expect("a proof with a bare quorum verifies", verify("small.bin"), 0, "8 witnesses in 8 jurisdictions")


def flip(data, bit):
    flipped = bytearray(data)
    flipped[bit // 8] ^= 1 << bit % 8
    return bytes(flipped)


original, wrong = read("small.bin"), []
for bit in range(8 * len(original)):
    write("small.bin", flip(original, bit))
    run = verify("small.bin")
    if run.status != 1 or "not among the artifacts" not in run.err:
        wrong.append(f"bit {bit}: {run}")
check("each bit of the file", not wrong, "\n".join(wrong))
write("small.bin", original)

random.seed(20180417)
wrong = []
for bit in random.sample(range(8 * len(bare)), 500):
    write("small.bin.tlog-proof", flip(bare, bit))
    run = verify("small.bin")
    if run.status != 1 or "verified" in run.err:
        wrong.append(f"bit {bit} of byte {bare[bit // 8]:#x}: {run}")
check("500 bits of the proof", not wrong, "\n".join(wrong))

# With witnesses to spare, a flip that turns one cosignature into a stranger's (its name or its key's id) leaves a quorum
# of 33. Nothing else may be flipped.
wrong, strangers = [], 0
for bit in random.sample(range(8 * len(whole)), 300):
    write("small.bin.tlog-proof", flip(whole, bit))
    run = verify("small.bin")
    spare = in_cosignature_name_or_id(whole, bit // 8)
    if run.status == 0 and spare and "33 witnesses" in run.err:
        strangers += 1
    elif run.status != 1 or "verified" in run.err:
        wrong.append(f"bit {bit}: {run}")
check(f"300 bits of a proof with witnesses to spare ({strangers} made a stranger of one)", not wrong, "\n".join(wrong))
finish()
