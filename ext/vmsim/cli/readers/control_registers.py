"""CR0, CR3, CR4 and EFER, in a line as QEMU's monitor, GDB or an oops prints them."""

from __future__ import annotations

from vmsim.cli import monitor
from vmsim.cli.explanation import Explanation, Line, Settings, sdm
from vmsim.cli.readers import oops

TAKES = "control registers as QEMU's monitor, GDB or an oops prints them: CR0=80050033 CR3=1000000"

# Intel SDM volume 3, "Control Registers"; volume 4, IA32_EFER. Those that decide how addresses are translated.
_FLAGS = {
    "cr0": {0: "PE protection", 16: "WP supervisor writes respect R/W", 31: "PG paging"},
    "cr4": {
        **{4: "PSE 4-MByte pages", 5: "PAE entries of 8 bytes", 7: "PGE global pages", 12: "LA57 5-level paging"},
        **{17: "PCIDE tags in the TLB", 20: "SMEP no supervisor fetches from user pages"},
        **{21: "SMAP no supervisor data accesses to user pages", 22: "PKE keys of user pages"},
        **{24: "PKS keys of supervisor pages"},
    },
    "efer": {8: "LME IA-32e mode with paging", 10: "LMA IA-32e mode", 11: "NXE XD in entries"},
}
_MEANINGS = {"cr2": "the address of the last #PF", "cr3": "the first table is at {table}; bits 11:0 are {low}"}


def read(text: str, settings: Settings) -> Explanation | None:
    """The registers of a line that has CR0, CR3, CR4 or EFER."""
    found = monitor.in_line(text)
    named = [name for name in ("cr0", "cr2", "cr3", "cr4", "efer") if name in found]
    if named in ([], ["cr2"]):
        return None
    lines = []
    for name in named:
        value = found[name]
        flags = [meaning for bit, meaning in _FLAGS.get(name, {}).items() if value >> bit & 1]
        meaning = "; ".join(flags) if name in _FLAGS else _MEANINGS[name]
        table, low = hex(value & ~0xFFF & (1 << settings.maxphyaddr) - 1), hex(value & 0xFFF)
        lines.append(
            Line(name.upper(), f"0x{value:x}", meaning.format(table=table, low=low) or "none that matters here")
        )
    sources = sdm("Control Registers", "Paging Modes and Control Bits")
    # Only an oops tells CR2 because of a fault; the monitor always does.
    inner = oops.read(f"CR2: {found['cr2']:016x}", settings) if "CR2: " in text else None
    return Explanation("How addresses are translated", tuple(lines), sources, (inner,) if inner else ())
