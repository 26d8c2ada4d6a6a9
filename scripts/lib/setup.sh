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

# The toolchain of Package.swift's first line or newer, and git, with which it fetches packages.
require_swift() {
    local needed=6.2 needs found
    needs="Plumb needs a Swift toolchain, version $needed or newer (https://www.swift.org/install/linux/), with 'swift' on the PATH"
    if ! command -v swift >/dev/null 2>&1; then
        say "$needs."
        exit 1
    fi
    found=$(swift --version 2>&1 | sed -n 's/.*Swift version \([0-9][0-9.]*\).*/\1/p' | head -n 1) || true
    if [ "$(printf '%s\n' "$needed" "$found" | sort -V | head -n 1)" != "$needed" ]; then
        say "$needs; $(command -v swift) is version ${found:-unknown}."
        exit 1
    fi
    if ! command -v git >/dev/null 2>&1; then
        say "The build fetches Swift packages with git, which is not there. Install git, then run again."
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

# python_environment FOLDER PACKAGE...: a virtual environment of our own. Status 2 where pip reaches no package index, so that
# nothing can be known; 1 where it does, and the packages cannot be installed all the same.
python_environment() {
    local folder=$1
    shift
    if ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
        install_debian python3-venv || return 1
        python3 -m venv --clear "$folder" || return 1
    fi
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@" >&2 && return 0
    "$folder/bin/python" -m pip index versions pip --no-cache-dir --retries 1 --disable-pip-version-check >/dev/null 2>&1 ||
        return 2
    return 1
}

# unless_unreachable STATUS PART WHAT: what python_environment's status means for a part of the tests. 0 where all is there; 2, said
# so, where no index answered and the part is skipped; and the end of the script where one did, for then something is wrong.
unless_unreachable() {
    case $1 in
    0) ;;
    2)
        say "$2: SKIPPED, $3 could not be installed, since no package index (PyPI) can be reached"
        return 2
        ;;
    *)
        say "$2: FAILED, $3 could not be installed although the package index answers; pip says why above"
        exit 1
        ;;
    esac
}

# install_chromium ENVIRONMENT: Debian's Chromium; on Ubuntu, whose package only leads to a snap, the one that playwright brings.
install_chromium() {
    install_debian fonts-dejavu-core fonts-dejavu-extra
    if grep -qsE '^ID(_LIKE)?="?([a-z]+ )*ubuntu' /etc/os-release; then
        "$1/bin/python" -m playwright install --with-deps chromium >&2
    else
        install_debian chromium
    fi
}
