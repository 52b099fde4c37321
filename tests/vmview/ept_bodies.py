"""Random ept-walk bodies: those of page-walk, and EPT beside them, some of it refusing."""

from hypothesis import strategies as st

from tests.vmview import walk_bodies

BIT = st.sampled_from((0, 1))
FLAGS = st.dictionaries(st.sampled_from(("R", "W", "X", "XU", "PS", "IPAT", "A", "D")), BIT, max_size=3)
TYPED = st.builds(lambda flags, kind: {**flags, "memory type": kind}, FLAGS, st.integers(0, 7))
ENTRY = st.one_of(FLAGS, TYPED, st.integers(0, (1 << 64) - 1))
NAMES = ("EPT PML5E", "EPT PML4E", "EPT PDPTE", "EPT PDE", "EPT PTE")
SWITCHES = ("ept_accessed_dirty", "execute_only", "mode_based_execute_control", "advanced_information")


@st.composite
def bodies(draw):
    body = draw(walk_bodies.bodies())
    body["cr3"] &= (1 << 35) - 1 & ~0xFFF
    if "page_frame" in body and draw(st.integers(0, 3)):
        body["page_frame"] &= (1 << 36) - 1
    for key in SWITCHES:
        if draw(st.booleans()):
            body[key] = draw(BIT)
    body["ept_levels"] = draw(st.sampled_from((4, 5)))
    body["ept_page_size"] = draw(st.sampled_from(("4 KiB", "2 MiB", "1 GiB")))
    if draw(st.booleans()):
        place = draw(st.sampled_from(("PML4E", "PDPTE", "PDE", "page")))
        body["ept_entries"] = {place: {draw(st.sampled_from(NAMES)): draw(ENTRY)}}
    return body
