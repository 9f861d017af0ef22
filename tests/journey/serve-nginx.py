"""contrib/nginx.conf, as it stands but for names and places, in front of accord serve."""

from serving import *
import gzip

nginx, openssl = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"), shutil.which("openssl")
if nginx is None or openssl is None:
    print("1..0 # SKIP nginx and openssl are not both here")
    sys.exit(0)
example = pathlib.Path(__file__).resolve().parents[2] / "contrib" / "nginx.conf"
vkey = new_log()
config()
server = Server()
subprocess.run([openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                "/CN=log.example", "-addext", "subjectAltName=IP:127.0.0.1,IP:::1", "-keyout", "tls.key", "-out", "tls.pem"],
               cwd=DIR, check=True, capture_output=True)
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
text = example.read_text()
for old, new in {"server 127.0.0.1:7380;": f"server {server.addresses[0][0]};", "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
                 "listen [::]:443 ssl;": "", "/etc/ssl/log.example.pem": f"{DIR}/tls.pem",
                 "/etc/ssl/private/log.example.key": f"{DIR}/tls.key", "/var/lib/accord/log": f"{DIR}/log"}.items():
    check(f"the example says {old}", old in text)
    text = text.replace(old, new)
write("nginx.conf", f"""daemon off;
worker_processes 1;
pid {DIR}/nginx.pid;
error_log stderr;
{'user root;' if os.geteuid() == 0 else ''}
events {{ worker_connections 256; }}
http {{
access_log off;
client_body_temp_path {DIR}/body; proxy_temp_path {DIR}/proxy; fastcgi_temp_path {DIR}/fastcgi;
uwsgi_temp_path {DIR}/uwsgi; scgi_temp_path {DIR}/scgi;
{text}
}}
""")
errors = open(DIR / "nginx.errors", "wb")
front = subprocess.Popen([nginx, "-p", DIR, "-c", DIR / "nginx.conf"], stdout=errors, stderr=errors)
atexit.register(lambda: front.poll() is None and (front.terminate(), front.wait()))
context = ssl.create_default_context(cafile=str(DIR / "tls.pem"))


def ask(method, path, body=None, headers=None):
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=PATIENCE, context=context)
    try:
        connection.request(method, path, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def up():
    try:
        return ask("GET", "/checkpoint")
    except OSError:
        return front.poll() is not None and "ended"


check("nginx takes the example", isinstance(until(up), Answer), read("nginx.errors").decode())
answer = ask("POST", "/add", b"through nginx")
check("an entry comes through", answer.status == 200 and answer.text == "0", answer)
answer = ask("POST", "/add-batch", batch(*(b"entry %d" % i + b"." * 60000 for i in range(120))))
check("a batch of 7 MB", answer.status == 200 and answer.text == "1 120", answer)
answer = ask("POST", "/add-batch", batch(*(b"small %d" % i for i in range(180))))
check("and one that fills the bundle", answer.text == "121 180", answer)
check("the refusals are accord's", ask("POST", "/add", b"").status == 400)
check("the largest entry", ask("POST", "/add", b"y" * 65535).status == 200)
check("too large an entry: 413", ask("POST", "/add", b"y" * 65536).status == 413)
check("they are published", server.published(302), server.said())

answer = ask("GET", "/checkpoint")
check("the checkpoint is text and not cached", answer.body == read("log/checkpoint")
      and answer.headers["content-type"] == "text/plain; charset=utf-8" and answer.headers["cache-control"] == "no-cache", answer)
for path in ["tile/0/000", "tile/0/001.p/46", "tile/1/000.p/1", "tile/entries/000", "tile/entries/001.p/46"]:
    answer = ask("GET", "/" + path)
    check(f"{path} is nginx's own, and never changes", answer.status == 200 and answer.body == read("log/" + path)
          and answer.headers["content-type"] == "application/octet-stream"
          and answer.headers["cache-control"] == "public, max-age=31536000, immutable"
          and answer.headers["server"].startswith("nginx"), answer)
answer = ask("GET", "/tile/entries/000", headers={"Accept-Encoding": "gzip"})
check("bundles are compressed", answer.headers.get("content-encoding") == "gzip"
      and gzip.decompress(answer.body) == read("log/tile/entries/000"), answer.headers)
check("hashes are not", "content-encoding" not in ask("GET", "/tile/0/000", headers={"Accept-Encoding": "gzip"}).headers)
answer = ask("GET", "/tile/0/000.p/7")
check("a partial tile that is gone comes from accord", answer.status == 200 and answer.body == read("log/tile/0/000")[:224], answer)
for path in ["/.accord/journal", "/tile/../.accord/journal", "/tile/%2e%2e/.accord/lock", "/tile/0/009", "/healthz", "/nothing",
             "/tile/0/../../../log.key"]:
    check(f"there is no {path}", ask("GET", path).status in (400, 404), ask("GET", path))
for path in ["/checkpoint", "/tile/0/000"]:
    check(f"POST {path} is not allowed", ask("POST", path, b"x").status == 405)
check("the front page is accord's", ORIGIN in ask("GET", "/").text)
check("metrics are seen from here", "accord_log_size 302" in ask("GET", "/metrics").text)
server.stop()
check("with accord gone reads go on", ask("GET", "/tile/0/000").status == 200 and ask("GET", "/checkpoint").status == 200)
check("and adding says so", ask("POST", "/add", b"nobody").status in (502, 503, 504))
front.terminate()
check("nginx ends", front.wait(20) == 0, read("nginx.errors").decode())
finish()
