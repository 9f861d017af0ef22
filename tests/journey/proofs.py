"""Taking tlog-proofs apart, and putting them together wrongly."""

from journey import SIGNATORIES

DASH = "— ".encode()


def jurisdictions():
    rows = [line.split("\t") for line in SIGNATORIES.read_text().splitlines() if line and not line.startswith("#")]
    return {row[1]: row[2] for row in rows}


def split(proof):
    """The lines before the signatures, the log's own signature line, the cosignatures; each with its newline."""
    lines = proof.splitlines(keepends=True)
    signatures = [i for i, line in enumerate(lines) if line.startswith(DASH)]
    first = signatures[0]
    return lines[:first], lines[first], lines[first + 1:]


def join(body, log, cosignatures):
    return b"".join([*body, log, *cosignatures])


def domain(line):
    """Whose cosignature: demo keys are named DOMAIN/witness."""
    return line[len(DASH):].split(b" ")[0].decode().split("/")[0]


def bare_quorum(proof, count=8):
    """Keeps one witness in each of as many jurisdictions as the rule asks for."""
    body, log, cosignatures = split(proof)
    of, kept, seen = jurisdictions(), [], set()
    for line in cosignatures:
        code = of[domain(line)]
        if code not in seen and len(kept) < count:
            seen.add(code)
            kept.append(line)
    return join(body, log, kept)


def in_cosignature_name_or_id(proof, offset):
    """Is the byte in a cosignature's name, or in the base64 of its key's id (4 bytes: 6 characters)?"""
    body, log, cosignatures = split(proof)
    at = len(b"".join([*body, log]))
    for line in cosignatures:
        name_end = line.index(b" ", len(DASH))
        if at <= offset < at + len(line):
            return len(DASH) <= offset - at < name_end or name_end < offset - at <= name_end + 6
        at += len(line)
    return False
