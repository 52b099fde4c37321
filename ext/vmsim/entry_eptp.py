"""The extended-page-table pointer: what is in it, and what VM entry refuses.

Source: Intel SDM volume 3, "Extended-Page-Table Pointer (EPTP)" and "VM-Execution Control Fields" (under "Checks on VMX
Controls"); appendix "VPID and EPT Capabilities" for what a processor may lack.
"""

from vmsim import bits
from vmsim.value import check_integer, hexadecimal

UC, WB = 0, 6


def eptp_violations(
    eptp: int, maxphyaddr: int, five_levels: bool = False, access_flags: bool = True, shadow_stack: bool = True
) -> "tuple[str, ...]":
    """What is wrong with an EPTP, in English, lowest bits first; empty where VM entry accepts it.

    ``five_levels``, ``access_flags``, ``shadow_stack``: the processor supports page walks of length 5, accessed and
    dirty flags, supervisor shadow-stack control. Both memory types, UC and WB, are supported.
    """
    check_integer("eptp", eptp, 0, bits.MAX_64)
    check_integer("maxphyaddr", maxphyaddr, 32, 52)
    wrong = []
    if eptp & 7 not in (UC, WB):
        wrong.append(f"the memory type, bits 2:0, is {eptp & 7}; allowed: 0 (UC), 6 (WB)")
    length = (eptp >> 3 & 7) + 1
    if length not in ((4, 5) if five_levels else (4,)):
        allowed = "3 or 4" if five_levels else "3"
        wrong.append(f"the page-walk length less 1, bits 5:3, is {length - 1}; allowed: {allowed}")
    if eptp & 1 << 6 and not access_flags:
        wrong.append("bit 6 (accessed and dirty flags) is 1; the processor does not support them")
    if eptp & 1 << 7 and not shadow_stack:
        wrong.append("bit 7 (supervisor shadow-stack control) is 1; the processor does not support it")
    if eptp & 0xF00:
        wrong.append(f"reserved bits 11:8 are {hexadecimal(eptp >> 8 & 0xF)}; allowed: 0")
    if eptp >> maxphyaddr:
        wrong.append(f"reserved bits 63:{maxphyaddr} are {hexadecimal(eptp >> maxphyaddr)}; allowed: 0")
    return tuple(wrong)
