"""What the journeys of reports share: a served accord of three members, with its mailbox, and both sides of a case."""

import hashlib

from serving import *

FLAW = ["--product", "router", "--title", "Overflow in the parser"]


def serve_accord(*lines):
    """Members a, b, c; their witnesses in one server, the log and its mailbox in another. Returns the log's server."""
    write("members.tsv", "A\ta.example\tUS\nB\tb.example\tFI\nC\tc.example\tCH\n")
    must(accord("init", "accord", "--name", "served.example", "--members", "members.tsv", "--demo-keys", "keys"))
    must(accord("trust", "pin", "accord", "-o", "accord.trust"))
    policy = must(accord("policy", "accord")).out
    log_vkey = next(line.split()[1] for line in policy.splitlines() if line.startswith("log "))
    write("witnesses", "listen 127.0.0.1:0\n" + "".join(f"witness keys/{m}.example/witness.key {m}.state /{m}\n" for m in "abc") +
          f"known-log {log_vkey}\n")
    address = Server("witnesses").addresses[0][0]
    policy = re.sub(r"^witness (\w)(\.example) (\S+).*$", rf"witness \1\2 \3 http://{address}/\1", policy, flags=re.M)
    write("policy", policy)
    config("policy policy", *(lines or ["mailbox mailbox"]), log="log accord accord/private/log.key", accept=None)
    return Server()


def url(server):
    return f"http://{server.addresses[0][0]}"


def report(log, *files, to="a.example", name="flaw", options=()):
    return accord("report", "--accord", log, "--to", to, *FLAW, "--timeout", "20", *options, "-o", name, *files)


def vendor(log, verb, *words, by="a.example", key="receipt", options=()):
    """accord case VERB as a member."""
    return accord("case", verb, "--accord", log, "--by", by, "--key", f"keys/{by}/{key}.key", "--timeout", "20", *options, *words)


def receipt(log, case, by="a.example"):
    return vendor(log, "receipt", case, by=by, options=["--report-key", f"keys/{by}/report.key"])


def reporter(log, verb, *words, name="flaw", options=()):
    return accord("case", verb, "--accord", log, "--case", f"{name}.accord-case", "--timeout", "20", *options, *words)


def cases(log, *options):
    return must(accord("case", "list", log, "--json", *options)).json()["cases"]


def show(log, case, *options):
    return accord("case", "show", log, case, *options)


def state(log, case):
    return must(show(log, case, "--json")).json()


def sealed(name="flaw"):
    """The digest of a sealed report that `accord report` wrote."""
    return hashlib.sha256((DIR / f"{name}.age").read_bytes()).hexdigest()
