"""Which packages a reader needs, and which capabilities an example used."""

from __future__ import annotations

import pytest

from notekit import runners
from notekit.model import Command, Example, Expectation, NamedFile, Place, Unit
from notekit.sandbox import tools


def unit(language: str, *commands: str, **values: object) -> Unit:
    """A unit of one example."""
    told = tuple(Command(command, 1, Expectation((), 1)) for command in commands)
    return Unit((Example("a/b", "x", "x", language, Place("f", 1), "en", "host", commands=told, **values),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (unit("console", "cat x | sed s/a/b/"), ()),
        (unit("console", "git log", "python3 -c 1"), ("git", "python3")),
        (unit("console", "gcc -o x x.c"), ("gcc", "libc6-dev")),
        (unit("c"), ("gcc", "libc6-dev")),
        (unit("console", "no-such-command"), ()),
        (unit("console", needs=("nasm",)), ("nasm",)),
        (unit("sh"), ()),
        (unit("fish"), ("fish",)),
        (unit("json"), ("jq",)),
        (unit("json", schema=NamedFile("s", b"{}")), ("python3-jsonschema",)),
        (unit("console", "awk 1 x"), (getattr(tools.package_of("awk"), "name", ""),)),
    ],
)
def test_a_unit_needs_the_packages_of_its_tools(made: Unit, expected: tuple[str, ...]) -> None:
    """Packages that every Debian has are left out, and so are those that another brings along."""
    assert runners.packages(runners.for_example(made.examples[0]), made) == expected


def test_the_package_of_a_name_is_the_one_that_people_type() -> None:
    """The owner of the name comes before that of the file: gcc, not gcc-12; bash is on every system."""
    gcc, bash = tools.package_of("gcc"), tools.package_of("bash")
    assert gcc and (gcc.name, gcc.essential) == ("gcc", False)
    assert bash and (bash.name, bash.essential) == ("bash", True)
    assert tools.package_of("no-such-command") is None


def test_an_example_used_what_it_says_and_what_it_ran_with() -> None:
    """Capabilities are those that it needs and those whose tool is among its versions."""
    example = unit("console", needs=("kvm", "git>=2.30")).examples[0]
    assert runners.used(example, (("bash", "5"), ("cat", "9"), ("python3", "3"))) == ("bash", "git", "kvm", "python")
