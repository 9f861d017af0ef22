"""docs/reports.md, "A whole case": its commands are run as they stand there, in their order."""

from journey import *

PAGE = SIGNATORIES.parents[1] / "docs/reports.md"
(DIR / "bin").mkdir()
(DIR / "bin/accord").symlink_to(ACCORD)
environment = {"PATH": f"{DIR}/bin:/usr/bin:/bin", "HOME": str(DIR), "LC_ALL": "C"}
must(accord("init", "my-accord", "--name", "tech-accord-2018", "--members", str(SIGNATORIES), "--demo-keys", "demo-keys"))
must(accord("trust", "pin", "my-accord", "-o", "accord.trust"))
section = PAGE.read_text().split("## A whole case\n")[1].split("\n## ")[0]
commands = [line[4:] for line in section.splitlines() if line.startswith("    ")]
check("the page has commands", len(commands) > 14, commands)
script = "".join(f"{line}\necho done-{i}\n" for i, line in enumerate(commands))
done = subprocess.run(["/bin/sh", "-e", "-c", script], cwd=DIR, env=environment, capture_output=True, text=True)
reached = {line for line in done.stdout.splitlines() if line.startswith("done-")}
for i, line in enumerate(commands):
    if not check(line[:70], f"done-{i}" in reached, line + "\n" + done.stderr[-2000:]):
        break
check("the vendor's receipt is of this report", "its vendor's receipt is of this very report" in done.stderr, done.stderr[-2000:])
check("what was committed to is read", "revealed by cisco.com" in done.stdout and "affected: critical" in done.stdout, done.stdout[-2000:])
check("what was sent is what came out", (DIR / "opened/poc.txt").read_bytes() == (DIR / "poc.txt").read_bytes())
finish()
