"""Positions and masks of the registers, linear addresses, paging-structure entries and error codes.

Source: Intel SDM volume 3, "Control Registers", "Hierarchical Paging Structures: an Overview",
"4-Level Paging and 5-Level Paging", "Page-Fault Exceptions". A level counts from 1 (page table) to 5 (PML5 table).
"""

from vmsim.value import FieldError

CR0_PE = 1 << 0
CR0_WP = 1 << 16
CR0_PG = 1 << 31

CR4_PSE = 1 << 4
CR4_PAE = 1 << 5
CR4_PGE = 1 << 7
CR4_LA57 = 1 << 12
CR4_SMEP = 1 << 20
CR4_SMAP = 1 << 21
CR4_PKE = 1 << 22
CR4_PKS = 1 << 24
CR4_LAM_SUP = 1 << 28

EFER_LME = 1 << 8
EFER_LMA = 1 << 10
EFER_NXE = 1 << 11

RFLAGS_AC = 1 << 18

P = 1 << 0
RW = 1 << 1
US = 1 << 2
PWT = 1 << 3
PCD = 1 << 4
A = 1 << 5
D = 1 << 6
PS = 1 << 7
PAT = 1 << 7
G = 1 << 8
PAT_LARGE = 1 << 12
PKEY_SHIFT = 59
PKEY = 0xF << PKEY_SHIFT
XD = 1 << 63
ADDRESS = 0x000F_FFFF_FFFF_F000
ADDRESS_32 = 0xFFFF_F000
# 32-bit paging, 4-MByte page: bits 31:22 of its address, and where PSE-36 keeps bits 39:32.
ADDRESS_4M = 0xFFC0_0000
PSE36 = 0x001F_E000
PSE36_SHIFT = 19

PF_P = 1 << 0
PF_WR = 1 << 1
PF_US = 1 << 2
PF_RSVD = 1 << 3
PF_ID = 1 << 4
PF_PK = 1 << 5

ENTRY_SIZE = 8
ENTRIES = 512
FRAME = 4096
MAX_32 = (1 << 32) - 1
MAX_64 = (1 << 64) - 1

# By level; level 0 is the page itself.
ENTRY_NAMES = ("page", "PTE", "PDE", "PDPTE", "PML4E", "PML5E")
TABLE_NAMES = ("page", "page table", "page directory", "page-directory-pointer table", "PML4 table", "PML5 table")
FIELD_NAMES = ("Offset", "PT", "PD", "PDPT", "PML4", "PML5")
PAGE_SIZES = ("", "4 KiB", "2 MiB", "1 GiB")

# EPT paging-structure entries, by the SDM's formats in "The EPT Translation Mechanism".
EPT_R = 1 << 0
EPT_W = 1 << 1
EPT_X = 1 << 2
EPT_MEMORY_TYPE_SHIFT = 3
EPT_IGNORE_PAT = 1 << 6
EPT_PS = 1 << 7
EPT_A = 1 << 8
EPT_D = 1 << 9
EPT_XU = 1 << 10
EPT_SUPPRESS_VE = 1 << 63

# EPTP, and IA32_VMX_EPT_VPID_CAP.
EPTP_MEMORY_TYPE = 7
EPTP_WALK_LENGTH_SHIFT = 3
EPTP_AD = 1 << 6
EPTP_RESERVED = 0xFFF0_0000_0000_0F80
EPT_CAP_EXECUTE_ONLY = 1 << 0
EPT_CAP_WALK_4 = 1 << 6
EPT_CAP_WALK_5 = 1 << 7
EPT_CAP_UC = 1 << 8
EPT_CAP_WB = 1 << 14
EPT_CAP_2M = 1 << 16
EPT_CAP_1G = 1 << 17
EPT_CAP_AD = 1 << 21
EPT_CAP_ADVANCED = 1 << 22

# Exit qualification for EPT violations.
EPTQ_READ = 1 << 0
EPTQ_WRITE = 1 << 1
EPTQ_FETCH = 1 << 2
EPTQ_PERMISSIONS_SHIFT = 3
EPTQ_USER_EXECUTABLE = 1 << 6
EPTQ_LINEAR_VALID = 1 << 7
EPTQ_FINAL = 1 << 8
EPTQ_USER_ADDRESS = 1 << 9
EPTQ_WRITABLE_PAGE = 1 << 10
EPTQ_EXECUTE_DISABLE = 1 << 11
EPTQ_NMI_UNBLOCKING = 1 << 12


def low_bit(level: int) -> int:
    """The lowest linear-address bit that selects an entry of that level: 12, 21, 30, 39 or 48."""
    return 12 + 9 * (level - 1)


def reach(level: int) -> int:
    """Bytes of linear addresses that one entry of that level controls: 4 KiB for a PTE, 2 MiB for a PDE."""
    return 1 << low_bit(level)


def index(linear_address: int, level: int) -> int:
    """Which of the 512 entries of a table of that level the linear address selects: 0 to 511."""
    return linear_address >> low_bit(level) & 511


def is_canonical(linear_address: int, width: int) -> bool:
    """Whether bits 63 to ``width - 1`` (``width`` 48 or 57) are all equal.

    Intel SDM volume 1, "Canonical Addressing".
    """
    upper = linear_address >> (width - 1)
    return upper in (0, (1 << (65 - width)) - 1)


def page_level(page_size: str) -> int:
    """The level whose entry maps a page of that size; FieldError for a size that does not exist."""
    if page_size not in PAGE_SIZES[1:]:
        raise FieldError("page_size", page_size, ", ".join(PAGE_SIZES[1:]))
    return PAGE_SIZES.index(page_size)
