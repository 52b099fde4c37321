"""The walker against an oracle written apart from it, over random tables, registers and accesses."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.vmsim import oracle
from vmsim import (
    Access,
    EptMisconfiguration,
    EptViolation,
    GeneralProtection,
    Memory,
    PageFault,
    Processor,
    Translation,
    bits,
)
from vmsim import walker as interpreted
from vmsim._build import compiled

FRAMES = st.integers(1, 8).map(lambda number: number << 12)
INDEXES = st.sampled_from((0, 1, 255, 256, 511))
booleans = st.booleans()
mostly = st.sampled_from((True,) * 7 + (False,))


@st.composite
def tables(draw, cr3, levels, address):
    """Entries along the walk of ``address``, most of which lead on; then up to three bits anywhere are turned over."""
    memory = {}
    table = cr3 & ~0xFFF
    for level in range(levels, 0, -1):
        at = table + 8 * (address >> 12 + 9 * (level - 1) & 511)
        if at not in memory:
            large = level in (2, 3) and draw(booleans) and draw(booleans)
            value = draw(FRAMES) << (9 * (level - 1) if large else 0) | large << 7 | 1
            for position in (1, 2):
                value |= draw(mostly) << position
            for position in (5, 6):
                value |= draw(booleans) << position
            memory[at] = value | draw(st.integers(0, 15)) << 59
        table = memory[at] & 0xFFFF_FFFF_F000
    for _ in range(draw(st.integers(0, 3))):
        memory[draw(st.sampled_from(sorted(memory)))] ^= 1 << draw(st.integers(0, 63))
    return memory


@st.composite
def cases(draw):
    levels = draw(st.sampled_from((4, 5)))
    address = draw(st.integers(0, 4095))
    for level in range(levels):
        address |= draw(INDEXES) << 12 + 9 * level
    width = 12 + 9 * levels
    if address >> width - 1:
        address |= (1 << 64) - (1 << width)
    if not draw(mostly):
        address ^= 1 << draw(st.integers(0, 63))
    cr3 = draw(FRAMES) | draw(st.sampled_from((0, 0x18, 0xFFF)))
    memory = draw(tables(cr3, levels, address))
    kind = draw(st.sampled_from(("read", "write", "fetch")))
    implicit = kind != "fetch" and not draw(mostly)
    return oracle.Case(
        memory=memory,
        cr3=cr3,
        levels=levels,
        maxphyaddr=draw(st.sampled_from((32, 36, 40, 46, 52))),
        wp=draw(booleans),
        nxe=draw(booleans),
        smep=draw(booleans),
        smap=draw(booleans),
        ac=draw(booleans),
        pke=draw(booleans),
        pkru=draw(st.integers(0, (1 << 32) - 1)),
        kind=kind,
        user=not implicit and draw(booleans),
        implicit=implicit,
        address=address,
    )


def processor_of(case):
    return Processor(
        cr3=case.cr3,
        cr0=bits.CR0_PG | bits.CR0_PE | case.wp * bits.CR0_WP,
        cr4=bits.CR4_PAE
        | (case.levels == 5) * bits.CR4_LA57
        | case.smep * bits.CR4_SMEP
        | case.smap * bits.CR4_SMAP
        | case.pke * bits.CR4_PKE,
        efer=bits.EFER_LMA | bits.EFER_LME | case.nxe * bits.EFER_NXE,
        rflags=case.ac * bits.RFLAGS_AC,
        pkru=case.pkru,
        maxphyaddr=case.maxphyaddr,
    )


def walk_of(build, case, memory):
    access = Access(case.kind, 3 if case.user or case.implicit else 0, case.implicit)
    return build.translate(memory, processor_of(case), access, case.address)


def answer_of(walk, memory):
    """The walk in the oracle's words."""
    match walk.result:
        case Translation(level=level, mode=mode):
            memory.apply(walk)
            return ("ok", walk.host_physical_address, mode.reach(level) if level else 0, dict(memory.items()))
        case PageFault(error_code=code):
            return ("#PF", code)
        case GeneralProtection():
            return ("#GP",)
        case EptViolation(qualification=qualification, guest_physical_address=guest):
            return ("EPT violation", qualification, guest)
        case EptMisconfiguration(guest_physical_address=guest):
            return ("EPT misconfiguration", guest)


def nonzero(answer):
    return (*answer[:3], {a: v for a, v in answer[3].items() if v}) if answer[0] == "ok" else answer


@settings(max_examples=600, deadline=None)
@given(case=cases())
def test_the_walker_answers_as_the_oracle(case):
    """Any address through any tables: the same translation, flags set or fault as by the rules written apart."""
    for build in (interpreted, compiled()):
        memory = Memory(case.memory)
        assert answer_of(walk_of(build, case, memory), memory) == nonzero(oracle.answer(case))


@settings(max_examples=300, deadline=None)
@given(case=cases())
def test_both_builds_tell_the_same_trace(case):
    """Interpreted and compiled walks are equal in every step, and neither changes memory."""
    memory = Memory(case.memory)
    before = memory.items()
    assert repr(walk_of(interpreted, case, memory)) == repr(walk_of(compiled(), case, memory))
    assert memory.items() == before


@settings(max_examples=300, deadline=None)
@given(case=cases())
def test_a_fault_sets_no_dirty_flag_and_nothing_in_the_entry_that_faults(case):
    """After a fault at most accessed flags of entries above the last one read are set."""
    for build in (interpreted, compiled()):
        walk = walk_of(build, case, Memory(case.memory))
        if isinstance(walk.result, PageFault):
            assert all(step.sets in (0, bits.A) for step in walk.steps)
            assert walk.steps[-1].sets == 0
