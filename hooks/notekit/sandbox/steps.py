"""How a bash is driven command by command: what it runs to ask for the next one."""

from __future__ import annotations


def step(say: str, hear: str) -> str:
    """Runs the next command: tells the status of the last one at the path ``say``, reads until a NUL at ``hear``.

    The subshell that asks ends with the status that it found, so `$?` is what it was.
    """
    return (
        f"builtin eval \"$({{ s=$?; builtin printf 'step %s\\n' \"$s\" >{say}; IFS= builtin read -rd '' t <{hear}; "
        'builtin printf %s "$t"; builtin exit "$s"; } 2>/dev/null)"'
    )
