"""A vendor logs a release of a real file; anybody verifies it offline with the proof beside it."""

from journey import *

new_accord()
image = write("ios-xe-17.3.1.bin", os.urandom(100_000))

run = release(image)
expect("a release is logged, cosigned and proven", run, 0, "ios-xe-17.3.1.bin.tlog-proof")
check("the proof lies beside the file", (DIR / f"{image}.tlog-proof").is_file(), run)

run = verify(image)
expect("the file verifies", run, 0, "verified")
for words in ["Cisco", r"cisco\.com", "ios-xe 17.3.1", "sequence 1", r"public since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC",
              "34 witnesses in 10 jurisdictions", "CH 1", "US 2[0-9]", "tech-accord-2018/log"]:
    check(f"it says {words}", re.search(words, run.err), run)

expect("a script can have silence", verify(image, options=["--quiet"]), 0, "^$")
expect("the trust file may come from the environment",
       accord("verify", image, env={"ACCORD_TRUST": str(DIR / "accord.trust")}), 0, "verified")
(DIR / "config" / "accord").mkdir(parents=True)
shutil.copy(DIR / "accord.trust", DIR / "config" / "accord" / "trust")
expect("or from the user's configuration", accord("verify", image), 0, "verified")
expect("standard input is a file too",
       accord("verify", "--trust", "accord.trust", "--proof", f"{image}.tlog-proof", "-", stdin=read(image)), 0, "verified")

expect("the next release has the next sequence", release(write("ios-xe-17.3.2.bin", "newer"), version="17.3.2"), 0)
expect("and verifies", verify("ios-xe-17.3.2.bin"), 0, "sequence 2")
expect("the earlier proof goes on to verify", verify(image), 0, "sequence 1")
forged = "a\nartifact sha256:" + "0" * 64 + " 4 b"
expect("a file's name cannot add lines to the statement", release(write(forged, "x"), product="forged"), 1, "artifact")
check("nothing is logged", not (DIR / f"{forged}.tlog-proof").exists())
expect("nor can a platform", release(image, product="forged", options=["--platform", "a/b\nstage use sha256:" + "0" * 64]),
       1, "platform")
expect("nor can a version", release(image, product="forged", version="1\nsequence 7\nx-note"), 1)
expect("an accord is never overwritten",
       accord("init", "accord", "--name", "other", "--members", SIGNATORIES, "--demo-keys", "keys2"), 1, "exists")
expect("the log checks", accord("log", "check", "accord", "--vkey",
                                must(accord("key", "public", "accord/private/log.key")).out.strip()), 0)
finish()
