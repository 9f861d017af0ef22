"""core/ builds with a compiler alone, and needs nothing but five functions of memory."""

from lint import *

ALLOWED = {"memcpy", "memmove", "memcmp", "memset", "memchr"}
# What a compiler's own options put into objects (sanitizers are not asked for here).
HOOKS = re.compile(r"^(__stack_chk_fail|_GLOBAL_OFFSET_TABLE_)$")

with tempfile.TemporaryDirectory() as folder:
    compiler = os.environ.get("CC", "cc").split()
    needed, defined, writable = {}, set(), []
    wrong = []
    for path in sources("src/core", suffixes=(".c",)):
        made = pathlib.Path(folder) / (path.stem + ".o")
        done = run(*compiler, "-std=c11", "-ffreestanding", "-Os", "-fno-pie", f"-I{ROOT}/include", f"-I{ROOT}/src", "-c", path, "-o", made)
        if done.returncode != 0:
            wrong.append(done.stderr)
            continue
        for line in run("nm", made).stdout.splitlines():
            *_, kind, name = line.split()
            if kind == "U":
                needed.setdefault(name, short(path))
            elif kind in "TRVWDB":
                defined.add(name)
            if kind in "DBdbC":
                writable.append(f"{short(path)}: {name}")
    check("cc -Iinclude -Isrc -c src/core/*.c", not wrong, "\n".join(wrong))
    outside = {n: p for n, p in needed.items() if n not in defined and n not in ALLOWED and not HOOKS.match(n)}
    check(f"core needs only {' '.join(sorted(ALLOWED))}", not outside, outside)
    check("core has no data that changes", not writable, "\n".join(writable))
    foreign = {n for n in defined if not n.startswith("accord_")}
    check("names with external linkage begin with accord_", not foreign, foreign)
finish()
