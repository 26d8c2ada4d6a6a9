# Shared by run, test and bench: finds the toolchain and installs the packages that are missing.

say() { printf '%s\n' "$*" >&2; }

# Runs a command as root: directly where we are root, through sudo (announced) where we are not.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        say "This needs administrator rights: sudo $*"
        sudo "$@"
    else
        say "This needs administrator rights and there is no sudo. As root, run: $*"
        return 1
    fi
}

require_swift() {
    if ! command -v swift >/dev/null 2>&1; then
        say "Plumb needs a Swift toolchain, version 6.2 or newer (https://www.swift.org/install/linux/), with 'swift' on the PATH."
        exit 1
    fi
}

# install_debian PACKAGE...: installs those that are not there yet, with one announcement.
install_debian() {
    if ! command -v dpkg-query >/dev/null 2>&1; then
        say "This is no Debian or Ubuntu. Please install what these packages contain, then run again: $*"
        return 1
    fi
    missing=""
    for package in "$@"; do
        state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    say "Installing Debian packages:$missing"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
}

install_build_libraries() { install_debian libsqlite3-dev libcmark-gfm-dev libcmark-gfm-extensions-dev pkg-config; }

build_release() {
    say "Building (the first time takes several minutes) ..."
    swift build -c release --product plumb >&2
}

# python_environment FOLDER PACKAGE...: a virtual environment of our own, or status 2 where PyPI cannot be reached.
python_environment() {
    local folder=$1
    shift
    if [ ! -x "$folder/bin/python" ]; then
        install_debian python3-venv
        python3 -m venv "$folder"
    fi
    "$folder/bin/pip" install --quiet --disable-pip-version-check "$@" >&2 || return 2
}
