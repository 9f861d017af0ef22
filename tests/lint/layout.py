""".clang-format decides the layout. Versions differ in small things: only 14, Debian 12's, is asked."""

from lint import *

program = shutil.which("clang-format-14") or shutil.which("clang-format")
version = run(program, "--version").stdout if program else ""
if " version 14." not in version:
    skip("clang-format", f"version 14 is not here: {version.strip()}")
    finish()
wrong = []
for path in sources("src", "include", "tests", "bench"):
    done = run(program, "--dry-run", "-Werror", path)
    if done.returncode != 0:
        wrong.append(done.stderr.splitlines()[0])
check("clang-format has nothing to change", not wrong, "\n".join(wrong))
finish()
