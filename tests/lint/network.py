"""accord is linked without the libraries of the network, which would make each `accord verify` start later; accord-net,
which has them, is the same commands (docs/dependencies.md, "Two programs")."""

from lint import *

accord = pathlib.Path(os.environ["ACCORD"])
network = re.compile(r"lib(curl|microhttpd|ssl|gnutls|nghttp\d|z)\b")


def needed(program):
    return set(re.findall(r"\(NEEDED\)[^\[]*\[([^\]]+)", run("readelf", "-d", program).stdout))


def said(program, *args):
    done = run(program, *args)
    return done.returncode, done.stdout, done.stderr


strange = {name for name in needed(accord) if network.match(name)}
check("accord needs no library of the network", needed(accord) and not strange, strange)
beside = accord.with_name("accord-net")
for library in ("libcurl", "libmicrohttpd"):
    check(f"accord-net needs {library}", any(name.startswith(library) for name in needed(beside)), needed(beside))
for args in (["--version"], ["--help"], ["help", "log", "follow"], ["help", "--man", "serve"], ["completion", "bash"], ["no-such"]):
    check(f"both say the same to {' '.join(args)}", said(accord, *args) == said(beside, *args), said(beside, *args))
finish()
