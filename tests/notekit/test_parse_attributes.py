"""What stands behind an opening fence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notekit.parse.attributes import FLAG, read_info
from notekit.parse.report import Report
from tests.notekit.parsing import document, example, note, text_errors


@pytest.mark.parametrize(
    ("text", "language", "id", "values"),
    [
        ("", "", None, {}),
        ("c", "c", None, {}),
        (" c ", "c", None, {}),
        ("{#a}", "", "a", {}),
        ("c {}", "c", None, {}),
        ("c{#a}", "c", "a", {}),
        ("c { x=1 #a-1  fails }", "c", "a-1", {"x": "1", "fails": FLAG}),
        (r'c {x="a b" y="\"\\\n}"}', "c", None, {"x": "a b", "y": '"\\\n}'}),
        ("c {x=a=b>=c}", "c", None, {"x": "a=b>=c"}),
        ('c {x=""}', "c", None, {"x": ""}),
        ("c++ {#a}\r", "c++", "a", {}),
    ],
)
def test_language_id_and_values_are_read(text: str, language: str, id: str | None, values: dict[str, str]) -> None:
    """Attributes come in any order, quoted or bare, with a value or alone."""
    report = Report("f")
    info = read_info(text, 1, report)
    assert report.found == []
    assert (info.language, info.id, dict(info.values)) == (language, id, values)


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_][a-z0-9_-]{0,5}", fullmatch=True), st.text(st.characters(exclude_categories=["Cs", "Cc"]))
    )
)
def test_any_value_can_be_quoted(values: dict[str, str]) -> None:
    """Every text comes back from between quotes, backslashes and quotes escaped."""
    quoted = (
        f'{key}="{value.replace(chr(92), chr(92) * 2).replace(chr(34), chr(92) + chr(34))}"'
        for key, value in values.items()
    )
    report = Report("f")
    assert dict(read_info(f"c {{{' '.join(quoted)}}}", 1, report).values) == values
    assert report.found == []


@given(st.text(st.sampled_from("ac {}#=\"'\\n\t-\r\x00`é")))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands behind a fence, it is read, or one problem is reported."""
    report = Report("f")
    read_info(text, 3, report)
    assert len(report.found) <= 1


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        ("c {#a", "the attributes' braces are not closed; end them with }"),
        ("c {#a} x", "'x' behind the braces; put all attributes inside the braces"),
        ("c x", "'x' behind the language c; put attributes in braces, such as {#id key=value}"),
        ("c {#a #b}", "a second id; give the block one id"),
        ("c {#A}", "the id '#A'; write # and small letters a to z, digits and hyphens"),
        ("c {#}", "the id '#'; write # and small letters a to z, digits and hyphens"),
        ("c {x=1 x=2}", "the attribute x stands here twice; keep one of the two"),
        ('c {x="a}', 'the quotes of x are not closed; end the value with "'),
        ("c {x='a b'}", 'x has single quotes; put the value in double quotes: "…"'),
        (r'c {x="\q"}', r"the escape \q in x; write \" for a quote, \n for a line end, \\ for a backslash"),
        ("c {x=}", "x has no value; write x=value, with no space around ="),
        ("c {x = 3}", "'=' among the attributes; write #id, key=value, key=\"several words\" or a flag"),
        ('c {x="b"y=d}', "no space before 'y=d}'; put a space between attributes"),
        ("c {x=\x07}", "the control character U+0007; take it out"),
        ("c {tiemout=3}", "the attribute tiemout is unknown; did you mean timeout?"),
        (
            "walk {x=1}",
            "the attribute x is unknown; a walk block takes #id",
        ),
        ("c {session=x}", "session is not allowed on a c block; take it out: it is for console blocks"),
        ("c {of=x}", "of is not allowed on a c block; take it out: it is for output and example blocks"),
        ("python {cflags=x}", "cflags is not allowed on a python block; take it out: it is for c blocks"),
        ("c {schema=x}", "schema is not allowed on a c block; take it out: it is for json blocks"),
        ("c {unordered}", "unordered is not allowed on a c block; take it out: it is for console and output blocks"),
        ("json {with=x}", "with is not allowed on a json block; take it out: it is for console blocks and programs"),
        (
            "console {exit=1}",
            "exit is not allowed on a console block; take it out: it is for programs "
            "(bash, sh, fish, c, python, asm, image)",
        ),
        ("output {of=x run=no}", "run is not allowed on an output block; take it out: it is for blocks that run"),
        (
            "example {of=x stream=stderr}",
            "stream is not allowed on an example block; take it out: it is for output blocks",
        ),
        ("walk {timeout=1}", "timeout is not allowed on a walk block; take it out: it is for blocks that run"),
        (
            "text {run=no}",
            "run is not allowed on a text block, which is only shown; take it out: it is for blocks that run",
        ),
        ("{run=no}", "run is not allowed on a block without a language; take it out: it is for blocks that run"),
        ("c {timeout}", "timeout has no value; write timeout=…"),
        ("c {fails=yes run=build}", "fails takes no value; write fails alone"),
        ('c {file=""}', "file is empty; give it a value, or take it out"),
        ("c {timeout=0}", "timeout=0 is no time limit; write seconds, more than 0 and at most 600"),
        ("c {timeout=601}", "timeout=601 is no time limit; write seconds, more than 0 and at most 600"),
        ("c {timeout=-1}", "timeout=-1 is no time limit; write seconds, more than 0 and at most 600"),
        ("c {timeout=1e2}", "timeout=1e2 is no time limit; write seconds, more than 0 and at most 600"),
        ("c {exit=256}", "exit=256 is no way to end; write 0 to 255, or a signal such as SIGTERM"),
        ("c {exit=SIGFOO}", "exit=SIGFOO is no way to end; write 0 to 255, or a signal such as SIGTERM"),
        (f"c {{exit={'9' * 5000}}}", f"exit={'9' * 59}… is no way to end; write 0 to 255, or a signal such as SIGTERM"),
        (
            'c {args="a \'b"}',
            "args has a quote or a backslash with nothing behind it: a 'b; close the quotes, as in a shell",
        ),
        (
            r'c {cflags="-D\\"}',
            "cflags has a quote or a backslash with nothing behind it: -D\\; close the quotes, as in a shell",
        ),
        ("c {run=maybe}", "run=maybe is not possible on a c block; write run=yes, build, syntax or no"),
        ("python {run=build}", "run=build is not possible on a python block; write run=yes, syntax or no"),
        ("console {run=syntax}", "run=syntax is not possible on a console block; write run=yes or no"),
        ("c {run=no}", 'run=no without a reason; add because="…", which the reader is shown'),
        ("c {because=x}", "because without run=no; add run=no, or take because out"),
        (
            "c {fails}",
            "fails on a program that runs; add run=build or run=syntax (a program that runs and fails has exit=N)",
        ),
        ("sh {fails}", "fails on a program that runs; add run=syntax (a program that runs and fails has exit=N)"),
        ("c {region=x}", "region without file; add file=… with the file that has the region"),
        ("c {runner=moon}", "the runner moon is unknown; write runner=host, guest or machine"),
        ("c {needs=moon}", "the capability moon is unknown; known: kvm and qemu"),
        ("c {needs=qem}", "the capability qem is unknown; did you mean qemu?"),
        ('c {needs="qemu>7"}', "needs has qemu>7, which is no capability; write a capability, or capability>=version"),
        ('console {session="a b"}', "session=a b is no name; name the session with letters, digits, - and _"),
        ("output", "an output block without of; add of=… with the id of the program that printed this"),
        ("example", "an example block without of; add of=… with the id of the example that belongs here"),
        (
            "output {of=x stream=out}",
            "the stream out is unknown; write stream=stderr, registers or interrupts, or nothing for standard output",
        ),
        ("C {#a}", "the language C is only shown; write c"),
        ("Walk", "the language Walk is only shown; write walk"),
    ],
)
def test_what_is_wrong_with_attributes_is_said_at_the_fence(tmp_path: Path, info: str, expected: str) -> None:
    """Each problem of an attribute stands at the block's first line, with what would be right."""
    assert f"en.md:6: {expected}" in text_errors(tmp_path, f"\n```{info}\n```\n")


def test_all_problems_of_a_block_are_told_at_once(tmp_path: Path) -> None:
    """One wrong attribute does not hide another."""
    found = text_errors(tmp_path, "```c {timeout=0 exit=256 x=1}\nint x;\n```\n")
    assert [line.split("; ")[0] for line in found] == [
        "en.md:5: exit=256 is no way to end",
        "en.md:5: the attribute x is unknown",
        "en.md:5: timeout=0 is no time limit",
    ]


@pytest.mark.parametrize(
    ("attributes", "field", "value"),
    [
        ("", "run", "yes"),
        ("", "timeout", None),
        ("", "runner", "host"),
        ("run=build", "run", "build"),
        ("run=syntax fails", "fails", True),
        ('run=no because="not here"', "because", "not here"),
        (r"""args="a 'b c' \"d\" \\$x" """, "args", ("a", "b c", "d", "$x")),
        ('args=""', "args", ()),
        ('stdin="a\\nb"', "stdin", "a\nb"),
        ("cflags=\"-lm -DX='a b'\"", "cflags", ("-lm", "-DX=a b")),
        ("exit=3", "exit", 3),
        ("exit=SIGSEGV", "exit", 139),
        ("runner=guest", "runner", "guest"),
        ('needs="qemu>=7.2 kvm"', "needs", ("qemu>=7.2", "kvm")),
        ("timeout=2.5", "timeout", 2.5),
        ("timeout=600", "timeout", 600.0),
    ],
)
def test_each_attribute_arrives_with_its_meaning(tmp_path: Path, attributes: str, field: str, value: Any) -> None:
    """The example has what its attributes say."""
    assert getattr(example(tmp_path, f"```c {{{attributes}}}\nint x;\n```\n"), field) == value


@pytest.mark.parametrize("language", ["console", "bash", "sh", "fish", "c", "python", "json"])
def test_a_language_with_a_runner_is_an_example(tmp_path: Path, language: str) -> None:
    """Such a block runs by default, on the host."""
    found = example(tmp_path, f"```{language} {{#x}}\n$ a\n```\n")
    assert (found.id, found.language, found.runner, found.run) == ("x", language, "host", "yes")


@pytest.mark.parametrize("info", ["", "text", "rust", "makefile {#m}", "nasm", "{#x}"])
def test_any_other_language_is_only_shown(tmp_path: Path, info: str) -> None:
    """A block without a runner is a listing and no example."""
    found = note(tmp_path, f"```{info}\nbody\n```\n")
    assert found.examples == ()
    assert [region.kind for region in found.documents[0].regions] == ["listing"]


def test_a_longer_fence_holds_a_shorter_one(tmp_path: Path) -> None:
    """A block ends at a fence that is at least as long as its own."""
    found = document(tmp_path, "````text\n```\n`````\n```text\nb\n`````\n")
    assert [(region.first, region.last, region.body) for region in found.regions] == [(5, 7, ("```",)), (8, 10, ("b",))]
