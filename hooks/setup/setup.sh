#!/bin/sh
# Sets up this checkout: sh hooks/setup/setup.sh site|test
#
# First everything that the system must have is tried out (system.sh); while something is missing nothing
# is written. Then come the steps below; one whose inputs are as they were when it last ended is skipped.
# All that is made lies in the checkout: .venv, .cache, and what is compiled beside its source.
set -eu
cd "$(dirname "$0")/../.."

case ${1-} in
    site | test) kind=$1 ;;
    *) echo "usage: sh hooks/setup/setup.sh site|test" >&2; exit 2 ;;
esac

# Another environment's settings would lead pip and Python out of the checkout.
unset PYTHONPATH PYTHONHOME PIP_TARGET PIP_PREFIX
export PIP_USER=0 PIP_NO_INPUT=1 PIP_DISABLE_PIP_VERSION_CHECK=1
export PIP_CACHE_DIR="${PIP_CACHE_DIR:-$PWD/.cache/pip}"
export npm_config_cache="${npm_config_cache:-$PWD/.cache/npm}"

stamps=.venv/pagewalk-setup

say() { printf 'set-up: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

. hooks/setup/system.sh
. hooks/setup/steps.sh

check_system "$kind"

# Two terminals may set up the same checkout at once; the second waits and then finds the work done.
mkdir -p .cache
exec 9>.cache/setup.lock
! command -v flock >/dev/null 2>&1 || flock 9

step "$stamps/environment" environment_key "Python environment" make_environment
step "$stamps/site" site_key "Python packages" install_site
[ "$kind" = site ] || step "$stamps/test" test_key "Python packages of the tests" install_test
step "$stamps/own" own_key "vmsim, vmview, notekit" install_own
[ "$kind" = test ] || exit 0
for folder in tests/*/package-lock.json; do
    folder=${folder%/*}
    step "$folder/node_modules/.pagewalk-setup" node_key "npm packages of $folder" install_node
done
