"""A proof of another file, or of nothing that is a release."""

from journey import *

new_accord()
must(release(write("a.bin", "one image")))
must(release(write("b.bin", "another image"), version="17.3.2"))
shutil.copy(DIR / "b.bin.tlog-proof", DIR / "a.bin.tlog-proof")
expect("a proof of another file", verify("a.bin"), 1, "not among the artifacts.*expected b.bin, found sha256:")
write("b.bin", "another image.")
expect("one byte more", verify("b.bin"), 1, "not among the artifacts.*expected sha256:.* 13, found sha256:.* 14")
write("b.bin", "")
expect("an empty file", verify("b.bin"), 1, "not among the artifacts")

write("c.bin", "one image")
must(accord("log", "prove", "accord", "1", "-o", "c.bin.tlog-proof"))
expect("a proof of the roster", verify("c.bin"), 1, "kind of statement")
expect("a text", verify("a.bin", options=["--proof", "c.bin"]), 1, "grammar")
finish()
