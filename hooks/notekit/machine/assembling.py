"""From assembly to the image that a bare machine has in its memory, and the firmware before it.

GNU as reads three files as one: what sets the mode, the note's, and a ``ret`` that ends a program which runs past its
end. NASM includes the note's file for the same. So lines and names are the note's own in what they complain about.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from notekit import sandbox
from notekit.machine.qemu import LARGEST_IMAGE, PROGRAM_ADDRESS
from notekit.model import BareMachine, BuildOutput, Exceeded, NamedFile
from notekit.sandbox import MIB, Limits

#: Assemblers need more than the programs that they make.
ASSEMBLING = Limits(seconds=60, memory=512 * MIB, disk=64 * MIB)
_LOADER = Path(__file__).parent / "loader.s"
IMAGE, SYMBOLS = "image", "image.elf"
_BEFORE, _AFTER, _SCRIPT, _WHOLE = ".before.s", ".after.s", ".link", ".whole.asm"
_LINK = f"""SECTIONS {{
    . = {PROGRAM_ADDRESS:#x};
    .text : {{ *(.text .text.* .rodata .rodata.* .data .data.*) }}
    .bss : {{ *(.bss .bss.* COMMON) }}
    /DISCARD/ : {{ *(.note .note.* .comment .eh_frame) }}
}}
"""
_ORIGIN = re.compile(r"^\s*\[?\s*org\b", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Assembled:
    """What the assembler said, how it was called, and the image with its symbols (NASM: none) where it made one."""

    build: BuildOutput
    how: str
    image: bytes | None = None
    symbols: bytes | None = None
    exceeded: Exceeded | None = None
    seconds: float = 0.0


def assemble(machine: BareMachine, path: str, files: Sequence[NamedFile]) -> Assembled:
    """The image of the program at ``path`` among the files. Raises SandboxError and Stopped as ``execute`` does."""
    how = commands(machine, path)
    files = (*files, *sources(machine, path, files))
    collect = [(IMAGE, ASSEMBLING.disk), (SYMBOLS, ASSEMBLING.disk)]
    done = sandbox.execute(["sh", "-c", how], files=files, merge_output=True, limits=ASSEMBLING, collect=collect)
    build, image = BuildOutput(done.stdout, done.exit), done.files.get(IMAGE)
    if done.exit == 0 and image is not None:
        build = BuildOutput(build.text + too_large(image), 1 if too_large(image) else 0)
    found = image if build.exit == 0 else None
    return Assembled(build, how, found, done.files.get(SYMBOLS), done.exceeded, done.seconds)


def too_large(image: bytes) -> bytes:
    """What to say of an image that does not fit; nothing of one that does."""
    if len(image) <= LARGEST_IMAGE:
        return b""
    return f"error: the image has {len(image)} bytes; {LARGEST_IMAGE} fit into the machine\n".encode()


def commands(machine: BareMachine, path: str) -> str:
    """The command line, a shell's, that makes the image."""
    if machine.assembler == "nasm":
        return f"nasm -f bin -o {IMAGE} {_WHOLE}"
    width = "64" if machine.bits == 64 else "32"
    emulation = "elf_x86_64" if machine.bits == 64 else "elf_i386"
    linked = f"ld -m {emulation} -T {_SCRIPT} -e {PROGRAM_ADDRESS:#x}"
    object_file = f"{posixpath.splitext(posixpath.basename(path))[0]}.o"
    assembled = f"as -g --{width} {_BEFORE} {path} {_AFTER} -o {object_file}"
    return f"{assembled} && {linked} {object_file} -o {SYMBOLS} && objcopy -O binary {SYMBOLS} {IMAGE}"


def sources(machine: BareMachine, path: str, files: Sequence[NamedFile]) -> tuple[NamedFile, ...]:
    """What stands around the program at ``path``."""
    if machine.assembler == "nasm":
        text = next(file.content for file in files if file.path == path).decode("utf-8", "replace")
        origin = "" if _ORIGIN.search(text) else f"org {PROGRAM_ADDRESS:#x}\n"
        whole = f'bits {machine.bits}\n{origin}%include "{path}"\nsection .text\nret\n'
        return (NamedFile(_WHOLE, whole.encode()),)
    before, after = f".code{machine.bits}\n.text\n", ".text\nret\n"
    return (
        NamedFile(_BEFORE, before.encode()),
        NamedFile(_AFTER, after.encode()),
        NamedFile(_SCRIPT, _LINK.encode()),
    )


@cache
def firmware(bits: int, five_levels: bool = False) -> bytes:
    """The loader for programs of 16, 32 or 64 bits: 64 KiB. Raises SandboxError where it cannot be assembled."""
    defined = f"--defsym BITS={bits} --defsym LA57={int(five_levels)}"
    how = (
        f"as --64 {defined} -o loader.o loader.s && ld -m elf_x86_64 -e 0 -Ttext 0 --oformat binary -o loader loader.o"
    )
    files = [NamedFile("loader.s", _LOADER.read_bytes())]
    collect = [("loader", MIB)]
    done = sandbox.execute(["sh", "-c", how], files=files, merge_output=True, limits=ASSEMBLING, collect=collect)
    if "loader" not in done.files:
        raise sandbox.SandboxError(f"the loader was not assembled: {done.stdout.decode('utf-8', 'replace').strip()}")
    return done.files["loader"]


@cache
def identity() -> str:
    """A digest of the loader and of what stands around a program: part of the store's key."""
    return hashlib.sha256(_LOADER.read_bytes() + _LINK.encode()).hexdigest()[:16]
