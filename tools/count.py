"""Counts results in meson's test logs: python3 count.py testlog.json... prints `PASSED FAILED`. A test that speaks TAP
counts one for each of its points, any other one for itself; so does a test that died."""

import json
import re
import sys

passed = failed = 0
for path in sys.argv[1:]:
    with open(path) as lines:
        for line in lines:
            test = json.loads(line)
            points = re.findall(r"^(not ok|ok)\b([^\n]*)$", test.get("stdout") or "", re.MULTILINE)
            points = [kind for kind, rest in points if "# SKIP" not in rest.upper().replace("#SKIP", "# SKIP")]
            bad = points.count("not ok")
            passed += points.count("ok")
            failed += bad
            if test["result"] in ("OK", "EXPECTEDFAIL"):
                passed += not points
            elif test["result"] != "SKIP":
                failed += not bad
print(passed, failed)
