"""The table of commands, the manual pages, the completion scripts and the README agree."""

from lint import *

ACCORD = os.environ["ACCORD"]


def accord(*args):
    return run(ACCORD, *args)


names = accord("help", "--list").stdout.splitlines()
check("there are commands", len(names) > 10, names)
pages = set(re.findall(r"'([^']+)'", re.search(r"man_pages = \[(.*?)\]", (ROOT / "src/cli/meson.build").read_text(), re.DOTALL).group(1)))
check("each command has its manual page", pages == set(names), pages ^ set(names))
mandoc = shutil.which("mandoc")
for name in [None, *names]:
    words = name.split() if name else []
    page = accord("help", "--man", *words)
    if mandoc is None:
        skip(f"the manual page of accord {name or ''}", "mandoc is not here")
    else:
        done = run(mandoc, "-Tlint", input=page.stdout)
        # Whether other pages are installed on this machine is not the page's fault.
        says = [line for line in (done.stdout + done.stderr).splitlines() if "mandoc.db" not in line and "referenced manual" not in line]
        check(f"mandoc accepts the page of accord {name or ''}".strip(), page.returncode == 0 and not says, "\n".join(says))
    if name:
        done = accord(*words, "--help")
        usage = f"usage: accord {name}"
        check(f"accord {name} --help has its usage and an example",
              done.returncode == 0 and done.stdout.startswith(usage) and re.search(rf"Example:\n.*accord {name}", done.stdout, re.DOTALL), done.stdout)
        wide = [line for line in done.stdout.splitlines() if len(line) > 140 and "accord" not in line]
        check(f"accord {name} --help fits a terminal", not wide, "\n".join(wide))
for shell in ["bash", "zsh", "fish"]:
    done = accord("completion", shell)
    check(f"completion {shell} knows every command", done.returncode == 0 and all(n.split()[-1] in done.stdout for n in names), done)
    if shutil.which(shell):
        checked = run(shell, "-n", "/dev/stdin", input=done.stdout)
        check(f"{shell} can parse its completion", checked.returncode == 0, checked.stderr)
readme = (ROOT / "README.md").read_text() if (ROOT / "README.md").exists() else ""
blocks = "".join(re.findall(r"^    .*$", readme, re.MULTILINE))
used = set(re.findall(r"(?:^|[ (|])(?:build/)?accord ((?:key|log|proof|witness|trust|member|case|advisory) [a-z]+|[a-z]+)", blocks))
check("the README uses commands that there are", used <= set(names), used - set(names))
finish()
