# The steps of set-up, each with the function that prints its key: all that its result depends on.
# Part of setup.sh.

# step STAMP KEY_FUNCTION NAME COMMAND: runs the command unless the stamp holds the key. The key is
# computed again afterwards, so that it may cover what the command made.
step() {
    [ "$(cat "$1" 2>/dev/null)" != "$("$2")" ] || return 0
    say "$3"
    rm -f "$1"
    "$4" </dev/null
    mkdir -p "$(dirname "$1")"
    "$2" >"$1"
}

digest() { cat "$@" | sha256sum | cut -d ' ' -f 1; }

# An environment cannot be moved: its commands name its place. So the place is part of the key.
environment_key() {
    echo "$PWD"
    "$python" -c 'import os, sys; print(sys.version, os.path.realpath(sys._base_executable))'
}

make_environment() {
    rm -rf .venv
    "$python" -m venv .venv
}

site_key() { digest "$stamps/environment" requirements-build.lock requirements.lock; }

# A build environment of pip's own would fetch what no lock holds, so what builds packages from source
# comes first, from its own lock.
install_site() {
    .venv/bin/python -m pip install -q --require-hashes --only-binary :all: -r requirements-build.lock
    pip_install -r requirements.lock
}

test_key() { digest "$stamps/environment" requirements-test.lock; }

install_test() { pip_install -r requirements-test.lock; }

pip_install() { .venv/bin/python -m pip install -q --no-build-isolation --use-pep517 --require-hashes "$@"; }

own_key() {
    digest "$stamps/site" pyproject.toml setup.py
    find ext -name '*.py' -o -name '*.pxd' -o -name '*.pyx' -o -name '*.h' -o -name '*.so' | LC_ALL=C sort | xargs -d '\n' sha256sum
}

install_own() { .venv/bin/python -m pip install -q --no-build-isolation --no-deps -e .; }

# Of one folder of the tests, $folder.
node_key() {
    node --version
    digest "$folder/package.json" "$folder/package-lock.json"
}

# Node knows only the authorities that it was built with; a proxy's stands among the system's.
install_node() {
    authorities=/etc/ssl/certs/ca-certificates.crt
    [ ! -f "$authorities" ] || export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-$authorities}"
    npm --prefix "$folder" ci --no-audit --no-fund --loglevel=error >/dev/null
}
