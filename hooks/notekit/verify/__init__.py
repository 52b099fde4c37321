"""(Example, Output) -> Result: whether what came out is what the note states, and where it is not. Pure.

The rules are those of the note format: console blocks in ``verify.console``, programs in ``verify.program``,
diagrams in ``verify.diagram``; what is printed about failures is in ``verify.report``.
"""

from __future__ import annotations

from dataclasses import replace

from notekit.model import Example, Output, Result, Status, streams_of
from notekit.verify.console import verify_console
from notekit.verify.diagram import verify_diagram, with_evidence
from notekit.verify.program import not_built, verify_program
from notekit.verify.report import report
from notekit.verify.text import stated

__all__ = ["not_run", "report", "verify", "verify_diagram", "with_evidence"]


def verify(example: Example, output: Output) -> Result:
    """The example held against its output.

    The status is ``error`` where the runner broke, ``not-verified`` where the machine lacks what the example needs
    or the note says ``run=no``, else ``passed`` or ``failed``. A failure stands at the line that is wrong: of the
    expectation if there is one, else of the command, else of the block.

    Raises match.PatternError for an expectation that the parser should not have let through.
    """
    if example.run == "no":
        return not_run(example, example.because or "")
    reason = output.broken or _unfit(example, output)
    if reason:
        return _result(example, output, "error", reason)
    if output.missing:
        return _result(example, output, "not-verified", output.missing)
    exits: tuple[int, ...] = ()
    if example.language == "console" and output.build and output.build.exit != 0:
        failures, _ = not_built(example, output.build, output)
        return replace(_result(example, output, "failed", ""), failures=failures)
    if example.language == "console":
        failures, texts, exits = verify_console(example, output)
    else:
        failures, texts = verify_program(example, output)
    result = _result(example, output, "failed" if failures else "passed", "")
    return replace(result, failures=failures, texts=texts, exits=exits)


def not_run(example: Example, reason: str) -> Result:
    """The result of an example that did not run, and why; its texts and ends are those that the note states."""
    return _result(example, Output(), "not-verified", reason)


def _result(example: Example, output: Output, status: Status, reason: str) -> Result:
    """A result with texts and ends as the note states them."""
    if example.language == "console":
        texts = tuple(stated(command.expectation) for command in example.commands)
    else:
        by_stream = {expectation.stream: stated(expectation) for expectation in example.expectations}
        texts = tuple(by_stream.get(stream, ()) for stream in streams_of(example.language))
    return Result(
        note=example.note,
        name=example.name,
        language=example.language,
        place=example.place,
        runner=example.runner,
        status=status,
        reason=reason,
        texts=texts,
        exits=tuple(command.exit for command in example.commands),
        seconds=output.seconds,
        how=output.how,
        versions=output.versions,
        finished=output.finished,
        log=output.log,
    )


def _unfit(example: Example, output: Output) -> str:
    """What is wrong with an output that cannot be this example's; empty for a fit one."""
    if output.missing:
        return ""
    if len(output.commands) > len(example.commands):
        return f"the runner gave {len(output.commands)} outputs for {len(example.commands)} commands"
    if example.run in ("build", "syntax") and output.build is None:
        return f"the runner gave no result of run={example.run}"
    return ""
