"""Outputs held against what notes state: whether, where and why an example fails."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from notekit.model import (
    BuildOutput,
    Example,
    Exceeded,
    Expectation,
    Failure,
    NamedFile,
    Output,
    Place,
    Result,
)
from notekit.verify import not_run, verify
from tests.notekit.samples_of_results import FILE, console, example, ran

ACCEPT = "correct the program or the note, or take over what came out: notes accept a/b"


def failure(result: Result) -> Failure:
    """The only failure of a result that failed."""
    assert result.status == "failed"
    (only,) = result.failures
    return only


def said(result: Result) -> list[str]:
    return [f"{one.place.file.removeprefix('notes_src/')}:{one.place.line}: {one.message}" for one in result.failures]


TWO = console("$ one\na <int>\nb\n$ two\n[exit 3]")


def test_passed() -> None:
    """A block whose commands print and end as stated passes, and carries what the page shows of the run."""
    output = ran(("a 5\nb\n", 0), ("", 3), seconds=0.5, versions=(("bash", "5.2"),), finished="2026-11-23T00:00:00Z")
    result = verify(TWO, output)
    assert result == Result(
        note="a/b",
        name="x",
        language="console",
        place=Place(FILE, 10),
        runner="host",
        status="passed",
        texts=(("a 5", "b"), ()),
        exits=(0, 3),
        seconds=0.5,
        versions=(("bash", "5.2"),),
        finished="2026-11-23T00:00:00Z",
    )


def test_shown_text_keeps_the_dots() -> None:
    """On the page `...` stays, and a wildcard gives way to what was printed."""
    result = verify(console("$ one\n...\n<any> 3\n\\...\n\\$ x"), ran(("1\n2\nno 3\n...\n$ x\n", 0)))
    assert result.status == "passed"
    assert result.texts == (("...", "no 3", "...", "$ x"),)


@pytest.mark.parametrize(
    ("printed", "line", "message", "diff"),
    [
        ("a 5\nc\n", 13, 'printed "c" where the note says "b"', (" a 5", "-b", "+c")),
        ("a 5\n", 13, 'did not print "b"', (" a 5", "-b")),
        ("", 12, 'did not print "a <int>"', ("-a <int>", "-b")),
        ("a 5\nb\nc\n", 13, 'printed "c", which the note does not show', (" a 5", " b", "+c")),
        ("c\na 5\nb\n", 12, 'printed "c", which the note does not show', ("+c", " a 5", " b")),
        ("a 5\nc\nb\n", 13, 'printed "c", which the note does not show', (" a 5", "+c", " b")),
        ("a x\nb\n", 12, 'printed "a x" where the note says "a <int>"', ("-a <int>", "+a x", " b")),
        ("a 5\n\x1b[1mb\n", 13, r'printed "\x1b[1mb" where the note says "b"', (" a 5", "-b", r"+\x1b[1mb")),
    ],
)
def test_wrong_text(printed: str, line: int, message: str, diff: tuple[str, ...]) -> None:
    """A failure stands at the expected line that is wrong, and its diff shows only real differences."""
    result = verify(TWO, ran((printed, 0), ("", 3), how="bash"))
    assert failure(result) == Failure(Place(FILE, line), f"{message}; {ACCEPT}", "one", diff, "exit 0", "bash")


def test_failed_text_is_what_was_printed() -> None:
    """A failing command is shown with all that it printed, one that is right as ever."""
    example = console("$ one\n...\nb\n$ two\n...\nc")
    result = verify(example, ran(("1\nx\n", 0), ("1\nc\n", 0)))
    assert result.texts == (("1", "x"), ("...", "c"))


def test_output_of_a_silent_command() -> None:
    """Output that the note does not show fails at the line of its command."""
    result = verify(console("$ one\na\n$ two"), ran(("a\n", 0), ("x\ny\n", 0)))
    assert said(result) == [f'a/b/en.md:13: printed "x", which the note does not show; {ACCEPT}']
    assert failure(result).diff == ("+x", "+y")


@pytest.mark.parametrize(
    ("block", "status", "line", "message"),
    [
        ("$ one\na", 1, 11, "ended with exit 1 where the note says exit 0"),
        ("$ one\na\n[exit 2]", 0, 13, "ended with exit 0 where the note says exit 2"),
        ("$ one\na\n[exit SIGTERM]", 139, 13, "ended with exit 139 (SIGSEGV) where the note says exit 143 (SIGTERM)"),
    ],
)
def test_wrong_end(block: str, status: int, line: int, message: str) -> None:
    """An end other than stated fails at its `[exit N]`, or at the command where there is none."""
    result = verify(console(block), ran(("a\n", status)))
    assert said(result) == [f"a/b/en.md:{line}: {message}; {ACCEPT}"]
    assert failure(result).diff == ()


def test_wrong_text_and_end_are_one_failure() -> None:
    """A command that prints and ends otherwise fails once, at the line of its text, telling both."""
    result = verify(console("$ one\na"), ran(("b\n", 1)))
    message = 'printed "b" where the note says "a", and ended with exit 1 where the note says exit 0'
    assert said(result) == [f"a/b/en.md:12: {message}; {ACCEPT}"]
    assert failure(result).end == "exit 1"


def test_all_failures_of_a_block_are_told() -> None:
    """Each command that went wrong is a failure of its own."""
    result = verify(console("$ one\na\n$ two\nb"), ran(("x\n", 0), ("y\n", 0)))
    assert [one.place.line for one in result.failures] == [12, 14]


ENDS = console("$ echo a\na\n$ exit 3\n[exit 3]\n$ two\nb\n$ three\nc")
LIVE = "let the shell live on (a subshell, as in (exit 3), may end), or begin another block"


def test_not_reached() -> None:
    """Commands behind the end of the shell make one failure, which names what ended it."""
    result = verify(ENDS, ran(("a\n", 0), ("", 3), ("", None), ("", None)))
    assert said(result) == [
        f'a/b/en.md:15: was not reached, because "exit 3" in line 13 ended the shell; {LIVE}',
    ]
    assert failure(result).command == "two"
    assert failure(result).end == "did not end"
    assert result.exits == (0, 3)


def test_not_reached_after_a_failure() -> None:
    """What went wrong before the shell ended is told too."""
    result = verify(ENDS, ran(("x\n", 0), ("", 3), ("", None)))
    assert [one.place.line for one in result.failures] == [12, 15]


@pytest.mark.parametrize(
    ("session", "message"),
    [
        ("work", "because the shell of the session work ended in an earlier block"),
        (None, "because the shell ended before it"),
    ],
)
def test_first_command_not_reached(session: str | None, message: str) -> None:
    """A block whose session is over fails at its first command."""
    result = verify(console("$ one\na\n$ two", session=session), ran(("", None), ("", None)))
    assert said(result) == [f"a/b/en.md:11: was not reached, {message}; {LIVE}"]


def test_a_command_that_takes_the_shell_along() -> None:
    """A command that printed something and has no end was reached."""
    result = verify(console("$ one\na\n$ two"), ran(("a\n", None), ("", None)))
    assert said(result) == [f"a/b/en.md:11: did not end, and took the shell with it; {LIVE}"]


LONGER = "let it do less, or give the block a longer timeout="


def test_limit_exceeded_by_a_command() -> None:
    """A limit is named at the command that was running, and those after it are not failures."""
    exceeded = Exceeded("deadline", "10 s")
    result = verify(console("$ one\na\n$ two\n$ three"), ran(("a\n", 0), ("", None), ("", None), exceeded=exceeded))
    assert said(result) == [f"a/b/en.md:13: exceeded a limit (deadline: more than 10 s); {LONGER}"]
    assert failure(result).end == "deadline: more than 10 s"


def test_limit_exceeded_before_the_output() -> None:
    """The failure of a command that did not come to its output stands at that output, with what came."""
    result = verify(console("$ one\na\nb"), ran(("a\n", None), exceeded=Exceeded("memory", "512 MiB")))
    message = 'exceeded a limit (memory: more than 512 MiB), and did not print "b"; let it use less memory'
    assert said(result) == [f"a/b/en.md:13: {message}"]
    assert failure(result).diff == (" a", "-b")


def test_limit_exceeded_and_shrugged_off() -> None:
    """A limit that ended nothing is a failure of the first command that went wrong, else of the block."""
    exceeded = Exceeded("disk", "64 MiB")
    block = console("$ one\n$ two")
    wrong = verify(block, ran(("", 0), ("", 1), exceeded=exceeded))
    assert said(wrong) == ["a/b/en.md:12: exceeded a limit (disk: more than 64 MiB); let it write less"]
    right = verify(block, ran(("", 0), ("", 0), exceeded=exceeded))
    message = "exceeded a limit (disk: more than 64 MiB), though every command did what the note says"
    assert said(right) == [f"a/b/en.md:10: {message}; let it write less"]


def test_unordered() -> None:
    """Lines in another order pass where the block says so; what is left of both sides is the failure."""
    block = console("$ one\na\nb\n<int>", unordered=True)
    passed = verify(block, ran(("7\nb\na\n", 0)))
    assert (passed.status, passed.texts) == ("passed", (("a", "b", "7"),))
    failed = verify(block, ran(("7\nc\na\n", 0)))
    assert said(failed) == [f'a/b/en.md:13: printed "c" where the note says "b"; {ACCEPT}']
    assert failure(failed).diff == (" a", " 7", "-b", "+c")


@pytest.mark.parametrize(
    ("output", "status", "reason"),
    [
        (Output(broken="bwrap: no such user"), "error", "bwrap: no such user"),
        (
            Output(missing="gcc is not installed; apt-get install gcc"),
            "not-verified",
            "gcc is not installed; apt-get install gcc",
        ),
        (ran(("", 0), ("", 0), ("", 0)), "error", "the runner gave 3 outputs for 2 commands"),
    ],
)
def test_did_not_run(output: Output, status: str, reason: str) -> None:
    """Where nothing ran there is no failure but a reason, and the page shows what the note states."""
    block = console("$ one\n\\$ <int>\n...\n$ two\n[exit 2]")
    result = verify(block, output)
    assert (result.status, result.reason, result.failures) == (status, reason, ())
    assert (result.texts, result.exits) == ((("$ <int>", "..."), ()), (0, 2))


def test_run_no() -> None:
    """An example that is left alone is not verified, for the reason that the note gives."""
    block = console("$ one\na", run="no", because="needs a second machine")
    assert verify(block, Output()) == not_run(block, "needs a second machine")
    assert not_run(block, "needs a second machine").status == "not-verified"


def stdout(*lines: str, **options: Any) -> Expectation:
    return Expectation(lines, 21, **options)


def stderr(*lines: str) -> Expectation:
    return Expectation(lines, 31, "stderr")


def program(*expectations: Expectation, **options: Any) -> Example:
    return example("c", expectations=expectations, code="x\ny\n", shown="x\ny\n", **options)


BUILT = BuildOutput(b"", 0)


def test_program_passed() -> None:
    """A program is held against both streams and its end; the page gets one text a stream."""
    result = verify(
        program(stderr("no"), stdout("...", "yes"), exit=1, exit_line=10),
        Output(stdout=b"1\n2\nyes\n", stderr=b"no\n", exit=1, build=BUILT),
    )
    assert result.status == "passed"
    assert (result.texts, result.exits) == ((("...", "yes"), ("no",)), ())


def test_program_fails_everywhere() -> None:
    """Each stream and the end are failures of their own, in the order of their lines."""
    result = verify(
        program(stdout("yes"), exit=SIGSEGV, exit_line=10, args=("big", "two words"), file=NamedFile("seek.c", b"")),
        Output(stdout=b"no\n", stderr=b"oops\n", exit=0, build=BUILT, how="gcc seek.c && ./seek"),
    )
    assert said(result) == [
        f'a/b/en.md:10: printed "oops" on standard error, which the note does not show; {ACCEPT}',
        "a/b/en.md:10: ended with exit 0 where the note says exit 139 (SIGSEGV); "
        "correct the program, or write exit=0 on the block",
        f'a/b/en.md:21: printed "no" where the note says "yes"; {ACCEPT}',
    ]
    assert {one.command for one in result.failures} == {"seek.c big 'two words'"}
    assert {one.how for one in result.failures} == {"gcc seek.c && ./seek"}
    assert result.texts == (("no",), ("oops",))


SIGSEGV = 139


def test_unstated_output_of_a_program() -> None:
    """What a program prints and the note does not show fails at the block, and names the remedy."""
    result = verify(program(), Output(stdout=b"hello\n", exit=0, build=BUILT))
    assert said(result) == [f'a/b/en.md:10: printed "hello", which the note does not show; {ACCEPT}']
    assert failure(result).command == "c x"


def test_program_exceeds_a_limit() -> None:
    """A program that a limit ended fails once, with what it printed until then."""
    result = verify(
        program(stdout("a", "b")), Output(stdout=b"a\n", build=BUILT, exceeded=Exceeded("deadline", "10 s"))
    )
    assert said(result) == [
        f'a/b/en.md:22: exceeded a limit (deadline: more than 10 s), and did not print "b"; {LONGER}',
    ]
    assert failure(result).diff == (" a", "-b")
    silent = verify(program(), Output(build=BUILT, exceeded=Exceeded("processes", "64")))
    message = "exceeded a limit (processes: more than 64); let it start fewer processes"
    assert said(silent) == [f"a/b/en.md:10: {message}"]


def test_a_program_that_did_not_end() -> None:
    """An end that nobody saw is not exit 0."""
    result = verify(program(), Output(build=BUILT))
    assert said(result) == ["a/b/en.md:10: did not end where the note says exit 0; correct the program"]


GCC = b"""\
x.c: In function 'main':
x.c:2:5: error: 'y' undeclared (first use in this function)
    2 |     y
      |     ^
"""


@pytest.mark.parametrize("run", ["yes", "build"])
def test_does_not_compile(run: Any) -> None:
    """A compiler's message stands at the line of the note that holds the line it names."""
    result = verify(program(stdout("yes"), run=run), Output(build=BuildOutput(GCC, 1), how="gcc x.c"))
    text = "'y' undeclared (first use in this function)"
    assert said(result) == [f"a/b/en.md:12: does not compile: {text}; correct the program"]
    assert failure(result).diff == tuple("+" + line for line in GCC.decode().splitlines())
    assert failure(result).end == "exit 1"
    assert result.texts == ((), tuple(GCC.decode().splitlines()))


def test_a_file_does_not_compile() -> None:
    """A compiler's message about a file of the note's folder stands at the line of that file."""
    shown = program(file=NamedFile("src/x.c", b"x\ny\n"), shown_place=Place("notes_src/a/b/src/x.c", 2))
    result = verify(shown, Output(build=BuildOutput(GCC.replace(b"x.c", b"src/x.c"), 1)))
    assert failure(result).place == Place("notes_src/a/b/src/x.c", 2)


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (b"In file included from x.c:1:\ndefs.h:7:1: error: bad\n", Place("notes_src/a/b/defs.h", 7), "bad"),
        (b"x.c:1:10: fatal error: no.h: No such file\n", Place(FILE, 11), "no.h: No such file"),
        (b"/usr/include/z.h:3:1: error: bad\n", Place(FILE, 10), "/usr/include/z.h:3:1: error: bad"),
        (
            b"/usr/bin/ld: /tmp/x.o: in function `main':\nx.c:(.text+0x5): undefined reference to `f'\n",
            Place(FILE, 10),
            "x.c:(.text+0x5): undefined reference to `f'",
        ),
        (b"", Place(FILE, 10), "exit 1"),
    ],
)
def test_where_a_compiler_complains(text: bytes, place: Place, message: str) -> None:
    """A message about another file of the note stands there, one about no file of the note's at the block."""
    shown = program(files=(NamedFile("defs.h", b""),))
    found = failure(verify(shown, Output(build=BuildOutput(text, 1))))
    assert (found.place, found.message) == (place, f"does not compile: {message}; correct the program")


@pytest.mark.parametrize(
    ("language", "text", "line"),
    [
        ("bash", "x.sh: line 2: syntax error near unexpected token `)'", 12),
        ("sh", 'x.sh: 2: Syntax error: ")" unexpected', 12),
        ("fish", "x.fish (line 2): Missing end to balance this if statement", 12),
        ("python", '  File "x.py", line 2\n    y y\n      ^\nSyntaxError: invalid syntax', 12),
        (
            "python",
            '  File "<string>", line 1, in <module>\n  File "x.py", line 2\n    y y\nSyntaxError: invalid syntax',
            12,
        ),
        ("python", '  File "<unknown>", line 2\n    y y\n      ^\nSyntaxError: invalid syntax', 12),
    ],
)
def test_cannot_be_parsed(language: str, text: str, line: int) -> None:
    """Each language's way to name a line is understood."""
    result = verify(example(language, run="syntax"), Output(build=BuildOutput(text.encode(), 2)))
    message = text.rpartition(": ")[2] if language != "python" else "SyntaxError: invalid syntax"
    assert failure(result).place == Place(FILE, line)
    assert failure(result).message.startswith("cannot be parsed: ")
    assert failure(result).message.endswith(f"{message}; correct the program")


def test_compiling_exceeds_a_limit() -> None:
    """A limit that ended the compiler is named as any other."""
    output = Output(build=BuildOutput(b"", None), exceeded=Exceeded("memory", "512 MiB"))
    assert said(verify(program(run="build"), output)) == [
        "a/b/en.md:10: exceeded a limit (memory: more than 512 MiB); let it use less memory"
    ]


@pytest.mark.parametrize("run", ["build", "syntax"])
def test_only_built(run: Any) -> None:
    """What only compiles or parses passes when that succeeds in silence, and fails when it warns."""
    assert verify(program(run=run), Output(build=BUILT)).status == "passed"
    warned = verify(program(run=run), Output(build=BuildOutput(b"careful\n", 0)))
    assert said(warned) == [
        f'a/b/en.md:10: printed "careful" on standard error, which the note does not show; {ACCEPT}'
    ]
    stated = verify(program(stderr("careful"), run=run), Output(build=BuildOutput(b"careful\n", 0)))
    assert (stated.status, stated.texts) == ("passed", ((), ("careful",)))


def test_a_build_without_a_result_is_an_error() -> None:
    """Where the runner tells nothing of the compiler nothing was verified."""
    result = verify(program(run="build", fails=True), Output(exit=0))
    assert (result.status, result.reason) == ("error", "the runner gave no result of run=build")


def test_fails() -> None:
    """What must not compile passes when it does not, whether the note states the compiler's words or not."""
    output = Output(build=BuildOutput(GCC, 1))
    unstated = verify(program(run="build", fails=True), output)
    assert (unstated.status, unstated.texts) == ("passed", ((), ()))
    stated = program(stderr("...", "<any>error: 'y' undeclared<any>", "..."), run="build", fails=True)
    assert verify(stated, output).status == "passed"
    other = verify(replace(stated, expectations=(stderr("...", "<any>stray<any>", "..."),)), output)
    assert said(other) == [f'a/b/en.md:32: did not print "<any>stray<any>" on standard error; {ACCEPT}']


def test_does_not_fail() -> None:
    """What must not compile or parse, and does, fails at the block."""
    remedy = "though the note says that it fails; correct the program, or take off `fails`"
    built = verify(program(run="build", fails=True), Output(build=BUILT))
    assert said(built) == [f"a/b/en.md:10: compiled, {remedy}"]
    parsed = verify(program(run="syntax", fails=True), Output(build=BUILT))
    assert said(parsed) == [f"a/b/en.md:10: was parsed without an error, {remedy}"]


@pytest.mark.parametrize(
    ("complaint", "line", "text"),
    [
        ("line 3, column 5: Expecting value\n", 13, "column 5: Expecting value"),
        ("/a: 5 is not of type 'string'\n/b: 6 is an error\n", 10, "/a: 5 is not of type 'string'"),
    ],
)
def test_a_document_that_is_not_valid(complaint: str, line: int, text: str) -> None:
    """What is wrong with a JSON document is one failure, at its line where that is known."""
    result = verify(example("json"), Output(stderr=complaint.encode(), exit=1))
    assert said(result) == [f"a/b/en.md:{line}: is not valid: {text}; correct the document"]
