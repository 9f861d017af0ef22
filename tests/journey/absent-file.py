"""What is not there is status 3, and the sentence says what to do."""

from journey import *

new_accord()
must(release(write("image", "an image")))
expect("an absent file", verify("nowhere"), 3, "nowhere: it does not exist")
write("unproven", "no proof beside me")
expect("an absent proof", verify("unproven"), 3, r"unproven\.tlog-proof.*does not exist.*proof that its vendor gives out")
os.rename(DIR / "image", DIR / "image.gone")
expect("a proof without its file", verify("image"), 3, "image: it does not exist")
os.rename(DIR / "image.gone", DIR / "image")
expect("an absent trust file", accord("verify", "--trust", "no-trust", "image"), 3, "no-trust.*does not exist")
expect("no trust file anywhere", accord("verify", "image"), 3, "accord trust pin")
expect("an absent log", accord("policy", "no-log"), 3, "no-log")
expect("an absent key", accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "p", "--version",
                              "1", "--key", "no-key", "image"), 3, "no-key")
expect("one absent among many does not hide the others", verify("image", "nowhere"), 3, "verified")
write("changed", "changed")
shutil.copy(DIR / "image.tlog-proof", DIR / "changed.tlog-proof")
expect("a refusal weighs more than an absence", verify("changed", "nowhere"), 1)
expect("in either order", verify("nowhere", "changed"), 1)
(DIR / "directory").mkdir()
shutil.copy(DIR / "image.tlog-proof", DIR / "directory.tlog-proof")
expect("a directory is no file", verify("directory"), 3, "directory")
finish()
