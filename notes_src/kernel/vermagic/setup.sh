# A repository whose first commit is the release v5.10, as an annotated tag, and what a kernel build adds to its version.
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@example.org

# [start:localversion]
# What CONFIG_LOCALVERSION_AUTO adds, by the rules of scripts/setlocalversion.
localversion() {
    if ! git describe --exact-match >/dev/null 2>&1; then
        git describe 2>/dev/null | awk -F- '{ printf "-%05d", $(NF - 1) }'
        printf -- '-g%.12s' "$(git rev-parse HEAD)"
    fi
    test -z "$(git status --porcelain -uno)" || printf -- '-dirty'
    echo
}
# [end:localversion]

kernelrelease() {
    echo "5.10.0$(localversion)"
}

commit() {
    echo "$1" >> "$1"
    git add "$1"
    git commit -q -m "$1"
}

git init -q -b main linux
cd linux || exit
commit fork.c
git tag -a -m 'Linux 5.10' v5.10
