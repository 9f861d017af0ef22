"""accord serve: adding and reading, what is refused and how, and the pages for operators."""

from serving import *
import gzip

vkey = new_log()
config("idle-timeout 5s")
expect("the configuration is checked", accord("serve", "--check", "config"), 0, "can be served")
server = Server()
check("it says where it listens", re.fullmatch(r"127\.0\.0\.1:[1-9]\d*", server.addresses[0][0]), server.said())

# adding
answer = server.add(b"first")
check("the first entry has index 0", answer.status == 200 and answer.text == "0", answer)
check("the answer is not to be stored", answer.headers.get("cache-control") == "no-store"
      and answer.headers["content-type"] == "text/plain; charset=utf-8", answer)
check("the second one has index 1", server.index(b"second") == 1)
check("an entry that is sent again gets its first index", server.index(b"first") == 0)
answer = server.ask("POST", "/add-batch", batch(b"third", b"fourth", b"x" * 65535))
check("a batch has a first index and a count", answer.status == 200 and answer.text == "2 3", answer)
check("the largest entry", server.index(b"y" * 65535) == 5)
check("they are published", server.published(6), server.said())
expect("and the log checks", accord("log", "check", "log", "--vkey", vkey), 0, "all 6 entries")

# what is refused
answer = server.add(b"")
check("an empty entry: 400", answer.status == 400 and "empty" in answer.text and answer.text.endswith("\n"), answer)
answer = server.add(b"z" * 65536)
check("an entry that is too large: 413", answer.status == 413, answer)
for name, body in {"an empty batch": b"", "a batch that is cut": batch(b"abc")[:-1], "half a length": batch(b"a") + b"\0",
                   "an empty entry in a batch": batch(b"a", b"", b"b")}.items():
    answer = server.ask("POST", "/add-batch", body)
    check(f"{name}: 400", answer.status == 400, answer)
answer = server.ask("POST", "/add-batch", b"\0\1a" * 131073)
check("a batch of too many entries: 413", answer.status == 413, answer)
connection = server.connection()
connection.putrequest("POST", "/add-batch")
connection.putheader("Content-Length", str((8 << 20) + 1))
connection.endheaders()
answer = Answer(connection.getresponse())
connection.close()
check("a batch of too many bytes: 413, before it is sent", answer.status == 413, answer)
for method, path, allow in [("GET", "/add", "POST"), ("PUT", "/add", "POST"), ("HEAD", "/add-batch", "POST"),
                            ("POST", "/checkpoint", "GET, HEAD"), ("DELETE", "/tile/0/000", "GET, HEAD"),
                            ("POST", "/metrics", "GET, HEAD"), ("POST", "/healthz", "GET, HEAD"), ("POST", "/", "GET, HEAD")]:
    answer = server.ask(method, path, b"body" if method == "POST" else None)
    check(f"{method} {path}: 405, and {allow} is allowed", answer.status == 405 and answer.headers.get("allow") == allow, answer)
check("nothing of that is in the log", server.index(b"seventh") == 6)
check("nor missing", server.published(7) and server.metric('accord_log_adds_total{outcome="appended"}') == 5,
      server.get("/metrics").text[:2000])

# reading
answer = server.get("/checkpoint")
check("a checkpoint is text and not cached", answer.status == 200 and answer.body == read("log/checkpoint")
      and answer.headers["content-type"] == "text/plain; charset=utf-8"
      and answer.headers["cache-control"] == "no-cache", answer)
for path in ["tile/0/000.p/7", "tile/entries/000.p/7"]:
    answer = server.get("/" + path)
    check(f"{path} is bytes and never changes", answer.status == 200 and answer.body == read("log/" + path)
          and answer.headers["content-type"] == "application/octet-stream"
          and "immutable" in answer.headers["cache-control"] and "max-age=31536000" in answer.headers["cache-control"], answer)
answer = server.ask("HEAD", "/tile/0/000.p/7")
check("HEAD has the headers and no body", answer.status == 200 and answer.body == b""
      and answer.headers["content-length"] == str(7 * 32), answer)
check("HEAD of the checkpoint too", server.ask("HEAD", "/checkpoint").status == 200)
answer = server.get("/tile/entries/000.p/7", {"Accept-Encoding": "gzip, deflate"})
check("a bundle is compressed for those who ask", answer.headers.get("content-encoding") == "gzip"
      and gzip.decompress(answer.body) == read("log/tile/entries/000.p/7"), answer)
check("and caches are told so", "accept-encoding" in answer.headers.get("vary", "").lower(), answer)
answer = server.get("/tile/entries/000.p/7", {"Accept-Encoding": "gzip;q=0"})
check("not for those who do not", "content-encoding" not in answer.headers
      and answer.body == read("log/tile/entries/000.p/7"), answer)
answer = server.get("/tile/0/000.p/7", {"Accept-Encoding": "gzip"})
check("hashes are not", "content-encoding" not in answer.headers, answer)
check("a query is not part of a path", server.get("/checkpoint?x=1").status == 200)
for path in ["/tile/0/000", "/tile/0/000.p/8", "/tile/0/001", "/tile/0/0", "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/00/000",
             "/tile/0/x000/000", "/tile/0/000.p/07", "/tile/entries/000", "/tile/entries/../../checkpoint", "/tile/", "/tile/0/",
             "/tile/8/000.p/1", "/tile/64/000", "/.accord/journal", "/.accord", "/.accord/lock", "/tile/../.accord/journal",
             "/tile/%2e%2e/.accord/journal", "//checkpoint", "/checkpoint/", "/log.key", "/../log.key", "/nothing",
             "/tile/0/000.p/7%00", "/tile/0/%30%30%30.p/7"]:
    connection = server.connection()
    connection.putrequest("GET", path, skip_host=False)
    connection.endheaders()
    answer = Answer(connection.getresponse())
    connection.close()
    check(f"there is no {path}", answer.status == 404, answer)

# full tiles
answer = server.ask("POST", "/add-batch", batch(*(b"number %d" % i for i in range(600))))
check("600 more", answer.text == "7 600", answer)
check("are published", server.published(607), server.said())
check("a full tile", server.get("/tile/0/001").body == read("log/tile/0/001"))
check("a partial tile that is gone is the full one's beginning", until(lambda: not (DIR / "log/tile/0/000.p/7").exists())
      and server.get("/tile/0/000.p/7").body == read("log/tile/0/000")[:224])
check("a partial bundle that is gone is gone", until(lambda: server.get("/tile/entries/000.p/7").status == 404))
until(lambda: server.metric("accord_log_published_size") == 607)
check("the level above", server.get("/tile/1/000.p/2").body == read("log/tile/1/000.p/2"))

# the operator's pages
answer = server.get("/healthz")
check("it is healthy", answer.status == 200 and answer.text == "ok\n", answer)
answer = server.get("/metrics")
check("metrics are Prometheus text", answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8", answer)
for line in ["accord_log_size 607", "accord_log_published_size 607", 'accord_log_health{state="sound"} 1',
             'accord_log_adds_total{outcome="known"} 1', "accord_log_entries_total 607", "accord_log_queue_requests 0",
             "accord_log_acknowledge_seconds_count 7"]:
    check(f"they say {line}", f"\n{line}\n" in answer.text, answer.text)
check("they count commits", server.metric("accord_log_commits_total") >= 6)
check("and memory", server.metric("process_resident_memory_bytes") > 1 << 20)
answer = server.get("/")
check("the front page names the log", answer.status == 200 and ORIGIN in answer.text and "607" in answer.text, answer)

# one connection, many requests; requests behind each other in one packet
connection = server.connection()
for i in range(20):
    connection.request("POST", "/add", b"kept alive %d" % i)
    answer = Answer(connection.getresponse())
check("a connection is kept alive", answer.status == 200 and int(answer.text) == 626, answer)
connection.close()
raw = server.socket()
raw.sendall(b"".join(b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\np%d" % i for i in range(5)))
said = b""
while said.count(b"HTTP/1.1 200") < 5 or not said.endswith(b"631"):
    part = raw.recv(65536)
    if not part:
        break
    said += part
check("requests in one packet are answered in order", re.findall(rb"\r\n\r\n(\d+)", said) == [b"627", b"628", b"629", b"630", b"631"], said)
raw.close()

# chunked bodies
connection = server.connection()
connection.request("POST", "/add", iter([b"in ", b"chunks"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
answer = Answer(connection.getresponse())
check("a chunked body", answer.status == 200 and answer.text == "632", answer)
connection.close()
check("that ends", server.published(633) and server.stop() == 0, server.said())
check("and says so", "event=stopped" in server.said() and "published=all" in server.said(), server.said())
expect("the log checks at the end", accord("log", "check", "log", "--vkey", vkey), 0, "all 633 entries")

# without deduplication
config("dedup off")
server = Server()
check("without deduplication an entry is logged again", server.index(b"first") == 633)
check("that ends too", server.stop(signal.SIGINT) == 0, server.said())
finish()
