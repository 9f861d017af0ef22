"""An accord's own log behind accord serve: it takes what a member may log, and says why it takes nothing else."""

from serving import *

new_accord()
copy_accord("copy")
write("image", os.urandom(1000))


def entries(log):
    """Of a log of fewer than 256."""
    size = int(read(f"{log}/checkpoint").split(b"\n")[1])
    data, found = read(f"{log}/tile/entries/000.p/{size}"), []
    while data:
        end = 2 + int.from_bytes(data[:2], "big")
        found.append(data[2:end])
        data = data[end:]
    return found


must(accord("release", "--accord", "copy", "--vendor", "cisco.com", "--product", "ios-xe", "--version", "1", "--key",
            "keys/cisco.com/release.key", "image"))
statement = entries("copy/public")[-1]
check("a release made elsewhere", statement.startswith(b"accord/v1/release\n"), statement[:60])
config(log="log accord accord/private/log.key", accept=None)
server = Server()
size = server.size()
answer = server.add(statement)
check("a member's release is logged", answer.status == 200 and int(answer.text) == size, f"{answer}\n{server.said()}")
check("and published", server.published(size + 1), server.said())
answer = server.add(b"any text")
check("what is no statement: 400", answer.status == 400 and len(answer.text) > 10, answer)
answer = server.add(statement.replace(b"\nvendor cisco.com\n", b"\nvendor dell.com\n"))
check("a release in another's name: 403", answer.status == 403 and len(answer.text) > 10, answer)
answer = server.add(statement.replace(b"\nversion 1\n", b"\nversion 2\n"))
check("a release that was changed: 403", answer.status == 403, answer)
answer = server.ask("POST", "/add-batch", batch(statement, b"any text"))
check("a batch with one that is not admitted", answer.status in (400, 403), answer)
answer = server.ask("POST", "/add-batch", batch(statement))
check("a batch of what is there already has its index", answer.status == 200 and answer.text == f"{size} 1", answer)
for outcome, count in {"appended": 1, "known": 1}.items():
    check(f"they are counted as {outcome}", server.metric(f'accord_log_adds_total{{outcome="{outcome}"}}') == count,
          server.get("/metrics").text)
check("nothing else was logged", server.published(size + 1) and server.size() == size + 1)
check("private files are not served", all(server.get(path).status == 404 for path in ["/private/log.key", "/../private/log.key"]))
check("it ends", server.stop() == 0, server.said())
vkey = must(accord("key", "public", "accord/private/log.key")).out.strip()
expect("the log checks", accord("log", "check", "accord", "--vkey", vkey), 0)
finish()
