#!/usr/bin/env python3
"""A client of a mirror, written from C2SP tlog-mirror, tlog-witness and tlog-tiles, and from
draft-ietf-plants-merkle-tree-certs (subtree consistency proofs), with nothing but Python's standard library.

    add_entries_client.py LOG SUBMISSION_PREFIX [options]

LOG is a log's directory or URL (tlog-tiles). All its entries are read, its checkpoint (or --checkpoint FILE) is brought
to the mirror, and what is answered in the end, the mirror's cosignatures, is printed below the checkpoint.

    --checkpoint FILE   of an earlier tree of the log
    --old N             the size that the mirror is thought to have seen
    --packages N        in a request at most; 32 where it is not said, as the specification recommends
    --start N           the first upload_start that is tried
    --no-gzip           bodies as they are
    --chunked           Transfer-Encoding: chunked
    --cut N             hang up after so many bytes of the first request, then begin again
    --damage            change the last hash or entry byte of the first package: prints the status that this is refused with
"""

import argparse
import base64
import gzip
import hashlib
import http.client
import pathlib
import struct
import sys
import urllib.parse
import urllib.request


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Log:
    """tlog-tiles: the checkpoint, and the entries of the bundles."""

    def __init__(self, where):
        self.where = where.rstrip("/")
        self.leaves, self.entries, self.known = [], [], {}

    def read(self, path):
        if "://" in self.where:
            with urllib.request.urlopen(f"{self.where}/{path}", timeout=30) as response:
                return response.read()
        return (pathlib.Path(self.where) / path).read_bytes()

    def load(self, size):
        for number in range((size + 255) // 256):
            width = min(256, size - number * 256)
            digits = f"{number:03}"
            digits = "0" * (-len(digits) % 3) + digits
            groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
            path = "tile/entries/" + "/".join(["x" + group for group in groups[:-1]] + [groups[-1]])
            try:
                bundle = self.read(path if width == 256 else f"{path}.p/{width}")
            except OSError:
                bundle = self.read(path)  # the full one may have taken its place
            at = 0
            for _ in range(width):
                length, = struct.unpack_from(">H", bundle, at)
                self.entries.append(bundle[at + 2:at + 2 + length])
                at += 2 + length
        self.leaves = [sha256(b"\0", entry) for entry in self.entries]

    def tree(self, start, end):
        """MTH(D[start:end]), RFC 6962."""
        if end - start == 0:
            return sha256()
        if end - start == 1:
            return self.leaves[start]
        if (start, end) not in self.known:
            split = start + power_below(end - start)
            self.known[start, end] = sha256(b"\1", self.tree(start, split), self.tree(split, end))
        return self.known[start, end]


def power_below(size):
    """The largest power of two smaller than size."""
    return 1 << ((size - 1).bit_length() - 1)


def subtree_proof(log, start, end, low, high, whole=True):
    """SUBTREE_SUBPROOF(start, end, D[low:high], whole); start and end count from low."""
    size = high - low
    if start == 0 and end == size:
        return [] if whole else [log.tree(low, high)]
    split = power_below(size)
    if end <= split:
        return subtree_proof(log, start, end, low, low + split, whole) + [log.tree(low + split, high)]
    if start >= split:
        return subtree_proof(log, start - split, end - split, low + split, high, whole) + [log.tree(low, low + split)]
    return subtree_proof(log, 0, end - split, low + split, high, False) + [log.tree(low, low + split)]


def consistency_proof(log, old, size):
    """RFC 6962, section 2.1.2: that of the subtree [0, old)."""
    return [] if old == 0 or old == size else subtree_proof(log, 0, old, 0, size)


def package(log, first, stop, end):
    entries = b"".join(struct.pack(">H", len(entry)) + entry for entry in log.entries[first:stop])
    hashes = subtree_proof(log, first // 256 * 256, stop, 0, end)
    return entries + bytes([len(hashes)]) + b"".join(hashes)


def packages(log, start, end):
    rounded = start // 256 * 256
    for number in range((-(-end // 256) * 256 - rounded) // 256 if start < end else 0):
        low = rounded + number * 256
        yield package(log, max(start, low), min(end, low + 256), end)


class Refused(Exception):
    pass


class Mirror:
    def __init__(self, prefix, options):
        self.url = urllib.parse.urlsplit(prefix)
        self.options = options

    def post(self, endpoint, body, headers, cut=None):
        connect = http.client.HTTPSConnection if self.url.scheme == "https" else http.client.HTTPConnection
        connection = connect(self.url.netloc, timeout=60)
        path = f"{self.url.path.rstrip('/')}/{endpoint}"
        if cut is not None:
            connection.putrequest("POST", path)
            for name, value in headers.items():
                connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders()
            connection.send(body[:cut])
            connection.close()
            return None
        if self.options.chunked:
            pieces = (body[i:i + 5000] for i in range(0, len(body), 5000))
            connection.request("POST", path, pieces, headers, encode_chunked=True)
        else:
            connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answer = response.status, response.headers.get("Content-Type", ""), response.read()
        connection.close()
        return answer

    def add_checkpoint(self, log, old, size, note):
        for _ in range(3):
            proof = "".join(base64.b64encode(h).decode() + "\n" for h in consistency_proof(log, old, size))
            status, kind, text = self.post("add-checkpoint", f"old {old}\n{proof}\n".encode() + note, {})
            if status == 200:
                return
            if status != 409:
                break
            if kind != "text/x.tlog.size":
                raise Refused(f"a 409 of the type {kind}")
            old = int(text)
            if old > size:
                return  # the mirror has seen more; this tree may still be one of its pending ones
        raise Refused(f"add-checkpoint: {status} {text!r}")

    def add_entries(self, log, origin, start, end, ticket, cut=None, damage=False):
        head = struct.pack(">H", len(origin)) + origin
        head += struct.pack(">QQH", start, end, len(ticket)) + ticket
        body = bytearray(head)
        for number, piece in enumerate(packages(log, start, end)):
            if number == self.options.packages:
                break
            body += piece
            if damage and number == 0:
                body[-1] ^= 1
        headers = {"Content-Type": "application/octet-stream"}
        body = bytes(body)
        if not self.options.no_gzip:
            headers["Content-Encoding"] = "gzip"
            body = gzip.compress(body)
        return self.post("add-entries", body, headers, cut)


def read_info(kind, text):
    """The three lines of text/x.tlog.mirror-info."""
    if kind != "text/x.tlog.mirror-info":
        raise Refused(f"information of the type {kind}")
    lines = text.decode().split("\n")
    if len(lines) != 4 or lines[3]:
        raise Refused(f"not three lines: {text!r}")
    size, following = lines[:2]
    if str(int(size)) != size or str(int(following)) != following:
        raise Refused(f"not decimal: {text!r}")
    return int(size), int(following), base64.b64decode(lines[2], validate=True)


def bring(log, mirror, origin, end, options):
    """Uploads until there are signatures."""
    start, ticket, said = options.start, b"", []
    if options.cut is not None:
        mirror.add_entries(log, origin, start, end, ticket, cut=options.cut)
    for _ in range(len(log.entries) // 256 + 10):
        status, kind, text = mirror.add_entries(log, origin, start, end, ticket)
        said.append(status)
        if status == 200:
            print("answers:", *said, file=sys.stderr)
            return text.decode()
        if status not in (202, 409):
            raise Refused(f"add-entries: {status} {text!r}")
        size, following, ticket = read_info(kind, text)
        if size != end:
            raise Refused(f"the mirror wants the tree of size {size}: {status} {text!r}")
        if status == 202 and following <= start:
            raise Refused("a 202 without progress")
        start = min(following, end)
    raise Refused(f"no end: {said}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("prefix")
    parser.add_argument("--checkpoint")
    parser.add_argument("--old", type=int, default=0)
    parser.add_argument("--packages", type=int, default=32)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--no-gzip", action="store_true")
    parser.add_argument("--chunked", action="store_true")
    parser.add_argument("--cut", type=int)
    parser.add_argument("--damage", action="store_true")
    options = parser.parse_args()
    log = Log(options.log)
    note = pathlib.Path(options.checkpoint).read_bytes() if options.checkpoint else log.read("checkpoint")
    text, _, signatures = note.partition(b"\n\n")
    origin, size, root = text.split(b"\n")[:3]
    log.load(int(size))
    if base64.b64encode(log.tree(0, int(size))) != root:
        raise Refused("the log's entries do not lead to its checkpoint")
    mirror = Mirror(options.prefix, options)
    mirror.add_checkpoint(log, options.old, int(size), note)
    if options.damage:
        status, _, _ = mirror.add_entries(log, origin, options.start, int(size), b"", damage=True)
        print(status)
        return
    lines = bring(log, mirror, origin, int(size), options)
    if not lines or any(not line.startswith("\u2014 ") for line in lines.splitlines()) or not lines.endswith("\n"):
        raise Refused(f"not signature lines: {lines!r}")
    sys.stdout.buffer.write(note + lines.encode())


if __name__ == "__main__":
    try:
        main()
    except (Refused, OSError, ValueError) as problem:
        print(f"add_entries_client: {problem}", file=sys.stderr)
        sys.exit(1)
