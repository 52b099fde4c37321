"""The contract that every runner keeps, and what each of them does beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from notekit import guest, runners, sandbox
from notekit.model import BuildOutput, Example, Exceeded, NamedFile, Output, Unit
from notekit.runners import _contract
from notekit.sandbox import SandboxError, Stopped, tools
from tests.notekit.units import example, run


@dataclass(frozen=True)
class Sample:
    """Programs of one language: one that says hello, one that fails, one without end, one that prints a file."""

    hello: dict[str, Any]
    fails: dict[str, Any]
    endless: dict[str, Any] | None
    prints: dict[str, Any] | None


C_PRINTS = """#include <stdio.h>
int main(void) {
    int c;
    FILE *f = fopen("given", "r");
    while ((c = getc(f)) != EOF) putchar(c);
}
"""
HELLO = """
        lea     text(%rip), %rsi
        mov     $(end - text), %ecx
        mov     $0xe9, %edx
        rep outsb
        ret
text:   .ascii "hello\\n"
end:
"""
SCRIPT = Sample(
    {"code": "echo hello"}, {"code": "exit 3"}, {"code": "while true; do sleep 1; done"}, {"code": "cat given"}
)
SAMPLES = {
    "bash": SCRIPT,
    "sh": SCRIPT,
    "fish": replace(SCRIPT, endless={"code": "while true; sleep 1; end"}),
    "python": Sample(
        {"code": "print('hello')"},
        {"code": "raise SystemExit(3)"},
        {"code": "while True: pass"},
        {"code": "print(open('given').read(), end='')"},
    ),
    "c": Sample(
        {"code": '#include <stdio.h>\nint main(void) { puts("hello"); }\n'},
        {"code": "int main(void) { return 3; }\n"},
        {"code": "int main(void) { for (;;) { } }\n"},
        {"code": C_PRINTS},
    ),
    "console": Sample(
        {"commands": ("echo hello",)},
        {"commands": ("exit 3",)},
        {"commands": ("sleep 60",)},
        {"commands": ("cat given",)},
    ),
    "json": Sample({"code": '{"hello": 1}'}, {"code": "{"}, None, None),
}
# Each byte written to the debug port: mov al, N; out 0xe9, al.
SAMPLES |= {
    "asm in a machine": Sample(
        {"code": HELLO},
        {"code": "mov $3, %al\nout %al, $0xf4\n"},
        {"code": "jmp .\n"},
        {"code": HELLO.replace('.ascii "hello\\n"', '.incbin "given"')},
    ),
    "console in a machine": SAMPLES["console"],
    "image in a machine": Sample(
        {"file": NamedFile("hello", b"".join(b"\xb0%c\xe6\xe9" % byte for byte in b"hello\n") + b"\xc3")},
        {"file": NamedFile("fails", b"\xb0\x03\xe6\xf4")},
        {"file": NamedFile("endless", b"\xeb\xfe")},
        None,
    ),
}
# A language alone runs on the host.
SAMPLES |= {f"{language} in a guest": SAMPLES[language] for language in ("bash", "c", "console", "sh")}
LANGUAGES = sorted(SAMPLES)


def of_kind(kind: str, code: str = "", **more: Any) -> Example:
    """An example of a language, on the host, in a guest or on a bare machine."""
    language, _, where = kind.partition(" in a ")
    return example(language, code, **{"runner": where or "host", **more})


def sample(language: str, kind: str, **more: Any) -> Example:
    """A program of a language."""
    return of_kind(language, **getattr(SAMPLES[language], kind), **more)


def printed(output: Output) -> bytes:
    """What an output says on standard output."""
    return output.commands[0].text if output.commands else output.stdout


def end(output: Output) -> int | None:
    """How an example ended."""
    return output.commands[0].exit if output.commands else output.exit


def usable(language: str, output: Output) -> bool:
    """Whether the runner's tools are here; if not, the output must say so and how to get them."""
    one = sample(language, "hello")
    lacking = [tool for tool in runners.for_example(one).needed(Unit((one,))) if tools.resolve(tool) is None]
    if lacking:
        assert output.missing == f"{lacking[0]} is not installed; apt-get install {lacking[0]}"
        assert replace(output, missing=None, finished="") == Output()
    return not lacking


def test_every_runner_has_samples() -> None:
    """The contract is tried on every language that has a runner."""
    others = {f"{language} in a {where}" for where in ("guest", "machine") for language in runners.by_language(where)}
    assert set(runners.by_language()) | others == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_runner_runs_its_language(language: str) -> None:
    """A program that says hello ends with 0, with its versions, its time, and how to do the same by hand."""
    (output,) = run(sample(language, "hello"))
    if usable(language, output):
        assert (printed(output), end(output)) == (b"" if language == "json" else b"hello\n", 0)
        assert (output.stderr, output.exceeded, output.broken, output.missing) == (b"", None, None, None)
        assert output.how
        assert output.seconds >= 0
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", output.finished)
        unit = Unit((sample(language, "hello"),))
        runner = runners.for_example(unit.examples[0])
        assert {tool for tool, _ in output.versions} >= set(runner.needed(unit))
        assert output.versions == runner.tool_versions(unit)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_runner_gives_the_same_for_the_same(language: str) -> None:
    """Two runs of one unit differ in their times only."""
    first, second = (run(sample(language, "hello"))[0] for _ in range(2))
    assert replace(first, seconds=0, finished="") == replace(second, seconds=0, finished="")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_runner_reports_a_failing_program(language: str) -> None:
    """A program that fails gives an output with its status."""
    (output,) = run(sample(language, "fails"))
    if usable(language, output):
        assert (end(output), output.broken) == (1 if language == "json" else 3, None)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if SAMPLES[one].endless])
def test_a_runner_ends_what_does_not_end(language: str) -> None:
    """A program without end is stopped at its own timeout, which is named."""
    (output,) = run(sample(language, "endless", timeout=0.5))
    if usable(language, output):
        assert (output.exceeded, end(output)) == (Exceeded("deadline", "0.5 s"), None)


@pytest.mark.parametrize("language", [one for one in LANGUAGES if SAMPLES[one].prints])
def test_a_runner_gives_a_program_its_files(language: str) -> None:
    """A program finds the files that the note names beside it."""
    (output,) = run(sample(language, "prints", files=(NamedFile("given", b"from the note\n"),)))
    if usable(language, output):
        assert printed(output) == b"from the note\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_where_an_example_stands_does_not_matter(language: str) -> None:
    """A block without an id runs in the same way wherever it stands."""
    one, two = (run(sample(language, "hello", id=None, name=name))[0] for name in ("en-7", "en-70"))
    assert replace(one, seconds=0, finished="") == replace(two, seconds=0, finished="")


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "json"])
def test_a_missing_tool_is_named_with_its_package(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its tool a runner runs nothing, and says what to install."""
    monkeypatch.setattr(tools, "resolve", lambda word: None)
    (output,) = run(sample(language, "hello"))
    assert re.fullmatch(r"([\w-]+) is not installed; apt-get install ([\w-]+)", output.missing or "")


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one not in ("json", "fish")])
def test_a_machine_without_a_sandbox_runs_nothing(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing can be confined, the reason stands in the output and nothing is started."""
    monkeypatch.setattr(_contract.sandbox, "probe", lambda: "no namespace; cure")
    monkeypatch.setattr(sandbox, "execute", lambda *_, **__: pytest.fail("started"))
    monkeypatch.setattr(guest, "converse", lambda *_, **__: pytest.fail("started"))
    monkeypatch.setattr(guest, "run", lambda *_, **__: pytest.fail("started"))
    (output,) = run(sample(language, "hello"))
    assert output.missing == "no namespace; cure"


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one not in ("json", "fish")])
def test_a_sandbox_that_fails_breaks_the_example_only(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of the sandbox itself is the output's, for every example of the unit."""

    def failing(*_: object, **__: object) -> None:
        raise SandboxError("out of order")

    assert sandbox.probe() is None
    monkeypatch.setattr(sandbox, "execute", failing)
    monkeypatch.setattr(guest, "converse", failing)
    monkeypatch.setattr(guest, "run", failing)
    assert [one.broken for one in run(sample(language, "hello"))] == ["out of order"]


@pytest.fixture
def stopped() -> Iterator[None]:
    """All executions are refused during the test."""
    assert sandbox.probe() is None
    runners.kill_all()
    yield
    sandbox.start_again()


@pytest.mark.usefixtures("stopped")
@pytest.mark.parametrize("language", [one for one in LANGUAGES if one not in ("json", "fish")])
def test_nothing_starts_after_an_interrupt(language: str) -> None:
    """After kill_all a runner raises Stopped instead of running on."""
    with pytest.raises(Stopped):
        run(sample(language, "hello"))


@pytest.mark.parametrize("language", [one for one in LANGUAGES if not re.match("json|console|fish|.*machine", one)])
def test_a_program_gets_its_arguments_and_its_input(language: str) -> None:
    """Arguments come through whole, and standard input holds the text that the note gives."""
    codes = {
        "python": "import sys\nprint(sys.argv[1:], sys.stdin.read())",
        "c": '#include <stdio.h>\nint main(int n, char **v) { printf("%d %s %s %c\\n", n, v[1], v[2], getchar()); }\n',
    }
    code = codes.get(language.split()[0], 'printf "%s|" "$@"; cat')
    (output,) = run(of_kind(language, code, args=("a b", "$x"), stdin="text"))
    expected = {"python": b"['a b', '$x'] text\n", "c": b"3 a b $x t\n"}.get(language.split()[0], b"a b|$x|text")
    assert (output.stdout, output.exit) == (expected, 0)
    assert output.how.startswith("printf %s text | ") or language.startswith("c")
    assert output.how.endswith(" 'a b' '$x'")


@pytest.mark.parametrize(
    ("language", "good", "bad", "how"),
    [
        ("python", "while True: pass", "def f(:", "python3 -m py_compile x.py"),
        ("bash", "sleep 1000", "if then", "bash -n x.sh"),
        ("sh", "sleep 1000", "if then", "sh -n x.sh"),
        ("c", "int main(void) { for (;;) { } }", "int main(void) { return 0 }", "gcc {FLAGS} -fsyntax-only x.c"),
    ],
)
def test_syntax_is_checked_without_running(language: str, good: str, bad: str, how: str) -> None:
    """With run=syntax a program is parsed and not run; what is wrong is told."""
    flags = "-std=gnu17 -Wall -Wextra -Werror -O2 -pthread"
    (parsed,), (wrong,) = (run(example(language, code, run="syntax")) for code in (good, bad))
    assert (parsed.build, parsed.exit, parsed.stdout) == (BuildOutput(b"", 0), None, b"")
    assert parsed.how == how.replace("{FLAGS}", flags)
    assert wrong.build is not None
    assert wrong.build.exit not in (0, None)
    assert re.search(rb"x\.\w+.*1", wrong.build.text)


def test_a_c_program_is_built_with_the_format_s_flags() -> None:
    """The command line is the one that the note format promises, libraries after the source."""
    code = "#include <math.h>\n#include <stdlib.h>\nint main(int n, char **v) { return n + (int)sqrt(atof(v[1])); }\n"
    (output,) = run(example("c", code, args=("16",), cflags=("-lm",)))
    assert output.how == "gcc -std=gnu17 -Wall -Wextra -Werror -O2 -pthread x.c -lm -o x && ./x 16"
    assert (output.exit, output.build) == (6, BuildOutput(b"", 0))
    assert {tool for tool, _ in output.versions} == {"as", "gcc", "ld", "libc.so.6"}


def test_a_c_program_that_does_not_compile_is_not_run() -> None:
    """A warning is an error, told with file and line; nothing ran."""
    (output,) = run(example("c", "int main(void) {\n    int unused;\n}\n"))
    assert output.build is not None
    assert output.build.exit == 1
    assert b"x.c:2:9: error: unused variable" in output.build.text
    assert (output.exit, output.stdout) == (None, b"")


def test_a_c_program_may_only_be_built() -> None:
    """With run=build a program is compiled and linked, and not run."""
    (output,) = run(example("c", "int main(void) { for (;;) { } }\n", run="build"))
    assert (output.build, output.exit) == (BuildOutput(b"", 0), None)


def test_a_c_program_keeps_the_name_of_its_file() -> None:
    """A program of a file lies where it lies in the note, with its headers, and nothing of the compiler's is left."""
    files = (NamedFile("exp/x.h", b'#define SAID "from a header"\n'),)
    source = NamedFile("exp/seek.c", b'#include <stdio.h>\n#include <stdlib.h>\n#include "x.h"\n'
                       b'int main(void) { puts(SAID); fflush(stdout); return system("ls . exp"); }\n')  # fmt: skip
    (output,) = run(example("c", file=source, files=files))
    assert output.stdout == b"from a header\n.:\nexp\nseek\n\nexp:\nseek.c\nx.h\n"
    assert output.how.endswith("exp/seek.c -o seek && ./seek")


def test_a_c_program_that_crashes_has_its_signal() -> None:
    """A signal is 128 and its number, for programs as for shells."""
    (output,) = run(example("c", "int main(void) { __builtin_trap(); }\n"))
    assert output.exit == 128 + 4


def test_a_program_larger_than_the_disk_is_an_error_of_its_own() -> None:
    """A program too large to be run says so."""
    (output,) = run(example("c", "char all[80 << 20] = {1};\nint main(void) { return all[0] - 1; }\n"))
    assert output.broken == "gcc ended with 0, but left no program x of at most 64 MiB"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('{"a": 1, "b": {"a": []}}', ""),
        ('{"a": 1, "a": 2}', 'the key "a" stands twice in one object\n'),
        ('{"a": 1\n', "line 2, column 1: Expecting ',' delimiter\n"),
        ("[NaN]", "NaN is not JSON\n"),
        ('{"n": 7, "x": 1}', "/n: 7 is not of type 'string'\n"),
        ("[" * 100_000, "maximum recursion depth exceeded"),
    ],
)
def test_json_is_parsed_and_held_against_its_schema(code: str, said: str) -> None:
    """JSON must parse with each key once, and meet the schema."""
    schema = NamedFile("s.json", b'{"type": "object", "properties": {"n": {"type": "string"}}}')
    (output,) = run(example("json", code, schema=schema))
    assert (output.stderr.decode().startswith(said), output.exit) == (True, 1 if said else 0)


def test_a_need_that_is_met_is_among_the_versions() -> None:
    """A capability with a version that this machine has lets the example run, and its version is recorded."""
    (output,) = run(example("bash", "echo ran", needs=("git>=2.0", "python")))
    assert output.stdout == b"ran\n"
    assert {tool for tool, _ in output.versions} == {"bash", "git", "python3"}


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        ("git>=99.1", r"git is version \d+\.[\d.]+; 99\.1 or later is needed"),
        ("kvm", "/dev/kvm needs runner=guest or runner=machine"),
        ("root", "root needs runner=guest"),
    ],
)
def test_a_need_that_is_not_met_is_the_reason(need: str, reason: str) -> None:
    """What this machine or the host's sandbox lacks is told, and nothing runs."""
    (output,) = run(example("bash", "echo ran", needs=(need,)))
    assert re.fullmatch(reason, output.missing or "")
    assert output.stdout == b""


@pytest.mark.parametrize(("name", "language"), [("guest", "python"), ("machine", "python")])
def test_a_runner_that_is_not_here_says_so(name: str, language: str) -> None:
    """An example of another runner is not verified, with the reason; it has a runner all the same."""
    one = example(language, "pass", runner=name)
    (output,) = run(one)
    assert (output.missing or "").startswith(f"no {name} runner for {language} in this version")
    assert runners.for_example(one).tool_versions(Unit((one,))) == ()


def test_runners_of_one_language_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two files of the folder that claim one language are a mistake that shows at once."""
    from notekit.runners import python

    monkeypatch.setattr(python.RUNNER, "languages", ("python", "c"))
    with pytest.raises(TypeError, match="both run c"):
        runners.by_language.__wrapped__()
