"""The mailbox of a served log: what it takes, what it refuses with which status, what a crash leaves, and that whoever hosts it can
read nothing."""

import subprocess

from cases import *


def ask(server, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(server.addresses[0][0], timeout=PATIENCE)
    connection.request(method, path, body, headers or {})
    answer = Answer(connection.getresponse())
    connection.close()
    return answer


def status(name, answer, expected):
    return check(f"{name}: {expected}", answer.status == expected, answer)


server = serve_accord("mailbox mailbox", "mailbox-work 8", "mailbox-rate 20 60s", "mailbox-limit 64M", "request-timeout 2s")
LOG = url(server)
write("poc.txt", os.urandom(200000))
terms = ask(server, "GET", "/mailbox")
check("it says what it takes", terms.status == 200 and terms.text == "limit 67108864\nwork 8\nreports 20 60\nintroduced no\n", terms)

# What comes in
expect("a report does the work that is asked for", report(LOG, "poc.txt"), 0)
sent, path = (DIR / "flaw.age").read_bytes(), f"/mailbox/{sealed()}"
answer = ask(server, "GET", path)
check("what it holds is what was sent, for ever", answer.status == 200 and answer.body == sent and
      "immutable" in answer.headers["cache-control"], answer.status)
answer = ask(server, "HEAD", path)
check("and its size", answer.status == 200 and int(answer.headers["content-length"]) == len(sent), answer)
status("what is there is not written again", ask(server, "POST", path, sent), 200)
status("what no report announces is not taken", ask(server, "POST", "/mailbox/" + 64 * "a", b"x"), 403)
status("a name that is no digest", ask(server, "POST", "/mailbox/" + 64 * "A", b"x"), 405)
status("nothing is there under it", ask(server, "GET", "/mailbox/" + 64 * "A"), 404)
status("nor above it", ask(server, "GET", "/mailbox/../log.key"), 404)
status("nor under another", ask(server, "GET", "/mailbox/" + 64 * "b"), 404)
status("it is not put", ask(server, "PUT", path, sent), 405)
status("nor deleted", ask(server, "DELETE", path), 405)

os.remove(DIR / "mailbox" / sealed())
wrong = bytearray(sent)
wrong[-1] ^= 1
status("other octets", ask(server, "POST", path, bytes(wrong)), 400)
status("fewer", ask(server, "POST", path, sent[:-1]), 400)
status("none", ask(server, "POST", path, b""), 400)
status("more", ask(server, "POST", path, sent + b"x"), 413)
half = socket.create_connection(server.addresses[0][0].split(":"))
half.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent[:1000])
check("while it comes it is not there", ask(server, "GET", path).status == 404)
half.close()
check("what is cut off leaves nothing", until(lambda: not os.listdir(DIR / "mailbox")), os.listdir(DIR / "mailbox"))
slow = socket.create_connection(server.addresses[0][0].split(":"))
slow.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent[:1000])
slow.settimeout(PATIENCE)
check("who stops sending is sent away", until(lambda: not os.listdir(DIR / "mailbox")) and slow.recv(100)[:12] in (b"", b"HTTP/1.1 503"))
slow.close()
answers = []
both = [threading.Thread(target=lambda: answers.append(ask(server, "POST", path, sent).status)) for _ in range(4)]
for one in both:
    one.start()
for one in both:
    one.join()
check("several at once", set(answers) <= {200, 201} and 201 in answers and os.listdir(DIR / "mailbox") == [sealed()], answers)

# A server that is killed while one comes
os.remove(DIR / "mailbox" / sealed())
half = socket.create_connection(server.addresses[0][0].split(":"))
half.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent[:100000])
check("an upload is under way", until(lambda: os.listdir(DIR / "mailbox")))
server.process.kill()
server.process.wait()
check("the kill leaves what it wrote", os.listdir(DIR / "mailbox") != [] and not (DIR / "mailbox" / sealed()).exists())
config("policy policy", "mailbox mailbox", "mailbox-from introduced", log="log accord accord/private/log.key", accept=None)
server = Server()
LOG = url(server)
check("the next start clears it", os.listdir(DIR / "mailbox") == [], os.listdir(DIR / "mailbox"))
status("it still knows what is announced", ask(server, "POST", path, sent), 201)
expect("where only members' friends may, a stranger is refused", report(LOG, "poc.txt", name="stranger"), 1, "a member's introduction")
expect("and one whom a member introduces is not", report(LOG, "poc.txt", name="friend", options=["--introduce", "keys/b.example/receipt.key"]), 0)

# Answers by whom they are not
CASE = cases(LOG)[0]["case"]
expect("an answer by another member is not taken", vendor(LOG, "progress", CASE, "exploited", by="b.example"), 1)
expect("nor to a case that is not there", vendor(LOG, "receipt", 64 * "0", options=["--report-key", "keys/a.example/report.key"]), 3)

# What its host has
held = [p for p in DIR.rglob("*") if p.is_file() and (p.is_relative_to(DIR / "mailbox") or p.is_relative_to(DIR / "accord"))]
keys = [p for p in (*(DIR / "accord").rglob("*"), *(DIR / "keys").rglob("witness.key")) if p.is_file()]


def opens(key, file):
    """Does age open the file with whatever is in this one?"""
    return subprocess.run(["age", "-d", "-i", key, file], stdin=subprocess.DEVNULL, capture_output=True).returncode == 0


ciphertexts = [p for p in (DIR / "mailbox").iterdir()]
check("the host has sealed reports and keys", len(ciphertexts) == 2 and any("PRIVATE+KEY" in p.read_text(errors="ignore") for p in keys))
check("none of which opens any of them", not any(opens(key, file) for key in keys for file in ciphertexts))
check("the vendor's key does: this is a test that could fail", all(opens(DIR / "keys/a.example/report.key", file) for file in ciphertexts))
everything = b"".join(p.read_bytes() for p in held)
check("nor does anything in its directories say what is in them", b"Overflow in the parser" not in everything and b"poc.txt" not in everything)
finish()
