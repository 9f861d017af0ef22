"""A reporter whose report is meant to do harm: names that lead elsewhere, words that a terminal would obey, tar that is none. Its vendor,
and whoever opens it later, is told that it does not open, or is shown what it says as text; nothing is written but what held."""

import base64
import hashlib
import hmac

from journey import *

ESCAPES = ("\x1b]0;owned\x07\x1b[2J", "\u009b2J", "\u202egpj")


def age(*arguments, stdin=None):
    return subprocess.run([os.environ["AGE_TOOL"], *arguments], input=stdin, capture_output=True, check=True, cwd=DIR).stdout


def mac(key, *pieces):
    return hmac.new(key, b"".join(pieces), hashlib.sha256).digest()


def b64(data):
    return base64.b64encode(data).decode()


def header(name, size, kind=b"0"):
    block = name.encode().ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + b"%011o\0" % size + b"0" * 11 + b"\0" + b" " * 8 + kind
    block = (block.ljust(257, b"\0") + b"ustar\x0000").ljust(329, b"\0") + b"0000000\0" * 2
    block = block.ljust(512, b"\0")
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def packed(members):
    """A parcel: tar, padded as far as a small one is."""
    data = b"".join((one if isinstance(one, bytes) else header(one[0], len(one[1])) + one[1] + bytes(-len(one[1]) % 512)) for one in members)
    return data + bytes(16384 - len(data))


def sent(name, change=lambda cover: cover, members=None, custodians=()):
    """Logs a report whose cover was changed, and whose parcel is made of these members: as its reporter can, and no command does."""
    options = [a for one in custodians for a in ("--custodian", one)] + (["--custodians", f"{len(custodians)}/{len(custodians)}"] if custodians else [])
    must(accord("report", "--accord", "accord", "--to", "cisco.com", "--title", "a title", "-o", name, *options, write("poc.txt", "poc")))
    rest, parts = read(f"{name}.accord-case").split(b"\n", 1)[1], {}
    while rest:
        line, rest = rest.split(b"\n", 1)
        key, value = line.decode().split(" ", 1)
        if key in ("cover", "entry"):
            value, rest = rest[:int(value)], rest[int(value):]
        parts[key] = value
    cover = change(parts["cover"].decode()).encode()
    parcel = packed(members(cover) if members else [("COVER", cover), ("poc.txt", b"poc")])
    recipients = [line.split(" ")[1] for line in cover.decode(errors="replace").split("\n") if line.startswith("recipient ")]
    write("seed", bytes.fromhex(parts["seed"]))
    sealed = age("seal", "--seed", "seed", *recipients, stdin=parcel)
    new = {"commitment": b64(mac(bytes.fromhex(parts["salt"]), b"accord/v1/report\ncisco.com\n", hashlib.sha256(parcel).digest())),
           "sealed": f"sha256:{hashlib.sha256(sealed).hexdigest()} {len(sealed)}", "opens": "1"}
    text = parts["entry"].decode().split("\n\n")[0].split("\n")
    text = [next((f"{k} {v}" for k, v in new.items() if line.startswith(k + " ")), line) for line in text]
    note = subprocess.run([os.environ["SIGN_NOTE"], DIR / write(f"{name}.key", parts["key"] + "\n")], input="\n".join([*text, ""]).encode(),
                          capture_output=True, check=True).stdout
    must(accord("log", "add", "accord/public", "--key", "accord/private/log.key", write("forged", note)))
    must(publish(*names))
    (DIR / "accord/public/mailbox" / hashlib.sha256(sealed).hexdigest()).write_bytes(sealed)
    return hashlib.sha256(note).hexdigest()


def inbox(*options):
    return accord("inbox", "--accord", "accord", "--trust", "accord.trust", "--key", "keys/cisco.com/report.key", *options)


def obeyed(*runs):
    """Is there anything in what was printed that a terminal would obey?"""
    return [run for run in runs for text in (run.out, run.err) if re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)]


names = ["abb.com", "arm.com", "cisco.com", "nokia.com", "sap.com", "telefonica.com"]
rows = [row for row in SIGNATORIES.read_text().splitlines() if set(row.split("\t")) & set(names)]
new_accord(members=write("members.tsv", "\n".join(rows) + "\n"))
before = {p.relative_to(DIR) for p in DIR.rglob("*")}


def only_in(*allowed):
    """Nothing new but what the tests themselves wrote, and what lies below these."""
    return [p for p in DIR.rglob("*") if p.relative_to(DIR) not in before and "poc" in p.name and p.parent != DIR
            and not any(DIR / one in p.parents for one in allowed)]


# What does not hold is not extracted, in no part
swap = lambda name: lambda cover: cover.replace("file 3 poc.txt", f"file 3 {name}")
with_name = lambda name: lambda cover: [("COVER", cover), (name, b"poc")]
bad = {"up": (swap("../poc"), with_name("../poc")), "deep": (swap("a/poc"), with_name("a/poc")), "root": (swap("/tmp/poc"), with_name("/tmp/poc")),
       "dots": (swap(".."), with_name("..")), "cover": (swap("COVER"), with_name("COVER")),
       "link": (lambda c: c, lambda cover: [("COVER", cover), header("poc.txt", 3, b"2") + b"poc" + bytes(509)]),
       "device": (lambda c: c, lambda cover: [("COVER", cover), header("poc.txt", 3, b"3") + b"poc" + bytes(509)]),
       "huge": (lambda c: c.replace("file 3 ", "file 8589934591 "), lambda cover: [("COVER", cover), header("poc.txt", 8589934591)]),
       "second": (lambda c: c, lambda cover: [("COVER", cover), ("poc.txt", b"poc"), ("poc2.txt", b"poc")]),
       "none": (lambda c: c, lambda cover: [("poc.txt", b"poc")]),
       "twice": (lambda c: c.replace("file 3 poc.txt\n", "file 3 poc.txt\nfile 3 poc.txt\n"),
                 lambda cover: [("COVER", cover), ("poc.txt", b"poc"), ("poc.txt", b"poc")]),
       "newline": (lambda c: c.replace("title a title", "title a\ttitle\x1b[2J"), None)}
wrong = {sent(name, *how) for name, how in bad.items()}
run, told = inbox("--json", "-o", "in"), inbox()
cases = {r["case"].split(":")[1]: r for r in run.json()["reports"]}
check("none of them opens", run.status == 1 and not [c for c in wrong if cases[c]["opened"]], run)
reasons = {r["rule"] for c, r in cases.items() if c in wrong}
check("each for what is wrong with it", reasons >= {"malformed", "duplicate"} and len(reasons) > 2, reasons)
check("and why is told as text", told.status == 1 and not obeyed(told), told.err)
check("nothing of them is written", not {p.name for p in (DIR / "in").iterdir()} & {c[:16] for c in wrong} and not list(DIR.rglob("*.part"))
      and not only_in("in"), only_in("in"))
check("those that are as a command makes them are there", len(list((DIR / "in").iterdir())) == len(bad), list((DIR / "in").iterdir()))

# Words that a terminal would obey are shown, and not said
rude = sent("rude", lambda c: c.replace("title a title", "title " + "".join(ESCAPES[1:])).replace("poc.txt", "poc\u009b.txt"),
            lambda cover: [("COVER", cover), ("poc\u009b.txt", b"poc")], custodians=["sap.com"])
run = inbox("-o", "in")
check("titles and names are shown as text", rude[:16] in run.err and "?2J" in run.err and not obeyed(run), run)
must(accord("custodian", "run", "--accord", "accord", "--member", "sap.com", "--key", "keys/sap.com/report.key", "--sign", "keys/sap.com/receipt.key",
            "--trust", "accord.trust", "--state", "sap.state"))
opened = accord("case", "open", "--accord", "accord", "--by", "sap.com", "--key", "keys/sap.com/receipt.key", rude)
check("also where custodians open it", opened.status == 0 and "?2J" in opened.err and not obeyed(opened), opened)
shown = accord("case", "show", "accord", rude)
check("and where anybody does", shown.status == 0 and "?2J" in shown.err and not obeyed(shown), shown)
finish()
