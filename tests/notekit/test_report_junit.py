"""The report as JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from notekit.match import visible
from notekit.report.junit import junit
from tests.notekit.samples_of_reports import HOSTILE, failure, problem, report, result

# Of Jenkins' schema for JUnit: children and attributes (with ! the required ones) by element.
SCHEMA = {
    "testsuites": ({"testsuite"}, {"name", "time", "tests", "failures", "errors", "disabled"}),
    "testsuite": ({"testcase"}, {"name!", "tests!", "failures!", "errors!", "skipped", "time"}),
    "testcase": ({"failure", "error", "skipped"}, {"name!", "classname", "time"}),
    "failure": (set(), {"message", "type"}),
    "error": (set(), {"message", "type"}),
    "skipped": (set(), {"message", "type"}),
}


def is_valid(element: ElementTree.Element) -> bool:
    """Whether the element and all below it are as the schema has them, and each suite's counts are right."""
    children, attributes = SCHEMA[element.tag]
    assert {child.tag for child in element} <= children
    assert set(element.attrib) <= {name.rstrip("!") for name in attributes}
    assert {name[:-1] for name in attributes if name.endswith("!")} <= set(element.attrib)
    for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        if attribute in element.attrib:
            assert int(element.attrib[attribute]) == sum(1 for _ in element.iter(tag))
    return all(is_valid(child) for child in element)


def test_a_suite_for_each_note_and_a_case_for_each_example() -> None:
    """Each outcome has its element, with a message and the whole text; what passed has none."""
    root = ElementTree.fromstring(
        junit(
            report(
                result(name="good", seconds=0.25),
                result("failed", failure("wrong", diff=("-a", "+b")), name="bad"),
                result("error", reason="bwrap died", name="broken", note="a/c"),
                result("not-verified", reason="no gcc", name="unknown", note="a/c", seconds=0.5),
            )
        )
    )
    assert is_valid(root)
    cases = {case.attrib["name"]: case for case in root.iter("testcase")}
    assert [(suite.attrib["name"], suite.attrib["time"]) for suite in root] == [("a/b", "0.250"), ("a/c", "0.500")]
    assert list(cases["good"]) == []
    assert [
        (one.tag, one.attrib["message"], one.text) for name in ("bad", "broken", "unknown") for one in cases[name]
    ] == [
        ("failure", "wrong", "notes_src/a/b/en.md:12: wrong\n    -a\n    +b"),
        ("error", "bwrap died", "notes_src/a/b/en.md:10: broken could not be run: bwrap died"),
        ("skipped", "no gcc", "notes_src/a/b/en.md:10: not verified: no gcc"),
    ]


def test_a_note_that_cannot_be_read_is_a_suite_of_errors() -> None:
    """Errors in the notes' text are in the report, so that it is not green where the check is not."""
    root = ElementTree.fromstring(junit(report(problems=(problem("no head"), problem("no id", 7)))))
    assert is_valid(root)
    assert [(one.attrib["classname"], one.attrib["name"], one[0].attrib["message"]) for one in root[0]] == [
        ("notes_src/a/b/en.md", "line 1", "no head; write one"),
        ("notes_src/a/b/en.md", "line 7", "no id; write one"),
    ]


@given(st.text() | st.just(HOSTILE))
def test_whatever_an_example_prints_the_report_is_xml(hostile: str) -> None:
    """A reader of the XML gets the visible form of what was printed, wherever it stands."""
    seen = visible(hostile)
    failed = result("failed", failure(hostile, diff=(f"-{hostile}",)), name=hostile, note=hostile)
    skipped = result("not-verified", reason=hostile, note="a/c")
    root = ElementTree.fromstring(junit(report(failed, skipped, problems=(problem(hostile),))))
    assert is_valid(root)
    (inside,) = root.iter("failure")
    assert (inside.attrib["message"], inside.text) == (seen, f"notes_src/a/b/en.md:12: {seen}\n    -{seen}")
    assert [case.attrib["name"] for case in root.iter("testcase")] == [seen, "x", "line 1"]
    assert [one.attrib["message"] for one in root.iter("skipped")] == [seen]
