"""An accord without demo keys: the founders' own keys sign, and witnesses elsewhere cosign."""

from journey import *

three = write("three.tsv", "Abc\ta.example\tCH\nDef\td.example\tGB\nGhi\tg.example\tUS\n")
must(accord("init", "demo", "--name", "demo", "--members", three, "--demo-keys", "keys"))


def public(domain, role):
    return must(accord("key", "public", f"keys/{domain}/{role}.key")).out.strip()


rows = [line.split("\t") for line in (DIR / three).read_text().splitlines()]
rows = [row + [public(row[1], role) for role in ["release", "stage", "witness", "report"]] for row in rows]
real = write("real.tsv", "# members with their keys\n" + "".join("\t".join(row) + "\n" for row in rows))
expect("members without keys cannot found it",
       accord("init", "real", "--name", "real", "--members", three, "--founder-keys", "keys"), 1, "four key columns")
swapped = write("swapped.tsv", (DIR / real).read_text().replace(rows[0][3], rows[1][3]))
expect("nor can another's key", accord("init", "real", "--name", "real", "--members", swapped, "--founder-keys", "keys"), 1,
       "not the key that belongs here|only once")
expect("either demo keys or the founders' own",
       accord("init", "real", "--name", "real", "--members", real), 2, "--founder-keys")
check("nothing is left behind", not list(DIR.glob("real*")) or sorted(p.name for p in DIR.glob("real*")) == ["real.tsv"])
expect("the founders' keys found it", accord("init", "real", "--name", "real", "--members", real, "--founder-keys", "keys"), 0)
expect("nobody has cosigned it yet", accord("trust", "pin", "real", "-o", "trust"), 1, "too few witnesses")

witnesses = [f"keys/{row[1]}/witness.key" for row in rows]
policy = must(accord("policy", "real", "-o", "policy"))
publish_it = ["log", "publish", "real/public", "--key", "real/private/log.key", "--policy", "policy", "--state", "state"]
expect("two of three jurisdictions are too few",
       accord(*publish_it, *[w for k in witnesses[:2] for w in ("--cosign", k)]), 1, "too few witnesses")
expect("three publish it", accord(*publish_it, *[w for k in witnesses for w in ("--cosign", k)]), 0)
expect("now it can be pinned", accord("trust", "pin", "real", "-o", "trust"), 0)

write("image", "an image")
run = accord("release", "--accord", "real", "--vendor", "a.example", "--product", "p", "--version", "1", "--key",
             "keys/a.example/release.key", "image")
expect("a release waits for its witnesses", run, 1, "(?s)too few witnesses.*entry 2 of the log")
check("and has no proof before", not (DIR / "image.tlog-proof").exists())
expect("which cosign elsewhere", accord(*publish_it, *[w for k in witnesses for w in ("--cosign", k)]), 0)
must(accord("log", "prove", "real/public", "2", "-o", "image.tlog-proof"))
expect("then it verifies", accord("verify", "--trust", "trust", "image"), 0, "3 witnesses in 3 jurisdictions")
finish()
