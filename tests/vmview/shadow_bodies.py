"""Random shadow-paging bodies: whatever the schema admits, most of it sensible."""

from hypothesis import strategies as st

from vmview import shadow_spec

ADDRESSES = st.sampled_from((0x40_0000, 0x40_1000, 0x60_0000, 0x4000_0000, 0xFFFF_8880_0000_4000, 1 << 47))
SPACES = st.sampled_from(("a", "b", "a/user"))
NAMED = {
    "mov_to_cr3": SPACES,
    "invpcid": SPACES,
    "mov_from_cr3": st.just(1),
    "cr0_wp": st.sampled_from((0, 1)),
    "memory_slots": st.just("change"),
}
BIT = st.sampled_from((0, 1))
HOW = {
    "pages": st.integers(1, 5),
    "times": st.integers(1, 5),
    "page_frame": st.sampled_from((0x40_0000, 0x60_0000, 0x80_1000)),
    "page_size": st.sampled_from(("4 KiB", "2 MiB")),
    "mode": st.sampled_from(("user", "supervisor")),
    "keep": BIT,
    **dict.fromkeys(("R/W", "U/S", "XD", "A", "D"), BIT),
}


@st.composite
def steps(draw, names=tuple(shadow_spec._TAKES)):
    key = draw(st.sampled_from(names))
    takes = {name: HOW[name] for name in shadow_spec._TAKES[key]}
    return {key: draw(NAMED.get(key, ADDRESSES))} | draw(st.fixed_dictionaries({}, optional=takes))


@st.composite
def bodies(draw):
    optional = {
        "mapped": st.lists(steps(("map",)), max_size=2),
        "address_spaces": st.just({"a": 1, "b": 2}) | st.just({"a": 0, "b": 0}),
        "cr4_pcide": BIT,
        "isolation": BIT,
        "shadow_pages": st.integers(64, 100),
    }
    some = st.lists(
        steps(("read", "write", "map", "mov_from_cr3", "cr0_wp", "memory_slots", "invlpg")), min_size=1, max_size=6
    )
    told = draw(st.one_of(some, some, st.lists(steps(), min_size=1, max_size=6)))
    return {"steps": told} | draw(st.fixed_dictionaries({}, optional=optional))
