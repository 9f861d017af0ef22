"""A log of 100 million entries, whose right edge alone is there (tests/tools/sparse_log.c), starts at once and stays small."""

from serving import *

SIZE = 100_000_123

must(accord("key", "new", "--for", "log", ORIGIN, "-o", "log.key"))
subprocess.run([os.environ["SPARSE_LOG"], "log", "log.key", str(SIZE)], cwd=DIR, check=True)
config()
begun = time.monotonic()
server = Server()
took = time.monotonic() - begun
check(f"it is ready within a second ({took:.2f} s)", took < 1, server.said())
check("the next entry has the next index", server.index(b"one more") == SIZE)
check("and is not appended twice", server.index(b"one more") == SIZE)
check("a batch too", server.ask("POST", "/add-batch", batch(*(b"entry %d" % i for i in range(1000)))).text == f"{SIZE + 1} 1000")
check("they are published", server.published(SIZE + 1001), server.said())
check("all entries are covered", server.metric("accord_log_dedup_entries") == SIZE + 1001,
      [line for line in server.get("/metrics").text.split("\n") if "dedup" in line])
resident = int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{server.process.pid}/status").read_text()).group(1))
check(f"in less than 48 MiB ({resident // 1024} MiB)", resident < 48 << 10)
check("it ends in good order", server.stop() == 0, server.said())
begun = time.monotonic()
server = Server()
check("and starts again within a second", time.monotonic() - begun < 1, server.said())
check("where it stopped", server.index(b"entry 999") == SIZE + 1000)
finish()
