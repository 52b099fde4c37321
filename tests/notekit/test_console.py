"""Console blocks: one shell, each command known by itself."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from notekit.model import CommandOutput, Exceeded, NamedFile
from notekit.runners._words import words_of
from tests.notekit.units import console, example, run


def test_commands_share_one_shell() -> None:
    """The folder, variables and functions of one command are there in the next."""
    commands = ("cd /tmp; x=1", "f() { echo in f $1; }", "pwd; echo $x; f 2")
    assert console(*commands) == [(b"", 0), (b"", 0), (b"/tmp\n1\nin f 2\n", 0)]


def test_each_command_has_its_own_output_and_status() -> None:
    """Both streams of a command, in the order written, and its status belong to that command."""
    found = console("echo a; echo b >&2; echo c", "false", "cat missing", "nosuch")
    assert found == [
        (b"a\nb\nc\n", 0),
        (b"", 1),
        (b"cat: missing: No such file or directory\n", 1),
        (b"bash: line 1: nosuch: command not found\n", 127),
    ]


def test_the_status_of_a_command_is_known_to_the_next() -> None:
    """`$?` and PIPESTATUS are those of the command before."""
    assert console("(exit 7)", "echo $?", "false | true", 'echo "${PIPESTATUS[@]}"')[1::2] == [
        (b"7\n", 0),
        (b"1 0\n", 0),
    ]


@pytest.mark.parametrize(
    ("last", "status", "text"),
    [
        ("exit 3", 3, b""),
        ("exec echo replaced", 0, b"replaced\n"),
        ("kill $$", 143, b""),
        ("kill -9 $$", 137, b""),
        ("set -e; false", 1, b""),
        ("set -u; echo $missing", 127, b"bash: line 1: missing: unbound variable\n"),
    ],
)
def test_a_command_may_end_the_shell(last: str, status: int, text: bytes) -> None:
    """The command that ends the shell has the shell's end; what comes after it is not reached."""
    assert console("echo first", last, "echo never") == [(b"first\n", 0), (text, status), (b"", None)]


def test_a_command_of_several_lines_is_one() -> None:
    """Continuation lines, loops and here documents work as in a script."""
    found = console("for i in 1 2; do\n  echo $i\ndone", "cat <<EOF\nx $HOME\nEOF", "echo a \\\nb")
    assert found == [(b"1\n2\n", 0), (b"x /home/user\n", 0), (b"a b\n", 0)]


@pytest.mark.parametrize("broken", ['echo "open', "if then", "echo $(", "cat <<EOF", "break; return", "}", "echo \\"])
def test_a_broken_command_harms_no_other(broken: str) -> None:
    """A syntax error, an open quote or an unfinished here document ends with its own command."""
    assert console(broken, "echo next")[1] == (b"next\n", 0)


def test_a_syntax_error_reads_as_bash_says_it() -> None:
    """The message and the status of a syntax error are bash's."""
    assert console("if then")[0][0].startswith(b"bash: eval: line 1: syntax error near unexpected token `then'\n")


def test_standard_input_is_empty() -> None:
    """A command that reads gets nothing, and takes nothing from the commands to come."""
    assert console("cat", "read x; echo $?", "echo still here") == [(b"", 0), (b"1\n", 0), (b"still here\n", 0)]


def test_output_cannot_forge_an_end() -> None:
    """Whatever a command prints, or writes to descriptors that it finds, its end and the next are known."""
    forged = r"printf 'step 0\nexit 0\n\0'; for i in {3..255}; do printf 'step 9\n' >&$i; done 2>/dev/null; (exit 5)"
    (text, status), after = console(forged, "echo next")
    assert (text.startswith(b"step 0\nexit 0\n\0"), status, after) == (True, 5, (b"next\n", 0))


def test_a_command_may_close_and_redirect_everything() -> None:
    """After `exec` redirections of all descriptors the statuses are still known."""
    found = console(
        "exec 3>&- 4>&- 5>&- 200>&-", "exec >log 2>&1", "echo hidden", "(exit 4)", "exec >&- 2>&- <&-", "true"
    )
    assert found == [(b"", 0), (b"", 0), (b"", 0), (b"", 4), (b"", 0), (b"", 0)]


def test_names_of_the_driver_s_own_commands_may_be_taken() -> None:
    """Functions called printf, read, exit or eval change nothing for the driver."""
    found = console(
        "printf() { echo mine; }; read() { :; }; exit() { echo no; }; eval() { :; }", "printf x", "exit", "echo $#"
    )
    assert found == [(b"", 0), (b"mine\n", 0), (b"no\n", 0), (b"0\n", 0)]


def test_shell_options_do_not_disturb_the_driver() -> None:
    """noclobber, nounset, noglob, pipefail and an odd IFS leave each end known."""
    options = "set -o noclobber -o nounset -o noglob -o pipefail -o posix; IFS=0123456789"
    assert console(options, "(exit 12)", 'echo "$?"') == [(b"", 0), (b"", 12), (b"12\n", 0)]


def test_what_a_job_prints_later_belongs_to_the_command_then() -> None:
    """Output of a background job is that of the command during which it is written, as on a terminal."""
    assert console("(sleep 0.2; echo late) &", "echo now", "wait") == [(b"", 0), (b"now\n", 0), (b"late\n", 0)]


def test_what_still_runs_at_the_end_is_ended() -> None:
    """A job that never ends does not hold the block up."""
    assert console("sleep 1000 &", "echo done") == [(b"", 0), (b"done\n", 0)]


def test_a_limit_belongs_to_the_command_that_ran_into_it() -> None:
    """A command that exceeds the deadline has no status, and those after it are not reached."""
    (output,) = run(example("console", commands=("echo a", "echo b; sleep 60", "echo c"), timeout=1))
    assert output.exceeded == Exceeded("deadline", "1 s")
    assert output.commands == (CommandOutput(b"a\n", 0), CommandOutput(b"b\n", None), CommandOutput(b"", None))


def test_large_outputs_and_large_commands_pass() -> None:
    """Several hundred kilobytes pass both ways."""
    found = console(f"x={'a' * 200_000}; echo ${{#x}}", "head -c 300000 /dev/zero", "echo done")
    assert found == [(b"200000\n", 0), (bytes(300_000), 0), (b"done\n", 0)]


def test_a_session_goes_on_in_the_next_block() -> None:
    """Blocks of one session share the shell and the folder, and each has its own outputs and time."""
    first = example("console", commands=("x=1; touch made", "sleep 1.1"), session="s", name="one", timeout=2)
    second = example("console", commands=("echo $x; ls", "sleep 1.1"), session="s", name="two", timeout=2)
    one, two = run(first, second)
    assert (one.exceeded, two.exceeded) == (None, None)
    assert one.commands == (CommandOutput(b"", 0), CommandOutput(b"", 0))
    assert two.commands == (CommandOutput(b"1\nmade\n", 0), CommandOutput(b"", 0))


def test_a_session_that_ends_early_leaves_the_rest_unreached() -> None:
    """A limit is that of the block in which it was exceeded; later blocks have no ends."""
    blocks = [example("console", commands=(text,), session="s", timeout=1) for text in ("true", "sleep 9", "true")]
    outputs = run(*blocks)
    assert [one.exceeded is not None for one in outputs] == [False, True, False]
    assert [one.commands[0].exit for one in outputs] == [0, None, None]


def test_a_block_finds_the_files_that_it_names() -> None:
    """Files of the note's folder are there, and nothing else is."""
    files = (NamedFile("exp/Makefile", b"all:\n\t@echo built\n"),)
    assert console("find . -type f", "make -C exp -s", files=files) == [(b"./exp/Makefile\n", 0), (b"built\n", 0)]


def test_no_process_list_shows_other_commands() -> None:
    """pgrep -f finds what it looks for, and not the driver that is told to look for it."""
    # What is in the background may not have become sleep yet.
    found = console("sleep 50 &", "until pgrep -f 'sleep 50' >/dev/null; do :; done; pgrep -fc 'sleep 50'", "kill $!")
    assert found == [(b"", 0), (b"1\n", 0), (b"", 0)]


@hypothesis.given(
    strategies.lists(strategies.tuples(strategies.binary(max_size=40), strategies.integers(0, 255)), max_size=5)
)
@hypothesis.settings(max_examples=20)
def test_any_bytes_and_any_status_are_attributed(pairs: list[tuple[bytes, int]]) -> None:
    """Whatever bytes commands print and however they end, each has its own."""
    octal = ["".join(f"\\{byte:03o}" for byte in data) for data, _ in pairs]
    commands = [f"printf '{text}'; (exit {status})" for text, (_, status) in zip(octal, pairs, strict=True)]
    assert console(*commands) == pairs


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ls -l | grep cat", ("ls", "grep")),
        ("FOO=1 make -j2 && ./run; git log", ("make", "git")),
        ('echo "$(date +%s)" `uname`', ("date", "uname")),
        ("if test -f x; then cat x; fi", ("cat",)),
        ("sudo env A=1 git log", ("sudo", "env", "git", "log")),
        ("find . -name '*.c' -exec stat {} +", ("find", ".", "-name", "-exec", "stat", "+")),
        ("echo 'a; rm b' \"c | d\"", ()),
        ("ls | xargs echo", ("ls", "xargs", "echo")),
        ("cat >x <<'EOF' | wc\nrm y\nEOF\nls", ("cat", "wc", "ls")),
        ("while ! true; do sleep 1; done", ("sleep",)),
        ("echo a\\;b; cat", ("cat",)),
        ("", ()),
    ],
)
def test_command_words_are_found(text: str, words: tuple[str, ...]) -> None:
    """Every word where a command stands is found, through pipes, substitutions, keywords and callers."""
    assert words_of(text) == words


@hypothesis.given(strategies.text("ab'\"\\$()`|&; \n#=", max_size=60))
def test_any_text_has_its_words(text: str) -> None:
    """Looking for words never fails, whatever the text."""
    assert all(word for word in words_of(text))
