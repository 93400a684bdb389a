#!/bin/sh
# Make .venv from uv.lock, from nothing but a Python and the network. Called by make when the lock changed.
set -eu

UV_VERSION=0.13.9

say() { printf '%s\n' "$*" >&2; }

usable() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do
        if command -v "$candidate" >/dev/null 2>&1 && usable "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed${PYTHON:+, and $PYTHON is not}. Name one: make PYTHON=/path/to/python3.12 …"
    return 1
}

can_make_venvs() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

install_venv_module() {
    version=$("$1" -c 'import sys; print(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")')
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
        say "Python's venv module is missing. Run once: sudo apt-get install $version"
        return 1
    fi
    say "Installing $version"
    DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 update >&2
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 install --no-install-recommends \
        "$version" >&2
}

python=$(find_python)
can_make_venvs "$python" || install_venv_module "$python"

# uv lives beside .venv, not in it: `uv sync` takes out whatever the lock does not name.
if [ "$(.uv/bin/uv --version 2>/dev/null | cut -d' ' -f2)" != "$UV_VERSION" ]; then
    say "Installing uv $UV_VERSION into .uv/"
    rm -rf .uv
    "$python" -m venv .uv
    .uv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
fi
say "Installing the locked dependencies into .venv/"
.uv/bin/uv sync --quiet --frozen --compile-bytecode --python "$python"
