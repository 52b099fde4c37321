"""Random page-walk bodies: whatever the schema admits, most of it sensible."""

from hypothesis import strategies as st

BIT = st.sampled_from((0, 1))
NUMBERS = st.integers(0, (1 << 64) - 1)
FLAGS = ("P", "R/W", "U/S", "PWT", "PCD", "A", "XD")
ENTRY = st.one_of(
    st.dictionaries(st.sampled_from(FLAGS), BIT, max_size=3),
    st.builds(lambda frame: {"address": frame << 12}, st.integers(0, (1 << 40) - 1)),
    NUMBERS,
)
ADDRESSES = st.one_of(
    st.integers(0, (1 << 47) - 1),
    st.integers((1 << 64) - (1 << 47), (1 << 64) - 1),
    st.integers(0, (1 << 56) - 1),
    NUMBERS,
)


@st.composite
def bodies(draw):
    body = {"linear_address": draw(ADDRESSES)}
    body["access"] = draw(st.sampled_from(("read", "write", "fetch")))
    body["mode"] = draw(st.sampled_from(("user", "supervisor")))
    for key in ("cr0_wp", "cr4_la57", "cr4_smep", "cr4_smap", "cr4_pke", "rflags_ac", "efer_nxe"):
        if draw(st.booleans()):
            body[key] = draw(BIT)
    body["maxphyaddr"] = draw(st.sampled_from((40, 46, 52)))
    body["pkru"] = draw(st.integers(0, (1 << 32) - 1))
    body["cr3"] = draw(st.integers(0, (1 << body["maxphyaddr"] - 12) - 8)) << 12
    names = ["PML4E", "PDPTE", "PDE", "PTE"]
    if draw(st.integers(0, 3)):
        body["page_size"] = draw(st.sampled_from(("4 KiB", "2 MiB", "1 GiB")))
        names = names[: {"4 KiB": 4, "2 MiB": 3, "1 GiB": 2}[body["page_size"]]]
        body["page_frame"] = draw(st.integers(0, (1 << body["maxphyaddr"] - 30) - 1)) << 30
    else:
        names = names[: draw(st.integers(0, 4))] if not body.get("cr4_la57") else []
    if names:
        listed = names if "page_size" not in body else draw(st.lists(st.sampled_from(names), unique=True))
        body["entries"] = {name: draw(ENTRY) for name in listed}
    return body
