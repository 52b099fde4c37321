#!/bin/sh
# Writes the lock files: sh hooks/setup/lock.sh [--upgrade]
#
# Each holds for Python 3.11 to 3.13 and every platform, with the hashes of all files of each version. What
# is locked stays at its version unless pyproject.toml asks for another, or --upgrade for the newest.
set -eu
cd "$(dirname "$0")/../.."
sh hooks/setup/setup.sh site

tools=.cache/lock
if [ "$(cat "$tools/made-from" 2>/dev/null)" != "$(cat requirements-uv.lock)" ]; then
    rm -rf "$tools"
    .venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip install -q --require-hashes --only-binary :all: -r requirements-uv.lock
    cp requirements-uv.lock "$tools/made-from"
fi

export UV_CACHE_DIR="$PWD/.cache/uv"

# compile LOCK ARGUMENT…: locks what the arguments name.
compile() {
    lock=$1
    shift
    # uv knows only the authorities that it was built with; a proxy's stands among the system's.
    "$tools/bin/uv" pip compile --system-certs --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --python .venv/bin/python --output-file "$lock" "$@" >/dev/null
    echo "$lock"
}

compile requirements-uv.lock "$@" --group lock
compile requirements.lock "$@" pyproject.toml
compile requirements-test.lock "$@" --constraints requirements.lock --extra test pyproject.toml
.venv/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' |
    compile requirements-build.lock --no-annotate -
