"""A signature by somebody whom the accord does not know changes nothing."""

from journey import *
from proofs import *

new_accord()
must(release(write("image", "an image")))
body, log, cosignatures = split(read("image.tlog-proof"))
stranger = DASH + b"stranger.example/witness " + b"QUJDRGFi" + b"\n"

write("image.tlog-proof", join(body, log, [*cosignatures, stranger]))
expect("after the witnesses", verify("image"), 0, "34 witnesses in 10 jurisdictions")
write("image.tlog-proof", join(body, stranger, [log, *cosignatures]))
expect("before the log", verify("image"), 0, "34 witnesses in 10 jurisdictions")
write("image.tlog-proof", join(body, log, [stranger] * 3 + cosignatures))
expect("three times", verify("image"), 0, "34 witnesses in 10 jurisdictions")
write("image.tlog-proof", join(body, log, [stranger]))
expect("but it vouches for nothing", verify("image"), 1, "too few witnesses")
write("image.tlog-proof", join(body, stranger, cosignatures))
expect("and is no log", verify("image"), 1, "no key that is known here signed this")
finish()
