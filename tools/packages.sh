# Debian packages that a script needs, installed where they are missing. Sourced by quickstart, check and .ci/run.

# packages_missing PACKAGE...: prints those that are not installed
packages_missing() {
    local package
    for package; do
        case $(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null) in
        installed) ;;
        *) echo "$package" ;;
        esac
    done
}

# packages_install PACKAGE...: says what it is about to install, and installs it as root or with sudo
packages_install() {
    local missing as_root=
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian: $* or their like must be there already." >&2
        return 0
    fi
    missing=$(packages_missing "$@")
    [ -n "$missing" ] || return 0
    echo "Installing from Debian:" $missing >&2
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "That takes root. Run: apt-get install" $missing >&2
            return 3
        fi
        as_root=sudo
    fi
    {
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y \
                --no-install-recommends $missing
    } >&2 </dev/null || {
        echo "Installing failed." >&2
        return 3
    }
}

build_packages="gcc libc6-dev meson ninja-build pkg-config libsodium-dev nettle-dev libsqlite3-dev libjansson-dev \
    libcurl4-openssl-dev libmicrohttpd-dev zlib1g-dev libnghttp2-dev libssl-dev libqrencode-dev libzip-dev"
