"""A statement with a line that its grammar does not have is refused, unless the line's key begins with x-."""

import base64

from journey import *

new_accord()
write("image", "an image")
good = must(accord("release", "--accord", "accord", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "1",
                   "--key", "keys/cisco.com/release.key", "--statement-only", "image")).bytes


def logged(name, entry):
    write("entry", entry)
    log_it("entry", "image.tlog-proof")
    return verify("image")


text, _ = good.split(b"\n\n", 1)
expect("the statement as it was made", logged("good", good), 0)
expect("an unknown key", logged("unknown", good.replace(b"\nsequence", b"\nsecret yes\nsequence", 1)), 1,
       "no such key.*|secret")
expect("a line changed after it was signed", logged("changed", good.replace(b"\nversion 1\n", b"\nversion 2\n")), 1,
       "does not verify")
expect("a line missing", logged("missing", good.replace(b"\nversion 1\n", b"\n")), 1, "lacks a line")
expect("a line twice", logged("twice", good.replace(b"\nversion 1\n", b"\nversion 1\nversion 1\n")), 1)
expect("another kind", logged("kind", good.replace(b"accord/v1/release", b"accord/v1/surprise")), 1, "kind of statement")
expect("another version of the protocol", logged("v2", good.replace(b"accord/v1/release", b"accord/v2/release")), 1)
expect("a sequence with a leading zero", logged("zero", good.replace(b"\nsequence 1", b"\nsequence 01")), 1)
expect("no statement at all", logged("text", b"hello\n"), 1)
finish()
