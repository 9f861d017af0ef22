"""The example of docs: a program that embeds libaccord.so, and knows only its public headers."""

from journey import *

ROOT = SIGNATORIES.parents[1]
library = pathlib.Path(os.environ["ACCORD_LIBRARY"])
compiler = os.environ.get("CC", "cc").split()
sanitized = b"asan" in subprocess.run(["readelf", "-d", library], capture_output=True).stdout
if sanitized:
    print("1..0 # SKIP the library is built with a sanitizer")
    sys.exit(0)
done = subprocess.run([*compiler, "-std=c11", "-Wall", "-Wextra", "-Werror", f"-I{ROOT}/include", ROOT / "examples/embed/verify.c",
                       library, f"-Wl,-rpath,{library.parent}", "-o", DIR / "verify"], capture_output=True, text=True)
check("it compiles with the public headers and the shared library alone", done.returncode == 0, done.stderr)
new_accord()
image = write("image", os.urandom(5000))
must(release(image))
verdict = subprocess.run(["./verify", "accord.trust", "image.tlog-proof", "image"], cwd=DIR, capture_output=True, text=True)
check("it verifies what its vendor published", verdict.returncode == 0 and verdict.stdout == "cisco.com published this\n", verdict)
write("image", read("image") + b"x")
verdict = subprocess.run(["./verify", "accord.trust", "image.tlog-proof", "image"], cwd=DIR, capture_output=True, text=True)
check("and refuses what it did not", verdict.returncode == 1 and verdict.stderr.startswith("refused"), verdict)
finish()
