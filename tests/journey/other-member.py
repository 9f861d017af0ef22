"""A release that another member signed: refused by the log's own tool, and by every verifier if it is logged anyway."""

from journey import *

new_accord()
write("image", "an image")
run = accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "1",
             "--key", "keys/microsoft.com/release.key", "image")
expect("accord release does not log it", run, 1, "not signed by a key of the party.*microsoft.com")
check("and writes no proof", not (DIR / "image.tlog-proof").exists(), run)

statement = must(accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "1",
                        "--key", "keys/microsoft.com/release.key", "--statement-only", "image"))
write("entry", statement.bytes)
log_it("entry", "image.tlog-proof")
expect("a verifier refuses it", verify("image"), 1, "not signed by a key of the party.*microsoft.com")

statement = must(accord("release", "--accord", "accord", "--vendor", "stranger.example", "--product", "p", "--version",
                        "1", "--key", "keys/cisco.com/release.key", "--statement-only", "image"))
write("entry2", statement.bytes)
log_it("entry2", "image.tlog-proof")
expect("a vendor that is no member", verify("image"), 1, "no such member.*stranger.example|stranger.example.*no such member")

statement = must(accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "1",
                        "--key", "keys/cisco.com/stage.key", "--statement-only", "image"))
write("entry3", statement.bytes)
log_it("entry3", "image.tlog-proof")
expect("the vendor's own key for another purpose", verify("image"), 1, "not signed by a key of the party")
finish()
