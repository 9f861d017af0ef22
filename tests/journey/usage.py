"""Wrong usage is status 2 and says what was wrong; --help is status 0 and has an example."""

from journey import *

expect("no arguments", accord(), 2, "accord")
expect("no such command", accord("vreify"), 2, "vreify")
for command in ["init", "policy", "trust pin", "release", "verify"]:
    words = command.split()
    expect(f"{command} without arguments", accord(*words), 2)
    expect(f"{command} with an unknown option", accord(*words, "--no-such-option"), 2, "no-such-option")
    run = accord(*words, "--help")
    check(f"{command} --help", run.status == 0 and "accord " + command in run.out + run.err
          and "xample" in run.out + run.err, run)
expect("an option without its value", accord("verify", "--trust"), 2)
expect("a proof for two files", accord("verify", "--proof", "p", "a", "b"), 2, "--proof")
expect("trust without a verb", accord("trust"), 2)
expect("a sequence that is no number", accord("release", "--accord", "a", "--vendor", "v", "--product", "p", "--version",
                                              "1", "--key", "k", "--sequence", "many", "f"), 2, "sequence")
finish()
