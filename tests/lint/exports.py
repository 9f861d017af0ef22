"""libaccord.so exports exactly what the public headers mark ACCORD_API."""

from lint import *

library = os.environ["ACCORD_LIBRARY"]
declared = set()
for path in sources("include", suffixes=(".h",)):
    text = without_comments(path.read_text())
    for match in re.finditer(r"\bACCORD_API\b[^;{]*?\b(accord_\w+)\s*[\(\[;=]", text, flags=re.DOTALL):
        declared.add(match.group(1))
    declared |= set(re.findall(r"\bACCORD_API\s+extern[^;]*?\b(accord_\w+)\s*;", text))
exported = {line.split()[-1] for line in run("nm", "-D", "--defined-only", library).stdout.splitlines()}
hooks = {name for name in exported if name.startswith(("__asan", "__ubsan", "__gcov", "__odr_asan"))}
exported = {re.sub(r"@.*", "", name) for name in exported - hooks}
check("nothing is exported that the headers do not declare", exported <= declared, "\n".join(sorted(exported - declared)))
check("everything that they declare is exported", declared <= exported, "\n".join(sorted(declared - exported)))
needed = set(re.findall(r"\(NEEDED\)[^\[]*\[([^\]]+)", run("readelf", "-d", library).stdout))
strange = {n for n in needed if not n.startswith(("libc.", "libsodium.", "libnettle.", "libdl.", "ld-linux", "libasan.", "libubsan.", "libgcc_s."))}
check("it needs no JSON and no database", not strange, strange)
finish()
