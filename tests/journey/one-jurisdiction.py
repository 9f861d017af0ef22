"""A release whose checkpoint only the witnesses of one jurisdiction cosigned: whatever their number, it is not public."""

from journey import *

new_accord()
write("image", "an image made for one court")
copy_accord("coerced")
entry = must(accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "1",
                    "--key", "keys/cisco.com/release.key", "--statement-only", "image"))
write("entry", entry.bytes)
american = [domain for domain, code in members().items() if code == "US"]
log_it("entry", "image.tlog-proof", cosigners=american, dir="coerced")
expect(f"{len(american)} witnesses of one jurisdiction", verify("image"), 1,
       f"too few witnesses.*in each of 8 jurisdictions.*1 of 8 jurisdictions: US {len(american)}")

# The witnesses abroad have seen the accord's own log since. They remember, and will not cosign the fork.
must(release(write("honest", "an image for everybody")))
must(accord("log", "add", "coerced/public", "--key", "coerced/private/log.key", "entry"))
run = publish("abb.com", "sap.com", dir="coerced", state="accord/private/witnesses.db")
expect("the witnesses abroad cosign no fork", run, 1, "does not follow from what the witness saw before")
expect("what everybody sees verifies as before", verify("honest"), 0, "34 witnesses in 10 jurisdictions")
finish()
