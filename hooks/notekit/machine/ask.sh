# What a console of a bare machine has: QEMU, held before the first instruction, and who can be asked about it.
# Sourced by the console's bash, with MACHINE, the folder of this file, and QEMU's command as arguments.
# monitor WORDS and qmp JSON can be used in commands too.

mkfifo "$MACHINE/qmp.in" "$MACHINE/qmp.out"
exec {MACHINE_IN}<>"$MACHINE/qmp.in" {MACHINE_OUT}<>"$MACHINE/qmp.out"
"$@" -S -chardev "pipe,id=qmp,path=$MACHINE/qmp" -mon chardev=qmp,mode=control \
    -chardev "socket,id=gdb,path=$MACHINE/gdb,server=on,wait=off" -gdb chardev:gdb </dev/null &
MACHINE_PID=$!
disown

# Sends a command of QMP; its answer, one line of JSON, is in REPLY. Events are passed over.
machine_tell() {
    local line= part return=$'\r'
    printf '%s\n' "$1" >&"$MACHINE_IN"
    while :; do
        if IFS= read -r -t 0.2 -u "$MACHINE_OUT" part; then
            line+=${part%"$return"}
            case $line in
                '{"return"'* | '{"error"'*) REPLY=$line; return ;;
            esac
            line=
        else
            line+=${part%"$return"}
            kill -0 "$MACHINE_PID" 2>/dev/null || { echo 'the machine has ended' >&2; return 1; }
        fi
    done
}

qmp() {
    machine_tell "$1" || return
    printf '%s\n' "$REPLY"
    [[ $REPLY == '{"return"'* ]]
}

monitor() {
    local words=$*
    words=${words//\\/\\\\}
    words=${words//\"/\\\"}
    machine_tell '{"execute":"human-monitor-command","arguments":{"command-line":"'"$words"'"}}' || return
    REPLY=${REPLY#*': "'}
    REPLY=${REPLY%'"}'}
    REPLY=${REPLY//'\r'/}
    printf '%b' "${REPLY//'\"'/'"'}"
}

# One gdb for all questions, connected to QEMU. What it prints ends at a line that only we ask it to print.
machine_gdb() {
    local line held= first=yes
    if [ -z "${MACHINE_GDB_PID-}" ]; then
        coproc MACHINE_GDB {
            exec gdb -q -nx -iex 'set confirm off' -iex 'set pagination off' -iex 'set width 0' -iex 'set prompt' \
                -iex 'set debuginfod enabled off' -ex "target remote $MACHINE/gdb" $MACHINE_SYMBOLS 2>&1
        }
        machine_gdb 'echo' >/dev/null
    fi
    printf '%s\n' "$1" 'echo \nmachine: end of answer\n' >&"${MACHINE_GDB[1]}" 2>/dev/null || return
    while IFS= read -r -u "${MACHINE_GDB[0]}" line; do
        [ "$line" != 'machine: end of answer' ] || { [ -z "$held" ] || printf '%s\n' "$held"; return 0; }
        [ -n "$first" ] || printf '%s\n' "$held"
        held=$line first=
    done
    echo 'gdb has ended' >&2
    return 1
}

machine_tell '{"execute":"qmp_capabilities"}'
