"""Dependencies point down only: each room's files include only what is below it."""

from lint import *

ROOMS = {
    "core": set(),
    "base": set(),
    "crypto": {"base"},
    "json": {"core"},
    "version": {"core"},
    "feed": {"base", "core", "json", "version"},
    "sbom": {"core", "json"},
    "audit": {"base", "core", "version", "feed", "sbom"},
    "age": {"base", "crypto", "core"},
    "keys": {"base", "crypto", "core", "age"},
    "log": {"base", "core"},
    "witness": {"base", "crypto", "core", "keys", "log"},
    "roster": {"core"},
    "release": {"core", "roster"},
    "report": {"core", "roster"},
    "advisory": {"base", "core", "roster", "follow"},
    "evidence": {"core"},
    "intoto": {"base", "core", "crypto"},
    "follow": {"base", "core", "crypto", "log", "roster", "release"},
    "case": {"base", "core", "crypto", "age", "keys", "log", "roster", "release", "report", "follow"},
    "mirror": {"base", "core", "crypto", "keys", "log", "witness", "follow"},
    "monitor": {"base", "core", "crypto", "log", "roster", "release", "report", "case", "evidence", "follow"},
    "custody": {"base", "core", "crypto", "age", "keys"},
    "status": {"base", "core", "crypto", "log", "roster", "release", "report", "case", "follow", "monitor"},
    "net": {"base", "core", "log", "witness"},
    "serve": {"base", "core", "crypto", "keys", "log", "witness", "roster", "release", "evidence", "follow", "mirror", "monitor", "net", "report", "case", "age"},
    "cli": {"base", "core", "crypto", "keys", "log", "witness", "roster", "release", "evidence", "intoto", "follow", "mirror", "monitor", "custody", "status", "net", "serve", "report", "case", "age", "advisory", "version", "feed", "sbom", "audit"},
}
# base/ knows the error list and slices of the public headers; core/ may include no system header but these.
CORE_SYSTEM = {"stdbool.h", "stddef.h", "stdint.h", "string.h"}

found = {p.name for p in (ROOT / "src").iterdir() if p.is_dir()}
check("every room is known", found <= set(ROOMS), found - set(ROOMS))
for room in sorted(found & set(ROOMS)):
    allowed = ROOMS[room] | {room, "accord"}
    wrong = []
    for path in sources(f"src/{room}"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+(["<])([^">]+)', line)
            if not match:
                continue
            kind, name = match.groups()
            folder = name.split("/")[0] if "/" in name else ""
            if kind == '"' and folder not in allowed:
                wrong.append(f"{short(path)}:{number}: {name}")
            if kind == "<" and room == "core" and name not in CORE_SYSTEM:
                wrong.append(f"{short(path)}:{number}: <{name}>")
    check(f"{room} includes only {', '.join(sorted(allowed))}", not wrong, "\n".join(wrong))
wrong = []
for path in sources("include"):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+(["<])([^">]+)', line)
        if match and not (match.group(2).startswith("accord/") or match.group(2) in CORE_SYSTEM):
            wrong.append(f"{short(path)}:{number}: {match.group(2)}")
check("public headers include only public headers", not wrong, "\n".join(wrong))
finish()
