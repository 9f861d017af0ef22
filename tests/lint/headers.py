"""Each header stands alone, has its guard, and the public ones are all installed."""

from lint import *

compiler = os.environ.get("CC", "cc").split()
wrong, guards = [], []
for path in sources("include", "src", suffixes=(".h",)):
    name = path.relative_to(ROOT / ("include" if path.is_relative_to(ROOT / "include") else "src"))
    done = run(*compiler, "-std=c11", "-D_GNU_SOURCE", "-Wall", "-Werror", "-fsyntax-only", f"-I{ROOT}/include", f"-I{ROOT}/src",
               "-xc", "-", input=f'#include "{name}"\nint nothing;\n')
    if done.returncode != 0:
        wrong.append(done.stderr)
    guard = re.sub(r"[/.]", "_", str(name)).upper()
    guard = guard if guard.startswith("ACCORD_") and path.is_relative_to(ROOT / "include") else "ACCORD_" + guard
    if f"#ifndef {guard}\n#define {guard}\n" not in path.read_text():
        guards.append(f"{name}: {guard}")
check("each header compiles alone", not wrong, "\n".join(wrong))
check("each header has the guard of its name", not guards, "\n".join(guards))

listed = set(re.findall(r"'(accord/[^']+)'", (ROOT / "include/meson.build").read_text()))
present = {str(p.relative_to(ROOT / "include")) for p in sources("include", suffixes=(".h",))}
check("every public header is installed", listed == present, listed ^ present)
finish()
