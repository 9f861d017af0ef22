"""docs/stages.md: its commands are run as they stand there, in their order."""

from journey import *

PAGE = SIGNATORIES.parents[1] / "docs/stages.md"
for program in ("git", "make", "tar", "cc", "dpkg-deb", "sha256sum"):
    if shutil.which(program) is None:
        print(f"1..0 # SKIP no {program} here")
        sys.exit(0)
(DIR / "examples").symlink_to(SIGNATORIES.parent)
(DIR / "bin").mkdir()
(DIR / "bin/accord").symlink_to(ACCORD)
environment = {"PATH": f"{DIR}/bin:/usr/bin:/bin", "HOME": str(DIR), "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1"}

heading, commands, going = "", [], False
for line in PAGE.read_text().splitlines():
    if line.startswith("#"):
        heading = line.lstrip("# ")
    if going or line.startswith("    $ "):
        if going:
            commands[-1][1].append(line)
        else:
            commands.append((heading, [line.removeprefix("    $ ")]))
        going = line.endswith("\\")
check("the page has commands", len(commands) > 30, commands)

# One shell runs them all, so that a variable lives on; each says when it is done.
script = "".join("\n".join(lines) + f"\necho done-{i}\n" for i, (_, lines) in enumerate(commands))
done = subprocess.run(["/bin/sh", "-e", "-c", script], cwd=DIR, env=environment, capture_output=True, text=True)
reached = {line for line in done.stdout.splitlines() if line.startswith("done-")}
for i, (heading, lines) in enumerate(commands):
    if not check(f"{heading}: {lines[0][:70].rstrip(' ' + chr(92))}", f"done-{i}" in reached, "\n".join(lines) + "\n" + done.stderr[-2000:]):
        break
check("what should match, matched", done.stderr.count("match: ") == 3 and "mismatch" not in done.stderr, done.stderr[-3000:])
check("what should verify, verified", len(re.findall("^verified", done.stderr, re.M)) == 6, done.stderr[-3000:])
finish()
