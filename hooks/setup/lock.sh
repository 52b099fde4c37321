#!/bin/sh
# Writes the lock files: sh hooks/setup/lock.sh [--upgrade | --newest]
#
# Each holds for Python 3.11 to 3.13 and every platform, with the hashes of all files of each version. What
# is locked stays at its version unless pyproject.toml asks for another, or --upgrade for the newest. --newest
# first raises the pins in pyproject.toml to the newest versions that go together.
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

if [ "${1-}" = --newest ]; then
    shift
    set -- --upgrade "$@"
    grep -oE '"[A-Za-z0-9-]+==[^"]+"' pyproject.toml | tr -d '"' | sed 's/==/>=/' |
        "$tools/bin/uv" pip compile --system-certs --quiet --python-version 3.11 --no-header --no-annotate \
            --python .venv/bin/python --output-file "$tools/newest.txt" --upgrade - >/dev/null
    cp pyproject.toml "$tools/pinned.toml"
    trap 'cp "$tools/pinned.toml" pyproject.toml' EXIT
    # One command of sed for each version, such as s|"\(mkdocs\)==[^"]*"|"\1==1.6.1"|I
    sed -n 's/^\([a-z0-9-]*\)==\([^ ;]*\).*/s|"\\(\1\\)==[^"]*"|"\\1==\2"|I/p' "$tools/newest.txt" >"$tools/raise.sed"
    sed -f "$tools/raise.sed" "$tools/pinned.toml" >pyproject.toml
    diff -U 0 "$tools/pinned.toml" pyproject.toml || true
fi

compile requirements-uv.lock "$@" --group lock
compile requirements.lock "$@" pyproject.toml
compile requirements-test.lock "$@" --constraints requirements.lock --extra test pyproject.toml
.venv/bin/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"], sep="\n")' |
    compile requirements-build.lock --no-annotate -
trap - EXIT
