"""docs/stages.md, "Recipes": a .deb, a firmware image, a container image by its digest, a git tag, a directory tree."""

import gzip
import hashlib
import io
import tarfile

from journey import *

new_accord()
ACCORD_RELEASE = ["--accord", "accord", "--vendor", "cisco.com", "--key", "keys/cisco.com/release.key"]
STAGE = ["--accord", "accord", "--vendor", "cisco.com", "--key", "keys/cisco.com/stage.key"]


def sha(data):
    return hashlib.sha256(data).hexdigest()


# a directory tree: its manifest is the artifact
(DIR / "tree/sub").mkdir(parents=True)
for name in ("a", "sub/b"):
    write(f"tree/{name}", name)
expect("the manifest of a directory", accord("manifest", "tree", "-o", "tree-1.0.manifest"), 0)
check("has a line for each file", read("tree-1.0.manifest").decode() == "".join(f"100644 sha256:{sha(n.encode())} {n}\n" for n in ("a", "sub/b")))
answer = accord("manifest", "--json", "tree").json()
check("its digest is the directory's", answer["sha256"] == "sha256:" + sha(read("tree-1.0.manifest")) and answer["files"] == 2, answer)
must(accord("release", *ACCORD_RELEASE, "--product", "tree", "--version", "1.0", "tree-1.0.manifest"))


def verify_tree(directory="tree", *options):
    made = must(accord("manifest", *options, *([directory] if directory else []))).bytes
    return accord("verify", "--trust", "accord.trust", "--proof", "tree-1.0.manifest.tlog-proof", "-", stdin=made)


expect("whoever has the directory verifies it", verify_tree(), 0, "verified")
write("tree/sub/b", "changed")
expect("a changed file is refused", verify_tree(), 1, "not among the artifacts")
write("tree/sub/b", "sub/b")
(DIR / "tree/c").symlink_to("a")
expect("so is one too many", verify_tree(), 1, "not among the artifacts")
(DIR / "tree/c").unlink()
(DIR / "tree/a").chmod(0o755)
expect("and one that may be run now", verify_tree(), 1, "not among the artifacts")
(DIR / "tree/a").chmod(0o644)
expect("neither a directory nor a commit", accord("manifest"), 2, "either a DIR or --git")
expect("both", accord("manifest", "--git", "tree", "tree"), 2, "either a DIR or --git")

# a git tag: the same manifest, from git
if shutil.which("git"):
    for args in (["init", "-q"], ["add", "."], ["commit", "-qm", "1.0"], ["tag", "v1.0"]):
        subprocess.run(["git", "-C", DIR / "tree", "-c", "user.name=E", "-c", "user.email=e@cisco.com", *args], check=True, capture_output=True)
    expect("a git tag is the same tree", verify_tree(None, "--git", "tree", "--tag", "v1.0"), 0, "verified")
    run = accord("attest", "--stage", "source", *STAGE, "--product", "tree", "--git", "tree", "--tag", "v1.0", "-o", "tree.source.tlog-proof")
    check("and the source attestation is about it", f"subject sha256:{sha(read('tree-1.0.manifest'))} git:" in run.err, run)
    write("tree/a", "moved")
    subprocess.run(["git", "-C", DIR / "tree", "-c", "user.name=E", "-c", "user.email=e@cisco.com", "commit", "-qam", "x"], check=True, capture_output=True)
    subprocess.run(["git", "-C", DIR / "tree", "tag", "-f", "v1.0"], check=True, capture_output=True)
    expect("a tag that was moved is refused", verify_tree(None, "--git", "tree", "--tag", "v1.0"), 1, "not among the artifacts")
else:
    print("# no git here: a git tag is not tried")

# a firmware image: on a device, with a memory
for version, sequence in (("1.0", 1), ("1.1", 2)):
    write(f"router-{version}.img", os.urandom(64) * 1000)
    must(accord("release", *ACCORD_RELEASE, "--product", "router", "--version", version, f"router-{version}.img"))
must(accord("current", "--accord", "accord", "--vendor", "cisco.com", "--product", "router", "--key", "keys/cisco.com/release.key", "--lowest", "2", "-o", "router.current"))
device = ["--state", "accepted", "--current", "router.current"]
expect("a firmware image", verify("router-1.1.img", options=device), 0, "verified")
expect("an older one is not installed again", verify("router-1.0.img", options=device), 1, "router-1.0.img")
expect("nor without the memory, by what is current", verify("router-1.0.img", options=["--current", "router.current"]), 1, "not fit for use")
expect("the device reports what it runs", accord("attest", "--stage", "use", *STAGE, "--product", "router", "--parameter", "device=router-17", "router-1.1.img"), 0,
       "parameter device router-17")

# a container image: the manifest's digest is the image's name
layer = io.BytesIO()
with tarfile.open(fileobj=layer, mode="w") as tar:
    entry = tarfile.TarInfo("hello")
    entry.size = 5
    tar.addfile(entry, io.BytesIO(b"hello"))
blobs = DIR / "image/blobs/sha256"
blobs.mkdir(parents=True)


def blob(data):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    (blobs / sha(data)).write_bytes(data)
    return {"digest": "sha256:" + sha(data), "size": len(data)}


config = blob({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha(layer.getvalue())]}})
compressed = blob(gzip.compress(layer.getvalue(), mtime=0))
manifest = blob({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
                 "config": config | {"mediaType": "application/vnd.oci.image.config.v1+json"},
                 "layers": [compressed | {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"}]})
write("image/oci-layout", '{"imageLayoutVersion": "1.0.0"}')
write("image/index.json", json.dumps({"schemaVersion": 2, "manifests": [manifest | {"mediaType": "application/vnd.oci.image.manifest.v1+json"}]}))
digest = json.loads(read("image/index.json"))["manifests"][0]["digest"].removeprefix("sha256:")
run = accord("release", *ACCORD_RELEASE, "--product", "image", "--version", "1.0", "--platform", "linux/amd64", f"image/blobs/sha256/{digest}")
expect("an image is released by its manifest", run, 0, f"artifact sha256:{digest} ")
(DIR / f"image/blobs/sha256/{digest}.tlog-proof").rename(DIR / "image.tlog-proof")
expect("whoever has the layout verifies it", verify(f"image/blobs/sha256/{digest}", options=["--proof", "image.tlog-proof"]), 0, "verified")
other = json.loads((blobs / digest).read_text())
other["layers"][0]["digest"] = "sha256:" + "0" * 64
changed = blob(other)["digest"].removeprefix("sha256:")
expect("another layer is another manifest, and refused", verify(f"image/blobs/sha256/{changed}", options=["--proof", "image.tlog-proof"]), 1, "not among the artifacts")
run = accord("attest", "--stage", "distribution", *STAGE, "--product", "image", "--location", f"https://registry.example/v2/image/manifests/sha256:{digest}",
             "-o", "image.distribution.tlog-proof", f"image/blobs/sha256/{digest}")
expect("distribution: where it can be pulled", run, 0, "location https://registry.example/")

# a Debian package, rebuilt
if shutil.which("dpkg-deb"):
    (DIR / "package/DEBIAN").mkdir(parents=True)
    write("package/DEBIAN/control", "Package: widget\nVersion: 1.0\nArchitecture: all\nMaintainer: Example <someone@cisco.com>\nDescription: a widget\n")
    (DIR / "package/usr/share/widget").mkdir(parents=True)
    write("package/usr/share/widget/hello", "hello\n")
    command = "dpkg-deb --root-owner-group --build . ../widget_1.0_all.deb && mv ../widget_1.0_all.deb ."
    shutil.copytree(DIR / "package", DIR / "building/package")
    done = subprocess.run(["/bin/sh", "-c", "umask 022; " + command], cwd=DIR / "building/package", env={"PATH": "/usr/bin:/bin", "SOURCE_DATE_EPOCH": "1523923200"}, capture_output=True)
    shutil.copy(DIR / "building/package/widget_1.0_all.deb", DIR / "widget_1.0_all.deb")
    run = accord("attest", "--stage", "build", *STAGE, "--product", "widget", "--input", "package", "--environment", "PATH=/usr/bin:/bin", "--environment",
                 "SOURCE_DATE_EPOCH=1523923200", "--tool", "dpkg-deb", "--run", command, "widget_1.0_all.deb")
    expect("a .deb is built", run, 0, "environment tool:dpkg-deb Debian")
    expect("and rebuilt", accord("rebuild", "--trust", "accord.trust", "--source", "package", "widget_1.0_all.deb.build.tlog-proof"), 0, "match: widget_1.0_all.deb")
    must(accord("release", *ACCORD_RELEASE, "--product", "widget", "--version", "1.0", "--attest", "widget_1.0_all.deb.build.tlog-proof", "widget_1.0_all.deb"))
    expect("it verifies before it is installed", verify("widget_1.0_all.deb"), 0, "verified")
    with open(DIR / "widget_1.0_all.deb", "ab") as file:
        file.write(b"\n")
    expect("with one byte more it does not", verify("widget_1.0_all.deb"), 1, "not among the artifacts")
else:
    print("# no dpkg-deb here: a .deb is not tried")
finish()
