"""A console block: commands behind prompts, what each printed, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Sequence

from notekit.model import Asked, Command, Dialect, Expectation, exit_status
from notekit.parse.report import Report, shortened

_EXIT = re.compile(r"\[exit ([A-Z0-9]{1,12})\]")
_PROMPTS: dict[Dialect, tuple[str, ...]] = {
    "console": ("$ ",),
    "root-console": ("$ ", "# "),
    "output": (),
    "machine-console": ("$ ", "(qemu) ", "(qmp) ", "(gdb) "),
}
_ASKED: dict[str, Asked] = {"(qemu)": "qemu", "(qmp)": "qmp", "(gdb)": "gdb"}


def read_console(
    body: Sequence[str], first: int, dialect: Dialect, unordered: bool, report: Report
) -> tuple[Command, ...]:
    """The commands of a block whose first line is line ``first`` of its document.

    A line is a command, its continuation, its end, or output; output lines are kept as written, with the
    backslash that may begin them.
    """
    reader = _Reader(first, dialect, unordered, report)
    for offset, line in enumerate(body):
        if not reader.takes(first + offset, line):
            return ()
    reader.end_command()
    if not reader.commands:
        report(first - 1, "a console block without a command", "write a command behind `$ `")
    return tuple(reader.commands)


class _Reader:
    def __init__(self, first: int, dialect: Dialect, unordered: bool, report: Report) -> None:
        self.commands: list[Command] = []
        self._dialect = dialect
        self._unordered = unordered
        self._report = report
        self._text: list[str] = []
        self._output: list[str] = []
        self._line = 0
        self._output_line = 0
        self._prompt = "$"
        self._exit: tuple[int, int] | None = None

    def takes(self, number: int, line: str) -> bool:
        """Whether the line could be read; the rest of the block means nothing where it could not."""
        if line.startswith(_PROMPTS[self._dialect]):
            return self._begin_command(number, line)
        if line == ">" or line.startswith("> "):
            return self._continue_command(number, line[2:])
        if line.startswith("[exit"):
            return self._take_exit(number, line)
        return self._take_output(number, line)

    def _begin_command(self, number: int, line: str) -> bool:
        self.end_command()
        prompt, _, text = line.partition(" ")
        if not text.strip():
            self._report(
                number, "a prompt without a command", "write a command behind it, or a backslash before output"
            )
            return False
        self._text, self._line, self._prompt = [text], number, prompt
        return True

    def _continue_command(self, number: int, text: str) -> bool:
        if not self._text or self._output or self._exit:
            self._report(
                number,
                "`>` without a command before it",
                "write a command behind `$ ` first, or a backslash before output",
            )
            return False
        self._text.append(text)
        return True

    def _take_exit(self, number: int, line: str) -> bool:
        found = _EXIT.fullmatch(line)
        status = exit_status(found[1]) if found else None
        if status is None:
            remedy = "write [exit N] with 0 to 255, or [exit SIGTERM] (output that begins so has a backslash before it)"
            self._report(number, f"{shortened(line)} does not say how the command ended", remedy)
        elif not self._text:
            self._report(number, "[exit …] before the first command", "write the command behind `$ ` above it")
        elif self._exit:
            self._report(number, f"a second [exit …], after line {self._exit[1]}", "keep one of the two")
        else:
            self._exit = (status, number)
            return True
        return False

    def _take_output(self, number: int, line: str) -> bool:
        if self._text and not self._exit:
            if not self._output:
                self._output_line = number
            self._output.append(line)
            return True
        if self._exit:
            self._report(number, f"output after [exit …] in line {self._exit[1]}", "move [exit …] behind the output")
        elif line.startswith(("# ", "(qemu) ", "(qmp) ", "(gdb) ")):
            needs = "a root prompt needs runner=guest" if line[0] == "#" else "this prompt needs runner=machine"
            self._report(number, "output before the first command", f"{needs}, any other is `$ `")
        else:
            self._report(number, "output before the first command", "write a command behind `$ ` above it")
        return False

    def end_command(self) -> None:
        """What was read since the last prompt becomes a command."""
        if not self._text:
            return
        expectation = Expectation(
            lines=tuple(self._output),
            line=self._output_line if self._output else self._line,
            dialect=self._dialect,
            unordered=self._unordered,
        )
        status, exit_line = self._exit or (0, self._line)
        text, root, asked = "\n".join(self._text), self._prompt == "#", _ASKED.get(self._prompt, "")
        self.commands.append(Command(text, self._line, expectation, status, exit_line, root, asked))
        self._text, self._output, self._exit = [], [], None
