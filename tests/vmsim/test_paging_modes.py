"""Single rules of 32-bit and PAE paging, of paging off, and of accesses across a page, on both builds."""

import pytest

from vmsim import Access, FieldError, GeneralProtection, Memory, PageFault, Processor, StackFault, bits
from vmsim.trace import PdpteLoad
from vmsim.value import replace

READ = Access("read", 3)
LEGACY = {"efer": bits.EFER_NXE, "cr3": 0x1000}
PSE = Processor(cr4=bits.CR4_PSE, maxphyaddr=40, **LEGACY)
PAE = Processor(cr4=bits.CR4_PAE, maxphyaddr=40, **LEGACY)
ADDRESS = 0x0040_3123


def memory_32(pde, pte=0):
    """A page directory at 0x1000 and a page table at 0x2000 for ADDRESS."""
    memory = Memory()
    memory.write(0x1004, pde, 4)
    memory.write(0x200C, pte, 4)
    return memory


def test_32_bit_paging_reads_two_entries_of_four_bytes(build):
    """Bits 31:22 select the PDE, bits 21:12 the PTE, and a neighbour in the same 8 bytes is left alone."""
    memory = memory_32(0x2007, 0x5000_0007)
    memory.write(0x1000, 0xFFFF_FFFF, 4)
    walk = build.translate(memory, PSE, Access("write", 3), ADDRESS)
    assert [(step.entry.name, step.entry_address) for step in walk.steps] == [("PDE", 0x1004), ("PTE", 0x200C)]
    assert (walk.result.physical_address, walk.result.page_size) == (0x5000_0123, "4 KiB")
    memory.apply(walk)
    assert [memory.read(at, "", 4) for at in (0x1000, 0x1004, 0x200C)] == [0xFFFF_FFFF, 0x2027, 0x5000_0067]


@pytest.mark.parametrize("pde, physical", [(0x0080_0087, 0x80_3123), (0x0080_0087 | 0xFF << 13, 0xFF_0080_3123)])
def test_a_4_mbyte_page_has_40_bits_with_pse36(build, pde, physical):
    """Bits 20:13 of the PDE are bits 39:32 of the page's address."""
    walk = build.translate(memory_32(pde), PSE, READ, ADDRESS)
    assert (walk.result.physical_address, walk.result.page_size) == (physical, "4 MiB")


@pytest.mark.parametrize(
    "maxphyaddr, bit, code", [(40, 21, 13), (40, 20, None), (36, 17, 13), (36, 16, None), (32, 13, 13)]
)
def test_reserved_bits_of_a_4_mbyte_page(build, maxphyaddr, bit, code):
    """Bit 21 is always reserved there, and what would address beyond MAXPHYADDR."""
    walk = build.translate(memory_32(0x87 | 1 << bit), replace(PSE, maxphyaddr=maxphyaddr), READ, 0x0040_3123)
    assert getattr(walk.result, "error_code", None) == code


def test_ps_is_ignored_without_pse(build):
    """With CR4.PSE = 0 a PDE with PS = 1 references a page table."""
    walk = build.translate(memory_32(0x2087, 0x5000_0007), replace(PSE, cr4=0), READ, ADDRESS)
    assert walk.result.physical_address == 0x5000_0123


def test_32_bit_paging_knows_no_execute_disable(build):
    """EFER.NXE does not tell I/D in the error code there, CR4.SMEP does."""
    fetch = Access("fetch", 3)
    assert build.translate(Memory(), PSE, fetch, ADDRESS).result.error_code == 0b00100
    smep = replace(PSE, cr4=bits.CR4_PSE | bits.CR4_SMEP)
    assert build.translate(Memory(), smep, fetch, ADDRESS).result.error_code == 0b10100


@pytest.mark.parametrize("processor", [PSE, PAE, Processor(0, cr0=1, efer=0)])
def test_a_legacy_linear_address_has_32_bits(build, processor):
    """A wider one is refused in the same words by both builds."""
    with pytest.raises(FieldError, match=r"^linear_address is 0x100000000; allowed: .* 0xffffffff$"):
        build.translate(Memory(), processor, READ, 1 << 32)


def test_paging_off_translates_nothing(build):
    """The physical address is the linear one, and no entry is read."""
    walk = build.translate(Memory(size=8), Processor(0, cr0=bits.CR0_PE, efer=0), Access("write", 3), 0xFFFF_F123)
    assert (walk.steps, walk.rights, walk.result.physical_address) == ((), None, 0xFFFF_F123)


def pae_memory():
    """PDPTEs at 0x1020, of which the second leads to a page directory; ADDRESS + 1 GiB is in a 2-MByte page."""
    return Memory({0x1020: 0, 0x1028: 0x2001, 0x1030: 0, 0x1038: 0x9000, 0x2010: 0x60_00E7})


def loaded(build, memory=None):
    return build.load_pdptes(memory or pae_memory(), replace(PAE, cr3=0x1020))


def test_mov_to_cr3_loads_four_pdptes(build):
    """They are read at CR3 bits 31:5 and put into registers."""
    load = loaded(build)
    assert isinstance(load, PdpteLoad)
    assert [step.entry_address for step in load.steps] == [0x1020, 0x1028, 0x1030, 0x1038]
    assert load.result.pdptes == (0, 0x2001, 0, 0x9000)


def test_a_pae_walk_uses_the_registers_not_memory(build):
    """What memory says of a PDPTE after the load is not seen."""
    memory = pae_memory()
    processor = loaded(build, memory).result
    memory.write(0x1028, 0)
    walk = build.translate(memory, processor, READ, 0x4040_3123)
    assert [(step.entry.name, step.in_register) for step in walk.steps] == [("PDPTE", True), ("PDE", False)]
    assert (walk.result.physical_address, walk.result.page_size) == (0x60_3123, "2 MiB")
    assert [field.high for field in walk.address_fields] == [31, 29, 20]


def test_a_pae_walk_without_registers_is_refused(build):
    """PDPTE registers have no default."""
    with pytest.raises(FieldError, match=r"^pdptes is \(\); allowed: four PDPTEs"):
        build.translate(pae_memory(), PAE, READ, 0)


def test_a_pdpte_register_that_is_not_present(build):
    """It is the last step of a #PF."""
    walk = build.translate(pae_memory(), loaded(build).result, READ, 0xC000_0000)
    assert ([step.index for step in walk.steps], walk.result.error_code) == ([3], 4)


@pytest.mark.parametrize(
    "bit, refused", [(1, True), (2, True), (3, False), (5, True), (8, True), (9, False), (40, True), (63, True)]
)
def test_a_reserved_bit_of_a_pdpte_is_gp(build, bit, refused):
    """MOV to CR3 raises #GP(0) for a PDPTE that is present and has a reserved bit set, and for no other."""
    memory = pae_memory()
    memory.write(0x1038, 1 << bit)
    assert isinstance(loaded(build, memory).result, Processor)
    memory.write(0x1038, 1 << bit | 1)
    result = loaded(build, memory).result
    assert isinstance(result, GeneralProtection) is refused
    assert not refused or result.rules == ("reserved-pdpte",)


@pytest.mark.parametrize("bit, code", [(40, 13), (52, 13), (62, 13), (63, 5), (9, None), (13, 13)])
def test_pae_reserves_all_bits_above_the_address(build, bit, code):
    """Bits 62:52 are reserved with PAE paging; XD is not, with EFER.NXE."""
    memory = pae_memory()
    memory.write(0x2010, 0x60_00E7 | 1 << bit)
    kind = "fetch" if bit == 63 else "read"
    result = build.translate(memory, loaded(build).result, Access(kind, 3), 0x4040_3123).result
    assert getattr(result, "error_code", None) == (code | 16 if bit == 63 else code)


def test_only_pae_paging_loads_pdptes(build):
    """Any other mode is refused."""
    with pytest.raises(FieldError, match=r"^paging is '4-level'; allowed: PAE"):
        build.load_pdptes(Memory(), Processor(cr3=0))


@pytest.mark.parametrize("bit", ["pke", "pks"])
def test_protection_keys_are_for_4_and_5_levels(bit):
    """CR4.PKE and CR4.PKS mean nothing with PAE paging."""
    assert not getattr(replace(PAE, cr4=bits.CR4_PAE | bits.CR4_PKE | bits.CR4_PKS), bit)


LONG = Processor(cr3=0x1000)
TWO_PAGES = {0x1000: 0x2007, 0x2000: 0x3007, 0x3000: 0x4007, 0x4008: 0x5007, 0x4010: 0x6007, 0x1FF8: 0x2007}


@pytest.mark.parametrize("size, pages", [(1, [0x5FFF]), (2, [0x5FFF, 0x6000])])
def test_an_access_across_a_page_is_two_walks(build, size, pages):
    """The second page is found by a walk of its own, which sees the flags that the first has set."""
    walks = build.translate_bytes(Memory(TWO_PAGES), LONG, READ, 0x1FFF, size)
    assert [walk.result.physical_address for walk in walks] == pages
    assert [step.sets for step in walks[-1].steps[:3]] == ([32] * 3 if size == 1 else [0] * 3)


def test_a_fault_on_the_second_page_names_its_first_byte(build):
    """CR2 is the linear address of the first byte that could not be reached."""
    walks = build.translate_bytes(Memory(TWO_PAGES), LONG, READ, 0x2FFC, 8)
    assert [type(walk.result).__name__ for walk in walks] == ["Translation", "PageFault"]
    assert walks[1].result.linear_address == 0x3000


def test_a_fault_on_the_first_page_is_the_only_one(build):
    """The second page is not asked."""
    walks = build.translate_bytes(Memory(TWO_PAGES), LONG, READ, 0xFFC, 8)
    assert [walk.result.linear_address for walk in walks] == [0xFFC]


@pytest.mark.parametrize("stack, fault", [(False, GeneralProtection), (True, StackFault)])
def test_all_bytes_are_canonical_before_any_is_translated(build, stack, fault):
    """An access that leaves the canonical half is #GP, or #SS through SS, and reads no entry."""
    walks = build.translate_bytes(Memory(), LONG, Access("read", 3, stack=stack), 0x7FFF_FFFF_FFFF, 2)
    assert [(walk.result, walk.steps) for walk in walks] == [(fault(), ())]


def test_addresses_wrap_around_after_the_last(build):
    """An access over the last byte goes on at 0."""
    memory = Memory(TWO_PAGES | {0x2FF8: 0x3007, 0x3FF8: 0x4007, 0x4FF8: 0x7007, 0x4000: 0x8007})
    walks = build.translate_bytes(memory, LONG, READ, bits.MAX_64, 2)
    assert [walk.result.physical_address for walk in walks] == [0x7FFF, 0x8000]


def test_pcids_do_not_move_the_table(build):
    """Bits 11:0 of CR3 hold a PCID, or PWT and PCD, and no part of the address."""
    walks = [build.translate(Memory(TWO_PAGES), Processor(cr3=0x1000 | low), READ, 0x1000) for low in (0, 0xFFF)]
    assert walks[0].steps == walks[1].steps


@pytest.mark.parametrize(
    "pkrs, kind, wp, refused",
    [
        (0b01, "read", 1, True),
        (0b10, "read", 1, False),
        (0b10, "write", 1, True),
        (0b10, "write", 0, False),
        (0b01, "fetch", 1, False),
    ],
)
def test_supervisor_protection_keys(build, pkrs, kind, wp, refused):
    """With CR4.PKS, IA32_PKRS refuses data accesses to supervisor-mode addresses, and sets PK."""
    memory = Memory({0x1000: 0x2003, 0x2000: 0x3003, 0x3000: 0x4003, 0x4008: 0x5003 | 5 << 59})
    cpu = Processor(
        cr3=0x1000, cr0=bits.CR0_PG | bits.CR0_PE | wp << 16, cr4=bits.CR4_PAE | bits.CR4_PKS, pkrs=pkrs << 10
    )
    result = build.translate(memory, cpu, Access(kind, 0), 0x1000).result
    assert isinstance(result, PageFault) is refused
    assert not refused or result.error_code & bits.PF_PK
