"""The report as JUnit XML, which CI servers show: a test suite for each note, a test case for each example."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree

from notekit.match import visible
from notekit.model import Problem, Result
from notekit.report import Report, told

# Element of a test case, and attribute that counts it, by a result's status.
_OUTCOMES = {
    "failed": ("failure", "failures"),
    "error": ("error", "errors"),
    "not-verified": ("skipped", "skipped"),
}


def junit(report: Report) -> bytes:
    r"""An XML document in UTF-8. Times are those of the run itself, in seconds, also where the store had the result.

    Elements and attributes are those that Jenkins' schema for JUnit has, so a place is part of the text. A file of a
    note that could not be read is a suite of errors. What XML cannot hold, or a reader could not see, is ``\xNN``.
    """
    root = ElementTree.Element("testsuites", name="notes")
    for note, results in _grouped(report.checked.results).items():
        _counted(root, note, [_example(result) for result in results], sum(result.seconds for result in results))
    for file, problems in _of_files(report.problems).items():
        _counted(root, file, [_problem(problem) for problem in problems], 0.0)
    for attribute in ("tests", "failures", "errors"):
        root.set(attribute, str(sum(int(suite.attrib[attribute]) for suite in root)))
    root.set("time", _seconds(sum(result.seconds for result in report.checked.results)))
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _grouped(results: Iterable[Result]) -> dict[str, list[Result]]:
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.note, []).append(result)
    return groups


def _of_files(problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    groups: dict[str, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(problem.place.file, []).append(problem)
    return groups


def _counted(root: ElementTree.Element, name: str, cases: list[ElementTree.Element], seconds: float) -> None:
    """Adds a suite with its counts."""
    suite = ElementTree.SubElement(root, "testsuite", name=visible(name), tests=str(len(cases)))
    for element, attribute in _OUTCOMES.values():
        suite.set(attribute, str(sum(case.find(element) is not None for case in cases)))
    suite.set("time", _seconds(seconds))
    suite.extend(cases)


def _example(result: Result) -> ElementTree.Element:
    case = _case(result.note, result.name, result.seconds)
    if result.status in _OUTCOMES:
        message = result.failures[0].message if result.failures else result.reason
        outcome = ElementTree.SubElement(case, _OUTCOMES[result.status][0], message=visible(message))
        outcome.text = told(result) or visible(f"{result.place}: not verified: {result.reason}")
    return case


def _problem(problem: Problem) -> ElementTree.Element:
    case = _case(problem.place.file, f"line {problem.place.line}", 0.0)
    error = ElementTree.SubElement(case, "error", message=visible(f"{problem.message}; {problem.remedy}"))
    error.text = visible(str(problem))
    return case


def _case(group: str, name: str, seconds: float) -> ElementTree.Element:
    return ElementTree.Element("testcase", classname=visible(group), name=visible(name), time=_seconds(seconds))


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}"
