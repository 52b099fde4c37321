"""Which failures are not about output, so that no output can put them right. Pure."""

from __future__ import annotations

from notekit.model import MACHINE_ENDS, Example, Output, Place, Problem
from notekit.verify.text import ended, exceeded_text, remedy_for

__all__ = ["refusal"]


def refusal(example: Example, output: Output) -> Problem | None:
    """Why what came out of a failed example cannot be taken over; None where it can."""
    name = example.name
    if output.broken or output.missing:
        return Problem(example.place, f"{name} did not run: {output.broken or output.missing}", "let it run first")
    if output.exceeded:
        message = f"{name} exceeded a limit ({exceeded_text(output.exceeded)}), so its output is not whole"
        return Problem(example.place, message, remedy_for(example.note, output.exceeded))
    if example.language == "console":
        return _of_console(example, output)
    return _of_program(example, output)


def _of_console(example: Example, output: Output) -> Problem | None:
    ends = [one.exit for one in output.commands]
    for index, command in enumerate(example.commands):
        if index >= len(ends) or ends[index] is None:
            remedy = "let the shell live on (a subshell, as in (exit 3), may end), or begin another block"
            return Problem(
                Place(example.place.file, command.line), f"{example.name} stopped here: the shell ended", remedy
            )
    return None


def _of_program(example: Example, output: Output) -> Problem | None:
    only_built = example.run in ("build", "syntax")
    status = output.build.exit if output.build and only_built else output.exit
    if example.language == "json" or (output.build and output.build.exit != 0 and not example.fails):
        return Problem(example.place, f"{example.name} is not valid, which is no output", "correct it")
    if only_built:
        if example.fails and status in (0, None):
            message = f"{example.name} does not fail, though the note says that it does, which is no output"
            return Problem(example.place, message, "correct it, or take off `fails`")
    elif status != example.exit:
        place = Place(example.place.file, example.exit_line or example.place.line)
        message = f"{example.name} {ended(status, example.exit)}, which is no output"
        names = {number: name for name, number in MACHINE_ENDS.items()}
        right = (
            "take exit= off the block" if status == 0 else f"write exit={names.get(status or 0, status)} on the block"
        )
        return Problem(place, message, f"correct the program, or {right}" if status is not None else "let it end")
    if example.id is None and _creates_a_block(example, output):
        message = f"{example.name} prints what no block states, and has no id by which a block could name it"
        return Problem(example.place, message, "give it one, such as {#name}")
    return None


def _creates_a_block(example: Example, output: Output) -> bool:
    stated = {one.stream for one in example.expectations}
    if example.run in ("build", "syntax"):
        return bool(output.build and output.build.text) and "stderr" not in stated and not example.fails
    return bool(output.stdout and "stdout" not in stated) or bool(output.stderr and "stderr" not in stated)
