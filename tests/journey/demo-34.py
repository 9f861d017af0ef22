"""The accord of the 34 signatories: what `accord init` makes, and that anybody can pin it."""

from journey import *

run = accord("init", "accord", "--name", "tech-accord-2018", "--members", SIGNATORIES, "--demo-keys", "keys")
expect("init", run, 0, "34 members in 10 jurisdictions")
check("the private half is private", (DIR / "accord/private").stat().st_mode & 0o777 == 0o700)
check("each key is", all(p.stat().st_mode & 0o777 == 0o600 for p in (DIR / "keys").glob("*/*.key")))
check("every member has six keys", len(list((DIR / "keys").glob("*/*.key"))) == 34 * 6)
check("more members admit than any one jurisdiction has",
      any(b"\nadmit 24\n" in f.read_bytes() for f in (DIR / "accord/public/tile/entries").rglob("*") if f.is_file()))
check("nothing half-made is left", sorted(os.listdir(DIR)) == ["accord", "keys"], os.listdir(DIR))

run = accord("policy", "accord")
expect("policy", run, 0)
check("has 34 witnesses in a group for each jurisdiction",
      len(re.findall("^witness ", run.out, re.M)) == 34 and len(re.findall("^group jurisdiction-", run.out, re.M)) == 10,
      run)
check("asks for 8 of them", re.search("^group [^ ]+ 8 jurisdiction-", run.out, re.M), run)
check("has one quorum and one log", len(re.findall("^quorum ", run.out, re.M)) == 1
      and len(re.findall("^log ", run.out, re.M)) == 1, run)
write("policy", run.out)

run = accord("trust", "pin", "accord", "-o", "accord.trust")
expect("trust pin", run, 0, "sha256:[0-9a-f]{64}")
digest = re.search("sha256:[0-9a-f]{64}", run.err).group(0)
expect("with the charter's digest, as had from elsewhere", accord("trust", "pin", "accord", "-o", "t2", "--charter", digest), 0)
check("it is the same file", read("accord.trust") == read("t2"))
expect("with another", accord("trust", "pin", "accord", "-o", "t3", "--charter", "sha256:" + "5" * 64), 1, "charter")
check("nothing is written then", not (DIR / "t3").exists())
run = accord("trust", "pin", "accord")
check("to standard output", run.status == 0 and run.bytes == read("accord.trust"), run)

must(release(write("image", "an image")))
run = accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "17.3.1",
             "--key", "keys/cisco.com/release.key", "--statement-only", "--sequence", "1", "image")
expect("a statement alone", run, 0)
write("entry", run.bytes)
expect("a release's proof is a plain tlog-proof",
       accord("proof", "verify", "image.tlog-proof", "--entry", "entry", "--policy", "policy"), 0)

junk = ["accord/v1/charter\nname junk\n\n— x AAAAAAAA\n", "accord/v1/roster\nnonsense\n\n— x AAAAAAAA\n"]
for i, text in enumerate(junk):
    log_it(write(f"junk-{i}", text), "junk.tlog-proof")
pinned = read("accord.trust")
expect("pinned again", accord("trust", "pin", "accord", "-o", "accord.trust"), 0)
check("the trust file is the same", read("accord.trust") == pinned)
later = write("later", pinned.replace(b"\nnumber 1\n", b"\nnumber 2\nprevious sha256:" + b"0" * 64 + b"\n"))
expect("no older roster takes the place of a newer one", accord("trust", "pin", "accord", "-o", later), 1, "older")
check("which stays", b"number 2" in read(later))
stranger = write("stranger", pinned.replace(digest[7:].encode(), b"5" * 64))
expect("nor another accord's the place of one that was pinned", accord("trust", "pin", "accord", "-o", stranger), 1,
       "charter")
expect("but by its charter's digest", accord("trust", "pin", "accord", "-o", stranger, "--charter", digest), 0)
check("which then stands there", read(stranger) == pinned)
expect("junk in the log is passed over", accord("trust", "pin", "accord", "-o", "t4"), 0)
check("and changes nothing", read("t4") == read("accord.trust"))

# A log whose checkpoint the quorum did not cosign cannot be pinned.
copy_accord("alone")
must(accord("log", "add", "alone/public", "--key", "alone/private/log.key", "image"))
must(publish("cisco.com", dir="alone"))
expect("a checkpoint of one witness", accord("trust", "pin", "alone", "-o", "t5"), 1, "too few witnesses")

three = write("three.tsv", "Abc\ta.example\tCH\nDef\td.example\tGB\nGhi\tg.example\tUS\n")
expect("an accord of three", accord("init", "small", "--name", "small", "--members", three, "--demo-keys", "small-keys",
                                    "--jurisdictions", "2"), 0, "3 members in 3 jurisdictions")
expect("a rule that nobody can meet", accord("init", "s2", "--name", "small", "--members", three, "--demo-keys", "k2",
                                             "--jurisdictions", "4"), 2, "jurisdictions")
check("leaves nothing", not (DIR / "s2").exists() and not (DIR / "s2.tmp").exists())
for name, tsv in [("twice the same domain", "A\ta.example\tCH\nB\ta.example\tGB\n"), ("two columns", "A\ta.example\n"),
                  ("no members", "# nobody\n"), ("a domain that leads elsewhere", "A\t../a\tCH\n")]:
    run = accord("init", "s3", "--name", "small", "--members", write("bad.tsv", tsv), "--demo-keys", "k3")
    check(f"{name}", run.status == 1 and not (DIR / "s3").exists(), run)
finish()
