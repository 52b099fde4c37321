"""What ``vmsim explain`` says: one explanation, its lines, and the sources of its rules."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True)
class Line:
    """One part of what is explained: where it stands, its value, what it means."""

    label: str
    value: str
    meaning: str = ""


@dataclass(frozen=True)
class Explanation:
    """``title`` says in a sentence what it is; ``sources`` are manual sections and kernel files."""

    title: str
    lines: tuple[Line, ...] = ()
    sources: tuple[str, ...] = ()
    inner: tuple[Explanation, ...] = field(default=())

    def text(self, indent: str = "") -> str:
        """As text, one line a part, columns aligned."""
        labels = max((len(line.label) for line in self.lines), default=0)
        values = max((len(line.value) for line in self.lines), default=0)
        out = [f"{indent}{self.title}"]
        for line in self.lines:
            shown = f"{indent}  {line.label.ljust(labels)}  {line.value.ljust(values)}  {line.meaning}"
            out.append(shown.rstrip())
        out += [f"{indent}  Source: {source}" for source in self.sources]
        out += [inner.text(indent + "  ") for inner in self.inner]
        return "\n".join(out)

    def as_json(self) -> dict[str, object]:
        """The same as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Settings:
    """What a reader must know beside the text: MAXPHYADDR in bits, and whether EFER.NXE is 1."""

    maxphyaddr: int = 52
    nxe: bool = True


def sdm(*titles: str) -> tuple[str, ...]:
    """Sections of Intel SDM volume 3."""
    return tuple(f'Intel SDM volume 3, "{title}"' for title in dict.fromkeys(titles))


def number(text: str) -> int:
    """A number of the command line: hexadecimal with 0x, else decimal."""
    return int(text, 16 if text.lower().startswith("0x") else 10)
