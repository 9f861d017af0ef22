"""Functions and marks that do not belong in the tree."""

from lint import *

BANNED = ["strtok", "strtok_r", "sscanf", "scanf", "fscanf", "strcpy", "strcat", "strncpy", "strncat", "sprintf", "vsprintf", "gets",
          "alloca", "atoi", "atol", "atoll", "tmpnam", "mktemp", "system", "popen"]
# Tests may start programs and take strings apart; what they must not do is run past an array.
BANNED_IN_TESTS = ["strtok", "strcpy", "sprintf", "vsprintf", "gets", "alloca", "tmpnam", "mktemp"]


def calls(names):
    return re.compile(r"\b(" + "|".join(names) + r")\s*\(")


wrong, marks = [], []
for path in sources("src", "include", "tests"):
    text = path.read_text()
    pattern = calls(BANNED_IN_TESTS if short(path).startswith("tests/") else BANNED)
    for number, line in enumerate(without_comments(text).splitlines(), 1):
        if pattern.search(line):
            wrong.append(f"{short(path)}:{number}: {line.strip()}")
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line):
            marks.append(f"{short(path)}:{number}: {line.strip()}")
check("no banned function", not wrong, "\n".join(wrong))
check("nothing is put off", not marks, "\n".join(marks))

opening = []
for path in sources("src", suffixes=(".c",)):
    if not path.read_text().startswith("/*"):
        opening.append(short(path))
check("each source file opens with what it knows", not opening, "\n".join(opening))

asserts = [short(p) for p in sources("src") if re.search(r"\bassert\s*\(", without_comments(p.read_text()))]
check("no assertion can be switched off", not asserts, "\n".join(asserts))
finish()
