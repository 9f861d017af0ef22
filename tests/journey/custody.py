"""What a host has in its possession, custody or control, found by looking: all of it is listed, what can be read is told
apart from what cannot by trying, and what a directory does to be overlooked does not help it."""

import socket
import time

from journey import *

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "vectors"


def custody(where="accord"):
    run = accord("custody", where, "--json")
    rows = {(row["kind"], row["readable"]): row for row in run.json()["rows"]}
    return run, rows


def names(row):
    return {os.path.basename(file["path"]) for file in row["paths"]} if row else set()


def has(name, rows, kind, readable, file, why=None):
    found = [f for f in rows.get((kind, readable), {"paths": []})["paths"] if f["path"].endswith(file)]
    check(name, found and (why is None or why in found[0].get("why", "")), rows)


new_accord()
must(release(write("image.bin", os.urandom(5000))))
run, rows = custody()
check("an accord's directory holds nothing unknown", run.status == 0 and not [k for k in rows if "unknown" in k], run)
files = [path for base in ("accord", "keys") for path in (DIR / base).rglob("*") if path.is_file()]
check("all of it is listed, with the keys that it names", run.json()["files"] == len(files) and
      run.json()["bytes"] == sum(f.stat().st_size for f in files), f"{run} {len(files)}")
check("the log is public as it is", ("log", "public") in rows and ("log", "clear") not in rows, run)
has("its key is in clear", rows, "key", "clear", "private/log.key")
has("the witnesses' memory is the host's", rows, "witness", "clear", "witnesses.db")
has("so is the journal", rows, "journal", "clear", ".accord/journal")
check("the demo's keys are found where they are", any(f["path"].endswith("keys/cisco.com/release.key") for f in rows["key", "clear"]["paths"]), run)
table = accord("custody", "accord", "--all")
check("as a table", table.status == 0 and "in clear" in table.out and "private/log.key" in table.out, table)

# Published, or not
signed = read("accord/public/checkpoint")
must(release(write("next.bin", "another one"), version="17.3.2"))
shutil.rmtree(DIR / "keys")
os.unlink(DIR / "accord/private/demo")
newest = read("accord/public/checkpoint")
write("accord/public/checkpoint", signed)
run, rows = custody()
check("what no checkpoint signs is not public", any("does not sign yet" in f.get("why", "") for f in rows["log", "clear"]["paths"]), run)
write("accord/public/checkpoint", newest)
bundle = DIR / "accord/public/tile/entries/000.p/4"
with open(bundle, "ab") as file:
    file.write(b"hidden behind the last entry")
run, rows = custody()
check("a bundle with something behind it is none", run.status == 1 and "not of its shape" in str(rows["unknown", "unknown"]), run)
shutil.copytree(DIR / "accord/public", DIR / "accord/private/copy")
run, rows = custody()
has("a tree in a private directory is not published", rows, "log", "clear", "copy/tile/0/000.p/4", "private directory")
shutil.rmtree(DIR / "accord/private/copy")
write("accord/public/image.bin.tlog-proof", read("image.bin.tlog-proof"))
write("accord/private/image.bin.tlog-proof", read("image.bin.tlog-proof"))
run, rows = custody()
check("a proof below public/ is published, another one is not",
      rows["document", "public"]["files"] == 1 and names(rows["document", "clear"]) == {"image.bin.tlog-proof"}, run)

# Keys and ciphertexts, tried
write("phrase", "four words, to test")
must(accord("key", "new", "--for", "release", "cisco.com/r", "-o", "accord/private/sealed.key", "--passphrase-file", "phrase"))
shutil.copy(VECTORS / "age-x25519.age", DIR / "accord/public/case.age")
shutil.copy(VECTORS / "age-x25519-three.age", DIR / "accord/public/three.age")
run, rows = custody()
has("a key under a passphrase is sealed", rows, "encrypted-key", "sealed", "sealed.key")
has("so is a ciphertext", rows, "ciphertext", "sealed", "case.age")
three = [f for f in rows["ciphertext", "sealed"]["paths"] if f["path"].endswith("three.age")][0]
check("its recipients are counted", three["recipients"] == {"x25519": 2, "passphrase": 0, "other": 1}, three)
shutil.copy(DIR / "phrase", DIR / "accord/private/.phrase")
run, rows = custody()
has("with the passphrase beside it, it is not", rows, "encrypted-key", "opens", "sealed.key")
has("and the passphrase is a key", rows, "key", "clear", ".phrase", "opens something")
shutil.copy(VECTORS / "age-x25519.identity", DIR / "identity")
os.symlink(DIR / "identity", DIR / "accord/private/elsewhere")
run, rows = custody()
has("a key that a link leads to is the host's", rows, "key", "clear", "/identity")
check("and opens both ciphertexts", rows["ciphertext", "opens"]["files"] == 2 and ("ciphertext", "sealed") not in rows, run)
os.unlink(DIR / "accord/private/elsewhere")
sealed = must(accord("key", "new", "--for", "report", "cisco.com", "-o", "accord/private/report.key", "--passphrase-file", "phrase"))
run, rows = custody()
check("the passphrase opens that key, too", rows["encrypted-key", "opens"]["files"] == 2, run)
write("accord/public/note.txt", "see\nPRIVATE+KEY+cisco.com+00000000+AAAA\n")
run, rows = custody()
has("a key inside another file is a key", rows, "key", "clear", "note.txt")
write("accord/private/tls.pem", "-----BEGIN PRIVATE KEY-----\nMC4CAQAw\n-----END PRIVATE KEY-----\n")
write("accord/private/tls2.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMC4CAQAw\n-----END ENCRYPTED PRIVATE KEY-----\n")
write("accord/public/broken.age", "age-encryption.org/v1\n-> X25519\n")
run, rows = custody()
has("a TLS key is a key", rows, "key", "clear", "tls.pem")
has("encrypted by other means it is untried", rows, "encrypted-key", "untried", "tls2.pem")
has("a damaged ciphertext is unknown", rows, "unknown", "unknown", "broken.age")

# Directories that would rather not be looked at
hostile = DIR / "hostile"
hostile.mkdir()
(hostile / "deep").mkdir()
deep = hostile / "deep"
for i in range(90):
    deep /= "d"
    deep.mkdir()
(deep / "hidden").write_text("x")
os.symlink(".", hostile / "self")
os.symlink("deep", hostile / "twice")
os.symlink("..", hostile / "up")
os.symlink("/proc", hostile / "proc")
os.symlink("b", hostile / "a")
os.symlink("a", hostile / "b")
os.mkfifo(hostile / "fifo")
listening = socket.socket(socket.AF_UNIX)
listening.bind(str(hostile / "sock"))
with open(hostile / "huge", "wb") as file:
    file.truncate(1 << 40)
(hostile / "name\x1b[2J\nwith a line").write_bytes(os.urandom(100))
(hostile / "tile/entries").mkdir(parents=True)
with open(hostile / "tile/entries/000", "wb") as file:
    file.truncate(1 << 40)
started = time.monotonic()
run, rows = custody("hostile")
check("a hostile directory takes no time", time.monotonic() - started < 20, time.monotonic() - started)
check("and is told to be unknown", run.status == 1, run)
unknown = rows["unknown", "unknown"]["paths"]
for what, path, why in (("a file that is too deep", "/d", "too deep"), ("a link upwards", "up", "not followed"),
                        ("what is no file system of files", "proc", "not followed"), ("a huge file", "huge", "in no format"),
                        ("a huge bundle", "tile/entries/000", "not of its shape")):
    has(f"loudly: {what}", rows, "unknown", "unknown", path, why)
check("links that lead nowhere, pipes and sockets hold nothing", names(rows["nothing", "none"]) == {"a", "b", "fifo", "sock"}, rows)
check("and what links lead to inside is there once", run.json()["files"] == len({f["path"] for row in rows.values() for f in row["paths"]}), run)
table = accord("custody", "hostile")
check("a name moves nobody's cursor", "\x1b" not in table.out and "UNKNOWN" in table.err, table)

# Other roles
vkey = must(accord("key", "public", "accord/private/log.key")).out.strip()
with open(bundle, "rb+") as file:
    file.truncate(len(bundle.read_bytes()) - len(b"hidden behind the last entry"))
must(accord("log", "mirror", "accord", "copy", "--vkey", vkey))
run, rows = custody("copy")
check("a copy of a log is public, but for its own state", run.status == 0 and set(rows) <= {("log", "public"), ("journal", "clear"), ("nothing", "none")}, run)
os.rename(DIR / "copy", DIR / ("0" * 64))
(DIR / "mirror/.accord").mkdir(parents=True)
os.rename(DIR / ("0" * 64), DIR / "mirror" / ("0" * 64))
(DIR / "mirror/.accord/ticket-key").write_bytes(os.urandom(32))
run, rows = custody("mirror")
check("a mirror's is a mirror's", run.status == 0 and ("mirror", "public") in rows and ("log", "public") not in rows, run)
has("and the key of its tickets is one", rows, "key", "clear", "ticket-key")
expect("what is no directory", accord("custody", "phrase"), 3, "a directory")
expect("nor is there at all", accord("custody", "nowhere"), 3)
finish()
