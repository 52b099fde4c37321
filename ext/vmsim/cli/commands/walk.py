"""``vmsim walk``: one address through tables given as text or as an image of memory."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from vmsim import Access, Ept, Memory, PdpteLoad, Processor, Walk, _build, bits
from vmsim.cli import elf_core, image, monitor, picture
from vmsim.cli.number import NUMBER
from vmsim.cli.tables import Tables, TablesError, parse, store
from vmsim.cli.walk_json import load_json, walk_json
from vmsim.cli.walk_text import load_lines, walk_lines
from vmsim.eptp import CAPABILITIES
from vmsim.paging import PAE
from vmsim.value import FieldError

# Registers that may stand among the tables or be given as options, with the highest value of each.
REGISTERS = {
    "cr0": bits.MAX_64,
    "cr3": bits.MAX_64,
    "cr4": bits.MAX_64,
    "efer": bits.MAX_64,
    "rflags": bits.MAX_64,
    "pkru": bits.MAX_32,
    "pkrs": bits.MAX_32,
    "maxphyaddr": 52,
    "eptp": bits.MAX_64,
}


def registers(function: Callable[..., None]) -> Callable[..., None]:
    """The options for registers."""
    for name in reversed(REGISTERS):
        function = click.option(f"--{name}", type=NUMBER, help=_HELP[name])(function)
    return function


_HELP = {
    "cr0": "Default: PG, WP and PE set.",
    "cr3": "Physical address of the first table; here or among the tables.",
    "cr4": "Default: PAE set.",
    "efer": "IA32_EFER; default: NXE, LMA and LME set (4-level paging).",
    "rflags": "Its AC matters, with CR4.SMAP; default 0.",
    "pkru": "PKRU; default 0.",
    "pkrs": "IA32_PKRS; default 0.",
    "maxphyaddr": "Width of physical addresses in bits, 32 to 52; default 52.",
    "eptp": "EPT pointer: the tables are a guest's, and EPT's beside them; default: no EPT.",
}


@click.command(name="walk")
@click.argument("address", type=NUMBER)
@click.option("--tables", type=click.File(encoding="utf-8"), help="Entries as text, `address: value`; - reads stdin.")
@click.option("--image", type=image.FILE, help="Memory as it is (pmemsave), or an ELF dump (dump-guest-memory).")
@click.option("--base", type=NUMBER, default=0, help="Physical address of the image's first byte; default 0.")
@click.option("--registers", type=click.File(encoding="utf-8"), help="`info registers` of QEMU's monitor or GDB.")
@click.option("--cpu", type=NUMBER, default=0, help="Whose registers, of several; default 0.")
@registers
@click.option("--access", type=click.Choice(["read", "write", "fetch"]), default="read", help="Default: read.")
@click.option("--cpl", type=NUMBER, help="Privilege level of the code, 0 to 3; default: the registers', or 3.")
@click.option("--implicit", is_flag=True, help="The processor's own access, as to the GDT: supervisor-mode.")
@click.option("--stack", is_flag=True, help="Through SS.")
@click.option("--size", type=NUMBER, default=1, help="Bytes; an access across a page is two walks; default 1.")
@click.option("--ept-capabilities", type=NUMBER, default=CAPABILITIES, help="IA32_VMX_EPT_VPID_CAP.")
@click.option("--mode-based-execute-control", is_flag=True, help="The VM-execution control, for EPT.")
@click.option("--interpreted", is_flag=True, help="Ask the interpreted build instead of the compiled one.")
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Draw the walk into this file, too.")
@click.option("--json", "as_json", is_flag=True, help="Print the walk as one JSON object.")
def command(address: int, **options: Any) -> None:
    """Translate ADDRESS through paging structures, and tell each entry that is read and the rule that decides.

    The structures come as text (--tables), as an image of physical memory (--image), or both, the text stored last.
    Registers come from options, the text, --registers, and an ELF dump, the first that has them. With PAE paging the
    PDPTE registers are first loaded as MOV to CR3 does.
    """
    try:
        load, walks = walked(address, options)
        if options["svg"] is not None:
            picture.draw(walks, options["svg"])
    except FieldError as error:
        refuse(f"vmsim walk: {error}")
    except TablesError as error:
        refuse(str(error))
    except OSError as error:
        refuse(f"vmsim walk: {error.filename} cannot be read ({error.strerror})")
    if options["as_json"]:
        loaded = {} if load is None else {"pdpte_load": load_json(load)}
        click.echo(json.dumps(loaded | {"walks": [walk_json(walk) for walk in walks]}, indent=2))
        return
    told = [] if load is None else ["\n".join(load_lines(load))]
    told += ["\n".join(walk_lines(walk)) for walk in walks]
    click.echo("\n\n".join(told))


def refuse(message: str) -> NoReturn:
    """Say on standard error what is wrong, and end with status 2."""
    click.echo(message, err=True)
    sys.exit(2)


def walked(address: int, options: dict[str, Any]) -> tuple[PdpteLoad | None, tuple[Walk, ...]]:
    """The load of the PDPTE registers (with PAE paging), and the walks; none where nothing could be loaded.

    Raises FieldError for an option, TablesError for the text, OSError for a file.
    """
    build = _build.interpreted() if options["interpreted"] else _build.compiled()
    tables = read_tables(options)
    memory, dumped = read_image(options)
    told = {**dumped, **read_registers(options["registers"], options["cpu"]), **tables.registers}
    given = told | {name: options[name] for name in REGISTERS if options[name] is not None}
    cpl = given.pop("cpl", 3) if options["cpl"] is None else options["cpl"]
    eptp = given.pop("eptp", None)
    if "cr3" not in given:
        raise FieldError("cr3", None, "--cr3 NUMBER, --registers FILE, or a line `cr3: NUMBER` among the tables")
    processor = Processor(**{name: value for name, value in given.items() if name in REGISTERS})
    store(memory, tables, processor.paging.entry_size)
    ept = None
    if eptp is not None:
        ept = Ept(eptp, options["ept_capabilities"], options["mode_based_execute_control"])
    access = Access(options["access"], cpl, options["implicit"], options["stack"])
    load = None
    if processor.paging == PAE:
        load = build.load_pdptes(memory, processor, ept)
        memory.apply(load)
        if not isinstance(load.result, Processor):
            return load, ()
        processor = load.result
    return load, build.translate_bytes(memory, processor, access, address, options["size"], ept)


def read_image(options: dict[str, Any]) -> tuple[Memory, Mapping[str, int]]:
    """The memory of ``--image``, empty without one; and the registers of the CPU, where it is a dump that has them."""
    path = options["image"]
    if path is None:
        return Memory(), {}
    if not elf_core.is_dump(path):
        return image.raw(path, options["base"]), {}
    memory, cpus = elf_core.opened(path)
    return memory, of_cpu(cpus, options["cpu"], str(path)) if cpus else {}


def read_registers(file: Any, cpu: int) -> Mapping[str, int]:
    """The registers in the text of ``--registers``; none without it."""
    if file is None:
        return {}
    try:
        cpus = monitor.read(file.read())
    except UnicodeDecodeError:
        raise FieldError("registers", file.name, "text in UTF-8") from None
    if not cpus:
        raise FieldError("registers", file.name, "text with `CR3=…`, as `info registers` prints it")
    return of_cpu(cpus, cpu, file.name)


def of_cpu(cpus: Sequence[Mapping[str, int]], cpu: int, source: str) -> Mapping[str, int]:
    """The registers of one of several CPUs."""
    if not 0 <= cpu < len(cpus):
        raise FieldError("cpu", cpu, f"an integer from 0 to {len(cpus) - 1}: {source} has no other")
    return cpus[cpu]


def read_tables(options: dict[str, Any]) -> Tables:
    """The text of ``--tables``; empty where there is an image alone."""
    file = options["tables"]
    if file is None:
        if options["image"] is None:
            raise FieldError("tables", None, "--tables FILE, --image FILE, or both")
        return Tables()
    try:
        return parse(file.read(), file.name, REGISTERS)
    except UnicodeDecodeError:
        raise FieldError("tables", file.name, "text in UTF-8") from None
