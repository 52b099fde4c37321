# What the system must have. Everything is found out by using it, since a file that exists may not work.
# Part of setup.sh.

# check_system site|test: leaves the Python to use in $python. As root on Debian or Ubuntu what is missing
# is installed; otherwise one line says what to type, and set-up ends.
check_system() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
    look_around "$1"
    wanted=$missing
    # Once set-up has ended well, what is optional and still not there is out of reach or not wished for.
    [ -f "$stamps/own" ] || wanted=$missing$optional
    if [ -n "$wanted" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        apt_install "$1"
        look_around "$1"
        [ -z "$missing" ] || fail "apt-get installed what was missing, but this still does not work:$missing"
    elif [ -n "$missing" ] && command -v apt-get >/dev/null 2>&1; then
        fail "this system lacks$missing; type: sudo apt-get install$missing"
    elif [ -n "$missing" ]; then
        fail "this system lacks what Debian calls$missing; install it with the system's package manager"
    fi
    [ -z "$optional" ] || say "without$optional some examples will be shown as not verified: notes doctor says which"
    if [ "$1" = test ] || [ -z "${NOT_VERIFIED-}" ]; then check_confinement; fi
    rm -rf "$scratch"
    trap - EXIT INT TERM
}

# look_around site|test: leaves the names of missing packages in $missing, a space before each; in $optional
# those that only some notes' examples call.
look_around() {
    missing='' optional=''
    compiler=yes
    compiles '#include <stdio.h>' || compiler=
    [ -n "$compiler" ] || missing="$missing gcc libc6-dev"
    find_python
    bwrap --version >/dev/null 2>&1 || missing="$missing bubblewrap"
    git --version >/dev/null 2>&1 || missing="$missing git"
    make --version >/dev/null 2>&1 || missing="$missing make"
    fish --version >/dev/null 2>&1 || optional="$optional fish"
    qemu-system-x86_64 --version >/dev/null 2>&1 || optional="$optional qemu-system-x86"
    gdb --version >/dev/null 2>&1 || optional="$optional gdb"
    nasm --version >/dev/null 2>&1 || optional="$optional nasm"
    jq --version >/dev/null 2>&1 || optional="$optional jq"
    linux.uml --version >/dev/null 2>&1 || optional="$optional user-mode-linux"
    # Guests are made of Debian's packages, which apt checks with this key; Debian itself has it.
    [ -f /usr/share/keyrings/debian-archive-keyring.gpg ] || [ -f /usr/share/keyrings/debian-archive-keyring.pgp ] ||
        ! apt-get --version >/dev/null 2>&1 || optional="$optional debian-archive-keyring"
    [ "$1" = test ] || return 0
    pgrep --version >/dev/null 2>&1 || missing="$missing procps"
    chromium --version >/dev/null 2>&1 || missing="$missing chromium"
    # 18 is Debian 12's, the oldest that the tests were run with.
    node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' >/dev/null 2>&1 || missing="$missing nodejs"
    # npm writes a log of every call into its cache.
    npm_config_cache="$scratch" npm --version >/dev/null 2>&1 || missing="$missing npm"
}

# compiles INCLUDE [OPTION…]: whether a program that includes it can be compiled and linked.
compiles() {
    included=$1
    shift
    printf '%s\nint main(void) { return 0; }\n' "$included" |
        gcc -pthread "$@" -x c -o "$scratch/compiled" - >/dev/null 2>&1
}

# The first Python 3.11 to 3.13 that can make an environment and compile an extension. The one that .venv
# was made with goes before all others, so that a newly installed Python does not undo what is there.
find_python() {
    python='' unfinished='' lacks=''
    if [ -n "${PYTHON-}" ]; then
        fits "$PYTHON" || fail "PYTHON=$PYTHON is no Python 3.11 to 3.13; name one that is"
        set -- "$PYTHON"
    else
        set -- python3.11 python3.12 python3.13 python3
        [ ! -f "$stamps/environment" ] || set -- .venv/bin/python "$@"
    fi
    for candidate; do
        fits "$candidate" || continue
        parts=$(unfinished_parts "$candidate")
        if [ -z "$parts" ]; then
            python=$candidate
            return
        elif [ -z "$unfinished" ]; then
            unfinished=$("$candidate" -c 'import sys; print("python3.%d" % sys.version_info[1])')
            lacks=$parts
        fi
    done
    if [ -z "$unfinished" ]; then
        unfinished=$(python_package)
        lacks="venv dev"
        missing="$missing $unfinished"
    fi
    for part in $lacks; do missing="$missing $unfinished-$part"; done
}

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' >/dev/null 2>&1; }

# What Debian keeps apart from Python itself: ensurepip (in -venv) and the headers (in -dev).
unfinished_parts() {
    "$1" -c 'import ensurepip, venv; ensurepip.version()' >/dev/null 2>&1 || echo venv
    headers=$("$1" -c 'import sysconfig; print(sysconfig.get_path("include"))')
    if [ -n "$compiler" ]; then
        compiles '#include <Python.h>' -I "$headers" || echo dev
    else
        [ -f "$headers/Python.h" ] || echo dev
    fi
}

# python3 where that is 3.11 to 3.13; otherwise the newest such Python that apt knows of.
python_package() {
    for name in python3 python3.13 python3.12 python3.11; do
        case $(apt-cache show --no-all-versions "$name" 2>/dev/null | sed -n 's/^Version: //p') in
            3.11.* | 3.12.* | 3.13.*) echo "$name"; return ;;
        esac
    done
    echo python3
}

apt_get_install() {
    apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 "$@" </dev/null >/dev/null
}

# What is optional may be out of reach: only its examples are the poorer for it.
# shellcheck disable=SC2086  # the names are words
apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    # A repository that does not answer need not be the one that matters; the installation will tell.
    apt-get update -qq </dev/null >/dev/null || true
    # With fresh lists a Python may have another package.
    look_around "$1"
    say "apt-get install$missing$optional"
    apt_get_install $missing $optional && return
    [ -z "$missing" ] || apt_get_install $missing || fail "apt-get could not install$missing"
    # One that this release or processor has no package of does not keep the others away.
    for name in $optional; do apt_get_install "$name" || true; done
}

# Examples run confined or not at all. bubblewrap may be there and still be kept from making a namespace:
# what runs the examples is asked, since it also knows the cure. It needs Python's own library only.
check_confinement() {
    said=$(PYTHONPATH=hooks "$python" -B -c 'from notekit import sandbox; print(sandbox.probe() or "")')
    [ -z "$said" ] || fail "$said; or, for pages that say \"not verified\", make site NOT_VERIFIED=1"
}
