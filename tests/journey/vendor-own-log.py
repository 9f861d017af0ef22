"""The vendor coerced: it signs a release and logs it, in a log of its own that nobody else watches."""

from journey import *

new_accord()
write("image", "an image with a back door")
must(accord("key", "new", "--for", "log", "cisco.com/secret-log", "-o", "secret.key"))
must(accord("log", "new", "secret", "--key", "secret.key"))
entry = must(accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "1",
                    "--key", "keys/cisco.com/release.key", "--statement-only", "image"))
write("entry", entry.bytes)
must(accord("log", "add", "secret", "--key", "secret.key", "entry"))
must(accord("log", "publish", "secret", "--key", "secret.key"))
must(accord("log", "prove", "secret", "0", "-o", "image.tlog-proof"))
expect("a log that the accord does not know", verify("image"), 1, "not one that the policy trusts")

# With the accord's origin, and with witnesses that can be made to cosign what they see, the log's key is still wrong.
must(accord("key", "new", "--for", "log", "tech-accord-2018/log", "-o", "forged.key"))
must(accord("log", "new", "forged", "--key", "forged.key"))
must(accord("log", "add", "forged", "--key", "forged.key", "entry"))
must(accord("log", "publish", "forged", "--key", "forged.key", "--cosign", "keys/cisco.com/witness.key",
            "--state", "forged.db"))
must(accord("log", "prove", "forged", "0", "-o", "image.tlog-proof"))
expect("a log under the accord's name", verify("image"), 1, "no key that is known here signed this")
finish()
