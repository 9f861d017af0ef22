"""Cosignatures removed one by one: verified while the rule holds, refused from there on, and the refusal says who vouches."""

from journey import *
from proofs import *

new_accord()
must(release(write("image", "an image")))
body, log, cosignatures = split(read("image.tlog-proof"))
of = jurisdictions()

wrong = []
for kept in range(len(cosignatures), -1, -1):
    lines = cosignatures[:kept]
    count = len({of[domain(line)] for line in lines})
    write("image.tlog-proof", join(body, log, lines))
    run = verify("image")
    if count >= 8:
        good = run.status == 0 and f"{kept} witnesses in {count} jurisdictions" in run.err
    else:
        good = run.status == 1 and "too few witnesses" in run.err and f"{count} of 8 jurisdictions" in run.err
    if not good:
        wrong.append(f"{kept} witnesses in {count} jurisdictions: {run}")
check("each number of cosignatures", not wrong, "\n".join(wrong))

write("image.tlog-proof", join(body, log, cosignatures + cosignatures[:1]))
run = verify("image")
check("one witness twice is one witness", run.status == 0 and "34 witnesses" in run.err or run.status == 1, run)
one = [line for line in cosignatures if of[domain(line)] == "CH"][:1]
write("image.tlog-proof", join(body, log, one * 8))
expect("one witness eight times is one witness", verify("image"), 1, "too few witnesses|only once")
finish()
