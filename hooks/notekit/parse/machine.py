"""``guest="cpu=Icelake-Server smp=4 memory=512M"``: the machine that a block asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from notekit.model import Machine
from notekit.parse.report import listed, shortened, suggestion

#: What each word takes, as a message says it.
WORDS: Mapping[str, str] = {
    "kernel": "cloud or general",
    "cpu": "a CPU model of QEMU, such as Icelake-Server or max,-avx2",
    "smp": "a number of CPUs, or sockets=S,cores=C,threads=T; 16 at most",
    "memory": "a size from 256M to 2G",
    "nvdimm": "a size from 16M to 1G",
    "disk": "a size from 1M to 1G",
    "clock": "seconds that its clocks are ahead, such as +3600 or -60",
    "reboot": "nothing: it stands alone",
}
_CPU = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*(?:,[+-]?[a-z0-9][a-z0-9_.-]*(?:=[A-Za-z0-9_.-]+)?)*")
_SIZE = re.compile(r"([0-9]{1,5})([MG])")
_SMP = re.compile(r"(?:[a-z]+=)?[0-9]{1,2}(?:,[a-z]+=[0-9]{1,2})*")
_CLOCK = re.compile(r"[+-]?[0-9]{1,9}")
_MOST_CPUS = 16


class MachineError(ValueError):
    """What is wrong with a machine, and what would be right."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def read_machine(text: str) -> Machine:
    """The machine of an attribute's words. Raises MachineError for the first that is wrong."""
    return Machine(**read_words("guest", text, WORDS, _READERS))


def read_words(
    attribute: str, text: str, words: Mapping[str, str], readers: Mapping[str, Callable[[str], dict[str, Any] | None]]
) -> dict[str, Any]:
    """The fields that an attribute's words give; ``words`` is what each takes. Raises MachineError."""
    found: dict[str, Any] = {}
    said: set[str] = set()
    for word in text.split():
        name, _, value = word.partition("=")
        if name not in words:
            remedy = suggestion(name, words, f"the words are {listed(words, 'and')}")
            raise MachineError(f"{attribute} has {shortened(word)}, which is no word of it", remedy)
        if name in said:
            raise MachineError(f"{attribute} says {name} twice", "keep one of the two")
        read = readers[name](value)
        if read is None or (name == "reboot" and "=" in word):
            raise MachineError(f"{attribute} has {shortened(word)}", f"{name} takes {words[name]}")
        said.add(name)
        found |= read
    return found


def _kernel(text: str) -> dict[str, Any] | None:
    return {"kernel": text} if text in ("cloud", "general") else None


def cpu_word(text: str) -> dict[str, Any] | None:
    """The field ``cpu``; None for what is no CPU model and its features."""
    return {"cpu": text} if _CPU.fullmatch(text) else None


def _smp(text: str) -> dict[str, Any] | None:
    """A number alone is of cores, as QEMU has it since 6.2."""
    if not _SMP.fullmatch(text):
        return None
    pairs = [part.split("=") for part in text.split(",")]
    if len(pairs) == 1 and len(pairs[0]) == 1:
        pairs = [["cores", pairs[0][0]]]
    names = [pair[0] for pair in pairs]
    if any(len(pair) != 2 for pair in pairs) or not {*names} <= {"sockets", "cores", "threads"}:
        return None
    counts = {name: int(number) for name, number in pairs}
    total = 1
    for count in counts.values():
        total *= count
    return counts if len(counts) == len(names) and 1 <= total <= _MOST_CPUS else None


def size_word(name: str, least: int, most: int) -> Callable[[str], dict[str, Any] | None]:
    """What reads a size from ``least`` to ``most`` MiB as the field of that name."""

    def read(text: str) -> dict[str, Any] | None:
        found = _SIZE.fullmatch(text)
        size = int(found[1]) * (1024 if found[2] == "G" else 1) if found else 0
        return {name: size} if least <= size <= most else None

    return read


def _clock(text: str) -> dict[str, Any] | None:
    return {"clock": int(text)} if _CLOCK.fullmatch(text) else None


_READERS: Mapping[str, Callable[[str], dict[str, Any] | None]] = {
    "kernel": _kernel,
    "cpu": cpu_word,
    "smp": _smp,
    "memory": size_word("memory", 256, 2048),
    "nvdimm": size_word("nvdimm", 16, 1024),
    "disk": size_word("disk", 1, 1024),
    "clock": _clock,
    "reboot": lambda text: {"reboot": True},
}
